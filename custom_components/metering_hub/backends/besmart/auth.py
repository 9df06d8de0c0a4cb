"""Logging in to besmart.energy: a password becomes a token that lives two hours.

Source: ../shared/wire/besmart.md, "Auth". A login is JSON, whatever the published text
says. The workspace key goes in `X-Auth`, here only and only if there is one. A new
token is got by logging in again, because what GET users/token does differs by edition.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from aiohttp import ClientSession

from ..common.auth import StaticAuth, Token
from ..common.http import Answer, HttpClient, Json, Request
from ..common.parse import as_decimal, as_object, as_text
from ..errors import AuthenticationError, BackendError, ProtocolError

TOKEN_LIFE = timedelta(hours=2)
"""The documented life of a token, for where the server gives no time that can be."""

RENEW_BEFORE = timedelta(minutes=5)
_MILLISECONDS = 10**11
"""Above this, an expiration is in milliseconds: as seconds it were the year 5138."""


class LoginRefusedError(AuthenticationError):
    """Login or password, or the workspace key, is wrong."""


class Login:
    """Gets tokens; raises LoginRefusedError, or what HttpClient.request raises."""

    def __init__(
        self,
        session: ClientSession,
        url: str,
        credentials: tuple[str, str],
        workspace_key: str | None,
        clock: Callable[[], datetime],
    ) -> None:
        """Keep login and password; `url` is that of the API, without a slash."""
        key = {"X-Auth": workspace_key} if workspace_key else {}
        self._http = HttpClient(
            session, url, auth=StaticAuth(key), classify=_classify, max_parallel=1
        )
        self._login, self._password = credentials
        self._clock = clock

    async def __call__(self) -> Token:
        """Log in: POST users/token, {"login", "password"} -> {"token", "expiration"}.

        The user's number in the answer is called `id` or `user_id`, or is missing.
        """
        body: Json = {"login": self._login, "password": self._password}
        request = Request(
            method="POST", path="/users/token", json=body, idempotent=True
        )
        try:
            answer = as_object((await self._http.request(request)).body)
        except AuthenticationError as err:
            raise LoginRefusedError(str(err)) from err
        if (token := as_text(answer.get("token"))) is None:
            raise ProtocolError(f"{request}: no token")
        return Token(access=token, expires=self._expires(answer.get("expiration")))

    def _expires(self, expiration: Json) -> datetime:
        """Return the end of a token's life, given in seconds or milliseconds."""
        now = self._clock()
        number = as_decimal(expiration)
        if number is not None:
            seconds = number / 1000 if number > _MILLISECONDS else number
            try:
                expires = datetime.fromtimestamp(float(seconds), UTC)
            except OverflowError, ValueError, OSError:
                return now + TOKEN_LIFE
            # A clock that is wrong makes new tokens look old; a refused one is renewed.
            if expires > now:
                return expires
        return now + TOKEN_LIFE


def _classify(answer: Answer) -> BackendError | None:
    """Tell a wrong login, which later editions answer with 404, from a wrong address.

    The API's own 404 is JSON (`application/json` or `application/problem+json`).
    """
    is_json = "json" in answer.headers.get("Content-Type", "").lower()
    if answer.status == 404 and is_json:
        return AuthenticationError("POST /users/token: HTTP 404")
    return None
