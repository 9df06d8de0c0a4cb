"""A DSMR-reader whose lists never come to an end."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta

from aiohttp import ClientSession, web
import pytest

from custom_components.metering_hub.backends.dsmr_reader.client import (
    MOST_PAGES_OF_CONTRACTS,
    TELEGRAMS_AT_ONCE,
    DsmrReaderClient,
)
from custom_components.metering_hub.backends.dsmr_reader.telegram_pages import (
    PAGES_OF_A_MOMENT,
    telegram_pages,
)
from custom_components.metering_hub.backends.errors import (
    EndlessError,
    ProtocolError,
    TooManyRowsError,
)
from simulators.endless import LyingTotal, RepeatedPage
from simulators.faults import Fault
from simulators.server import serve

from .conftest import Connect, simulated
from .row_server import Row, telegram

START = datetime(2026, 11, 1, tzinfo=UTC)
END = START + timedelta(days=3)
BILLION = 10**9

type ClientOf = Callable[[EndlessServer], Awaitable[DsmrReaderClient]]


class EndlessServer:
    """Answers each list with the rows that a function makes of the request's number."""

    def __init__(self, make: Callable[[int], list[Row]], total: int = BILLION) -> None:
        """Initialize with the rows, and what it says how many there are."""
        self._make = make
        self._total = total
        self.requests = 0

    @property
    def app(self) -> web.Application:
        """Return the application to serve."""
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.Response:
        """Answer any list."""
        self.requests += 1
        rows = self._make(self.requests)
        return web.json_response({"count": self._total, "results": rows})


@pytest.fixture
async def client_of(socket_enabled: None) -> AsyncIterator[ClientOf]:
    """Return a function that returns a client of a server."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(ClientSession())

        async def serve_it(server: EndlessServer) -> DsmrReaderClient:
            url = await stack.enter_async_context(serve(server.app))
            return DsmrReaderClient(session, url, "key")

        yield serve_it


def page_at(moment: datetime) -> list[Row]:
    """Return a full page of telegrams of a moment."""
    return [telegram(moment, number) for number in range(TELEGRAMS_AT_ONCE)]


async def read_all(client: DsmrReaderClient) -> None:
    """Read all telegrams of the span."""
    async for _ in telegram_pages(client, START, END):
        pass


async def test_telegrams_of_the_same_moment_for_ever(client_of: ClientOf) -> None:
    """A page that repeats itself was read until Home Assistant stopped."""
    server = EndlessServer(lambda _: page_at(START))
    client = await client_of(server)
    with pytest.raises(EndlessError) as caught:
        await read_all(client)
    assert caught.value.limit == PAGES_OF_A_MOMENT
    assert server.requests == PAGES_OF_A_MOMENT + 1


async def test_telegrams_that_go_beyond_the_span_for_ever(client_of: ClientOf) -> None:
    """A server that ignores the filter has telegrams until the year 9999."""
    server = EndlessServer(lambda number: page_at(START + number * timedelta(days=9)))
    client = await client_of(server)
    with pytest.raises(ProtocolError, match="after the span"):
        await read_all(client)
    assert server.requests <= 2


async def test_contracts_of_a_billion_rows(client_of: ClientOf) -> None:
    server = EndlessServer(lambda _: [{"start": "2026-01-01"}])
    client = await client_of(server)
    with pytest.raises(TooManyRowsError):
        await client.contracts(date(2026, 1, 1), date(2026, 12, 31))
    assert server.requests == 1


async def test_contracts_one_by_one(client_of: ClientOf) -> None:
    """Each page has one, and the list always has some more."""
    server = EndlessServer(lambda _: [{"start": "2026-01-01"}], total=4000)
    client = await client_of(server)
    with pytest.raises(EndlessError):
        await client.contracts(date(2026, 1, 1), date(2026, 12, 31))
    assert server.requests == MOST_PAGES_OF_CONTRACTS


async def test_day_long_before_those_asked_for(client_of: ClientOf) -> None:
    """The statistics of 1,500 months would be requested."""
    server = EndlessServer(lambda _: [{"day": "1901-01-01"}], total=1)
    client = await client_of(server)
    with pytest.raises(ProtocolError, match="a day before"):
        await client.oldest_day(date(2005, 1, 1))


@pytest.mark.parametrize("fault", [LyingTotal(BILLION), RepeatedPage(BILLION)])
async def test_history_of_lists_that_never_end(
    connect: Connect, fault: LyingTotal | RepeatedPage
) -> None:
    """The history ends in an error after a bounded number of requests."""
    connected = await connect(simulated())
    connected.simulator.faults.add(Fault(fault, "/api/v2/datalogger/dsmrreading"))
    end = connected.simulator.clock()
    with pytest.raises(ProtocolError):
        await connected.read(["gas"], end - timedelta(days=2), end)
    assert connected.take_request_count() < 100
