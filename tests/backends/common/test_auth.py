"""Keys and tokens: renewal is single-flight, with as few logins as possible."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from aiohttp import ClientSession
from hypothesis import given, settings, strategies as st
import pytest

from custom_components.metering_hub.backends.common.auth import (
    StaticAuth,
    Token,
    TokenAuth,
)
from custom_components.metering_hub.backends.common.http import HttpClient
from custom_components.metering_hub.backends.common.messages import Request
from custom_components.metering_hub.backends.errors import (
    AuthenticationError,
    BackendError,
    UnreachableError,
)

from .scripted_server import Received, answer, json_answer, running_server

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MANY = 20


@dataclass
class Issuer:
    """Issues tokens "1", "2"... and records how each was requested.

    It fails with the next of its failures, as long as there are any.
    """

    life: timedelta | None = timedelta(hours=1)
    gives_refresh: bool = True
    now: datetime = NOW
    asked: list[str] = field(default_factory=list)
    login_failures: list[BackendError] = field(default_factory=list)
    refresh_failures: list[BackendError] = field(default_factory=list)
    count: int = 0

    async def login(self) -> Token:
        return await self._issue("login", self.login_failures)

    async def refresh(self, token: str) -> Token:
        return await self._issue(f"refresh with {token}", self.refresh_failures)

    async def _issue(self, how: str, failures: list[BackendError]) -> Token:
        self.asked.append(how)
        await asyncio.sleep(0.001)
        if failures:
            raise failures.pop(0)
        self.count += 1
        return Token(
            access=str(self.count),
            refresh=f"r{self.count}" if self.gives_refresh else None,
            expires=self.now + self.life if self.life else None,
        )

    def auth(self, **options: timedelta) -> TokenAuth:
        return TokenAuth(self.login, self.refresh, clock=lambda: self.now, **options)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def in_parallel[T](
    call: Callable[[], Awaitable[T]],
) -> list[T | BaseException]:
    async def one() -> T:
        return await call()

    return await asyncio.gather(*(one() for _ in range(MANY)), return_exceptions=True)


# --- StaticAuth -----------------------------------------------------------------


@pytest.mark.parametrize("key", ["abc", "a b", "x!#$%&'*+-.^_`|~", ""])
async def test_key_is_sent_as_it_is(key: str) -> None:
    assert await StaticAuth({"X-AUTHKEY": key}).headers() == {"X-AUTHKEY": key}


@pytest.mark.parametrize(
    "key",
    ["a\nb", "a\r\nX-Evil: 1", "a\tb", "a\x00", "é", "“key”", "a\u200b", "\ud800"],
)
async def test_invalid_key_is_an_authentication_error(key: str) -> None:
    with pytest.raises(AuthenticationError) as raised:
        await StaticAuth({"X-AUTHKEY": key}).headers()
    assert str(raised.value) == "the key contains unusable characters"


@settings(deadline=None)
@given(st.text())
async def test_accepted_key_is_a_valid_header(key: str) -> None:
    try:
        headers = await StaticAuth({"X-AUTHKEY": key}).headers()
    except AuthenticationError:
        return
    line = headers["X-AUTHKEY"].encode("ascii")
    assert all(0x20 <= byte < 0x7F for byte in line)


async def test_rejected_key_is_not_retried() -> None:
    auth = StaticAuth({"X-AUTHKEY": "abc"})
    assert await auth.rejected(await auth.headers()) is False


async def test_key_is_a_copy() -> None:
    given_headers = {"X-AUTHKEY": "abc"}
    auth = StaticAuth(given_headers)
    given_headers["X-AUTHKEY"] = "other"
    assert await auth.headers() == {"X-AUTHKEY": "abc"}


# --- TokenAuth ------------------------------------------------------------------


async def test_logs_in_at_the_first_request() -> None:
    issuer = Issuer()
    auth = issuer.auth()
    assert issuer.asked == []
    assert await auth.headers() == bearer("1")
    assert issuer.asked == ["login"]


async def test_keeps_the_token() -> None:
    issuer = Issuer()
    auth = issuer.auth()
    assert [await auth.headers() for _ in range(3)] == [bearer("1")] * 3
    assert issuer.asked == ["login"]


@pytest.mark.parametrize(
    ("later", "token"),
    [
        (timedelta(minutes=58, seconds=59), "1"),
        (timedelta(minutes=59), "2"),
        (timedelta(minutes=61), "2"),
    ],
)
async def test_renews_a_minute_before_expiry(later: timedelta, token: str) -> None:
    issuer = Issuer(life=timedelta(hours=1))
    auth = issuer.auth()
    await auth.headers()
    issuer.now += later
    assert await auth.headers() == bearer(token)


async def test_renews_as_early_as_configured() -> None:
    issuer = Issuer(life=timedelta(hours=1))
    auth = issuer.auth(renew_before=timedelta(minutes=30))
    await auth.headers()
    issuer.now += timedelta(minutes=30)
    assert await auth.headers() == bearer("2")
    assert issuer.asked == ["login", "refresh with r1"]


async def test_token_without_expiry_is_not_renewed() -> None:
    issuer = Issuer(life=None)
    auth = issuer.auth()
    await auth.headers()
    issuer.now += timedelta(days=1000)
    assert await auth.headers() == bearer("1")


async def test_each_refresh_uses_the_latest_refresh_token() -> None:
    issuer = Issuer(life=timedelta(hours=1))
    auth = issuer.auth()
    for _ in range(3):
        await auth.headers()
        issuer.now += timedelta(hours=1)
    assert issuer.asked == ["login", "refresh with r1", "refresh with r2"]


async def test_logs_in_again_without_refresh_token() -> None:
    issuer = Issuer(gives_refresh=False)
    auth = issuer.auth()
    await auth.rejected(await auth.headers())
    assert issuer.asked == ["login", "login"]


async def test_logs_in_again_without_refresh_endpoint() -> None:
    issuer = Issuer()
    auth = TokenAuth(issuer.login)
    await auth.rejected(await auth.headers())
    assert issuer.asked == ["login", "login"]


async def test_first_use_in_parallel_logs_in_once() -> None:
    issuer = Issuer()
    assert await in_parallel(issuer.auth().headers) == [bearer("1")] * MANY
    assert issuer.asked == ["login"]


async def test_expiry_in_parallel_refreshes_once() -> None:
    issuer = Issuer(life=timedelta(hours=1))
    auth = issuer.auth()
    await auth.headers()
    issuer.now += timedelta(hours=1)
    assert await in_parallel(auth.headers) == [bearer("2")] * MANY
    assert issuer.asked == ["login", "refresh with r1"]


async def test_rejection_in_parallel_refreshes_once() -> None:
    issuer = Issuer()
    auth = issuer.auth()
    old = await auth.headers()
    assert await in_parallel(lambda: auth.rejected(old)) == [True] * MANY
    assert await auth.headers() == bearer("2")
    assert issuer.asked == ["login", "refresh with r1"]


async def test_late_rejection_of_an_old_token_changes_nothing() -> None:
    issuer = Issuer()
    auth = issuer.auth()
    old = await auth.headers()
    await auth.rejected(old)
    assert await auth.rejected(old) is True
    assert await auth.headers() == bearer("2")
    assert issuer.asked == ["login", "refresh with r1"]


async def test_rejected_refresh_logs_in_once() -> None:
    issuer = Issuer(refresh_failures=[AuthenticationError()])
    auth = issuer.auth()
    old = await auth.headers()
    assert await in_parallel(lambda: auth.rejected(old)) == [True] * MANY
    assert await auth.headers() == bearer("2")
    assert issuer.asked == ["login", "refresh with r1", "login"]


async def test_rejected_login_is_raised_for_all_after_one_try() -> None:
    # Many servers lock an account after several failed logins.
    refused = AuthenticationError("refused")
    issuer = Issuer(login_failures=[refused] * MANY)
    assert await in_parallel(issuer.auth().headers) == [refused] * MANY
    assert issuer.asked == ["login"]


async def test_rejected_refresh_and_login_are_raised_for_all_after_one_try() -> None:
    refused = AuthenticationError("refused")
    issuer = Issuer()
    auth = issuer.auth()
    old = await auth.headers()
    issuer.refresh_failures = [AuthenticationError()] * MANY
    issuer.login_failures = [refused] * MANY
    assert await in_parallel(lambda: auth.rejected(old)) == [refused] * MANY
    assert issuer.asked == ["login", "refresh with r1", "login"]


async def test_rejected_login_is_retried_by_the_next_call() -> None:
    issuer = Issuer(login_failures=[AuthenticationError()])
    auth = issuer.auth()
    with pytest.raises(AuthenticationError):
        await auth.headers()
    assert await auth.headers() == bearer("1")


async def test_no_login_after_refresh_of_unreachable_server() -> None:
    issuer = Issuer(life=timedelta(hours=1))
    auth = issuer.auth()
    await auth.headers()
    issuer.now += timedelta(hours=1)
    issuer.refresh_failures = [UnreachableError()]
    with pytest.raises(UnreachableError):
        await auth.headers()
    assert await auth.headers() == bearer("2")
    assert issuer.asked == ["login", "refresh with r1", "refresh with r1"]


async def test_waiting_call_takes_over_a_cancelled_renewal() -> None:
    issuer = Issuer()
    auth = issuer.auth()
    first = asyncio.ensure_future(auth.headers())
    second = asyncio.ensure_future(auth.headers())
    await asyncio.sleep(0)
    first.cancel()
    assert await second == bearer("1")


def test_repr_of_token_contains_no_secret() -> None:
    told = repr(Token(access="secret-a", refresh="secret-r", expires=NOW))
    assert "secret" not in told


# --- Through the HTTP client ----------------------------------------------------


@dataclass
class Platform:
    """A server that accepts only the latest of its tokens."""

    valid: int = 0
    takes_refresh: bool = True
    takes_login: bool = True
    takes_tokens: bool = True

    def decide(self, request: Received) -> bytes:
        if request.target == "/login":
            return self._give(self.takes_login)
        if request.target == "/refresh":
            return self._give(self.takes_refresh)
        wanted = f"Bearer {self.valid}"
        if self.takes_tokens and request.headers.get("Authorization") == wanted:
            return json_answer("data")
        return answer(401)

    def _give(self, willing: bool) -> bytes:
        if not willing:
            return answer(401)
        self.valid += 1
        return json_answer(self.valid)


type Calls = Callable[[], list[str]]
type Connected = tuple[HttpClient, Platform, Calls]


@pytest.fixture
async def connected(socket_enabled: None) -> AsyncIterator[Connected]:
    """Yield a client that is logged in, its server, and the calls since then."""
    platform = Platform()
    async with (
        running_server(decide=platform.decide) as server,
        ClientSession() as session,
    ):
        plain = HttpClient(session, server.url)

        async def login() -> Token:
            got = await plain.request(Request(method="POST", path="/login"))
            return Token(access=str(got.body), refresh="r")

        async def refresh(token: str) -> Token:
            got = await plain.request(Request(method="POST", path="/refresh"))
            return Token(access=str(got.body), refresh=token)

        client = HttpClient(
            session, server.url, auth=TokenAuth(login, refresh), max_parallel=4
        )
        await client.get("/data")
        server.requests.clear()
        yield client, platform, lambda: [t for t in server.targets if t != "/data"]


async def test_client_renews_and_retries(connected: Connected) -> None:
    client, platform, calls = connected
    platform.valid += 1
    assert await client.get("/data") == "data"
    assert calls() == ["/refresh"]


async def test_client_renews_for_a_post_too(connected: Connected) -> None:
    client, platform, calls = connected
    platform.valid += 1
    got = await client.request(Request(method="POST", path="/data"))
    assert got.body == "data"
    assert calls() == ["/refresh"]


async def test_clients_calls_renew_once(connected: Connected) -> None:
    client, platform, calls = connected
    platform.valid += 1
    assert await in_parallel(lambda: client.get("/data")) == ["data"] * MANY
    assert calls() == ["/refresh"]


async def test_clients_calls_log_in_once(connected: Connected) -> None:
    client, platform, calls = connected
    platform.valid += 1
    platform.takes_refresh = False
    assert await in_parallel(lambda: client.get("/data")) == ["data"] * MANY
    assert calls() == ["/refresh", "/login"]


async def test_client_raises_a_rejected_login(connected: Connected) -> None:
    client, platform, calls = connected
    platform.valid += 1
    platform.takes_refresh = platform.takes_login = False
    with pytest.raises(AuthenticationError):
        await client.get("/data")
    assert calls() == ["/refresh", "/login"]


async def test_rejected_login_is_raised_for_all_of_a_clients_calls(
    connected: Connected,
) -> None:
    client, platform, calls = connected
    platform.valid += 1
    platform.takes_refresh = platform.takes_login = False
    results = await in_parallel(lambda: client.get("/data"))
    assert [type(result) for result in results] == [AuthenticationError] * MANY
    assert calls().count("/refresh") == 1
    assert calls().count("/login") < MANY / 2


async def test_client_gives_up_if_the_new_token_is_rejected_too(
    connected: Connected,
) -> None:
    client, platform, calls = connected
    platform.takes_tokens = False
    with pytest.raises(AuthenticationError):
        await client.get("/data")
    assert calls() == ["/refresh"]
