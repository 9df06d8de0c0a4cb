"""What a Beaver IoT gets within 30 days is in Home Assistant within a day."""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from simulators.milesight import Gap, MilesightSimulator

from ..conftest import NOW, Tick, set_up
from . import helpers
from .helpers import key_of
from .test_history import HOUR, imported, start_of, true_change, wants_history

__all__ = ["wants_history"]

PLUG = ("Boiler plug", "power_consumption")
DAY = 86400.0
OLD = NOW.replace(minute=0) - timedelta(days=25)


@pytest.fixture
def devices() -> int:
    """Return how many devices there are: one plug."""
    return 1


@pytest.fixture
def simulator(request: pytest.FixtureRequest, devices: int) -> MilesightSimulator:
    """Return a server with 28 days of history, of the newest release by default."""
    version = getattr(request, "param", "1.3")
    return helpers.make_simulator(version, devices, NOW - timedelta(days=28))


async def test_two_requests_compare_30_days(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: MilesightSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    """They count the values of all entities, and no old value is read."""
    await imported(hass, loaded, key_of(simulator, *PLUG))
    backend = loaded.runtime_data.backend
    points = [*loaded.runtime_data.history.points.values()]
    start = dt_util.utcnow() - timedelta(days=30)
    first = await backend.compare_history(points, start, {})
    assert first is not None
    assert {*first.since.values()} == {start}
    assert first.since.keys() == {point.key for point in points}
    simulator.faults.clear_requests()
    freezer.tick(timedelta(hours=20))
    later = start + timedelta(hours=20)
    found = await backend.compare_history(points, later, first.seen)
    assert found is not None
    assert found.since == {}
    paths = [request.path for request in simulator.faults.requests]
    assert len([path for path in paths if "history/search" in path]) == 2, paths


@pytest.mark.parametrize("simulator", ["1.3", "1.0"], indirect=True)
async def test_late_values_are_imported(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: MilesightSimulator,
    tick: Tick,
) -> None:
    """A device sends weeks later what it had stored; old releases cannot count."""
    device = simulator.world.device("Boiler plug")
    gap = Gap(OLD, OLD + 30 * HOUR, NOW + timedelta(hours=20))
    device.gaps.append(gap)
    await set_up(hass, entry)
    key, entity = key_of(simulator, *PLUG), simulator.world.entity(*PLUG)
    hours = [OLD + n * HOUR for n in range(-3, 33)]
    before = {start_of(r): r["change"] for r in await imported(hass, entry, key)}
    await tick(DAY)
    for _ in range(3):
        await tick(900)
    rows = {start_of(row): row for row in await imported(hass, entry, key)}
    for hour in hours:
        assert rows[hour]["change"] == true_change(simulator, entity, hour), hour
    assert any(rows[hour]["change"] != before[hour] for hour in hours)
