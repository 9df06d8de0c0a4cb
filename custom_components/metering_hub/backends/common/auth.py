"""Authentication of requests: fixed headers, or a token that is renewed."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from ..errors import AuthenticationError, BackendError

RENEWAL_PAUSE = timedelta(minutes=1)
"""How long a token that replaced a rejected one is not replaced again.

A server that rejects new tokens, too, would otherwise get a login per request.
"""


class Authenticator(Protocol):
    """Provides the authentication headers of requests."""

    async def headers(self) -> Mapping[str, str]:
        """Return the authentication headers, logging in first if needed."""

    async def rejected(self, headers: Mapping[str, str]) -> bool:
        """Handle headers that the server rejected; return True to retry."""


class StaticAuth:
    """Authentication by headers that never change, such as an API key."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        """Initialize with the headers."""
        self._headers = dict(headers)

    async def headers(self) -> Mapping[str, str]:
        """Return the headers.

        Raises AuthenticationError for characters that are invalid in a header, because
        they come from a badly pasted key.
        """
        if not all(
            value.isascii() and value.isprintable() for value in self._headers.values()
        ):
            raise AuthenticationError("the key contains unusable characters")
        return self._headers

    async def rejected(self, headers: Mapping[str, str]) -> bool:
        """Return False, because the same key would be rejected again."""
        return False


@dataclass(frozen=True, slots=True)
class Token:
    """The result of a login; `expires` is in UTC, or `None` if it is unknown."""

    access: str = field(repr=False)
    refresh: str | None = field(default=None, repr=False)
    expires: datetime | None = None


class TokenAuth:
    """Authentication by a bearer token with single-flight renewal.

    However many requests meet an expired token, one of them renews it while the
    others wait. If the refresh token is rejected, it logs in again. If that is
    rejected, too, every waiting request raises the AuthenticationError.

    `login` and `refresh` must not use an HttpClient with this authenticator, because
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
        """Initialize without a token; the first request logs in."""
        self._login = login
        self._refresh = refresh
        self._renew_before = renew_before
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token: Token | None = None
        self._due: datetime | None = None
        self._failure: BackendError | None = None
        self._replaced_at: datetime | None = None

    async def headers(self) -> Mapping[str, str]:
        """Return the bearer header, renewing the token first if it is due."""
        return self._header(await self._valid_token())

    async def rejected(self, headers: Mapping[str, str]) -> bool:
        """Renew the token unless another request already has; return True to retry.

        Returns False if the rejected token is itself the replacement of a rejected one.
        """
        if self._is_replacement(headers):
            return False
        await self._valid_token(rejected=headers)
        return True

    def _is_replacement(self, headers: Mapping[str, str]) -> bool:
        """Return True if these are of a token that has just replaced a rejected one."""
        if self._token is None or self._header(self._token) != headers:
            return False
        replaced_at = self._replaced_at
        return replaced_at is not None and self._clock() - replaced_at < RENEWAL_PAUSE

    async def _valid_token(self, rejected: Mapping[str, str] | None = None) -> Token:
        """Return a token that is not due and is not the rejected one."""
        earlier_failure = self._failure
        async with self._lock:
            token = self._token
            if (
                token is not None
                and not self._is_due()
                and self._header(token) != rejected
            ):
                return token
            failure = self._failure
            if failure is not None and failure is not earlier_failure:
                # Repeating the renewal that just failed for every waiting request
                # would be many failed logins, which can lock the account.
                raise failure
            try:
                token = await self._renew(token)
            except BackendError as err:
                self._failure = err
                raise
            self._token, self._due = token, self._due_time(token)
            self._replaced_at = self._clock() if rejected is not None else None
            return token

    def _is_due(self) -> bool:
        """Return True if the token should be renewed now."""
        return self._due is not None and self._due <= self._clock()

    def _due_time(self, token: Token) -> datetime | None:
        """Return when to renew a token: a short-lived one at half of its lifetime."""
        if token.expires is None:
            return None
        lifetime = max(token.expires - self._clock(), timedelta())
        return token.expires - min(self._renew_before, lifetime / 2)

    @staticmethod
    def _header(token: Token) -> dict[str, str]:
        """Return the header that carries a token."""
        return {"Authorization": f"Bearer {token.access}"}

    async def _renew(self, token: Token | None) -> Token:
        """Return a new token by refreshing the old one, or by logging in."""
        if token is not None and token.refresh and self._refresh is not None:
            try:
                return await self._refresh(token.refresh)
            except AuthenticationError:
                # The refresh token may have expired while the password is still valid.
                self._token = None
        return await self._login()
