"""The past by the minute, where telegrams are many."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from custom_components.metering_hub.backends.dsmr_reader.minute_rows import (
    MOST_SPANS,
    Span,
    join_spans,
)
from simulators.dirt import Dirt, Spot, SpotKind
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.faults import Answer, Fault, Json, MutateJson
from simulators.house import House, MeterExchange, Outage
from simulators.times import epoch

from .conftest import (
    CHANNELS,
    ELECTRICITY,
    NOW,
    POWER,
    REGISTERS,
    Connect,
    Connected,
    Times,
    simulated,
    stored,
    utc,
)

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
START = utc(2026, 11, 16)
"""When the house of these tests begins."""

MIDNIGHT = utc(2026, 11, 19)
TELEGRAMS = "datalogger/dsmrreading"
MINUTES = "consumption/electricity"
CHANNELS_OF_ELECTRICITY = [CHANNELS[key] for key in ELECTRICITY]
DELIVERED = "electricity_delivered_2"


def dense(**knobs: object) -> DsmrReaderSimulator:
    """Return a simulator of a young house with a telegram every second."""
    knobs = {"house": House(7, START), "interval": 1, **knobs}
    return simulated(**knobs)  # type: ignore[arg-type]


def hours(start: datetime, end: datetime) -> Iterable[datetime]:
    """Yield the whole hours in [start, end], of which `start` is one."""
    while start <= end:
        yield start
        start += HOUR


def telegrams_asked(connected: Connected) -> int:
    """Return how many pages of telegrams were asked for."""
    requests = connected.simulator.faults.requests
    return len([r for r in requests if r.query.get("limit") == "500"])


async def check_hours(
    connected: Connected, found: dict[str, Times], interval: timedelta
) -> None:
    """Check the positions at the hours of a day against those of the meters.

    Those of a row are of the last second of its minute, so the first is before the day.
    """
    for key in ELECTRICITY:
        for hour in hours(MIDNIGHT + HOUR, MIDNIGHT + DAY):
            low, high = (
                connected.true(key, hour - interval),
                connected.true(key, hour),
            )
            times = found[key]
            assert low <= times[hour if hour in times else hour - SECOND] <= high


@pytest.mark.parametrize("seconds", [1, 10])
async def test_a_day_takes_three_requests(connect: Connect, seconds: int) -> None:
    connected = await connect(dense(interval=seconds))
    found = await connected.read([*REGISTERS, POWER], MIDNIGHT, MIDNIGHT + DAY)
    assert connected.take_request_count() == 3
    await check_hours(connected, found, seconds * SECOND)
    for hour in hours(MIDNIGHT, MIDNIGHT + DAY):
        assert found["gas"][hour] == connected.true("gas", hour)
    house = connected.simulator.house
    assert [*found[POWER]] == [MIDNIGHT + n * MINUTE for n in range(1440)]
    for time, value in found[POWER].items():
        power = house.power(time)
        assert value == (power.delivered - power.returned) / 1000


async def test_a_day_is_less_than_a_megabyte(connect: Connect) -> None:
    connected = await connect(dense())
    sizes: list[int] = []

    def measure(answer: Json) -> Json:
        sizes.append(len(str(answer)))
        return answer

    connected.simulator.faults.add(Fault(MutateJson(measure)))
    await connected.read([*REGISTERS, POWER], MIDNIGHT, MIDNIGHT + DAY)
    assert len(sizes) == 3
    # The text of Python has spaces that the server's has not.
    assert sum(sizes) < 1_100_000


async def test_the_newest_are_telegrams(connect: Connect) -> None:
    connected = await connect(dense())
    found = await connected.read([*REGISTERS, POWER], MIDNIGHT, NOW)
    for key in (*ELECTRICITY, POWER):
        assert max(found[key]) == NOW
    assert found[DELIVERED][NOW] == connected.true(DELIVERED, NOW)
    stamp = NOW.replace(minute=30, second=0)
    assert max(found["gas"]) == stamp
    assert found["gas"][stamp] == connected.true("gas", stamp)
    # The server writes a row one to two minutes late.
    assert telegrams_asked(connected) == 1
    gas = [*found["gas"]]
    assert {after - before for before, after in pairwise(gas)} == {5 * MINUTE}


async def test_rows_that_are_late_are_telegrams(connect: Connect) -> None:
    """Nothing is lost if the server is two hours behind with its rows."""
    connected = await connect(dense(interval=10))

    def behind(answer: Json) -> Json:
        assert isinstance(answer, dict)
        rows = answer["results"]
        assert isinstance(rows, list)
        limit = (NOW - 2 * HOUR).astimezone().isoformat()
        kept = [r for r in rows if isinstance(r, dict) and _is_before(r, limit)]
        return {**answer, "count": len(kept), "results": [*kept]}

    connected.simulator.faults.add(Fault(MutateJson(behind), path=MINUTES))
    connected.simulator.faults.add(Fault(MutateJson(behind), path="consumption/gas"))
    found = await connected.read([*REGISTERS, POWER], NOW - 12 * HOUR, NOW)
    times = [time for time in stored(connected) if time >= NOW - 119 * MINUTE]
    for key in ELECTRICITY:
        assert {t: found[key][t] for t in times} == {
            t: connected.true(key, t) for t in times
        }
    gas = [*found["gas"]]
    assert {after - before for before, after in pairwise(gas)} == {5 * MINUTE}
    assert list(found["gas"].values()) == [connected.true("gas", t) for t in gas]


def _is_before(row: dict[str, Json], limit: str) -> bool:
    read_at = datetime.fromisoformat(str(row["read_at"]))
    return read_at < datetime.fromisoformat(limit)


async def test_a_server_without_rows_of_minutes(connect: Connect) -> None:
    connected = await connect(dense(interval=10))
    empty = Answer(200, '{"count": 0, "results": []}', "application/json")
    connected.simulator.faults.add(Fault(empty, path=MINUTES))
    start, end = MIDNIGHT, MIDNIGHT + DAY
    found = await connected.read(REGISTERS, start, end)
    times = [time for time in stored(connected) if start <= time <= end]
    assert found[DELIVERED] == {t: connected.true(DELIVERED, t) for t in times}
    assert connected.take_request_count(MINUTES) == 1


async def test_rows_that_are_grouped_by_reading(connect: Connect) -> None:
    connected = await connect(dense(interval=10, groups_by_minute=False))
    start, end = MIDNIGHT, MIDNIGHT + DAY + HOUR
    found = await connected.read(REGISTERS, start, end)
    times = [time for time in stored(connected) if start <= time <= end]
    assert found[DELIVERED] == {t: connected.true(DELIVERED, t) for t in times}
    assert connected.take_request_count(MINUTES) == 1


@pytest.mark.parametrize("kind", [SpotKind.HIGH, SpotKind.TENFOLD])
async def test_a_false_telegram_is_seen_alone(connect: Connect, kind: SpotKind) -> None:
    """The highest position of its minute is false, but not the other telegrams."""
    when = MIDNIGHT + 9 * HOUR + 30 * MINUTE + 31 * SECOND
    begin = epoch(when)
    spot = Spot(kind, begin, begin + 1, frozenset(ELECTRICITY), amount=100_000_000)
    connected = await connect(dense(dirt=Dirt([spot])))
    found = await connected.read(REGISTERS, MIDNIGHT, MIDNIGHT + DAY)
    times = found[DELIVERED]
    near = {t: v for t, v in times.items() if abs(t - when) < 3 * MINUTE}
    assert near.keys() >= {when - SECOND, when, when + SECOND}
    assert [t for t, v in near.items() if v > connected.true(DELIVERED, t)] == [when]
    assert telegrams_asked(connected) <= 3
    await check_hours(connected, found, SECOND)


async def test_dips_that_last(connect: Connect) -> None:
    begin = epoch(MIDNIGHT + 9 * HOUR)
    spot = Spot(SpotKind.ZERO, begin, begin + 600, frozenset(ELECTRICITY))
    connected = await connect(dense(dirt=Dirt([spot])))
    found = await connected.read(REGISTERS, MIDNIGHT, MIDNIGHT + DAY)
    zeros = [time for time, value in found[DELIVERED].items() if value == 0]
    assert (zeros[0], zeros[-1]) == (
        MIDNIGHT + 9 * HOUR,
        MIDNIGHT + 9 * HOUR + 599 * SECOND,
    )


async def test_an_exchange_is_read_by_telegrams(connect: Connect) -> None:
    when = MIDNIGHT + 9 * HOUR + 30 * MINUTE + 31 * SECOND
    positions = dict.fromkeys(CHANNELS_OF_ELECTRICITY, 5_000)
    house = House(7, START, exchange=MeterExchange(when, positions))
    connected = await connect(dense(house=house))
    found = await connected.read(REGISTERS, MIDNIGHT, MIDNIGHT + DAY)
    assert found[DELIVERED][when - SECOND] == connected.true(DELIVERED, when - SECOND)
    assert found[DELIVERED][when] == connected.true(DELIVERED, when)
    assert telegrams_asked(connected) <= 3


async def test_an_outage_takes_one_more_request(connect: Connect) -> None:
    begin, end = MIDNIGHT + 5 * HOUR, MIDNIGHT + 8 * HOUR + 30 * MINUTE
    house = House(7, START, outages=[Outage(begin, end)])
    connected = await connect(dense(house=house))
    found = await connected.read(REGISTERS, MIDNIGHT, MIDNIGHT + DAY)
    assert telegrams_asked(connected) == 1
    assert not [time for time in found[DELIVERED] if begin < time <= end - MINUTE]
    last = begin - SECOND
    assert found[DELIVERED][last] == connected.true(DELIVERED, last)


async def test_thinned_days_before_dense_ones(connect: Connect) -> None:
    """What retention has left is read as telegrams, which are as few as rows."""
    connected = await connect(dense(interval=10, retention=2 * DAY))
    start = START + HOUR
    found = await connected.read([*REGISTERS, POWER], start, NOW)
    kept = (NOW - 2 * DAY).replace(minute=0, second=0)
    thinned = [time for time in stored(connected) if start <= time < kept]
    times = found[DELIVERED]
    assert [time for time in times if time < kept] == thinned
    assert all(times[time] == connected.true(DELIVERED, time) for time in thinned)
    assert min(found[POWER]) >= kept
    assert connected.take_request_count() < 12


@pytest.mark.parametrize("is_version_4", [True, False])
async def test_hourly_gas_is_at_its_own_time(
    connect: Connect, is_version_4: bool
) -> None:
    """The server shifts the gas of DSMR 4 by an hour, but not that of DSMR 2."""
    knobs = {"dsmr4": True} if is_version_4 else {"dsmr2": True}
    connected = await connect(dense(interval=10, **knobs))
    found = await connected.read(REGISTERS, MIDNIGHT, MIDNIGHT + DAY)
    assert found["gas"] == {
        hour: connected.true("gas", hour) for hour in hours(MIDNIGHT, MIDNIGHT + DAY)
    }
    assert connected.take_request_count() <= 4
    now = await connected.read(REGISTERS, MIDNIGHT, NOW)
    assert now["gas"] == {
        hour: connected.true("gas", hour) for hour in hours(MIDNIGHT, NOW)
    }


async def test_gas_of_luxembourg_is_shifted_too(connect: Connect) -> None:
    """Its version is 42, but gas comes every five minutes."""
    connected = await connect(dense(interval=10, luxembourg=True))
    found = await connected.read(["gas", POWER], MIDNIGHT, MIDNIGHT + DAY)
    times = [MIDNIGHT + n * 5 * MINUTE for n in range(289)]
    assert found["gas"] == {time: connected.true("gas", time) for time in times}


async def test_gas_of_an_older_meter_keeps_its_shift(connect: Connect) -> None:
    """The version is that of the newest telegram, not of the rows of the past."""
    connected = await connect(dense(interval=10, dsmr4=True))
    connected.simulator.faults.add(
        Fault(MutateJson(_without_version), path="datalogger/meter-statistics")
    )
    await connected.backend.inventory()
    found = await connected.read(REGISTERS, MIDNIGHT, MIDNIGHT + DAY)
    assert found["gas"] == {
        hour: connected.true("gas", hour) for hour in hours(MIDNIGHT, MIDNIGHT + DAY)
    }


def _without_version(answer: Json) -> Json:
    assert isinstance(answer, dict)
    return {**answer, "dsmr_version": "50"}


async def test_a_meter_that_stopped_is_not_read_by_telegrams(connect: Connect) -> None:
    connected = await connect(dense(extra_dead_since=MIDNIGHT - HOUR))
    found = await connected.read(REGISTERS, MIDNIGHT, MIDNIGHT + DAY)
    assert found["gas"] == {}
    assert telegrams_asked(connected) == 0
    assert connected.take_request_count() <= 5


async def test_a_wrong_extra_clock_is_read_by_telegrams(connect: Connect) -> None:
    """There are no rows of gas, although the meter counts."""
    connected = await connect(
        dense(interval=10, extra_clock=lambda when: 946_684_800 + when % 60)
    )
    start, end = MIDNIGHT, MIDNIGHT + DAY
    gas = (await connected.read(REGISTERS, start, end))["gas"]
    for hour in hours(start + HOUR, end):
        position = gas[max(time for time in gas if time <= hour)]
        assert connected.true("gas", hour - 5 * MINUTE) <= position
        assert position <= connected.true("gas", hour)


async def test_only_gas(connect: Connect) -> None:
    connected = await connect(dense())
    found = await connected.read(["gas"], MIDNIGHT, MIDNIGHT + DAY)
    assert [*found["gas"]] == [MIDNIGHT + n * 5 * MINUTE for n in range(289)]
    assert connected.take_request_count(MINUTES) == 0
    assert telegrams_asked(connected) == 0
    newest = await connected.read(["gas"], MIDNIGHT, NOW)
    assert max(newest["gas"]) == NOW.replace(minute=30, second=0)


async def test_dense_days_after_few_telegrams(connect: Connect) -> None:
    """The first page shows how many telegrams there are."""
    connected = await connect(dense(house=House(7, MIDNIGHT)))
    found = await connected.read([*REGISTERS, POWER], MIDNIGHT, MIDNIGHT + DAY)
    assert telegrams_asked(connected) == 1
    await check_hours(connected, found, SECOND)
    assert [*found["gas"]] == [MIDNIGHT + n * 5 * MINUTE for n in range(289)]


async def test_a_short_span_is_read_by_telegrams(connect: Connect) -> None:
    """An import of news reads what the telegrams say."""
    connected = await connect(dense(interval=10))
    found = await connected.read(REGISTERS, NOW - HOUR, NOW)
    times = [time for time in stored(connected) if time >= NOW - HOUR]
    assert found[DELIVERED] == {t: connected.true(DELIVERED, t) for t in times}
    assert connected.take_request_count(MINUTES) == 0


def test_spans_are_joined() -> None:
    spans = [
        Span(MIDNIGHT + 30 * MINUTE, MIDNIGHT + 40 * MINUTE, has_extra=True),
        Span(MIDNIGHT - HOUR, MIDNIGHT + 21 * MINUTE),
        Span(MIDNIGHT + 5 * HOUR, MIDNIGHT + 6 * HOUR),
        Span(MIDNIGHT + 2 * DAY, MIDNIGHT + 3 * DAY),
    ]
    assert join_spans(spans, MIDNIGHT, MIDNIGHT + DAY) == [
        Span(MIDNIGHT, MIDNIGHT + 40 * MINUTE, has_extra=True),
        Span(MIDNIGHT + 5 * HOUR, MIDNIGHT + 6 * HOUR),
    ]


def test_many_spans_are_one() -> None:
    begins = [MIDNIGHT + n * 40 * MINUTE for n in range(MOST_SPANS + 1)]
    spans = [Span(begin, begin + MINUTE) for begin in begins]
    whole = Span(MIDNIGHT, MIDNIGHT + DAY, has_extra=True)
    assert join_spans(spans, MIDNIGHT, MIDNIGHT + DAY) == [whole]
    assert len(join_spans(spans[1:], MIDNIGHT, MIDNIGHT + DAY)) == MOST_SPANS
    half = Span(MIDNIGHT, MIDNIGHT + 13 * HOUR)
    assert join_spans([half], MIDNIGHT, MIDNIGHT + DAY) == [whole]
