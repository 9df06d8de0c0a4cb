"""Disturbed imports result in the same statistics as a clean one."""

from collections.abc import AsyncIterator, Collection
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.backends.base import HistoryChunk
from custom_components.metering_hub.backends.dsmr_reader.backend import (
    DsmrReaderBackend,
)
from custom_components.metering_hub.backends.errors import UnreachableError
from custom_components.metering_hub.history import write_queue
from custom_components.metering_hub.metering.model import Point
from homeassistant.core import HomeAssistant
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.faults import Fault, drop_fields
from simulators.house import Channel, House, MeterExchange, Outage

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


async def clean_import(hass: HomeAssistant, entry: MockConfigEntry) -> Statistics:
    """Return the statistics of a single import of everything."""
    await call(hass, "clear_history", entry, confirm=True)
    await call(hass, "import_history", entry)
    return await imported(hass, entry)


@pytest.fixture
def small_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write in small batches, so an interrupted import has written many rows."""
    monkeypatch.setattr(write_queue, "BATCH", 50)


@pytest.mark.usefixtures("small_writes")
@pytest.mark.parametrize("chunks", [1, 2, 5, 9, 14, 20])
async def test_crash_between_chunks(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
    tick: Tick,
    chunks: int,
) -> None:
    """A failure after any chunk neither loses nor doubles anything."""
    whole = DsmrReaderBackend.history

    async def interrupted(
        self: DsmrReaderBackend,
        points: Collection[Point],
        start: datetime,
        end: datetime,
    ) -> AsyncIterator[HistoryChunk]:
        count = 0
        async for chunk in whole(self, points, start, end):
            yield chunk
            if (count := count + 1) == chunks:
                raise UnreachableError("gone")

    monkeypatch.setattr(DsmrReaderBackend, "history", interrupted)
    await set_up(hass, entry)
    await imported(hass, entry)
    monkeypatch.setattr(DsmrReaderBackend, "history", whole)
    await tick(300)
    await tick(300)
    healed = await imported(hass, entry)
    assert healed == await clean_import(hass, entry)


@pytest.mark.usefixtures("small_writes")
async def test_reload_during_an_import(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """An import that is interrupted by a reload continues."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.config_entries.async_reload(entry.entry_id)
    assert await imported(hass, entry) == await clean_import(hass, entry)


async def test_two_imports_at_once(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """Two imports of one entry run one after the other."""
    history = loaded.runtime_data.history
    first = hass.async_create_task(history.reimport(None))
    second = hass.async_create_task(history.reimport(NOW - 30 * HOUR))
    await first
    await second
    assert await imported(hass, loaded) == await clean_import(hass, loaded)


async def test_late_data(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """Readings that arrive a day late replace the estimates of their hours."""
    start = NOW.replace(minute=10) - 26 * HOUR
    simulator.house = House(
        7, simulator.house.start, outages=[Outage(start, start + 5 * HOUR)]
    )
    await set_up(hass, entry)
    estimated = await imported(hass, entry)
    simulator.house = House(7, simulator.house.start)
    await tick(300)
    corrected = await imported(hass, entry)
    assert corrected["electricity_delivered_2"] != estimated["electricity_delivered_2"]
    assert corrected == await clean_import(hass, entry)


async def test_meter_exchange_and_outage(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: DsmrReaderSimulator
) -> None:
    """A new meter counts from its own position, without negative hours."""
    exchanged = NOW.replace(minute=20) - 50 * HOUR
    positions = dict.fromkeys(
        (
            Channel.DELIVERED_1,
            Channel.DELIVERED_2,
            Channel.RETURNED_1,
            Channel.RETURNED_2,
        ),
        1_000,
    )
    outage = Outage(NOW - 90 * HOUR, NOW - 85 * HOUR)
    simulator.house = House(
        7,
        simulator.house.start,
        exchange=MeterExchange(exchanged, positions),
        outages=[outage],
    )
    await set_up(hass, entry)
    statistics = await imported(hass, entry)
    for key, channel in REGISTERS.items():
        changes = [row["change"] for row in statistics[key]]
        assert min(changes) >= 0
        # Only what ran between the last old and the first new reading is unknown.
        end = datetime.fromtimestamp(statistics[key][-1]["end"], UTC)
        true = simulator.house.true_energy(
            channel, simulator.house.start, min(end, simulator.clock())
        )
        assert sum(changes) == pytest.approx(true / 1000, abs=0.1), key


async def test_three_years(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: DsmrReaderSimulator
) -> None:
    """Every local day of three years, with clock changes, a new meter and an outage."""
    zone = ZoneInfo("Europe/Amsterdam")
    start = datetime(2023, 11, 20, tzinfo=zone).astimezone(UTC)
    exchanged = datetime(2025, 6, 3, 12, 0, tzinfo=UTC)
    outage = Outage(datetime(2024, 8, 1, tzinfo=UTC), datetime(2024, 8, 4, tzinfo=UTC))
    channels = list(REGISTERS.values())[:4]
    simulator.house = House(
        7,
        start,
        exchange=MeterExchange(exchanged, dict.fromkeys(channels, 5_000)),
        outages=[outage],
    )
    simulator.interval = 300
    simulator.retention = timedelta(days=31)
    await set_up(hass, entry)
    statistics = await imported(hass, entry)
    for key, channel in REGISTERS.items():
        days: dict[date, float] = {}
        hours: dict[date, int] = {}
        for row in statistics[key]:
            day = datetime.fromtimestamp(row["start"], zone).date()
            days[day] = days.get(day, 0) + row["change"]
            hours[day] = hours.get(day, 0) + 1
            assert row["change"] >= 0
        for day, used in list(days.items())[:-1]:
            midnight = datetime.combine(day, time(), zone)
            next_midnight = datetime.combine(day + timedelta(days=1), time(), zone)
            begin, end = midnight.astimezone(UTC), next_midnight.astimezone(UTC)
            if key != "gas" and begin <= exchanged < end:
                continue
            if outage.start < end and begin < outage.end:
                continue
            true = simulator.house.true_energy(channel, begin, end) / 1000
            assert used == pytest.approx(true, abs=1e-3), (key, day)
            assert hours[day] == (end - begin) // HOUR, (key, day)
        span = (outage.start - timedelta(days=1), outage.end + timedelta(days=1))
        counted = sum(
            row["change"]
            for row in statistics[key]
            if span[0].timestamp() <= row["start"] < span[1].timestamp()
        )
        true = simulator.house.true_energy(channel, *span) / 1000
        assert counted == pytest.approx(true, abs=1e-3), key


async def test_bug_of_others_one_statistic_resumed_from_anothers_newest_row(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """A register that appears later gets its whole history."""
    simulator.faults.add(Fault(drop_fields("electricity_returned_2"), "dsmrreading"))
    await set_up(hass, entry)
    assert "electricity_returned_2" not in await imported(hass, entry)
    simulator.faults.clear()
    await tick(300)
    healed = await imported(hass, entry)
    assert len(healed["electricity_returned_2"]) == 193
    assert healed == await clean_import(hass, entry)


async def test_later_start_of_the_history(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """History starts at local midnight of the day that the user chose."""
    options = {**entry.options, "history_start": "2026-11-18"}
    hass.config_entries.async_update_entry(entry, options=options)
    await set_up(hass, entry)
    rows = (await imported(hass, entry))["gas"]
    first = datetime.fromtimestamp(rows[0]["start"], UTC)
    assert first == datetime(2026, 11, 17, 23, tzinfo=UTC)


async def test_clock_that_was_wrong(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    tick: Tick,
) -> None:
    """After a wrong clock is corrected, no row is in the future."""
    await imported(hass, loaded)
    freezer.move_to(NOW - 3 * HOUR)
    await tick(300)
    freezer.move_to(NOW + HOUR)
    await tick(300)
    assert await imported(hass, loaded) == await clean_import(hass, loaded)


async def test_missing_fields_in_the_history(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: DsmrReaderSimulator
) -> None:
    """A register that is missing on the server affects no other register."""
    simulator.faults.add(Fault(drop_fields("electricity_returned_1"), "dsmrreading"))
    await set_up(hass, entry)
    statistics = await imported(hass, entry)
    assert "electricity_returned_1" not in statistics
    assert len(statistics["electricity_delivered_1"]) == 193
