"""Logging in to BEMServer: two tokens for e-mail and password, and fresh ones for old.

Source: ../shared/wire/bemserver.md §2. A login costs the server a third of a second,
so that it is the last resort; a refresh costs nothing.
"""

import base64
import binascii
from collections.abc import Callable
from datetime import UTC, datetime

from aiohttp import ClientSession
import orjson

from ..common.auth import StaticAuth, Token
from ..common.http import Answer, HttpClient, Json, Request
from ..common.parse import as_integer, as_object, as_text
from ..errors import AuthenticationError, BackendError, ProtocolError


class Login:
    """Gets tokens for an account; both methods are for `TokenAuth`."""

    def __init__(
        self,
        session: ClientSession,
        url: str,
        email: str,
        password: str,
        clock: Callable[[], datetime],
    ) -> None:
        """Keep the credentials; the e-mail goes out as typed: its case counts."""
        self._session = session
        self._url = url
        self._http = HttpClient(session, url, classify=_classify)
        self._email = email
        self._password = password
        self._clock = clock

    async def log_in(self) -> Token:
        """POST /auth/token: return new tokens.

        A wrong password is HTTP 200 with `status: failure`, and so is a user who was
        deactivated. A server without its database says 500, also to right passwords.
        Raises AuthenticationError for the former, UnreachableError for the latter.
        """
        request = Request(
            method="POST",
            path="/auth/token",
            json={"email": self._email, "password": self._password},
            # Two logins do no more than one; the first after a restart may fail.
            idempotent=True,
        )
        return self._token((await self._http.request(request)).body)

    async def refresh(self, refresh: str) -> Token:
        """POST /auth/token/refresh: return new tokens for a refresh token.

        Raises AuthenticationError where it ran out or the server's key is another one.
        """
        auth = StaticAuth({"Authorization": f"Bearer {refresh}"})
        client = HttpClient(self._session, self._url, auth=auth)
        request = Request(method="POST", path="/auth/token/refresh", idempotent=True)
        return self._token((await client.request(request)).body)

    def _token(self, body: Json) -> Token:
        answer = as_object(body)
        if answer.get("status") == "failure":
            raise AuthenticationError("e-mail or password are not accepted")
        access = as_text(answer.get("access_token"))
        if answer.get("status") != "success" or access is None:
            raise ProtocolError("POST /auth/token: no token")
        expires = token_expiry(access)
        if expires is not None and expires <= self._clock():
            # One of the two clocks is wrong; the server will say when it is time.
            expires = None
        refresh = as_text(answer.get("refresh_token"))
        return Token(access=access, refresh=refresh, expires=expires)


def token_expiry(token: str) -> datetime | None:
    """Return when a JSON web token expires, as its payload says."""
    payload = token.split(".")[1] if token.count(".") == 2 else ""
    try:
        claims = orjson.loads(base64.urlsafe_b64decode(payload + "=" * 3))
        seconds = as_integer(as_object(claims).get("exp"))
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except binascii.Error, ValueError, OverflowError, OSError:
        return None


def _classify(answer: Answer) -> BackendError | None:
    """Take an e-mail or password that is refused by its shape alone for a wrong one."""
    if answer.status == 422:
        return AuthenticationError("e-mail or password cannot be right")
    return None
