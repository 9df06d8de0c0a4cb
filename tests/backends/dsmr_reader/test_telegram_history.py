"""Pages of stored telegrams with ties, microseconds and gaps; and their changes."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

from aiohttp import ClientSession
import pytest

from custom_components.metering_hub.backends.base import HistoryChanges
from custom_components.metering_hub.backends.dsmr_reader.backend import (
    DsmrReaderBackend,
)
from simulators.house import House, Outage
from simulators.server import serve

from .conftest import NOW, POWER, START, Connect, Past, point, simulated
from .row_server import Row, RowServer, telegram

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
KEY = "electricity_delivered_1"
BEGIN = datetime(2026, 11, 1, tzinfo=UTC)

type ServeRows = Callable[[list[Row]], Awaitable[tuple[RowServer, DsmrReaderBackend]]]


@pytest.fixture
async def serve_rows(socket_enabled: None) -> AsyncIterator[ServeRows]:
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(ClientSession())

        async def to(rows: list[Row]) -> tuple[RowServer, DsmrReaderBackend]:
            server = RowServer(rows)
            url = await stack.enter_async_context(serve(server.app))
            settings = {"url": url, "api_key": "key"}
            return server, DsmrReaderBackend(session, settings, {}, clock=lambda: NOW)

        yield to


async def values(
    backend: DsmrReaderBackend, key: str, start: datetime, end: datetime
) -> list[float]:
    """Return the values of a point as they come."""
    found: list[float] = []
    async for chunk in backend.history([point(key)], start, end):
        found += [float(reading.value) for reading in chunk.readings[key]]
    return found


async def test_more_ties_than_a_page_holds(serve_rows: ServeRows) -> None:
    rows = [telegram(BEGIN + n * SECOND, n) for n in range(300)]
    rows += [telegram(BEGIN + 300 * SECOND, n) for n in range(300, 1600)]
    rows += [telegram(BEGIN + n * SECOND, n) for n in range(1600, 2000)]
    server, backend = await serve_rows(rows)
    found = await values(backend, KEY, BEGIN, BEGIN + HOUR)
    assert sorted(set(found)) == list(range(2000))
    assert len(server.asked) < 12


@pytest.mark.parametrize("count", [1, 499, 500, 501, 999, 1000, 1001])
async def test_page_borders(serve_rows: ServeRows, count: int) -> None:
    _, backend = await serve_rows(
        [telegram(BEGIN + n * SECOND, n) for n in range(count)]
    )
    found = await values(backend, KEY, BEGIN, BEGIN + HOUR)
    assert sorted(set(found)) == list(range(count))


async def test_nothing_but_one_moment(serve_rows: ServeRows) -> None:
    _, backend = await serve_rows([telegram(BEGIN, n) for n in range(1200)])
    assert len(set(await values(backend, KEY, BEGIN, BEGIN))) == 1200


async def test_microseconds(serve_rows: ServeRows) -> None:
    step = timedelta(microseconds=333_333)
    _, backend = await serve_rows([telegram(BEGIN + n * step, n) for n in range(1300)])
    start, end = BEGIN + 100 * step, BEGIN + 1200 * step
    found = await values(backend, KEY, start, end)
    assert sorted(set(found)) == list(range(100, 1201))


async def test_long_gap(serve_rows: ServeRows) -> None:
    rows = [telegram(BEGIN - 200 * DAY + n * SECOND, n) for n in range(700)]
    rows += [telegram(BEGIN + n * SECOND, 700 + n) for n in range(700)]
    server, backend = await serve_rows(rows)
    found = await values(backend, KEY, BEGIN - 201 * DAY, BEGIN + HOUR)
    assert sorted(set(found)) == list(range(1400))
    assert len(server.asked) < 40


async def test_power_waits_for_a_third_moment(serve_rows: ServeRows) -> None:
    minutes = [0, 59, 60, 60, 119, 120, 130, 140, 179, 180, 239]
    rows = [telegram(BEGIN + m * timedelta(minutes=1), m) for m in minutes]
    _, backend = await serve_rows(rows)
    found = await values(backend, POWER, BEGIN, BEGIN + 4 * HOUR)
    assert found == [0.12, 0.13, 0.14, 0.179]


async def test_extra_meter_without_own_time(serve_rows: ServeRows) -> None:
    rows = [
        telegram(BEGIN + n * SECOND, n, extra_device_delivered="5.000")
        for n in range(3)
    ]
    _, backend = await serve_rows(rows)
    assert await values(backend, "gas", BEGIN, BEGIN + HOUR) == [5.0] * 3


async def test_extra_meter_that_comes_late_is_told(serve_rows: ServeRows) -> None:
    stamp = (BEGIN + HOUR).isoformat()
    late = telegram(
        BEGIN + 2 * HOUR,
        1,
        extra_device_delivered="7.000",
        extra_device_timestamp=stamp,
    )
    _, backend = await serve_rows([telegram(BEGIN, 0), late])
    assert await values(backend, "gas", BEGIN, BEGIN + HOUR) == [7.0]


# --- Changes --------------------------------------------------------------------


@pytest.fixture
async def past(connect: Connect) -> Past:
    return await connect(simulated(House(7, START)))


async def look(past: Past, start: datetime, mark: object, *keys: str) -> HistoryChanges:
    points = [point(key) for key in keys or (KEY,)]
    return await past.backend.history_changes(points, start, mark)


def let_pass(past: Past, time: timedelta) -> datetime:
    now = past.simulator.clock() + time
    past.simulator.clock = lambda: now
    return now


async def test_first_look(past: Past) -> None:
    changes = await look(past, NOW - 3 * DAY, None)
    assert changes.since == NOW - 3 * DAY
    assert past.asked() == 1


async def test_nothing_new_is_one_request(past: Past) -> None:
    first = await look(past, NOW - 3 * DAY, None)
    past.asked()
    changes = await look(past, NOW - 3 * DAY + HOUR, first.mark)
    assert changes.since is None
    assert past.asked() == 1
    assert (await look(past, NOW - 3 * DAY + HOUR, changes.mark)).since is None


async def test_new_tail(past: Past) -> None:
    mark = (await look(past, NOW - 3 * DAY, None)).mark
    newest = NOW.replace(second=0)
    past.asked()
    for _ in range(3):
        now = let_pass(past, timedelta(minutes=5))
        changes = await look(past, now - 3 * DAY, mark)
        assert changes.since == newest
        assert past.asked() == 2
        newest += timedelta(minutes=5)
        mark = changes.mark


async def test_tail_reaches_back_for_what_comes_late(past: Past) -> None:
    mark = (await look(past, NOW - 3 * DAY, None)).mark
    let_pass(past, HOUR)
    gas = await look(past, NOW - 3 * DAY, mark, KEY, "gas")
    assert gas.since == NOW.replace(minute=30, second=0)
    power = await look(past, NOW - 3 * DAY, mark, KEY, POWER)
    assert power.since == NOW.replace(minute=0, second=0)


async def test_anchor_follows_the_start(past: Past) -> None:
    mark = (await look(past, NOW - 3 * DAY, None)).mark
    past.asked()
    for days in (1.5, 3.0, 4.5):
        newest = past.simulator.clock().replace(second=0)
        let_pass(past, timedelta(days=1.5))
        changes = await look(past, NOW + timedelta(days=days - 3), mark)
        assert changes.since == newest
        assert past.asked() == 3
        mark = changes.mark
        assert (await look(past, NOW + timedelta(days=days - 3), mark)).since is None
        assert past.asked() == 1


async def test_start_that_went_back(past: Past) -> None:
    mark = (await look(past, NOW - 3 * DAY, None)).mark
    assert (await look(past, NOW - 9 * DAY, mark)).since == NOW - 9 * DAY


async def test_foreign_mark(past: Past) -> None:
    assert (await look(past, NOW - DAY, "mark")).since == NOW - DAY


@pytest.mark.parametrize("later", [timedelta(), timedelta(minutes=5)])
async def test_late_and_lost_rows(past: Past, later: timedelta) -> None:
    start = NOW - 3 * DAY
    house = past.simulator.house
    outage = Outage(NOW - 20 * HOUR, NOW - 19 * HOUR)
    for outages in ((outage,), ()):
        mark = (await look(past, start, None)).mark
        house.outages = outages
        let_pass(past, later)
        assert (await look(past, start, mark)).since == start


async def test_ties_at_the_newest_moment(serve_rows: ServeRows) -> None:
    rows = [telegram(BEGIN + n * SECOND, n) for n in (0, 1, 2, 2, 2)]
    server, backend = await serve_rows(rows)
    points = [point(KEY)]
    mark = (await backend.history_changes(points, BEGIN, None)).mark
    server.rows.append(telegram(BEGIN + 3 * SECOND, 3))
    changes = await backend.history_changes(points, BEGIN, mark)
    assert changes.since == BEGIN + 2 * SECOND
    # One more at the newest moment, and one more before it.
    server.rows.append(telegram(BEGIN + 3 * SECOND, 3))
    again = await backend.history_changes(points, BEGIN, changes.mark)
    assert again.since == BEGIN + 3 * SECOND
    server.rows.append(telegram(BEGIN + 2 * SECOND, 3))
    last = await backend.history_changes(points, BEGIN, again.mark)
    assert last.since == BEGIN


async def test_first_telegram_ever(serve_rows: ServeRows) -> None:
    server, backend = await serve_rows([])
    points = [point(KEY)]
    first = await backend.history_changes(points, BEGIN, None)
    assert (await backend.history_changes(points, BEGIN, first.mark)).since is None
    server.rows.append(telegram(BEGIN + SECOND, 1))
    changes = await backend.history_changes(points, BEGIN, first.mark)
    assert changes.since == BEGIN
