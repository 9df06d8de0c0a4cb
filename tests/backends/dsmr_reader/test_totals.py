"""The sums of both tariffs, live and in the history."""

from datetime import timedelta

import pytest

from custom_components.metering_hub.backends.dsmr_reader.totals import (
    IMPORT_TOTAL,
    TOTALS,
)
from custom_components.metering_hub.metering.model import NEW_REGISTER
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.faults import Fault, set_fields
from simulators.house import Channel, House, MeterExchange

from .conftest import NOW, SINCE, START, Connect, Connected, at, point, simulated, utc

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def true_total(connected: Connected, key: str, moment: object) -> float:
    """Return the true sum of a total's registers."""
    parts = [connected.true(part, moment) for part in TOTALS[key]]  # type: ignore[arg-type]
    return round(sum(parts), 3)


async def test_latest_totals(connect: Connect) -> None:
    connected = await connect(simulated())
    points = (await connected.backend.inventory()).points
    latest = await connected.backend.latest([points[key] for key in TOTALS])
    for key in TOTALS:
        assert points[key].role is None
        reading = latest.readings[key]
        assert reading.value == true_total(connected, key, reading.time)


async def test_totals_of_telegrams_are_exact(connect: Connect) -> None:
    connected = await connect(simulated(interval=10))
    keys = [*TOTALS, "electricity_delivered_1"]
    found = await connected.read(keys, NOW - 3 * HOUR, NOW)
    for key in TOTALS:
        assert found[key].keys() == found["electricity_delivered_1"].keys()
        assert found[key] == {
            time: true_total(connected, key, time) for time in found[key]
        }


async def test_totals_of_statistics(connect: Connect) -> None:
    """They equal the sum of their parts, also over the join with the telegrams."""
    connected = await connect(simulated(readings_since=SINCE))
    parts = [part for each in TOTALS.values() for part in each]
    start, end = SINCE - 40 * DAY, SINCE + DAY
    found = await connected.read([*TOTALS, *parts], start, end)
    for key, (first, second) in TOTALS.items():
        times = [*found[key]]
        assert times[0] < start + DAY
        assert times[-1] > end - HOUR
        for time in times:
            total = at(found[first], time) + at(found[second], time)
            assert found[key][time] == pytest.approx(total, abs=0.02), time
        # At the day's own positions, the total is exact.
        midnight = utc(2026, 10, 10, 22)
        assert found[key][midnight] == true_total(connected, key, midnight)


async def test_only_totals(connect: Connect) -> None:
    """A total needs none of its parts to be imported, and costs no more requests."""
    connected = await connect(simulated(readings_since=SINCE))
    points = [point(IMPORT_TOTAL)]
    assert await connected.backend.history_start(points) == START
    connected.take_request_count()
    found = await connected.read([IMPORT_TOTAL], SINCE - 2 * DAY, SINCE + DAY)
    requests = connected.take_request_count()
    assert [*found] == [IMPORT_TOTAL]
    values = [*found[IMPORT_TOTAL].values()]
    assert values == sorted(values)
    await connected.read([*TOTALS[IMPORT_TOTAL]], SINCE - 2 * DAY, SINCE + DAY)
    assert connected.take_request_count() == requests


async def test_a_new_meter_begins_a_new_total(connect: Connect) -> None:
    moment = NOW - HOUR
    exchange = MeterExchange(moment, dict.fromkeys(list(Channel)[:4], 500_000))
    simulator = simulated(House(7, START, exchange=exchange), now=moment - HOUR)
    connected = await connect(simulator)
    simulator.clock = lambda: NOW
    points = (await connected.backend.inventory()).points
    await connected.backend.latest([points[IMPORT_TOTAL]])
    qualities = []
    chunks = connected.backend.history([points[IMPORT_TOTAL]], moment - HOUR, NOW)
    async for chunk in chunks:
        qualities += [r.quality for r in chunk.readings[IMPORT_TOTAL] if r.quality]
    assert qualities == [NEW_REGISTER]


async def test_a_missing_tariff_has_no_total(connect: Connect) -> None:
    """A sum without one of its parts would be a fall of the meter."""
    connected = await connect(simulated())
    points = (await connected.backend.inventory()).points
    simulator: DsmrReaderSimulator = connected.simulator
    simulator.faults.add(Fault(set_fields(electricity_delivered_2=None)))
    simulator.clock = lambda: NOW + HOUR
    latest = await connected.backend.latest([points[IMPORT_TOTAL]])
    assert latest.readings == {}
    found = await connected.read([IMPORT_TOTAL], NOW - HOUR, NOW)
    assert found == {IMPORT_TOTAL: {}}
