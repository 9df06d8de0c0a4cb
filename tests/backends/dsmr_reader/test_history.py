"""The history against a simulated house with known readings."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from custom_components.metering_hub.backends.errors import NotFoundError, ProtocolError
from simulators.faults import Answer, Fault, Json, MutateJson, html_error, set_fields
from simulators.house import Channel, House, MeterExchange

from .conftest import (
    ELECTRICITY,
    NOW,
    OUTAGE,
    POWER,
    REGISTERS,
    SINCE,
    START,
    Connect,
    Times,
    at,
    point,
    simulated,
    stored,
    utc,
)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
READINGS = "datalogger/dsmrreading"


async def test_every_stored_telegram_is_read(connect: Connect) -> None:
    connected = await connect(simulated(interval=30, retention=DAY))
    start = NOW - 2 * DAY
    found = await connected.read([*REGISTERS, POWER], start, NOW)
    times = [time for time in stored(connected) if time >= start]
    for key in ELECTRICITY:
        assert found[key] == {time: connected.true(key, time) for time in times}
    gas = {time.replace(minute=time.minute // 5 * 5, second=0) for time in times}
    assert found["gas"] == {
        time: connected.true("gas", time) for time in sorted(gas) if time >= start
    }
    house = connected.simulator.house
    kept = (NOW - DAY).replace(minute=0, second=0)
    assert list(found[POWER]) == [time for time in times if time >= kept]
    for time, value in found[POWER].items():
        power = house.power(time)
        assert value == (power.delivered - power.returned) / 1000


async def test_whole_history(connect: Connect) -> None:
    house = House(7, utc(2025, 9, 20, 22))
    connected = await connect(simulated(house))
    points = [point(key) for key in REGISTERS]
    start = await connected.backend.history_start(points)
    assert start == house.start
    connected.take_request_count()
    found = await connected.read(REGISTERS, start, NOW)
    # 10 days of thinned hours, or 500 minutes, with each request.
    assert connected.take_request_count() < 1.2 * (396 / 10 + 31 * 1440 / 500) + 5
    for key in REGISTERS:
        times = found[key]
        last = max(times)
        assert last > NOW - 6 * HOUR / 60 * 10
        difference = connected.true(key, last) - connected.true(key, start)
        assert times[last] - times[start] == pytest.approx(difference, abs=1e-9)
        assert all(value == connected.true(key, time) for time, value in times.items())


@pytest.mark.parametrize("key", [*REGISTERS, POWER])
async def test_only_requested_points_are_read(connect: Connect, key: str) -> None:
    connected = await connect(simulated())
    found = await connected.read([key], NOW - HOUR, NOW)
    assert list(found) == [key]
    assert found[key]


async def test_points_without_history(connect: Connect) -> None:
    connected = await connect(simulated())
    assert await connected.read(["electricity_tariff"], START, NOW) == {
        "electricity_tariff": {}
    }
    assert connected.take_request_count() == 0


async def test_history_is_the_same_however_it_is_cut(connect: Connect) -> None:
    connected = await connect(simulated(readings_since=SINCE))
    start, end = SINCE - 40 * DAY, SINCE + DAY
    whole = await connected.read(REGISTERS, start, end)
    pieces: dict[str, Times] = {key: {} for key in REGISTERS}
    cuts = [start, start + 5 * HOUR, SINCE - 3 * DAY, SINCE - HOUR, SINCE + HOUR, end]
    for low, high in pairwise(cuts):
        for key, times in (await connected.read(REGISTERS, low, high)).items():
            pieces[key] |= times
    assert pieces == whole


async def test_start_of_statistics(connect: Connect) -> None:
    connected = await connect(simulated(readings_since=SINCE))
    start = connected.backend.history_start
    assert await start([point("electricity_delivered_1")]) == START
    assert await start([point("gas")]) == START
    assert await start([point(POWER)]) == utc(2026, 10, 20, 12, 18)
    connected.simulator.version = "5.3.0"
    assert await start([point("gas")]) == START


@pytest.mark.parametrize("since", [None, SINCE, SINCE + 20 * DAY])
async def test_oldest_telegram_among_millions(
    connect: Connect, since: datetime | None
) -> None:
    """Counting all telegrams would take the server longer than it has."""
    simulator = simulated(readings_since=since, retention=None, count_limit=50_000)
    connected = await connect(simulator)
    start = connected.backend.history_start
    assert await start([point("gas")]) == START
    oldest = stored(connected)[0]
    assert await start([point(POWER)]) == oldest
    assert connected.take_request_count(READINGS) < 20
    # From now on the search begins at the known one, which may be deleted.
    assert await start([point(POWER)]) == oldest
    assert connected.take_request_count(READINGS) == 1
    connected.simulator.readings_since = SINCE + 25 * DAY
    assert await start([point(POWER)]) == stored(connected)[0]
    begin = START + DAY
    found = await connected.read(REGISTERS, begin, begin + DAY)
    assert at(found["gas"], begin) == pytest.approx(
        connected.true("gas", begin), abs=0.3
    )


async def test_latest_telegram_of_a_server_that_stopped(connect: Connect) -> None:
    """The latest telegram, too, is found without counting all of them."""
    stop = NOW - 20 * DAY
    simulator = simulated(stopped_at=stop, retention=None, count_limit=50_000)
    connected = await connect(simulator)
    points = (await connected.backend.inventory()).points
    latest = await connected.backend.latest([points[POWER]])
    assert latest.readings[POWER].time == stored(connected)[-1]


async def test_nothing_at_all(connect: Connect) -> None:
    connected = await connect(simulated(now=utc(2020, 1, 1)))
    points = [point(key) for key in (*REGISTERS, POWER)]
    assert await connected.backend.history_start(points) is None
    found = await connected.read([*REGISTERS, POWER], utc(2019, 12, 1), utc(2020, 1, 1))
    assert not any(found.values())


@pytest.mark.parametrize(
    ("start", "midnight", "hours"),
    [
        (utc(2026, 1, 2, 23), utc(2026, 3, 28, 23), 23),
        (utc(2025, 7, 2, 22), utc(2025, 10, 25, 22), 25),
    ],
)
@pytest.mark.parametrize("kept", [False, True])
async def test_clock_changes(
    connect: Connect, start: datetime, midnight: datetime, hours: int, *, kept: bool
) -> None:
    since = None if kept else midnight + 9 * DAY
    now = midnight + 10 * DAY
    connected = await connect(simulated(House(7, start), now, readings_since=since))
    found = await connected.read(REGISTERS, midnight, midnight + hours * HOUR)
    for key in REGISTERS:
        times = found[key]
        marks = [midnight + n * HOUR for n in range(hours + 1)]
        for mark in marks:
            assert at(times, mark) == pytest.approx(connected.true(key, mark), abs=0.2)
        assert times[marks[0]] == connected.true(key, marks[0])
        assert times[marks[-1]] == connected.true(key, marks[-1])


async def test_outage_in_telegrams(connect: Connect) -> None:
    connected = await connect(simulated(House(7, START, outages=[OUTAGE])))
    found = await connected.read(REGISTERS, utc(2026, 9, 30), utc(2026, 10, 4))
    for key in REGISTERS:
        times = found[key]
        assert not any(OUTAGE.start < time < OUTAGE.end for time in times)
        assert all(value == connected.true(key, time) for time, value in times.items())


@pytest.mark.parametrize("since", [None, SINCE])
async def test_meter_exchange(connect: Connect, since: datetime | None) -> None:
    moment = utc(2026, 9, 10, 10)
    exchange = MeterExchange(moment, dict.fromkeys(list(Channel)[:4], 0))
    house = House(7, START, exchange=exchange)
    connected = await connect(simulated(house, readings_since=since))
    found = await connected.read(REGISTERS, utc(2026, 9, 8), utc(2026, 9, 13))
    for key in ELECTRICITY:
        times = found[key]
        days = [utc(2026, 9, day, 22) for day in range(8, 13)]
        assert [times[day] for day in days] == [
            connected.true(key, day) for day in days
        ]
        inside = [time for time in times if days[1] < time < days[2]]
        assert inside
        falls = [a for a, b in pairwise(times.values()) if b < a]
        assert len(falls) == 1
    values = list(found["gas"].values())
    assert values == sorted(values)


@pytest.mark.parametrize("since", [None, SINCE])
@pytest.mark.parametrize("dsmr4", [False, True])
async def test_gas(connect: Connect, since: datetime | None, *, dsmr4: bool) -> None:
    connected = await connect(simulated(dsmr4=dsmr4, readings_since=since))
    start = utc(2026, 10, 10)
    found = (await connected.read(["gas"], start, NOW))["gas"]
    step = HOUR if dsmr4 else HOUR / 12
    if since is None:
        assert all(
            value == connected.true("gas", time) for time, value in found.items()
        )
    recent = [time for time in found if time >= NOW - DAY]
    assert recent[-1] == NOW.replace(minute=0 if dsmr4 else 30, second=0)
    assert {b - a for a, b in pairwise(recent)} == {step}
    assert at(found, SINCE) == pytest.approx(connected.true("gas", SINCE), abs=0.3)


async def test_no_gas(connect: Connect) -> None:
    connected = await connect(simulated(extra_device="none", readings_since=SINCE))
    found = await connected.read(REGISTERS, START, SINCE + 10 * DAY)
    assert not found["gas"]
    assert found["electricity_delivered_1"]


async def test_until_follows_without_gas(connect: Connect) -> None:
    connected = await connect(simulated(extra_device="none"))
    async for chunk in connected.backend.history(
        [point("gas"), point(POWER)], NOW - DAY, NOW
    ):
        until = chunk.until
    assert until > NOW - 7 * HOUR


async def test_gas_meter_that_stopped(connect: Connect) -> None:
    connected = await connect(simulated(readings_since=utc(2026, 10, 15)))
    stop = utc(2026, 10, 1, 8)

    def stopped(answer: Json) -> Json:
        rows = answer["results"] if isinstance(answer, dict) else None
        for row in rows if isinstance(rows, list) else []:
            assert isinstance(row, dict)
            if str(row.get("day") or row.get("timestamp")) > "2026-10-01T10":
                for name in ("extra_device_timestamp", "gas_reading_timestamp"):
                    row[name] = stop.isoformat()
                row["extra_device_delivered"] = row["gas_reading"] = "9050.000"
                row["gas"] = "0.000"
        return answer

    connected.simulator.faults.add(Fault(MutateJson(stopped)))
    found = (await connected.read(["gas", POWER], utc(2026, 9, 1), NOW))["gas"]
    assert max(found) == stop
    assert found[stop] == 9050.0
    assert found[utc(2026, 9, 20, 22)] == connected.true("gas", utc(2026, 9, 20, 22))
    found = (await connected.read(["gas"], utc(2026, 10, 10), NOW))["gas"]
    assert found == {}
    async for chunk in connected.backend.history([point("gas")], NOW - DAY, NOW):
        until = chunk.until
    assert until > NOW - 7 * HOUR


async def test_unreadable_fields_cost_themselves_only(connect: Connect) -> None:
    connected = await connect(simulated())
    connected.simulator.faults.add(
        Fault(
            set_fields(
                electricity_delivered_1=None,
                electricity_delivered_2="?",
                electricity_currently_returned=None,
                electricity_returned_1="NaN",
                extra_device_timestamp=None,
            ),
            READINGS,
        )
    )
    start = NOW - 2 * HOUR
    found = await connected.read([*REGISTERS, POWER], start, NOW)
    counts = {key: len(times) for key, times in found.items()}
    assert counts == {
        "electricity_delivered_1": 0,
        "electricity_delivered_2": 0,
        "electricity_returned_1": 0,
        "electricity_returned_2": 120,
        "gas": 120,
        POWER: 0,
    }


async def test_unreadable_times(connect: Connect) -> None:
    connected = await connect(simulated(readings_since=SINCE))
    connected.simulator.faults.add(
        Fault(set_fields(timestamp="2026-10-20", day="x", hour_start=5))
    )
    with pytest.raises(ProtocolError):
        await connected.read([*REGISTERS, POWER], NOW - 50 * DAY, NOW)
    with pytest.raises(ProtocolError):
        await connected.backend.history_start([point("gas")])


@pytest.mark.parametrize("path", [READINGS, "statistics/day"])
@pytest.mark.parametrize(
    "answer",
    [
        html_error(404),
        Answer(200, "null", "application/json"),
        Answer(200, "{}", "application/json"),
        Answer(200, "[]", "application/json"),
        Answer(200, '{"count": 5, "results": []}', "application/json"),
        Answer(200, '{"results": []}', "application/json"),
        Answer(200, '{"count": 1, "results": [null]}', "application/json"),
        Answer(200, '{"count": 1, "results": [{}]}', "application/json"),
    ],
)
async def test_nonsense_is_not_an_empty_history(
    connect: Connect, path: str, answer: Answer
) -> None:
    """A list without its rows is a failure, not an end."""
    connected = await connect(simulated(readings_since=SINCE))
    connected.simulator.faults.add(Fault(answer, path=path))
    with pytest.raises((NotFoundError, ProtocolError)):
        await connected.backend.history_start([point("gas")])
    with pytest.raises((NotFoundError, ProtocolError)):
        await connected.read(REGISTERS, NOW - 50 * DAY, NOW)


async def test_an_empty_list_is_empty(connect: Connect) -> None:
    """A count of 0 is what a server without telegrams says."""
    connected = await connect(simulated())
    empty = Answer(200, '{"count": 0, "results": []}', "application/json")
    connected.simulator.faults.add(Fault(empty))
    assert await connected.backend.history_start([point("gas")]) is None
    assert not any((await connected.read(REGISTERS, NOW - DAY, NOW)).values())


async def test_a_list_that_ends_early(connect: Connect) -> None:
    """Hours that are missing on their only page would be missing for good."""
    connected = await connect(simulated(readings_since=SINCE))

    def cut(answer: Json) -> Json:
        assert isinstance(answer, dict)
        rows = answer["results"]
        assert isinstance(rows, list)
        return {**answer, "results": rows[:9]}

    connected.simulator.faults.add(Fault(MutateJson(cut), path="statistics/hour"))
    with pytest.raises(ProtocolError):
        await connected.read(REGISTERS, NOW - 50 * DAY, NOW)
