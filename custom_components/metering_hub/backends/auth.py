"""How requests prove who they come from."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from .errors import AuthenticationError


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
    refused too does AuthenticationError reach the caller.
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

    async def headers(self) -> Mapping[str, str]:
        """Return the bearer header, renewing the token first where it is due."""
        async with self._lock:
            if self._token is None or self._expires_soon(self._token):
                self._token = await self._renew(self._token)
            return self._header(self._token)

    async def rejected(self, headers: Mapping[str, str]) -> bool:
        """Renew the token unless somebody else already has; always worth a retry."""
        async with self._lock:
            if self._token is not None and self._header(self._token) == headers:
                self._token = await self._renew(self._token)
        return True

    def _expires_soon(self, token: Token) -> bool:
        return (
            token.expires is not None
            and token.expires - self._renew_before <= self._clock()
        )

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
