"""Changes that are found by counting stored telegrams."""

from datetime import datetime, timedelta

import pytest

from custom_components.metering_hub.backends.base import HistoryChanges
from simulators.house import House, Outage

from .conftest import NOW, POWER, START, Connect, Connected, ServeRows, point, simulated
from .row_server import BEGIN, telegram

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
KEY = "electricity_delivered_1"


@pytest.fixture
async def connected(connect: Connect) -> Connected:
    return await connect(simulated(House(7, START)))


async def look(
    connected: Connected, start: datetime, mark: object, *keys: str
) -> HistoryChanges:
    points = [point(key) for key in keys or (KEY,)]
    return await connected.backend.history_changes(points, start, mark)


def let_pass(connected: Connected, time: timedelta) -> datetime:
    now = connected.simulator.clock() + time
    connected.simulator.clock = lambda: now
    return now


async def test_first_look(connected: Connected) -> None:
    changes = await look(connected, NOW - 3 * DAY, None)
    assert changes.since == NOW - 3 * DAY
    assert connected.take_request_count() == 1


async def test_nothing_new_is_one_request(connected: Connected) -> None:
    first = await look(connected, NOW - 3 * DAY, None)
    connected.take_request_count()
    changes = await look(connected, NOW - 3 * DAY + HOUR, first.mark)
    assert changes.since is None
    assert connected.take_request_count() == 1
    assert (await look(connected, NOW - 3 * DAY + HOUR, changes.mark)).since is None


async def test_new_tail(connected: Connected) -> None:
    mark = (await look(connected, NOW - 3 * DAY, None)).mark
    newest = NOW.replace(second=0)
    connected.take_request_count()
    for _ in range(3):
        now = let_pass(connected, timedelta(minutes=5))
        changes = await look(connected, now - 3 * DAY, mark)
        assert changes.since == newest
        assert connected.take_request_count() == 2
        newest += timedelta(minutes=5)
        mark = changes.mark


async def test_tail_reaches_back_for_what_comes_late(connected: Connected) -> None:
    mark = (await look(connected, NOW - 3 * DAY, None)).mark
    let_pass(connected, HOUR)
    gas = await look(connected, NOW - 3 * DAY, mark, KEY, "gas")
    assert gas.since == NOW.replace(minute=30, second=0)
    power = await look(connected, NOW - 3 * DAY, mark, KEY, POWER)
    assert power.since == NOW.replace(minute=0, second=0)


async def test_anchor_follows_the_start(connected: Connected) -> None:
    mark = (await look(connected, NOW - 3 * DAY, None)).mark
    connected.take_request_count()
    for days in (1.5, 3.0, 4.5):
        newest = connected.simulator.clock().replace(second=0)
        let_pass(connected, timedelta(days=1.5))
        changes = await look(connected, NOW + timedelta(days=days - 3), mark)
        assert changes.since == newest
        assert connected.take_request_count() == 3
        mark = changes.mark
        assert (
            await look(connected, NOW + timedelta(days=days - 3), mark)
        ).since is None
        assert connected.take_request_count() == 1


async def test_start_that_went_back(connected: Connected) -> None:
    mark = (await look(connected, NOW - 3 * DAY, None)).mark
    assert (await look(connected, NOW - 9 * DAY, mark)).since == NOW - 9 * DAY


async def test_foreign_mark(connected: Connected) -> None:
    assert (await look(connected, NOW - DAY, "mark")).since == NOW - DAY


@pytest.mark.parametrize("later", [timedelta(), timedelta(minutes=5)])
async def test_late_and_lost_rows(connected: Connected, later: timedelta) -> None:
    start = NOW - 3 * DAY
    house = connected.simulator.house
    outage = Outage(NOW - 20 * HOUR, NOW - 19 * HOUR)
    for outages in ((outage,), ()):
        mark = (await look(connected, start, None)).mark
        house.outages = outages
        let_pass(connected, later)
        assert (await look(connected, start, mark)).since == start


async def test_ties_at_the_newest_moment(serve_rows: ServeRows) -> None:
    rows = [telegram(BEGIN + n * SECOND, n) for n in (0, 1, 2, 2, 2)]
    server, backend = await serve_rows(rows)
    points = [point(KEY)]
    mark = (await backend.history_changes(points, BEGIN, None)).mark
    server.rows.append(telegram(BEGIN + 3 * SECOND, 3))
    changes = await backend.history_changes(points, BEGIN, mark)
    assert changes.since == BEGIN + 2 * SECOND
    # One more at the latest moment, and one more before it.
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


async def test_late_rows_are_looked_for(connected: Connected) -> None:
    """Only what is late is read again, to the hour, also after the anchor moved."""
    start, mark = NOW - 3 * DAY, None
    begin = NOW + 20 * HOUR
    late = Outage(begin, begin + HOUR)
    connected.simulator.house.outages = [late]
    for _ in range(50):
        changes = await look(connected, start, mark)
        mark, start = changes.mark, start + HOUR
        let_pass(connected, HOUR)
    connected.simulator.house.outages = []
    connected.take_request_count()
    changes = await look(connected, start, mark)
    assert changes.since is not None
    assert begin - 2 * HOUR < changes.since <= begin
    assert connected.take_request_count() <= 12
    after = await look(connected, start, changes.mark)
    assert after.since is None
    # The next late ones are found as well.
    again = NOW + 40 * HOUR
    connected.simulator.house.outages = [Outage(again, again + HOUR)]
    found = await look(connected, start, after.mark, KEY, "gas")
    assert found.since is not None
    assert again - 8 * HOUR < found.since <= again
