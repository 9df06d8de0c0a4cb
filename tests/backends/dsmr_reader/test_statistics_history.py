"""Readings before the oldest stored telegram, rebuilt from statistics."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from custom_components.metering_hub.metering.model import NEW_REGISTER
from simulators.faults import Fault, Json, MutateJson
from simulators.house import House, MeterExchange, Outage

from .conftest import (
    CHANNELS,
    ELECTRICITY,
    NOW,
    OUTAGE,
    POWER,
    REGISTERS,
    SINCE,
    START,
    Connect,
    Connected,
    at,
    point,
    simulated,
    utc,
)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def day_starts(first: datetime, count: int) -> list[datetime]:
    """Return the starts of some days of the same length."""
    return [first + number * DAY for number in range(count)]


@pytest.mark.parametrize("extra", ["gas", "heat", "water"])
async def test_days_of_statistics_are_exact(connect: Connect, extra: str) -> None:
    connected = await connect(simulated(readings_since=SINCE, extra_device=extra))
    keys = [*ELECTRICITY, extra]
    found = await connected.read(keys, START, SINCE + DAY)
    for key in keys:
        times = found[key]
        for day in day_starts(utc(2026, 4, 2, 22), 200):
            assert times[day] == connected.true(key, day)
        values = list(times.values())
        assert values == sorted(values)
        # The join is without a seam.
        assert at(times, SINCE) == pytest.approx(connected.true(key, SINCE), abs=0.05)


async def test_hours_of_statistics_have_their_shape(connect: Connect) -> None:
    connected = await connect(simulated(readings_since=SINCE))
    start = utc(2026, 7, 1)
    found = await connected.read(REGISTERS, start - 3 * DAY, SINCE)
    for key in REGISTERS:
        wrong = [
            abs(
                at(found[key], start + n * HOUR) - connected.true(key, start + n * HOUR)
            )
            for n in range(100 * 24)
        ]
        assert max(wrong) < 0.2
        assert sum(wrong) / len(wrong) < 0.03


async def test_no_power_from_statistics(connect: Connect) -> None:
    connected = await connect(simulated(readings_since=SINCE, retention=None))
    found = await connected.read([POWER], START, SINCE + HOUR)
    # An hour of which the beginning is gone is as good as any.
    assert min(found[POWER]) == SINCE.replace(second=0) + HOUR / 60
    assert connected.take_request_count("statistics") == 0


async def test_statistics_take_few_requests(connect: Connect) -> None:
    connected = await connect(
        simulated(House(7, utc(2024, 10, 1)), readings_since=SINCE)
    )
    await connected.read(REGISTERS, SINCE - 365 * DAY, SINCE)
    assert connected.take_request_count("statistics") <= 27
    assert connected.take_request_count() <= 4


async def test_statistics_without_any_telegram(connect: Connect) -> None:
    connected = await connect(simulated(readings_since=NOW + DAY))
    found = await connected.read(REGISTERS, START, NOW)
    for key in REGISTERS:
        assert found[key][utc(2026, 11, 19, 23)] == connected.true(
            key, utc(2026, 11, 19, 23)
        )
        assert max(found[key]) == utc(2026, 11, 19, 23)


@pytest.mark.parametrize("version", ["4.13.0", "5.9.0"])
async def test_positions_without_their_time(connect: Connect, version: str) -> None:
    connected = await connect(simulated(readings_since=SINCE, version=version))
    found = await connected.read(REGISTERS, START, SINCE)
    for key in REGISTERS:
        for day in day_starts(utc(2026, 4, 2, 22), 200):
            assert found[key][day] == connected.true(key, day)


async def test_old_server_counts_back_from_the_oldest_telegram(
    connect: Connect,
) -> None:
    connected = await connect(simulated(readings_since=SINCE, version="4.10.0"))
    found = await connected.read(REGISTERS, START, SINCE + HOUR)
    for key, least in {**dict.fromkeys(ELECTRICITY, 0.97), "gas": 0.90}.items():
        times = found[key]
        values = list(times.values())
        assert values == sorted(values)
        first = min(times)
        counted = at(times, SINCE) - times[first]
        true = connected.true(key, SINCE) - connected.true(key, first)
        assert least * true < counted < true * 1.0001
        assert at(times, SINCE) == pytest.approx(connected.true(key, SINCE), abs=0.05)
        middle = utc(2026, 7, 1)
        assert at(times, middle) - times[first] == pytest.approx(
            connected.true(key, middle) - connected.true(key, first), rel=0.1
        )


async def test_positions_that_began_in_mid_life(connect: Connect) -> None:
    """The server was updated in June: positions since, amounts alone before."""
    connected = await connect(simulated(readings_since=SINCE))

    def updated(answer: Json) -> Json:
        rows = answer["results"] if isinstance(answer, dict) else None
        for row in rows if isinstance(rows, list) else []:
            assert isinstance(row, dict)
            if str(row["day"]) < "2026-06-20":
                row |= {name: None for name in row if "_reading" in name}
        return answer

    connected.simulator.faults.add(Fault(MutateJson(updated), "statistics/day"))
    start, change = utc(2026, 4, 10), utc(2026, 6, 19, 22)
    found = await connected.read(REGISTERS, start, SINCE)
    for key in REGISTERS:
        times = found[key]
        values = list(times.values())
        assert values == sorted(values)
        assert times[change] == connected.true(key, change)
        assert times[utc(2026, 7, 1, 22)] == connected.true(key, utc(2026, 7, 1, 22))
        counted = times[change] - at(times, utc(2026, 4, 12))
        true = connected.true(key, change) - connected.true(key, utc(2026, 4, 12))
        assert 0.9 * true < counted < true
    later = await connected.read(REGISTERS, utc(2026, 5, 20), utc(2026, 5, 25))
    for key in REGISTERS:
        assert later[key].items() <= found[key].items()


async def test_outage_in_statistics(connect: Connect) -> None:
    house = House(7, START, outages=[OUTAGE])
    connected = await connect(simulated(house, readings_since=SINCE))
    found = await connected.read(REGISTERS, utc(2026, 9, 30), utc(2026, 10, 4))
    for key in REGISTERS:
        times = found[key]
        assert times[utc(2026, 9, 30, 22)] == connected.true(key, utc(2026, 9, 30, 22))
        assert at(times, OUTAGE.end) == pytest.approx(
            connected.true(key, OUTAGE.end), abs=0.01
        )
        # Before the outage, the hours are as they were, but for what they lack.
        assert at(times, utc(2026, 10, 1, 9)) == pytest.approx(
            connected.true(key, utc(2026, 10, 1, 9)), abs=0.25
        )
        assert list(times.values()) == sorted(times.values())


async def consumption(
    connected: Connected, key: str, start: datetime, end: datetime
) -> tuple[float, int]:
    """Return what the readings count, and the number of new registers."""
    readings = [
        reading
        async for chunk in connected.backend.history([point(key)], start, end)
        for reading in chunk.readings[key]
    ]
    steps = [
        float(after.value) - float(before.value)
        for before, after in pairwise(readings)
        if after.quality != NEW_REGISTER
    ]
    assert min(steps) >= 0
    return sum(steps), sum(each.quality == NEW_REGISTER for each in readings)


EXCHANGED = utc(2026, 8, 12, 13, 24)


@pytest.mark.parametrize(("first", "keys"), [(0, REGISTERS), (60_000, ELECTRICITY)])
async def test_exchange_among_statistics(
    connect: Connect, first: int, keys: Sequence[str]
) -> None:
    """Of the day of a meter exchange, only the hour of the exchange is missing."""
    positions = {CHANNELS[key]: first * 1000 for key in keys}
    house = House(7, START, exchange=MeterExchange(EXCHANGED, positions))
    connected = await connect(simulated(house, readings_since=SINCE))
    start, end = utc(2026, 8, 9, 22), utc(2026, 8, 15, 22)
    for key in keys:
        counted, new = await consumption(connected, key, start, end)
        true = house.true_energy(CHANNELS[key], start, end) / 1000
        hour = (
            house.true_energy(CHANNELS[key], EXCHANGED - HOUR / 2, EXCHANGED + HOUR)
            / 1000
        )
        day = (
            house.true_energy(CHANNELS[key], EXCHANGED - DAY / 2, EXCHANGED + DAY / 2)
            / 1000
        )
        assert new == 1
        assert true - hour - 0.2 * day <= counted <= true + 0.001


async def test_hours_before_a_long_gap(connect: Connect) -> None:
    """The hours of the last day before a gap are as they were."""
    gap = Outage(utc(2026, 8, 12, 18), utc(2026, 8, 19, 9, 40))
    connected = await connect(
        simulated(House(7, START, outages=[gap]), readings_since=SINCE)
    )
    found = await connected.read(REGISTERS, utc(2026, 8, 10), utc(2026, 8, 22))
    for key in REGISTERS:
        used = connected.true(key, gap.start) - connected.true(
            key, utc(2026, 8, 11, 22)
        )
        for hour in range(2, 18):
            moment = utc(2026, 8, 12, hour)
            true = connected.true(key, moment)
            assert at(found[key], moment) == pytest.approx(true, abs=0.12 * used)
        values = list(found[key].values())
        assert values == sorted(values)


async def test_a_long_gap_that_ends_with_the_telegrams(connect: Connect) -> None:
    """There is no day of statistics after the gap."""
    gap = Outage(utc(2026, 9, 12, 18), SINCE)
    connected = await connect(
        simulated(House(7, START, outages=[gap]), readings_since=SINCE)
    )
    found = await connected.read(REGISTERS, utc(2026, 9, 10), SINCE + DAY)
    for key in REGISTERS:
        used = connected.true(key, gap.start) - connected.true(
            key, utc(2026, 9, 11, 22)
        )
        moment = utc(2026, 9, 12, 17)
        true = connected.true(key, moment)
        assert at(found[key], moment) == pytest.approx(true, abs=0.12 * used)
        values = list(found[key].values())
        assert values == sorted(values)
