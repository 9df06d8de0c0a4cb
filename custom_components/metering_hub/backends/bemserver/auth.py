"""Logging in to BEMServer with email and password, and refreshing its tokens.

Source: docs/wire/bemserver.md, Authentication. A login costs the server a third of a
second of CPU time, a refresh next to nothing.
"""

import base64
import binascii
from collections.abc import Callable
from datetime import datetime

from ..common.auth import StaticAuth, Token
from ..common.http import Json
from ..common.json_text import decode_json
from ..common.messages import Answer, Request
from ..common.parse import as_object, as_whole_text
from ..common.times import from_epoch
from ..errors import AuthenticationError, BackendError, ProtocolError
from .api_address import ApiAddress


class Login:
    """Fetches the tokens of a user account for `TokenAuth`."""

    def __init__(
        self,
        api: ApiAddress,
        email: str,
        password: str,
        clock: Callable[[], datetime],
    ) -> None:
        """Initialize with the credentials; email addresses are case-sensitive."""
        self._api = api
        self._email = email
        self._password = password
        self._clock = clock
        self._http = api.http_client(classify=classify_login)

    async def log_in(self) -> Token:
        """POST /auth/token: return new tokens.

        Raises AuthenticationError for a wrong password and for a deactivated user, to
        both of which the server answers 200 with `status: failure`. Raises
        UnreachableError if the server has lost its database: it answers 500 then, even
        to correct credentials.
        """
        request = Request(
            method="POST",
            path=self._api.path("/auth/token"),
            json={"email": self._email, "password": self._password},
            # The first request after a database restart fails; a second login is safe.
            idempotent=True,
        )
        return self._parse_token((await self._http.request(request)).body)

    async def refresh(self, refresh: str) -> Token:
        """POST /auth/token/refresh: return new tokens for a refresh token.

        Raises AuthenticationError if the token has expired, the server's key changed or
        the user was deactivated.
        """
        auth = StaticAuth({"Authorization": f"Bearer {refresh}"})
        request = Request(
            method="POST", path=self._api.path("/auth/token/refresh"), idempotent=True
        )
        http = self._api.http_client(auth=auth, classify=classify_refresh)
        answer = await http.request(request)
        return self._parse_token(answer.body)

    def _parse_token(self, body: Json) -> Token:
        """Parse {"status", "access_token", "refresh_token"}."""
        answer = as_object(body)
        if answer.get("status") == "failure":
            raise AuthenticationError("the email address or the password is wrong")
        access = as_whole_text(answer.get("access_token"))
        if answer.get("status") != "success" or access is None:
            raise ProtocolError("POST /auth/token: no token")
        expires = token_expiry(access)
        if expires is not None and expires <= self._clock():
            # One of the two clocks is wrong: refresh when the server answers 401.
            expires = None
        refresh = as_whole_text(answer.get("refresh_token"))
        return Token(access=access, refresh=refresh, expires=expires)


def token_expiry(token: str) -> datetime | None:
    """Return when a JSON Web Token expires, in UTC, or `None` if it cannot be read."""
    payload = token.split(".")[1] if token.count(".") == 2 else ""
    try:
        claims = decode_json(base64.urlsafe_b64decode(payload + "=" * 3))
    except binascii.Error, ValueError:
        return None
    return from_epoch(as_object(claims).get("exp"))


def classify_login(answer: Answer) -> BackendError | None:
    """Return an AuthenticationError if the credentials are malformed (422)."""
    if answer.status == 422:
        return AuthenticationError(
            "the email address or the password has an invalid form"
        )
    return None


def classify_refresh(answer: Answer) -> BackendError | None:
    """Return an AuthenticationError if a deactivated user's token is refused (403)."""
    if answer.status == 403:
        return AuthenticationError("the user is not active")
    return None
