"""Log in to besmart.energy: a password buys a token that is valid for two hours.

Source: docs/wire/besmart.md, "Authentication". Tokens are renewed by logging in again,
because what GET users/token does depends on the edition of the server.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from aiohttp import ClientSession

from ..common.auth import StaticAuth, Token
from ..common.http import Answer, HttpClient, Json, Request
from ..common.parse import as_number, as_object, as_text
from ..common.times import from_epoch
from ..errors import AuthenticationError, BackendError, ProtocolError

TOKEN_LIFE = timedelta(hours=2)
"""The documented life of a token, used if the server reports no plausible one."""

RENEW_BEFORE = timedelta(minutes=5)
_MILLISECONDS = 10**11
"""Larger expirations are in milliseconds: in seconds they would be after 5138."""


class LoginRefusedError(AuthenticationError):
    """The login, the password or the workspace key is wrong."""


class Login:
    """Obtains tokens with a login and a password."""

    def __init__(
        self,
        session: ClientSession,
        url: str,
        credentials: tuple[str, str],
        workspace_key: str | None,
        clock: Callable[[], datetime],
    ) -> None:
        """Initialize the login.

        `url` is the base URL of the API without a trailing slash, `credentials` are
        login and password. The workspace key is sent only here, and only if there is
        one.
        """
        key = {"X-Auth": workspace_key} if workspace_key else {}
        self._http = HttpClient(
            session,
            url,
            auth=StaticAuth(key),
            classify=classify_login,
            max_parallel=1,
        )
        self._login, self._password = credentials
        self._clock = clock

    async def log_in(self) -> Token:
        """Log in with POST users/token and return the new token.

        Raises LoginRefusedError if the credentials are refused, ProtocolError if the
        answer has no token, and the errors of `HttpClient.request`.
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
        """Return when a token expires; the server sends seconds or milliseconds."""
        now = self._clock()
        number = as_number(expiration)
        if number is not None and number > _MILLISECONDS:
            number /= 1000
        expires = from_epoch(number)
        # If Home Assistant's clock is wrong, a new token can seem to be expired.
        return expires if expires is not None and expires > now else now + TOKEN_LIFE


def classify_login(answer: Answer) -> BackendError | None:
    """Return AuthenticationError for a 404 with which the API refuses a login.

    Newer editions answer a wrong login with 404. Their own 404 is JSON, while that of a
    wrong address is not.
    """
    is_json = "json" in answer.headers.get("Content-Type", "").lower()
    if answer.status == 404 and is_json:
        return AuthenticationError("POST /users/token: HTTP 404")
    return None
