"""Telegrams and extra meters whose clocks are wrong, and the server's own clock."""

from datetime import UTC, datetime, timedelta

import pytest

from simulators.dsmr_reader import ClockError, DsmrReaderSimulator
from simulators.house import House
from simulators.times import epoch

from .conftest import (
    NOW,
    POWER,
    REGISTERS,
    Connect,
    Connected,
    ServeRows,
    point,
    simulated,
    utc,
)
from .row_server import BEGIN, telegram

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
KEY = "electricity_delivered_1"
UNSET = utc(2000, 1, 1)
START = NOW.replace(hour=0, minute=0, second=0) - 3 * DAY
POINTS = [point(key) for key in (*REGISTERS, POWER)]

WRONG_STAMPS = {
    "1970": lambda _: 0,
    "2000": lambda _: epoch(UNSET),
    "since_2000": lambda when: epoch(UNSET) + when - epoch(START),
    "2070": lambda _: epoch(utc(2070, 1, 1)),
    "stuck_in_2019": lambda _: epoch(utc(2019, 5, 1)),
    "years_behind": lambda when: when - 2 * 365 * 86400,
}


def house() -> DsmrReaderSimulator:
    """Return a simulator of a house with three days of telegrams."""
    return simulated(House(7, START), retention=None)


def unset_for_an_hour(simulator: DsmrReaderSimulator) -> None:
    """Let the meter send the telegrams of an hour with a clock that is not set."""
    begin = START + 20 * HOUR
    error = ClockError(begin, begin + HOUR, UNSET - begin)
    simulator.clock_errors.append(error)


def two_hours_ahead(simulator: DsmrReaderSimulator, moment: datetime) -> None:
    """Let the meter send one telegram two hours ahead."""
    error = ClockError(moment, moment + MINUTE, 2 * HOUR)
    simulator.clock_errors.append(error)


async def latest(connected: Connected) -> dict[str, tuple[datetime, float]]:
    """Return the times and values of the latest readings."""
    found = await connected.backend.latest(POINTS)
    return {
        key: (reading.time, float(reading.value))
        for key, reading in found.readings.items()
    }


async def test_history_does_not_begin_with_an_unset_clock(connect: Connect) -> None:
    """An hour of telegrams dated 2000 is not where the history starts."""
    simulator = house()
    unset_for_an_hour(simulator)
    connected = await connect(simulator)
    assert await connected.backend.history_start(POINTS) == START
    found = await connected.read(REGISTERS, START, NOW)
    for times in found.values():
        assert min(times) == START


async def test_an_unset_clock_is_never_the_latest(connect: Connect) -> None:
    """A server with nothing but such telegrams has no latest one."""
    simulator = house()
    simulator.clock_errors.append(ClockError(START, NOW + DAY, UNSET - START))
    connected = await connect(simulator)
    assert await latest(connected) == {}
    assert await connected.backend.history_start([point(POWER)]) is None


async def test_a_telegram_ahead_is_not_the_latest(connect: Connect) -> None:
    """The latest values go on with the next telegram."""
    simulator = house()
    now = NOW.replace(second=0)
    two_hours_ahead(simulator, now)
    connected = await connect(simulator)
    before = await latest(connected)
    assert before[KEY][0] == now - MINUTE
    simulator.clock = lambda: now + MINUTE
    after = await latest(connected)
    assert after[KEY] == (now + MINUTE, connected.true(KEY, now + MINUTE))


async def test_the_next_look_does_not_read_everything(connect: Connect) -> None:
    """With a telegram ahead of the others, only what is new has changed."""
    simulator = house()
    now = NOW.replace(second=0)
    two_hours_ahead(simulator, now)
    connected = await connect(simulator)
    changes = await connected.backend.history_changes(POINTS, START, None)
    for minutes in (5, 10, 15):
        later = now + minutes * MINUTE
        simulator.clock = lambda later=later: later
        changes = await connected.backend.history_changes(POINTS, START, changes.mark)
        assert changes.since is not None
        assert changes.since >= now - 6 * HOUR


async def test_the_servers_clock_counts(connect: Connect) -> None:
    """What is an hour ahead of Home Assistant is not ahead of its server."""
    simulator = house()
    connected = await connect(simulator)
    simulator.date_offset = HOUR
    simulator.clock_errors.append(ClockError(NOW - 90 * SECOND, NOW, HOUR))
    await latest(connected)
    offset = connected.backend.clock_offset
    assert abs(offset - HOUR) <= 2 * SECOND
    assert (await latest(connected))[KEY][0] > NOW + 50 * MINUTE


@pytest.mark.parametrize("clock", WRONG_STAMPS)
async def test_a_wrong_extra_clock_in_history(connect: Connect, clock: str) -> None:
    """The positions of a meter without a clock have the times of their telegrams."""
    simulator = house()
    simulator.extra_clock = WRONG_STAMPS[clock]
    connected = await connect(simulator)
    gas = (await connected.read(["gas"], START, NOW))["gas"]
    # The first position may be old: the meter may have stopped long ago.
    first = START if clock in ("1970", "2000", "since_2000", "2070") else START + HOUR
    assert START <= min(gas) <= first
    # The position of a moment is that of the last five minutes.
    assert all(
        value == connected.true("gas", time.replace(minute=time.minute // 5 * 5))
        for time, value in gas.items()
    )
    assert max(gas.values()) == connected.true("gas", NOW.replace(minute=30, second=0))
    assert max(gas) > NOW - 12 * HOUR


@pytest.mark.parametrize("clock", WRONG_STAMPS)
async def test_a_wrong_extra_clock_live(connect: Connect, clock: str) -> None:
    """Once the position has moved, live values have the telegram's time, too."""
    simulator = house()
    simulator.extra_clock = WRONG_STAMPS[clock]
    connected = await connect(simulator)
    begin = NOW.replace(hour=5, minute=30, second=0)
    times = [begin + minutes * MINUTE for minutes in range(0, 180, 10)]
    for time in times:
        simulator.clock = lambda time=time: time
        found = await latest(connected)
    assert found["gas"] == (times[-1], connected.true("gas", times[-1]))


async def test_a_wrong_extra_clock_does_not_delay_the_start(connect: Connect) -> None:
    """History starts with the first telegram, whatever the extra meter says."""
    for clock in WRONG_STAMPS.values():
        simulator = house()
        simulator.extra_clock = clock
        connected = await connect(simulator)
        assert await connected.backend.history_start([point("gas")]) == START


async def test_a_meter_that_stopped_keeps_its_time(serve_rows: ServeRows) -> None:
    """Its last position is old, and no new reading."""
    stopped = (BEGIN - 400 * DAY).isoformat()
    rows = [
        telegram(
            BEGIN + n * MINUTE,
            n,
            extra_device_delivered="5.000",
            extra_device_timestamp=stopped,
        )
        for n in range(60)
    ]
    _, backend = await serve_rows(rows)
    chunks = backend.history([point("gas")], BEGIN, BEGIN + HOUR)
    found = [each async for chunk in chunks for each in chunk.readings["gas"]]
    assert found == []


async def test_row_numbers_are_the_order_of_arrival(serve_rows: ServeRows) -> None:
    """Telegrams of a clock that is behind lie among others, with later numbers."""
    old = [telegram(BEGIN + n * MINUTE, 100 + n) for n in range(60)]
    new = [telegram(BEGIN + (30 + n) * MINUTE + SECOND, n) for n in range(60)]
    rows = [{**row, "id": number} for number, row in enumerate([*old, *new], 1)]
    _, backend = await serve_rows(rows)
    chunks = [c async for c in backend.history([point(KEY)], BEGIN, BEGIN + 2 * HOUR)]
    found = [reading for chunk in chunks for reading in chunk.readings[KEY]]
    assert [each.time for each in found] == sorted(each.time for each in found)
    assert {each.stored: each.value for each in found} == {
        number: float(str(row[KEY])) for number, row in enumerate([*old, *new], 1)
    }


async def test_a_row_without_a_number(serve_rows: ServeRows) -> None:
    """Then no order of arrival is known."""
    rows = [telegram(BEGIN + n * MINUTE, n) for n in range(3)]
    rows[0]["id"] = 1
    _, backend = await serve_rows(rows)
    chunks = backend.history([point(KEY)], BEGIN, BEGIN + HOUR)
    found = [each async for chunk in chunks for each in chunk.readings[KEY]]
    assert [each.stored for each in found] == [None] * 3
    assert found[0].time == datetime(2026, 11, 1, tzinfo=UTC)
