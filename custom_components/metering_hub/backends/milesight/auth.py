"""Log in to Beaver IoT with the OAuth 2 password grant.

The fields are form-urlencoded. The tenant is a header of the token request only; after
that it is part of the token. Source: docs/wire/milesight.md, Login.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ..common.auth import Token
from ..common.http import HttpClient
from ..common.messages import Answer, Request
from ..common.parse import as_integer, as_object, as_text, as_whole_text
from ..errors import AuthenticationError, BackendError, ProtocolError, Reason

_PATH = "/oauth2/token"
_LONGEST_LIFE = 10 * 366 * 86_400
"""Seconds; a token is not said to be valid for longer than ten years."""

_NOT_ACCEPTED = "the email address or the password was not accepted"
_REFUSALS: Mapping[str, str] = {
    "invalid_client": "the client ID or the client secret was not accepted",
    "tenant not found": "the tenant does not exist",
    "username not found": _NOT_ACCEPTED,
    "user not found": _NOT_ACCEPTED,
    "Bad credentials": _NOT_ACCEPTED,
    "password not match": _NOT_ACCEPTED,
}
"""Error texts by a part of the server's message.

Every refusal is HTTP 401 with the same error code.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The credentials that the user entered."""

    username: str = field(repr=False)
    password: str = field(repr=False)
    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    tenant: str = field(repr=False)


class Login:
    """Requests tokens with the user's credentials.

    Refresh tokens are not used: the server goes on accepting them after the password
    was changed or the user was deleted, which only a login finds.
    """

    def __init__(
        self,
        http: HttpClient,
        credentials: Credentials,
        clock: Callable[[], datetime],
    ) -> None:
        """Initialize the login; `http` sends the tenant and no token."""
        self._http = http
        self._credentials = credentials
        self._clock = clock
        self.count = 0
        """The number of logins, which shows that the server refused a token."""

    async def log_in(self) -> Token:
        """Return a token, which expires after a day.

        Raises AuthenticationError if the server refuses the credentials.
        """
        request = Request(
            method="POST",
            path=_PATH,
            form={
                "client_id": self._credentials.client_id,
                "client_secret": self._credentials.client_secret,
                "grant_type": "password",
                "username": self._credentials.username,
                "password": self._credentials.password,
            },
        )
        answer = as_object((await self._http.request(request)).body)
        data = as_object(answer.get("data"))
        if (access := as_whole_text(data.get("access_token"))) is None:
            raise ProtocolError(f"{request}: no token")
        self.count += 1
        lifetime = as_integer(data.get("expires_in"))
        expires = None
        if lifetime is not None and 0 <= lifetime <= _LONGEST_LIFE:
            expires = self._clock() + timedelta(seconds=lifetime)
        return Token(access=access, expires=expires)


def classify_login(answer: Answer) -> BackendError | None:
    """Return the error of a refused login; it never quotes the server."""
    if answer.status != 401:
        return None
    body = as_object(answer.body)
    details = as_text(body.get("detail_message")), as_text(body.get("error_message"))
    message = " ".join(text for text in details if text is not None)
    cause = next((text for part, text in _REFUSALS.items() if part in message), None)
    return AuthenticationError(
        cause or "the login was refused", reason=Reason.INVALID_LOGIN
    )
