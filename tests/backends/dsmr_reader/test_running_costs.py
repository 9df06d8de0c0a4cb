"""The cost of today, of the month and of the year against the server's own days."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from custom_components.metering_hub.metering.model import Reading
from simulators.dsmr_reader.statistics import day_row, today
from simulators.dsmr_reader.store import Store

from .conftest import NOW, START, Connect, Connected, simulated, utc

DAY = timedelta(days=1)
MONTH, YEAR = "month_total_cost", "year_total_cost"
TODAY = "today_electricity_cost"
DAYS = "statistics/day"


async def read(connected: Connected, now: datetime) -> dict[str, Reading]:
    """Return the costs at a moment."""
    connected.simulator.clock = lambda: now
    points = (await connected.backend.inventory()).points
    latest = await connected.backend.latest([points[key] for key in (MONTH, YEAR)])
    assert not latest.failed
    return dict(latest.readings)


def true_cost(connected: Connected, first: datetime) -> float:
    """Return the sum of the days that the server shows, and of today."""
    store = Store(connected.simulator)
    rows = (day_row(store, day) for day in store.days)
    costs = [
        Decimal(str(row["total_cost"]))
        for row in rows
        if str(row["day"]) >= first.date().isoformat()
    ]
    so_far = today(store)
    assert isinstance(so_far, dict)
    return float(sum(costs)) + float(str(so_far["total_cost"]))


async def test_electricity_today_is_without_gas_and_fixed_cost(
    connect: Connect,
) -> None:
    connected = await connect(simulated())
    points = (await connected.backend.inventory()).points
    keys = (TODAY, "today_total_cost", "today_gas_cost", "today_fixed_cost")
    found = (await connected.backend.latest([points[key] for key in keys])).readings
    cost, total, gas, fixed = (float(found[key].value) for key in keys)
    assert cost == pytest.approx(total - gas - fixed, abs=0.011)
    assert gas > 0
    assert fixed > 0


async def test_month_and_year(connect: Connect) -> None:
    connected = await connect(simulated())
    found = await read(connected, NOW)
    assert found[MONTH].since == utc(2026, 10, 31, 23)
    assert found[MONTH].value == pytest.approx(true_cost(connected, utc(2026, 11, 1)))
    assert found[YEAR].since == utc(2025, 12, 31, 23)
    assert found[YEAR].value == pytest.approx(true_cost(connected, START))
    # Four requests of a hundred days once a day.
    assert connected.take_request_count(DAYS) == 4
    await read(connected, NOW + timedelta(minutes=5))
    assert connected.take_request_count(DAYS) == 0


async def test_midnight_before_there_are_statistics_of_the_day(
    connect: Connect,
) -> None:
    """The cost never falls by a day, also while the server has no row of it."""
    midnight = utc(2026, 11, 20, 23)
    connected = await connect(simulated(now=midnight - DAY))
    values = []
    for minutes in (-5, -1, 0, 1, 3, 5, 10, 20, 60):
        found = await read(connected, midnight + timedelta(minutes=minutes))
        values.append(float(found[YEAR].value))
    assert values == pytest.approx(sorted(values), abs=0.05)
    assert values[-1] == pytest.approx(true_cost(connected, START))


async def test_restart_before_there_are_statistics_of_the_day(connect: Connect) -> None:
    """A cost without yesterday's would be wrong, so there is none for a while."""
    midnight = utc(2026, 11, 20, 23)
    connected = await connect(simulated(now=midnight))
    assert await read(connected, midnight + timedelta(minutes=3)) == {}
    found = await read(connected, midnight + timedelta(hours=1))
    assert found[YEAR].value == pytest.approx(true_cost(connected, START))


async def test_new_year(connect: Connect) -> None:
    midnight = utc(2025, 12, 31, 23)
    connected = await connect(simulated(now=midnight + timedelta(hours=9)))
    connected.simulator.house.start = utc(2025, 11, 1)
    found = await read(connected, midnight + timedelta(hours=9))
    assert found[MONTH].value == found[YEAR].value
    assert found[YEAR].since == midnight
