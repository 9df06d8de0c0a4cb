"""What changes on a BEMServer within 30 days is in Home Assistant within a day."""

from datetime import timedelta

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from simulators.bemserver import CLEAN, RAW, BemserverSimulator

from ..conftest import NOW, Tick, set_up
from ..test_history import imported
from .conftest import EVERYTHING
from .test_history import HOUR, hour_of

AT = NOW.replace(minute=0) - timedelta(days=25)
AMOUNTS, REGISTER = 1, 13


@pytest.fixture
def wants_history() -> bool:
    """Import the history."""
    return True


@pytest.fixture
def options() -> dict[str, object]:
    """Choose all devices."""
    return EVERYTHING


@pytest.fixture
def simulator() -> BemserverSimulator:
    """Return a server with amounts and a register of 40 days."""
    simulator = BemserverSimulator(1, 40 / 365.25, clock=dt_util.utcnow)
    for number in simulator.world.series.keys() - {AMOUNTS, REGISTER}:
        simulator.world.delete_series(number)
    return simulator


@pytest.fixture
async def compared(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: BemserverSimulator
) -> MockConfigEntry:
    """Return an entry whose history is imported and compared."""
    await set_up(hass, entry)
    await imported(hass, entry)
    return entry


def old_requests(simulator: BemserverSimulator, *, of_days: bool) -> list[str]:
    """Return the series of requests for more than the trailing window.

    They are those of days, which count or sum, or those of values and hours. The week
    in which kinds are judged again is not among them.
    """
    limit = (dt_util.utcnow() - timedelta(days=8)).isoformat()
    return [
        number
        for request in simulator.faults.requests
        if request.query.get("start_time", limit) < limit
        and (request.query.get("bucket_width_unit") == "day") is of_days
        for number in request.query.getall("timeseries")
    ]


async def test_two_requests_compare_30_days(
    compared: MockConfigEntry, simulator: BemserverSimulator, tick: Tick
) -> None:
    """Each series is in a count and a sum, and nothing else of old days is read."""
    await tick(86400)
    simulator.faults.clear_requests()
    await tick(86400)
    asked = old_requests(simulator, of_days=True)
    assert sorted(asked) == sorted(2 * [str(AMOUNTS), str(REGISTER)])
    assert old_requests(simulator, of_days=False) == []


async def test_a_restart_compares_nothing(
    hass: HomeAssistant,
    compared: MockConfigEntry,
    simulator: BemserverSimulator,
    tick: Tick,
) -> None:
    """What was seen is kept, so that a day later two requests suffice as well."""
    await tick(86400)
    simulator.faults.clear_requests()
    assert await hass.config_entries.async_reload(compared.entry_id)
    await imported(hass, compared)
    assert old_requests(simulator, of_days=False) == []
    await tick(86400)
    assert old_requests(simulator, of_days=False) == []


@pytest.mark.parametrize("change", ["correct", "delete", "add"])
async def test_changes_of_old_amounts_are_imported(
    hass: HomeAssistant,
    compared: MockConfigEntry,
    simulator: BemserverSimulator,
    tick: Tick,
    change: str,
) -> None:
    """Within a day, all hours are again what the server has."""
    series = simulator.world.series[AMOUNTS]
    if change == "add":
        for state in (RAW, CLEAN):
            simulator.store.delete(series, state, AT, AT + HOUR)
        await tick(86400)
        await imported(hass, compared)
    simulator.faults.clear_requests()
    for state in (RAW, CLEAN):
        if change == "delete":
            simulator.store.delete(series, state, AT, AT + 3 * HOUR)
        else:
            simulator.store.correct(series, state, {AT: 100.0})
    await tick(86400)
    rows = (await imported(hass, compared))["timeseries_1_amount"]
    total, changed = 0.0, 0
    for row in rows[:-1]:
        amount = simulator.amount(AMOUNTS, hour_of(row), hour_of(row) + HOUR)
        total += amount
        changed += hour_of(row) == AT
        assert row["change"] == pytest.approx(amount, abs=1e-6), hour_of(row)
        assert row["sum"] == pytest.approx(total, abs=1e-4)
    assert changed == 1
    assert {*old_requests(simulator, of_days=False)} == {str(AMOUNTS)}
