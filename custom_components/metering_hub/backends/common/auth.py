"""How requests prove who they come from."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from ..errors import AuthenticationError, BackendError


class Authenticator(Protocol):
    """Gives the headers of a request, and learns when a server refused them."""

    async def headers(self) -> Mapping[str, str]:
        """Return the headers that prove who we are; may log in first."""

    async def rejected(self, headers: Mapping[str, str]) -> bool:
        """Take note that these headers were refused; tell whether to try once more."""


class StaticAuth:
    """The same headers for ever, such as an API key."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        """Keep the headers."""
        self._headers = dict(headers)

    async def headers(self) -> Mapping[str, str]:
        """Return the headers.

        Raises AuthenticationError for a value that no header can carry, which is what
        a wrongly pasted key looks like.
        """
        if not all(
            value.isascii() and value.isprintable() for value in self._headers.values()
        ):
            raise AuthenticationError("the key contains unusable characters")
        return self._headers

    async def rejected(self, headers: Mapping[str, str]) -> bool:
        """Never try again: asking twice does not make a key right."""
        return False


@dataclass(frozen=True, slots=True)
class Token:
    """What a login gave; `expires` is aware UTC, `None` where the server hides it."""

    access: str = field(repr=False)
    refresh: str | None = field(default=None, repr=False)
    expires: datetime | None = None


class TokenAuth:
    """A bearer token that is renewed before it expires, by one request at a time.

    However many calls meet an expired token, one of them renews it and the others
    wait. A refresh that is refused falls back to logging in; only when that is
    refused too does AuthenticationError reach the caller, and all who waited.

    `login` and `refresh` must not go through a client that uses this authenticator:
    they would wait for themselves.
    """

    def __init__(
        self,
        login: Callable[[], Awaitable[Token]],
        refresh: Callable[[str], Awaitable[Token]] | None = None,
        *,
        renew_before: timedelta = timedelta(minutes=1),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Keep the ways to get a token."""
        self._login = login
        self._refresh = refresh
        self._renew_before = renew_before
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token: Token | None = None
        self._due: datetime | None = None
        self._failure: BackendError | None = None

    async def headers(self) -> Mapping[str, str]:
        """Return the bearer header, renewing the token first where it is due."""
        return self._header(await self._valid_token())

    async def rejected(self, headers: Mapping[str, str]) -> bool:
        """Renew the token unless somebody else already has; always worth a retry."""
        await self._valid_token(refused=headers)
        return True

    async def _valid_token(self, refused: Mapping[str, str] | None = None) -> Token:
        """Return a token that is neither due nor the refused one."""
        known_failure = self._failure
        async with self._lock:
            token = self._token
            if (
                token is not None
                and not self._is_due()
                and self._header(token) != refused
            ):
                return token
            failure = self._failure
            if failure is not None and failure is not known_failure:
                # The renewal that this call waited for failed. Every waiting call
                # trying again would be as many wrong logins, which lock accounts.
                raise failure
            try:
                token = await self._renew(token)
            except BackendError as err:
                self._failure = err
                raise
            self._token, self._due = token, self._due_time(token)
            return token

    def _is_due(self) -> bool:
        return self._due is not None and self._due <= self._clock()

    def _due_time(self, token: Token) -> datetime | None:
        """Return when to renew; a short-lived token is used for half of its life."""
        if token.expires is None:
            return None
        life = max(token.expires - self._clock(), timedelta())
        return token.expires - min(self._renew_before, life / 2)

    @staticmethod
    def _header(token: Token) -> dict[str, str]:
        return {"Authorization": f"Bearer {token.access}"}

    async def _renew(self, token: Token | None) -> Token:
        if token is not None and token.refresh and self._refresh is not None:
            try:
                return await self._refresh(token.refresh)
            except AuthenticationError:
                # The refresh token ran out or was revoked; the password still counts.
                self._token = None
        return await self._login()
