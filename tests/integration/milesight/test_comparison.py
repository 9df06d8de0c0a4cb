"""What a Beaver IoT gets within 30 days is in Home Assistant within a day."""

from datetime import datetime, timedelta

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from simulators.milesight import ExtraRow, Gap, MilesightSimulator

from ..conftest import NOW, Tick, set_up
from . import helpers
from .helpers import key_of
from .test_history import HOUR, imported, start_of, true_change, wants_history

__all__ = ["wants_history"]

PLUG = ("Boiler plug", "power_consumption")
RELEASES = ["1.3.1", "1.2.5", "1.2.1", "1.0.0"]
DAY = 86400.0
OLD = NOW.replace(minute=0) - timedelta(days=25)


@pytest.fixture
def devices() -> int:
    """Return how many devices there are: one plug."""
    return 1


@pytest.fixture
def simulator(request: pytest.FixtureRequest, devices: int) -> MilesightSimulator:
    """Return a server with 28 days of history, of the newest release by default."""
    version = getattr(request, "param", "1.3.1")
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


@pytest.mark.parametrize(
    "simulator", ["1.3.1", "1.2.5", "1.2.1", "1.0.0"], indirect=True
)
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


@pytest.mark.parametrize(
    "simulator", ["1.3.1", "1.2.5", "1.2.1", "1.0.0"], indirect=True
)
async def test_single_late_values_are_found_after_a_reload(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: MilesightSimulator,
    tick: Tick,
) -> None:
    """They move no latest value: 30 hours, 3 days and 10 days back.

    Each is in a hole of five hours, nearly all of whose energy was used after it.
    """
    entity = simulator.world.entity(*PLUG)
    device = simulator.world.device("Boiler plug")
    hole = timedelta(hours=5)
    begins = [NOW.replace(minute=50) - n * HOUR for n in (30, 72, 240)]
    device.gaps += [Gap(begin, begin + hole) for begin in begins]
    await set_up(hass, entry)
    key = key_of(simulator, *PLUG)
    await imported(hass, entry, key)
    # The first comparison of a day is over.
    await tick(900)
    # A position that is far from the line through the hole, in the hour it lies in.
    values = simulator.store
    arrived = int(dt_util.utcnow().timestamp())
    late: list[tuple[datetime, float]] = []
    for begin in begins:
        moment = begin + timedelta(hours=3, minutes=9)
        index = values.instants(entity).between(0, int(begin.timestamp()))[-1]
        last = values.sample(entity, values.instants(entity)[index]).value
        assert isinstance(last, int)
        millis = int(moment.timestamp() * 1000)
        entity.extra.append(ExtraRow(millis, last, arrived))
        late.append((moment, last))
    assert await hass.config_entries.async_reload(entry.entry_id)
    for _ in range(2):
        await tick(DAY)
        for _ in range(3):
            await tick(900)
    rows = {start_of(row): row for row in await imported(hass, entry, key)}
    for moment, last in late:
        hour = moment.replace(minute=0)
        state = rows[hour]["state"]
        assert state is not None
        # The line to the next reading now begins a minute before the hour ends.
        assert state == pytest.approx(last, abs=30), moment


async def test_values_that_the_server_deletes_stay(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: MilesightSimulator,
    tick: Tick,
) -> None:
    """The server keeps a year; what Home Assistant has of earlier hours stays."""
    key = key_of(simulator, *PLUG)
    before = {start_of(r): r["sum"] for r in await imported(hass, loaded, key)}
    await tick(345 * DAY)
    for _ in range(3):
        await tick(900)
    rows = {start_of(row): row["sum"] for row in await imported(hass, loaded, key)}
    kept = [*before][:-2]
    assert {at: rows[at] for at in kept} == {at: before[at] for at in kept}
    sums = [value for value in rows.values() if value is not None]
    assert sums == sorted(sums)
