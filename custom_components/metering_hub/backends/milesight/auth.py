"""Log in to Beaver IoT: OAuth 2 with the password and refresh grants.

Source: ../shared/wire/milesight.md §3. Fields are form-urlencoded, and the tenant goes
into a header of this one request; afterwards it is part of the token.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ..common.auth import Token
from ..common.http import Answer, HttpClient, Request
from ..common.parse import as_integer, as_object, as_text
from ..errors import AuthenticationError, BackendError, ProtocolError

_PATH = "/oauth2/token"
_CAUSES: Mapping[str, str] = {
    "invalid_client": "the client ID or its secret is not accepted",
    "tenant not found": "there is no such tenant",
    "username not found": "the e-mail address or the password is not accepted",
    "Bad credentials": "the e-mail address or the password is not accepted",
    "invalid_grant": "the login has run out",
}
"""What a refused login says, and what it means. All are HTTP 401 with the same code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a person typed in."""

    username: str = field(repr=False)
    password: str = field(repr=False)
    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    tenant: str = field(repr=False)


class Login:
    """Gets tokens; raises AuthenticationError where the server refuses."""

    def __init__(
        self,
        http: HttpClient,
        credentials: Credentials,
        clock: Callable[[], datetime],
    ) -> None:
        """Keep the credentials; `http` sends no token."""
        self._http = http
        self._credentials = credentials
        self._clock = clock
        self._access: str | None = None

    async def log_in(self) -> Token:
        """Return tokens for name and password."""
        return await self._ask(
            {
                "grant_type": "password",
                "username": self._credentials.username,
                "password": self._credentials.password,
            }
        )

    async def refresh(self, refresh_token: str) -> Token:
        """Return the tokens that follow; both expire at the same time, after a day.

        Within a minute of a login, servers since 1.3 give the same pair again. That is
        none that a server which just refused it would take, so it counts as refused.
        """
        before = self._access
        token = await self._ask(
            {"grant_type": "refresh_token", "refresh_token": refresh_token}
        )
        if token.access == before:
            raise AuthenticationError(f"{_PATH}: the same token again")
        return token

    async def _ask(self, form: Mapping[str, str]) -> Token:
        request = Request(
            method="POST",
            path=_PATH,
            form={
                "client_id": self._credentials.client_id,
                "client_secret": self._credentials.client_secret,
                **form,
            },
        )
        answer = as_object((await self._http.request(request)).body)
        data = as_object(answer.get("data"))
        if (access := as_text(data.get("access_token"))) is None:
            raise ProtocolError(f"{request}: no token")
        self._access = access
        seconds = as_integer(data.get("expires_in"))
        return Token(
            access=access,
            refresh=as_text(data.get("refresh_token")),
            expires=None
            if seconds is None
            else self._clock() + timedelta(seconds=seconds),
        )


def classify_login(answer: Answer) -> BackendError | None:
    """Tell what of the credentials a server refuses; its own words stay out of it."""
    if answer.status != 401:
        return None
    body = as_object(answer.body)
    said = f"{as_text(body.get('detail_message'))} {as_text(body.get('error_message'))}"
    cause = next((text for mark, text in _CAUSES.items() if mark in said), None)
    return AuthenticationError(
        cause or "the login is not accepted", reason="invalid_login"
    )
