"""The predictions of solar signals as amounts per hour."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest

from custom_components.metering_hub.backends.besmart.backend import BesmartBackend
from custom_components.metering_hub.backends.errors import BackendError
from simulators.besmart import (
    INVERTER_MID,
    PV_PER_QUARTER,
    PV_POWER,
    SignalType,
    default_sensors,
)
from simulators.besmart.store import PREDICTED, Series
from simulators.faults import Answer, Fault

from .conftest import NOW, START, Bench, MakeBench, both_editions

MIDNIGHT = NOW.replace(hour=0, minute=0, second=0)
END = MIDNIGHT + timedelta(days=3)
HOUR = timedelta(hours=1)


@pytest.fixture
async def bench(make_bench: MakeBench, edition: str) -> Bench:
    """Return a bench with a house and its inverter, and predictions for a day."""
    sensors = default_sensors(3, START)
    return await make_bench(
        edition=edition, sensors=sensors, predictions=timedelta(hours=24)
    )


async def forecast(backend: BesmartBackend) -> Mapping[datetime, float]:
    """Return the forecast of all points from midnight on."""
    points = (await backend.inventory()).points.values()
    return await backend.solar_forecast(points, MIDNIGHT, END)


async def predicted(bench: Bench, hour: datetime) -> float:
    """Return the sum of the predictions of an hour in Wh.

    They are the mean watts of the quarters that end at their times, in each unit.
    """
    inverter, begin = bench.simulator.sensor(INVERTER_MID), int(hour.timestamp())
    series = Series(bench.simulator, inverter, PV_POWER, int(NOW.timestamp()))
    rows = await series.between(begin + 1, begin + 3601)
    watts = [row.raw for row in rows if row.origin == PREDICTED and row.raw is not None]
    assert len(watts) == 4
    return sum(watts) / 4


@both_editions
@pytest.mark.parametrize("kind", [PV_POWER, PV_PER_QUARTER])
async def test_predictions_are_summed_by_hour(bench: Bench, kind: SignalType) -> None:
    """Power and amounts mean the same; both belong to the quarter that they end."""
    bench.simulator.types[70] = kind
    found = await forecast(bench.backend())
    hours = int((NOW - MIDNIGHT + timedelta(hours=24)) / HOUR) + 1
    assert len(found) == hours
    assert min(found) == MIDNIGHT
    tomorrow = MIDNIGHT + timedelta(days=1, hours=11)
    assert found[tomorrow] == pytest.approx(await predicted(bench, tomorrow))
    assert found[tomorrow] > 0


async def test_measured_values_are_no_forecast(bench: Bench) -> None:
    bench.simulator.predictions = None
    assert await forecast(bench.backend()) == {}


async def test_an_account_without_solar_signals_costs_no_request(bench: Bench) -> None:
    backend = bench.backend()
    inventory = await backend.inventory()
    points = [p for p in inventory.points.values() if "_signal_70" not in p.key]
    bench.asked()
    assert await backend.solar_forecast(points, MIDNIGHT, END) == {}
    assert bench.asked() == 0


async def test_a_forecast_is_read_once_an_hour(bench: Bench) -> None:
    """All solar signals are read with one request."""
    bench.simulator.sensors[1].signals = (32, 70)
    backend = bench.backend()
    points = (await backend.inventory()).points.values()
    bench.asked()
    first = await backend.solar_forecast(points, MIDNIGHT, END)
    assert bench.asked("") == 1
    bench.clock.pass_(minutes=59)
    assert await backend.solar_forecast(points, MIDNIGHT, END) is first
    assert bench.asked("") == 0
    bench.clock.pass_(minutes=1)
    assert len(await backend.solar_forecast(points, MIDNIGHT, END)) > len(first)
    assert bench.asked("") == 1


async def test_a_failure_is_not_an_empty_forecast(bench: Bench) -> None:
    """It is repeated at the next look, not an hour later."""
    backend = bench.backend()
    points = (await backend.inventory()).points.values()
    bench.simulator.faults.add(Fault(Answer(500)))
    with pytest.raises(BackendError):
        await backend.solar_forecast(points, MIDNIGHT, END)
    bench.simulator.faults.clear()
    assert await backend.solar_forecast(points, MIDNIGHT, END)


async def test_a_part_of_the_signals_is_no_forecast(bench: Bench) -> None:
    """Without one of two roofs, it would be too low."""
    bench.simulator.sensors[1].signals = (32, 70)
    backend = bench.backend()
    points = (await backend.inventory()).points.values()
    bench.simulator.sensors[1].signals = (32,)
    with pytest.raises(BackendError):
        await backend.solar_forecast(points, MIDNIGHT, END)
