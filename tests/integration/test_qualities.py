"""Every hour that an import stores has its quality, and estimates give way."""

from datetime import UTC, datetime, timedelta

from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.history.quality_memory import QualityMemory
from custom_components.metering_hub.metering.quality import HOUR_QUALITIES
from homeassistant.core import HomeAssistant
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.faults import Drop, Fault
from simulators.house import Channel, Outage

from .conftest import NOW, Tick, set_up
from .test_history import (
    REGISTERS,
    Statistics,
    euro,
    imported,
    simulator,
    wants_history,
)
from .test_history_actions import call

__all__ = ["euro", "simulator", "wants_history"]

HOUR = timedelta(hours=1)
GAP = Outage(
    datetime(2026, 11, 20, 8, 20, tzinfo=UTC),
    datetime(2026, 11, 20, 16, 20, tzinfo=UTC),
)
FIRST = datetime(2026, 11, 20, 8, tzinfo=UTC)
LAST = datetime(2026, 11, 20, 17, tzinfo=UTC)
POINT = "electricity_delivered_2"
NIGHT = "electricity_delivered_1"


def letters(entry: MockConfigEntry, key: str, start: datetime, end: datetime) -> str:
    """Return the letters of the stored codes of the hours in [start, end)."""
    memory: QualityMemory = entry.runtime_data.history.qualities
    codes = memory.codes(key, start.timestamp(), end.timestamp())
    return "".join(HOUR_QUALITIES[code].letter for code in codes)


def errors(rows: Statistics, simulator: DsmrReaderSimulator) -> float:
    """Return by how much the hours around the gap are wrong, in kWh altogether."""
    total = 0.0
    for row in rows[POINT]:
        start = datetime.fromtimestamp(row["start"], UTC)
        if FIRST <= start < LAST:
            used = simulator.house.true_energy(Channel.DELIVERED_2, start, start + HOUR)
            total += abs((row["change"] or 0.0) - used / 1000)
    return total


async def test_an_outage_is_estimated_until_its_readings_arrive(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """The hours of a long gap say so, and are measured once their readings are there.

    A day later, the comparison of the last 30 days finds readings that came late.
    """
    simulator.house.outages = (GAP,)
    await set_up(hass, entry)
    rows = await imported(hass, entry)
    for key in (POINT, "gas"):
        assert letters(entry, key, FIRST - HOUR, LAST + HOUR) == "MDDDDDDDDDM", key
    # The night's tariff has no use on comparable days that could be scaled.
    assert letters(entry, NIGHT, FIRST - HOUR, LAST + HOUR) == "MLLLLLLLLLM"
    end = NOW.replace(minute=0)
    assert letters(entry, POINT, LAST, end) == "M" * ((end - LAST) // HOUR)
    assert letters(entry, POINT, end - 193 * HOUR, end - 190 * HOUR) == "UMM"
    estimated = errors(rows, simulator)
    assert estimated > 0.01
    await tick(300)
    assert {
        key: found[:-2] for key, found in (await imported(hass, entry)).items()
    } == {key: found[:-2] for key, found in rows.items()}
    simulator.house.outages = ()
    await tick(25 * 3600)
    rows = await imported(hass, entry)
    assert errors(rows, simulator) < 1e-5
    for key in REGISTERS:
        assert letters(entry, key, FIRST - HOUR, LAST + HOUR) == "M" * 11, key


async def test_a_restart_changes_no_estimate(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
) -> None:
    """What is read again gives the same rows, also after the memory was lost."""
    simulator.house.outages = (GAP,)
    await set_up(hass, entry)
    rows = await imported(hass, entry)
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert await imported(hass, entry) == rows
    assert entry.runtime_data.history.data.rows == 0
    assert letters(entry, POINT, FIRST - HOUR, LAST + HOUR) == "MDDDDDDDDDM"
    assert await hass.config_entries.async_unload(entry.entry_id)
    await QualityMemory(hass, entry.entry_id).async_remove()
    await set_up(hass, entry)
    assert await imported(hass, entry) == rows
    assert letters(entry, POINT, FIRST - HOUR, LAST + HOUR) == "MDDDDDDDDDM"


async def test_deleted_readings_leave_measured_hours(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
) -> None:
    """Fewer readings of the same hours are no news, whatever is imported again."""
    await set_up(hass, entry)
    rows = await imported(hass, entry)
    simulator.house.outages = (GAP,)
    await call(hass, "import_history", entry)
    after = await imported(hass, entry)
    assert after[POINT] == rows[POINT]
    assert letters(entry, POINT, FIRST - HOUR, LAST + HOUR) == "M" * 11


async def test_thinning_leaves_measured_hours(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
) -> None:
    """The server keeps two readings an hour of older days, which stay measured."""
    await set_up(hass, entry)
    rows = await imported(hass, entry)
    simulator.retention = timedelta(days=2)
    await call(hass, "import_history", entry)
    after = await imported(hass, entry)
    start, end = NOW.replace(minute=0) - 191 * HOUR, NOW.replace(minute=0)
    for key in REGISTERS:
        assert letters(entry, key, start, end) == "M" * 191, key
        assert after[key][:-1] == rows[key][:-1], key


async def test_straight_lines_instead_of_estimates(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
) -> None:
    """Registers are imported again once when the user turns estimates off, or on."""
    simulator.house.outages = (GAP,)
    await set_up(hass, entry)
    rows = await imported(hass, entry)
    options = dict(entry.options)
    hass.config_entries.async_update_entry(
        entry, options={**options, "data_quality": {"estimates": False}}
    )
    assert await hass.config_entries.async_reload(entry.entry_id)
    straight = await imported(hass, entry)
    assert letters(entry, POINT, FIRST - HOUR, LAST + HOUR) == "MLLLLLLLLLM"
    changes = [
        row["change"]
        for row in straight[POINT]
        if FIRST < datetime.fromtimestamp(row["start"], UTC) < LAST - HOUR
    ]
    assert max(changes) - min(changes) < 2e-6
    hass.config_entries.async_update_entry(entry, options=options)
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert await imported(hass, entry) == rows


async def test_nothing_is_coded_that_is_not_stored(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    hass_storage: dict[str, object],
) -> None:
    """An import that fails codes nothing; clearing and removing leave nothing."""
    simulator.faults.add(Fault(Drop(), "dsmrreading", skip=2))
    await set_up(hass, entry)
    rows = await imported(hass, entry)
    memory = entry.runtime_data.history.qualities
    for key in REGISTERS:
        span = memory.span(key)
        assert span is None or span[1] <= rows[key][-1]["start"] + 3600
    simulator.faults.clear()
    await call(hass, "import_history", entry)
    assert memory.span(POINT) is not None
    await call(hass, "clear_history", entry)
    assert memory.span(POINT) is None
    stored = f"{DOMAIN}.{entry.entry_id}.qualities"
    assert stored in hass_storage
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert stored not in hass_storage
