"""History of a Beaver IoT: statistics that match the plug exactly."""

from datetime import UTC, datetime, timedelta

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from homeassistant.components.recorder.statistics import (
    StatisticsRow,
    statistics_during_period,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util
from simulators.faults import Drop, Fault
from simulators.milesight import Entity, Gap, MilesightSimulator

from ..conftest import NOW, Tick, finish_tasks, set_up
from .helpers import key_of

HOUR = timedelta(hours=1)
PLUG = ("Laundry plug", "power_consumption")


@pytest.fixture
def wants_history() -> bool:
    """Import the history."""
    return True


@pytest.fixture
def devices() -> int:
    """Return how many devices there are: two plugs."""
    return 2


async def imported(
    hass: HomeAssistant, entry: MockConfigEntry, key: str
) -> list[StatisticsRow]:
    """Return the rows of a point's statistic."""
    await finish_tasks(hass)
    await async_wait_recording_done(hass)
    statistic = f"{entry.runtime_data.history.prefix}{key}"
    found = await get_instance(hass).async_add_executor_job(
        statistics_during_period,
        hass,
        datetime(2020, 1, 1, tzinfo=UTC),
        None,
        {statistic},
        "hour",
        None,
        {"state", "sum", "change", "mean", "min", "max"},
    )
    return found.get(statistic, [])


def true_change(
    simulator: MilesightSimulator, entity: Entity, start: datetime
) -> object:
    """Return what the register counted in an hour, as a value to compare with."""
    change = position_at(simulator, entity, start + HOUR) - position_at(
        simulator, entity, start
    )
    return pytest.approx(change, abs=2e-6)


def position_at(
    simulator: MilesightSimulator, entity: Entity, moment: datetime
) -> float:
    """Return the position on the line between the reports around a moment."""
    values, at = simulator.store, moment.timestamp()
    instants = values.instants(entity)
    last = instants.between(0, int(at) + 1)[-1]
    before, after = instants[last], instants[last + 1]
    low, high = (values.sample(entity, each).value for each in (before, after))
    assert isinstance(low, int)
    assert isinstance(high, int)
    return low + (high - low) * (at - before) / (after - before)


def value_before(
    simulator: MilesightSimulator, entity: Entity, moment: datetime
) -> float:
    """Return the last stored value at or before a moment."""
    values = simulator.store
    instants = values.instants(entity)
    found = instants.between(0, int(moment.timestamp()) + 1)
    value = values.sample(entity, instants[found[-1]]).value
    assert isinstance(value, int)
    return value


def start_of(row: StatisticsRow) -> datetime:
    return datetime.fromtimestamp(row["start"], UTC)


async def test_register_is_exact(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: MilesightSimulator,
    release: str,
) -> None:
    """Every hour of a plug's week, to the watt-hour, in every release."""
    rows = await imported(hass, loaded, key_of(simulator, *PLUG))
    entity = simulator.world.entity(*PLUG)
    assert len(rows) == 8 * 24 + 1
    for row in rows[1:-1]:
        assert row["change"] == true_change(simulator, entity, start_of(row))
        position = position_at(simulator, entity, start_of(row) + HOUR)
        assert row["state"] == pytest.approx(position, abs=1e-6)
    total = rows[-1]["state"]
    assert total == value_before(simulator, entity, NOW)


async def test_power_has_means_and_extremes(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: MilesightSimulator
) -> None:
    """A measured value's hours are its own values."""
    key = key_of(simulator, "Laundry plug", "active_power")
    rows = await imported(hass, loaded, key)
    assert len(rows) == 8 * 24 + 1
    entity = simulator.world.entity("Laundry plug", "active_power")
    values = simulator.store
    row = rows[60]
    start = int(row["start"])
    instants = values.instants(entity)
    inside = [
        value
        for index in instants.between(start, start + 3600)
        if isinstance(value := values.sample(entity, instants[index]).value, int)
    ]
    assert len(inside) == 60
    assert (row["min"], row["max"]) == (min(inside), max(inside))
    mean = row["mean"]
    assert mean is not None
    assert min(inside) <= mean <= max(inside)


@pytest.mark.parametrize("devices", [1])
async def test_nothing_new_writes_nothing(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: MilesightSimulator,
    tick: Tick,
) -> None:
    """An update without new values takes one request, which counts the rows."""
    key = key_of(simulator, "Boiler plug", "power_consumption")
    before = await imported(hass, loaded, key)
    moment = simulator.clock()
    simulator.clock = lambda: moment
    await tick(900)
    await imported(hass, loaded, key)
    simulator.faults.clear_requests()
    await tick(900)
    assert await imported(hass, loaded, key) == before
    assert simulator.faults.count("history") == 1


async def test_late_values_are_filled_in(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: MilesightSimulator,
    tick: Tick,
) -> None:
    """Values that an offline device sends later are counted correctly."""
    device = simulator.world.device("Laundry plug")
    healed = NOW + timedelta(minutes=2)
    begin = NOW.replace(minute=0) - timedelta(hours=8)
    device.gaps.append(Gap(begin, begin + timedelta(hours=3), healed))
    await set_up(hass, entry)
    key, entity = key_of(simulator, *PLUG), simulator.world.entity(*PLUG)
    rows = await imported(hass, entry, key)
    assert len(rows) == 8 * 24 + 1
    for _ in range(7):
        await tick(3600)
        rows = await imported(hass, entry, key)
    for row in rows[1:-1]:
        assert row["change"] == true_change(simulator, entity, start_of(row))


async def test_reset_is_not_counted(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: MilesightSimulator,
) -> None:
    """A register that was reset continues from there."""
    when = int((NOW - timedelta(hours=30)).timestamp())
    simulator.world.reset_registers(simulator.world.device("Laundry plug"), when)
    await set_up(hass, entry)
    rows = await imported(hass, entry, key_of(simulator, *PLUG))
    changes = [row["change"] for row in rows]
    assert all(change is not None and 0 <= change < 3000 for change in changes)
    entity = simulator.world.entity(*PLUG)
    assert rows[-1]["state"] == value_before(simulator, entity, NOW)


async def test_interrupted_import_resumes(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: MilesightSimulator,
    tick: Tick,
) -> None:
    """An outage during the import loses and duplicates nothing."""
    fault = Fault(Drop(), "history/search", skip=9)
    simulator.faults.add(fault)
    await set_up(hass, entry)
    await finish_tasks(hass)
    simulator.faults.clear()
    await tick(900)
    rows = await imported(hass, entry, key_of(simulator, *PLUG))
    entity = simulator.world.entity(*PLUG)
    assert len(rows) == 8 * 24 + 1
    for row in rows[1:-1]:
        assert row["change"] == true_change(simulator, entity, start_of(row))


async def test_import_resumes_after_restart(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: MilesightSimulator,
    tick: Tick,
) -> None:
    """After a day of downtime, gaps are filled and nothing is duplicated."""
    key = key_of(simulator, *PLUG)
    await imported(hass, loaded, key)
    assert await hass.config_entries.async_unload(loaded.entry_id)
    await tick(86400)
    await set_up(hass, loaded)
    rows = await imported(hass, loaded, key)
    assert len(rows) == 9 * 24 + 1
    entity = simulator.world.entity(*PLUG)
    for row in rows[1:-1]:
        assert row["change"] == true_change(simulator, entity, start_of(row))


async def test_days_and_tariffs_are_those_of_the_home(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Beaver IoT has no time zone, and an evening fee must not begin in UTC."""
    await hass.config.async_set_time_zone("Europe/Amsterdam")
    await set_up(hass, entry)
    history = entry.runtime_data.history
    assert (await history.scope()).zone == dt_util.get_time_zone("Europe/Amsterdam")
    prices = await history.price_book.refresh()
    assert prices.calendar.zone == dt_util.get_time_zone("Europe/Amsterdam")
