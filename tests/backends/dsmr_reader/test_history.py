"""DSMR-reader's past against a simulated house that knows the truth."""

from bisect import bisect
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from custom_components.metering_hub.backends.dsmr_reader import SPEC
from custom_components.metering_hub.backends.dsmr_reader.client import TELEGRAMS_AT_ONCE
from simulators.dsmr_reader.store import Store
from simulators.faults import Fault, Json, MutateJson, set_fields
from simulators.house import Channel, House, MeterExchange, Outage

from .conftest import (
    ELECTRICITY,
    NOW,
    POWER,
    REGISTERS,
    START,
    Connect,
    Past,
    Times,
    point,
    simulated,
)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
READINGS = "datalogger/dsmrreading"


def utc(*numbers: int) -> datetime:
    return datetime(*numbers, tzinfo=UTC)  # type: ignore[misc, arg-type]


def at(times: Times, moment: datetime) -> float:
    """Return the position at a moment, on a straight line if it is between two."""
    if moment in times:
        return times[moment]
    ordered = list(times)
    index = bisect(ordered, moment)
    before, after = ordered[index - 1], ordered[index]
    part = (moment - before) / (after - before)
    return times[before] + part * (times[after] - times[before])


def stored(past: Past) -> list[datetime]:
    return [datetime.fromtimestamp(t, UTC) for t in Store(past.simulator).readings]


def test_spec_declares_history_and_prices() -> None:
    assert {"history", "prices"} == set(SPEC.capabilities)
    assert (SPEC.history_interval, SPEC.history_window) == (HOUR / 12, 3 * DAY)
    assert SPEC.currency == "EUR"


@pytest.mark.parametrize("extra", ["gas", "heat", "water"])
async def test_points_with_history(connect: Connect, extra: str) -> None:
    past = await connect(simulated(extra_device=extra))
    points = (await past.backend.inventory()).points
    found = {key for key, each in points.items() if each.has_history}
    assert found == {*ELECTRICITY, extra, POWER}


async def test_every_stored_telegram_is_told(connect: Connect) -> None:
    past = await connect(simulated(interval=10, retention=DAY))
    start = NOW - 2 * DAY
    found = await past.read([*REGISTERS, POWER], start, NOW)
    times = [time for time in stored(past) if time >= start]
    for key in ELECTRICITY:
        assert found[key] == {time: past.true(key, time) for time in times}
    gas = {time.replace(minute=time.minute // 5 * 5, second=0) for time in times}
    assert found["gas"] == {
        time: past.true("gas", time) for time in sorted(gas) if time >= start
    }
    house = past.simulator.house
    kept = (NOW - DAY).replace(minute=0, second=0)
    assert list(found[POWER]) == [time for time in times if time >= kept]
    for time, value in found[POWER].items():
        power = house.power(time)
        assert value == (power.delivered - power.returned) / 1000


async def test_whole_history(connect: Connect) -> None:
    house = House(7, utc(2025, 9, 20, 22))
    past = await connect(simulated(house))
    points = [point(key) for key in REGISTERS]
    start = await past.backend.history_start(points)
    assert start == house.start
    past.asked()
    found = await past.read(REGISTERS, start, NOW)
    # 10 days of thinned hours, or 500 minutes, with each request.
    assert past.asked() < 1.2 * (396 / 10 + 31 * 1440 / 500) + 5
    for key in REGISTERS:
        times = found[key]
        last = max(times)
        assert last > NOW - 6 * HOUR / 60 * 10
        difference = past.true(key, last) - past.true(key, start)
        assert times[last] - times[start] == pytest.approx(difference, abs=1e-9)
        assert all(value == past.true(key, time) for time, value in times.items())


async def test_pages_ask_for_each_row_once(connect: Connect) -> None:
    past = await connect(simulated())
    start = NOW - 5 * DAY
    await past.read(REGISTERS, start, NOW)
    rows = len([time for time in stored(past) if time >= start])
    pages = [r for r in past.simulator.faults.requests if r.query.get("limit") == "500"]
    assert len(pages) <= rows / (TELEGRAMS_AT_ONCE - 1) * 1.15 + 1
    assert len(past.simulator.faults.requests) == len(pages) + 1
    assert not any("offset" in request.query for request in pages)


@pytest.mark.parametrize("key", [*REGISTERS, POWER])
async def test_only_what_is_asked_for(connect: Connect, key: str) -> None:
    past = await connect(simulated())
    found = await past.read([key], NOW - HOUR, NOW)
    assert list(found) == [key]
    assert found[key]


async def test_points_without_history(connect: Connect) -> None:
    past = await connect(simulated())
    assert await past.read(["electricity_tariff"], START, NOW) == {
        "electricity_tariff": {}
    }
    assert past.asked() == 0


# --- Readings are gone, statistics are there ------------------------------------


SINCE = utc(2026, 10, 20, 12, 17, 20)


def day_starts(first: datetime, count: int) -> list[datetime]:
    return [first + number * DAY for number in range(count)]


@pytest.mark.parametrize("extra", ["gas", "heat", "water"])
async def test_days_of_statistics_are_exact(connect: Connect, extra: str) -> None:
    past = await connect(simulated(readings_since=SINCE, extra_device=extra))
    keys = [*ELECTRICITY, extra]
    found = await past.read(keys, START, SINCE + DAY)
    for key in keys:
        times = found[key]
        for day in day_starts(utc(2026, 4, 2, 22), 200):
            assert times[day] == past.true(key, day)
        values = list(times.values())
        assert values == sorted(values)
        # The join is without a seam.
        assert at(times, SINCE) == pytest.approx(past.true(key, SINCE), abs=0.05)


async def test_hours_of_statistics_have_their_shape(connect: Connect) -> None:
    past = await connect(simulated(readings_since=SINCE))
    start = utc(2026, 7, 1)
    found = await past.read(REGISTERS, start - 3 * DAY, SINCE)
    for key in REGISTERS:
        wrong = [
            abs(at(found[key], start + n * HOUR) - past.true(key, start + n * HOUR))
            for n in range(100 * 24)
        ]
        assert max(wrong) < 0.2
        assert sum(wrong) / len(wrong) < 0.03


async def test_no_power_from_statistics(connect: Connect) -> None:
    past = await connect(simulated(readings_since=SINCE, retention=None))
    found = await past.read([POWER], START, SINCE + HOUR)
    # An hour of which the beginning is gone is as good as any.
    assert min(found[POWER]) == SINCE.replace(second=0) + HOUR / 60
    assert past.asked("statistics") == 0


async def test_history_is_the_same_however_it_is_cut(connect: Connect) -> None:
    past = await connect(simulated(readings_since=SINCE))
    start, end = SINCE - 40 * DAY, SINCE + DAY
    whole = await past.read(REGISTERS, start, end)
    pieces: dict[str, Times] = {key: {} for key in REGISTERS}
    cuts = [start, start + 5 * HOUR, SINCE - 3 * DAY, SINCE - HOUR, SINCE + HOUR, end]
    for low, high in pairwise(cuts):
        for key, times in (await past.read(REGISTERS, low, high)).items():
            pieces[key] |= times
    assert pieces == whole


async def test_statistics_take_few_requests(connect: Connect) -> None:
    past = await connect(simulated(House(7, utc(2024, 10, 1)), readings_since=SINCE))
    await past.read(REGISTERS, SINCE - 365 * DAY, SINCE)
    assert past.asked("statistics") <= 27
    assert past.asked() <= 4


async def test_start_of_statistics(connect: Connect) -> None:
    past = await connect(simulated(readings_since=SINCE))
    start = past.backend.history_start
    assert await start([point("electricity_delivered_1")]) == START
    assert await start([point("gas")]) == START
    assert await start([point(POWER)]) == utc(2026, 10, 20, 12, 18)
    past.simulator.version = "5.3.0"
    assert await start([point("gas")]) == START


async def test_nothing_at_all(connect: Connect) -> None:
    past = await connect(simulated(now=utc(2020, 1, 1)))
    points = [point(key) for key in (*REGISTERS, POWER)]
    assert await past.backend.history_start(points) is None
    found = await past.read([*REGISTERS, POWER], utc(2019, 12, 1), utc(2020, 1, 1))
    assert not any(found.values())


async def test_statistics_without_any_telegram(connect: Connect) -> None:
    past = await connect(simulated(readings_since=NOW + DAY))
    found = await past.read(REGISTERS, START, NOW)
    for key in REGISTERS:
        assert found[key][utc(2026, 11, 19, 23)] == past.true(
            key, utc(2026, 11, 19, 23)
        )
        assert max(found[key]) == utc(2026, 11, 19, 23)


@pytest.mark.parametrize("version", ["4.13.0", "5.9.0"])
async def test_positions_without_their_time(connect: Connect, version: str) -> None:
    past = await connect(simulated(readings_since=SINCE, version=version))
    found = await past.read(REGISTERS, START, SINCE)
    for key in REGISTERS:
        for day in day_starts(utc(2026, 4, 2, 22), 200):
            assert found[key][day] == past.true(key, day)


async def test_old_server_counts_back_from_the_oldest_telegram(
    connect: Connect,
) -> None:
    past = await connect(simulated(readings_since=SINCE, version="4.10.0"))
    found = await past.read(REGISTERS, START, SINCE + HOUR)
    for key, least in {**dict.fromkeys(ELECTRICITY, 0.97), "gas": 0.90}.items():
        times = found[key]
        values = list(times.values())
        assert values == sorted(values)
        first = min(times)
        counted = at(times, SINCE) - times[first]
        true = past.true(key, SINCE) - past.true(key, first)
        assert least * true < counted < true * 1.0001
        assert at(times, SINCE) == pytest.approx(past.true(key, SINCE), abs=0.05)
        middle = utc(2026, 7, 1)
        assert at(times, middle) - times[first] == pytest.approx(
            past.true(key, middle) - past.true(key, first), rel=0.1
        )


async def test_positions_that_began_in_mid_life(connect: Connect) -> None:
    """The server was updated in June: positions since, amounts alone before."""
    past = await connect(simulated(readings_since=SINCE))

    def updated(answer: Json) -> Json:
        rows = answer["results"] if isinstance(answer, dict) else None
        for row in rows if isinstance(rows, list) else []:
            assert isinstance(row, dict)
            if str(row["day"]) < "2026-06-20":
                row |= {name: None for name in row if "_reading" in name}
        return answer

    past.simulator.faults.add(Fault(MutateJson(updated), "statistics/day"))
    start, change = utc(2026, 4, 10), utc(2026, 6, 19, 22)
    found = await past.read(REGISTERS, start, SINCE)
    for key in REGISTERS:
        times = found[key]
        values = list(times.values())
        assert values == sorted(values)
        assert times[change] == past.true(key, change)
        assert times[utc(2026, 7, 1, 22)] == past.true(key, utc(2026, 7, 1, 22))
        counted = times[change] - at(times, utc(2026, 4, 12))
        true = past.true(key, change) - past.true(key, utc(2026, 4, 12))
        assert 0.9 * true < counted < true
    later = await past.read(REGISTERS, utc(2026, 5, 20), utc(2026, 5, 25))
    for key in REGISTERS:
        assert later[key].items() <= found[key].items()


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
    past = await connect(simulated(House(7, start), now, readings_since=since))
    found = await past.read(REGISTERS, midnight, midnight + hours * HOUR)
    for key in REGISTERS:
        times = found[key]
        marks = [midnight + n * HOUR for n in range(hours + 1)]
        for mark in marks:
            assert at(times, mark) == pytest.approx(past.true(key, mark), abs=0.2)
        assert times[marks[0]] == past.true(key, marks[0])
        assert times[marks[-1]] == past.true(key, marks[-1])


# --- Outages and other meters ---------------------------------------------------


OUTAGE = Outage(utc(2026, 10, 1, 9, 20), utc(2026, 10, 2, 15, 40))


async def test_outage_in_telegrams(connect: Connect) -> None:
    past = await connect(simulated(House(7, START, outages=[OUTAGE])))
    found = await past.read(REGISTERS, utc(2026, 9, 30), utc(2026, 10, 4))
    for key in REGISTERS:
        times = found[key]
        assert not any(OUTAGE.start < time < OUTAGE.end for time in times)
        assert all(value == past.true(key, time) for time, value in times.items())


async def test_outage_in_statistics(connect: Connect) -> None:
    house = House(7, START, outages=[OUTAGE])
    past = await connect(simulated(house, readings_since=SINCE))
    found = await past.read(REGISTERS, utc(2026, 9, 30), utc(2026, 10, 4))
    for key in REGISTERS:
        times = found[key]
        assert times[utc(2026, 9, 30, 22)] == past.true(key, utc(2026, 9, 30, 22))
        assert at(times, OUTAGE.end) == pytest.approx(
            past.true(key, OUTAGE.end), abs=0.01
        )
        # Before the outage, the hours are as they were, but for what they lack.
        assert at(times, utc(2026, 10, 1, 9)) == pytest.approx(
            past.true(key, utc(2026, 10, 1, 9)), abs=0.25
        )
        assert list(times.values()) == sorted(times.values())


@pytest.mark.parametrize("since", [None, SINCE])
async def test_meter_exchange(connect: Connect, since: datetime | None) -> None:
    moment = utc(2026, 9, 10, 10)
    exchange = MeterExchange(moment, dict.fromkeys(list(Channel)[:4], 0))
    house = House(7, START, exchange=exchange)
    past = await connect(simulated(house, readings_since=since))
    found = await past.read(REGISTERS, utc(2026, 9, 8), utc(2026, 9, 13))
    for key in ELECTRICITY:
        times = found[key]
        days = [utc(2026, 9, day, 22) for day in range(8, 13)]
        assert [times[day] for day in days] == [past.true(key, day) for day in days]
        inside = [time for time in times if days[1] < time < days[2]]
        assert bool(inside) is (since is None)
        falls = [a for a, b in pairwise(times.values()) if b < a]
        assert len(falls) == 1
    values = list(found["gas"].values())
    assert values == sorted(values)


@pytest.mark.parametrize("since", [None, SINCE])
@pytest.mark.parametrize("dsmr4", [False, True])
async def test_gas(connect: Connect, since: datetime | None, *, dsmr4: bool) -> None:
    past = await connect(simulated(dsmr4=dsmr4, readings_since=since))
    start = utc(2026, 10, 10)
    found = (await past.read(["gas"], start, NOW))["gas"]
    step = HOUR if dsmr4 else HOUR / 12
    if since is None:
        assert all(value == past.true("gas", time) for time, value in found.items())
    recent = [time for time in found if time >= NOW - DAY]
    assert recent[-1] == NOW.replace(minute=0 if dsmr4 else 30, second=0)
    assert {b - a for a, b in pairwise(recent)} == {step}
    assert at(found, SINCE) == pytest.approx(past.true("gas", SINCE), abs=0.3)


async def test_no_gas(connect: Connect) -> None:
    past = await connect(simulated(extra_device="none", readings_since=SINCE))
    found = await past.read(REGISTERS, START, SINCE + 10 * DAY)
    assert not found["gas"]
    assert found["electricity_delivered_1"]


async def test_until_follows_without_gas(connect: Connect) -> None:
    past = await connect(simulated(extra_device="none"))
    async for chunk in past.backend.history(
        [point("gas"), point(POWER)], NOW - DAY, NOW
    ):
        until = chunk.until
    assert until > NOW - 7 * HOUR


async def test_gas_meter_that_stopped(connect: Connect) -> None:
    past = await connect(simulated(readings_since=utc(2026, 10, 15)))
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

    past.simulator.faults.add(Fault(MutateJson(stopped)))
    found = (await past.read(["gas", POWER], utc(2026, 9, 1), NOW))["gas"]
    assert max(found) == stop
    assert found[stop] == 9050.0
    assert found[utc(2026, 9, 20, 22)] == past.true("gas", utc(2026, 9, 20, 22))
    found = (await past.read(["gas"], utc(2026, 10, 10), NOW))["gas"]
    assert found == {}
    async for chunk in past.backend.history([point("gas")], NOW - DAY, NOW):
        until = chunk.until
    assert until > NOW - 7 * HOUR


async def test_unreadable_fields_cost_themselves_only(connect: Connect) -> None:
    past = await connect(simulated())
    past.simulator.faults.add(
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
    found = await past.read([*REGISTERS, POWER], start, NOW)
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
    past = await connect(simulated(readings_since=SINCE))
    past.simulator.faults.add(
        Fault(set_fields(timestamp="2026-10-20", day="x", hour_start=5))
    )
    found = await past.read([*REGISTERS, POWER], NOW - 50 * DAY, NOW)
    assert not any(found.values())
    assert await past.backend.history_start([point("gas")]) is None
