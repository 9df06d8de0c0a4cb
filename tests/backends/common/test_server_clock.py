"""How far a server's clock is ahead, by the `Date` header of its newest answer."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from aiohttp import ClientSession
import pytest

from custom_components.metering_hub.backends.common.http import HttpClient
from custom_components.metering_hub.backends.errors import NotFoundError

from .scripted_server import answer, running_server

pytestmark = pytest.mark.usefixtures("socket_enabled")

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    """Return a session that is closed after the test."""
    async with ClientSession() as made:
        yield made


def dated(text: str, status: int = 200) -> bytes:
    """Return an answer with a `Date` header."""
    return answer(status, b"{}", Date=text)


def ahead(offset: timedelta) -> str:
    """Return the `Date` of a server whose clock is ahead."""
    return format_datetime(datetime.now(UTC) + offset, usegmt=True)


async def offset_after(session: ClientSession, *script: bytes) -> timedelta:
    """Return the offset of a server's clock after it sent some answers."""
    async with running_server(*script) as server:
        client = HttpClient(session, server.url)
        assert client.clock_offset == timedelta()
        for _ in script:
            try:
                await client.get("/")
            except NotFoundError:
                continue
        return client.clock_offset


@pytest.mark.parametrize("hours", [-20, -2, 0, 2, 20])
async def test_offset(session: ClientSession, hours: int) -> None:
    """The header has whole seconds, which is enough."""
    offset = await offset_after(session, dated(ahead(hours * HOUR)))
    assert abs(offset - hours * HOUR) <= 2 * SECOND


async def test_newest_answer_counts(session: ClientSession) -> None:
    """A server whose clock is set is believed at once; an error has a date as well."""
    script = dated(ahead(2 * HOUR)), dated(ahead(HOUR), 404)
    offset = await offset_after(session, *script)
    assert abs(offset - HOUR) <= 2 * SECOND


@pytest.mark.parametrize(
    "text",
    [
        *("", "yesterday", "Sat, 99 Foo 2026 25:61:61 GMT", "0"),
        pytest.param(ahead(72 * HOUR), id="three days ahead"),
    ],
)
async def test_no_usable_date(session: ClientSession, text: str) -> None:
    """Without a usable date, Home Assistant's clock counts."""
    assert await offset_after(session, dated(text)) == timedelta()
