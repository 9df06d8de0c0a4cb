"""Exchanged meters: which readings mark them in the history."""

from datetime import timedelta

import pytest

from custom_components.metering_hub.metering.model import NEW_REGISTER
from simulators.besmart import Outage

from .conftest import DAY, NOW, QUARTER, Bench, history_points, key, read_history


@pytest.mark.parametrize("values", ["number", "text", "null"])
async def test_an_exchange_of_meters(bench: Bench, values: str) -> None:
    """It has the positions of both meters, or marks the new one's first reading."""
    at = NOW.replace(hour=3, minute=20, second=0)
    bench.house.exchange(at, {32: 99_000_000})
    bench.simulator.state_values = values  # type: ignore[assignment]  # One of these.
    backend = bench.backend()
    points, _ = await history_points(backend, 32)
    readings = (await read_history(backend, points, at - DAY, at + DAY / 4))[key(32)]
    marked = [r for r in readings if r.quality == NEW_REGISTER]
    assert len(marked) == 1
    index = readings.index(marked[0])
    if values == "null":
        assert marked[0].time == at + timedelta(minutes=10)
        assert readings[index - 1].time == at - timedelta(minutes=5)
    else:
        assert (marked[0].time, marked[0].value) == (at, 99_000)
        before = readings[index - 1]
        assert at - timedelta(seconds=1) < before.time < at
        old = bench.simulator.amount(bench.house, 32, at - QUARTER, at) / 1000
        assert before.value == pytest.approx(bench.true(32, at - QUARTER) + old)
    # A history that starts after the exchange does not mark it.
    later = (await read_history(backend, points, at + QUARTER, at + DAY / 4))[key(32)]
    assert not any(reading.quality for reading in later)


async def test_an_exchange_before_a_gap_marks_the_first_reading_after_it(
    bench: Bench,
) -> None:
    """Even if that reading is in a later chunk."""
    at = NOW - timedelta(days=35)
    bench.house.exchange(at, {32: 99_000_000})
    bench.simulator.state_values = "null"
    bench.simulator.events.append(Outage(at, at + 10 * DAY))
    backend = bench.backend()
    points, _ = await history_points(backend, 32)
    readings = (await read_history(backend, points, at - 28 * DAY, NOW))[key(32)]
    marked = [r for r in readings if r.quality == NEW_REGISTER]
    assert [r.time for r in marked] == [min(r.time for r in readings if r.time > at)]


async def test_the_same_meter_in_a_new_state_is_not_an_exchange(bench: Bench) -> None:
    """States also change with the tariff."""
    at = NOW.replace(hour=3, minute=20, second=0)
    bench.house.exchange(at, {32: 5}, eid=bench.house.meters[0].eid)
    bench.house.meters.pop()
    same = bench.house.meters[0]
    bench.house.meters.append(type(same)(at, same.positions, same.eid))
    backend = bench.backend()
    points, _ = await history_points(backend, 32)
    readings = (await read_history(backend, points, at - DAY, at + DAY / 4))[key(32)]
    assert not any(reading.quality for reading in readings)
