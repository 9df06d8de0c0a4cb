"""Log in to besmart.energy: a password buys a token that is valid for two hours.

Source: docs/wire/besmart.md, "Authentication". Tokens are renewed by logging in again,
because what GET users/token does depends on the edition of the server.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from aiohttp import ClientSession

from ..common.auth import StaticAuth, Token
from ..common.http import HttpClient, Json
from ..common.messages import Answer, Request
from ..common.parse import as_number, as_object, as_objects, as_whole_text
from ..common.times import from_epoch
from ..errors import AuthenticationError, BackendError, ProtocolError, Reason

TOKEN_LIFE = timedelta(hours=2)
"""The documented life of a token, used if the server reports no plausible one."""

RENEW_BEFORE = timedelta(minutes=5)
_MILLISECONDS = 10**11
"""Larger expirations are in milliseconds: in seconds they would be after 5138."""


_KEY = "x-auth"


class LoginRefusedError(AuthenticationError):
    """The login, the password or the workspace key is wrong."""


class JsonRefusedError(ProtocolError):
    """The server takes a login as text, which the description of 2021 shows."""


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
        self._is_text = False

    async def log_in(self) -> Token:
        """Log in with POST users/token and return the new token.

        Raises LoginRefusedError if the credentials are refused, ProtocolError if the
        answer has no token, and the errors of `HttpClient.request`.
        """
        try:
            answer = await self._send()
        except AuthenticationError as err:
            raise LoginRefusedError(str(err), reason=err.reason) from err
        if (token := as_whole_text(answer.get("token"))) is None:
            raise ProtocolError("POST /users/token: no token")
        return Token(access=token, expires=self._expires(answer.get("expiration")))

    async def _send(self) -> dict[str, Json]:
        """Send the credentials as JSON, or as text to a server that refuses JSON."""
        if not self._is_text:
            try:
                return await self._answer(
                    {"login": self._login, "password": self._password}
                )
            except JsonRefusedError:
                pass
        if not (self._login + self._password).isprintable():
            # A line break would end the field.
            raise AuthenticationError("the credentials contain unusable characters")
        text = f"login: {self._login}\npassword: {self._password}\n"
        answer = await self._answer(text=text)
        self._is_text = True
        return answer

    async def _answer(
        self, json: Json = None, text: str | None = None
    ) -> dict[str, Json]:
        """Return the answer to credentials in one of the two forms."""
        request = Request(
            method="POST", path="/users/token", json=json, text=text, idempotent=True
        )
        return as_object((await self._http.request(request)).body)

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
    """Return the error of an answer with which the API refuses a login.

    Newer editions answer a wrong login with 404. Their own 404 is JSON, while that of a
    wrong address is not. 422 is a login in a form that the server refuses, such as one
    that is no email address, and 415 means that it does not take JSON.
    """
    if answer.status == 415:
        return JsonRefusedError("POST /users/token: HTTP 415")
    is_json = "json" in answer.headers.get("Content-Type", "").lower()
    if is_json and answer.status in (404, 422):
        message = f"POST /users/token: HTTP {answer.status}"
        if _lacks_key(answer.body):
            return AuthenticationError(message, reason=Reason.WORKSPACE_KEY)
        return AuthenticationError(message)
    return None


def _lacks_key(body: Json) -> bool:
    """Return True if the complaints of an answer are about the workspace key."""
    places = [row.get("loc") for row in as_objects(as_object(body).get("detail"))]
    return any(
        isinstance(place, list) and _KEY in (str(each).lower() for each in place)
        for place in places
    )
