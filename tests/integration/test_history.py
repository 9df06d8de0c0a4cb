"""Imported statistics equal the meter's own registers."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from homeassistant.components.recorder.statistics import (
    StatisticsRow,
    list_statistic_ids,
    statistics_during_period,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.faults import Drop, Fault
from simulators.house import Channel, House

from .conftest import API_KEY, NOW, Tick, set_up, shown

HOUR = timedelta(hours=1)
REGISTERS = {
    "electricity_delivered_1": Channel.DELIVERED_1,
    "electricity_delivered_2": Channel.DELIVERED_2,
    "electricity_returned_1": Channel.RETURNED_1,
    "electricity_returned_2": Channel.RETURNED_2,
    "gas": Channel.GAS,
}
PROGRESS = "sensor.electricity_meter_history_import"

type Statistics = Mapping[str, list[StatisticsRow]]


@pytest.fixture(autouse=True)
async def euro(hass: HomeAssistant) -> None:
    """Set Home Assistant's currency to that of the prices."""
    await hass.config.async_update(currency="EUR", time_zone="Europe/Amsterdam")


@pytest.fixture
def wants_history() -> bool:
    """Import the history."""
    return True


@pytest.fixture
def simulator() -> DsmrReaderSimulator:
    """Return a simulated DSMR-reader of a house with eight days of history."""
    start = (NOW - timedelta(days=8)).replace(minute=0)
    return DsmrReaderSimulator(
        House(7, start), api_key=API_KEY, clock=dt_util.utcnow, interval=60
    )


async def imported(hass: HomeAssistant, entry: MockConfigEntry) -> Statistics:
    """Return all rows of an entry's statistics once its tasks have ended."""
    await hass.async_block_till_done(wait_background_tasks=True)
    return await recorded(hass, entry)


async def recorded(hass: HomeAssistant, entry: MockConfigEntry) -> Statistics:
    """Return all rows of an entry's statistics, by id without the prefix."""
    await async_wait_recording_done(hass)
    prefix = entry.runtime_data.history.prefix
    known = await get_instance(hass).async_add_executor_job(list_statistic_ids, hass)
    ids = {s["statistic_id"] for s in known if s["statistic_id"].startswith(prefix)}
    rows = await get_instance(hass).async_add_executor_job(
        statistics_during_period,
        hass,
        datetime(2020, 1, 1, tzinfo=UTC),
        None,
        ids,
        "hour",
        None,
        {"state", "sum", "change", "mean", "min", "max"},
    )
    return {key.removeprefix(prefix): found for key, found in rows.items()}


async def test_registers_are_exact(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: DsmrReaderSimulator
) -> None:
    """Each hour has the meter's own position and change, to the watt-hour."""
    statistics = await imported(hass, loaded)
    house = simulator.house
    for key, channel in REGISTERS.items():
        rows = statistics[key]
        assert len(rows) == 8 * 24 + 1, key
        for row in rows[:-1]:
            end = datetime.fromtimestamp(row["start"], UTC) + HOUR
            true = house.register(channel, end) / 1000
            assert row["state"] == pytest.approx(true, abs=1e-6), (key, end)
            used = house.true_energy(channel, end - HOUR, end) / 1000
            assert row["change"] == pytest.approx(used, abs=1e-6), (key, end)


async def test_totals_are_the_sums_of_both_tariffs(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """Every hour is the sum, and what its parts cost is not counted twice."""
    statistics = await imported(hass, loaded)
    for total, part in (
        ("electricity_import_total", "electricity_delivered"),
        ("electricity_export_total", "electricity_returned"),
    ):
        parts = zip(statistics[f"{part}_1"], statistics[f"{part}_2"], strict=True)
        for row, each in zip(statistics[total], parts, strict=True):
            for cell in ("state", "sum", "change"):
                added = sum(float(r[cell] or 0) for r in each)
                assert row[cell] == pytest.approx(added, abs=1e-6)
    assert not [key for key in statistics if "total_co" in key]


async def test_import_without_new_readings_writes_nothing(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """An import without new readings sends one request and writes no rows."""
    before = await imported(hass, loaded)
    moment = simulator.clock()
    simulator.clock = lambda: moment
    for _ in range(2):
        await tick(300)
        await imported(hass, loaded)
    simulator.faults.clear_requests()
    await tick(300)
    assert await imported(hass, loaded) == before
    asked = [
        request
        for request in simulator.faults.requests
        if "dsmrreading" in request.path
        and request.query.get("timestamp__gte", "") < "2026-11-21T10:2"
    ]
    assert len(asked) <= 1, [dict(request.query) for request in asked]


async def test_the_current_hour_grows(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """The current hour has a row, and no row is in the future."""
    first = (await imported(hass, loaded))["electricity_returned_2"]
    for _ in range(7):
        await tick(300)
    later = (await imported(hass, loaded))["electricity_returned_2"]
    assert len(later) == len(first) + 1
    assert later[: len(first) - 1] == first[:-1]
    hour = NOW.replace(minute=0)
    true = simulator.house.true_energy(Channel.RETURNED_2, hour, hour + HOUR) / 1000
    assert later[len(first) - 1]["change"] == pytest.approx(true, abs=1e-6)
    assert datetime.fromtimestamp(later[-1]["start"], UTC) <= simulator.clock()


async def test_import_after_the_server_was_down_for_three_days(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """The missed hours are imported exactly once the server is back."""
    await imported(hass, loaded)
    simulator.faults.add(Fault(Drop()))
    for _ in range(6):
        await tick(12 * 3600)
    assert hass.states.get(PROGRESS).attributes["state"] == "failed"
    simulator.faults.clear()
    await tick(600)
    await tick(600)
    statistics = await imported(hass, loaded)
    for key, channel in REGISTERS.items():
        for row in statistics[key][:-2]:
            end = datetime.fromtimestamp(row["start"], UTC) + HOUR
            used = simulator.house.true_energy(channel, end - HOUR, end) / 1000
            assert row["change"] == pytest.approx(used, abs=1e-6), (key, end)


async def test_power_has_a_mean_and_no_sum(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """Each hour of power has a mean, a minimum and a maximum."""
    rows = (await imported(hass, loaded))["electricity_power"]
    assert len(rows) == 8 * 24 + 1
    assert all(row["min"] <= row["mean"] <= row["max"] for row in rows)


async def test_statistics_continue_after_removing_the_entry(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """Removing an entry keeps its statistics, and adding it again continues them."""
    before = await imported(hass, loaded)
    data, options = dict(loaded.data), dict(loaded.options)
    await hass.config_entries.async_remove(loaded.entry_id)
    again = MockConfigEntry(
        domain="metering_hub",
        title="DSMR-reader",
        minor_version=3,
        unique_id=loaded.unique_id,
        data=data,
        options=options,
    )
    again.add_to_hass(hass)
    await set_up(hass, again)
    after = await imported(hass, again)
    assert after == before


async def test_statistics_are_named_after_their_entities(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """A statistic has the name of its device and entity."""
    await imported(hass, loaded)
    known = await get_instance(hass).async_add_executor_job(list_statistic_ids, hass)
    names = {
        statistic["statistic_id"].removeprefix(loaded.runtime_data.history.prefix): (
            statistic["name"],
            statistic["statistics_unit_of_measurement"],
            statistic["unit_class"],
        )
        for statistic in known
    }
    low = "Low tariff delivered · Electricity meter"
    assert names["electricity_delivered_1"] == (low, "kWh", "energy")
    assert names["electricity_delivered_1_cost"] == (f"{low} (cost)", "EUR", None)
    assert names["gas"] == ("Meter reading · Gas meter", "m³", "volume")
    assert names["fixed_cost"] == ("Fixed cost · DSMR-reader", "EUR", None)


async def test_progress_is_shown(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """The sensor shows that the import is complete."""
    await imported(hass, loaded)
    assert shown(hass, PROGRESS) == "100.0"
    assert hass.states.get(PROGRESS).attributes["state"] == "up_to_date"
