"""Sensors of costs and current prices, from the contracts of a DSMR-reader."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.metering_hub.history.running_costs import COOLDOWN
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from simulators.dsmr_reader import DsmrReaderSimulator

from .conftest import NOW, Tick, finish_tasks, set_up
from .test_history import Statistics, euro, imported, simulator, wants_history

__all__ = ["euro", "simulator", "wants_history"]

ZONE = ZoneInfo("Europe/Amsterdam")
TODAY = "sensor.electricity_meter_import_cost_today"
MONTH = "sensor.electricity_meter_import_cost_this_month"
YEAR = "sensor.electricity_meter_import_cost_this_year"
PAID_BACK = "sensor.electricity_meter_export_compensation_today"
GAS_PRICE = "sensor.electricity_meter_gas_price"
PRICE = "sensor.electricity_meter_import_price"
IMPORT = ("electricity_delivered_1_cost", "electricity_delivered_2_cost")


def tariff(**data: object) -> ConfigSubentryData:
    """Return the subentry of a tariff in euro."""
    return ConfigSubentryData(
        data={
            "applies_to": "import",
            "valid_from": "2020-01-01T00:00:00",
            "currency": "EUR",
            "unit": "ct/kWh",
            "price_type": "fixed",
            "price": 30.0,
            **data,
        },
        subentry_type="tariff",
        title="A tariff",
        unique_id=None,
    )


def with_tariffs(
    entry: MockConfigEntry, *tariffs: ConfigSubentryData
) -> MockConfigEntry:
    """Return an entry like another one, with tariffs."""
    return MockConfigEntry(
        domain=entry.domain,
        title=entry.title,
        unique_id=entry.unique_id,
        data=dict(entry.data),
        options=dict(entry.options),
        subentries_data=tariffs,
    )


def local(year: int, month: int, day: int) -> datetime:
    """Return a local midnight."""
    return datetime(year, month, day, tzinfo=ZONE)


def cost_since(statistics: Statistics, start: datetime, *keys: str) -> float:
    """Return what is recorded from a moment on."""
    return sum(
        row["change"] or 0.0
        for key in keys
        for row in statistics[key]
        if row["start"] >= start.timestamp()
    )


def state_of(hass: HomeAssistant, entity_id: str) -> State:
    """Return the state of an entity that exists."""
    state = hass.states.get(entity_id)
    assert state is not None, entity_id
    return state


def last_reset(state: State) -> datetime:
    """Return since when a sensor counts."""
    return datetime.fromisoformat(str(state.attributes["last_reset"]))


async def test_costs_are_those_that_are_recorded(
    hass: HomeAssistant, loaded: MockConfigEntry, tick: Tick
) -> None:
    """Each sensor shows the rows since its local midnight, month or year began."""
    statistics = await imported(hass, loaded)
    await tick(COOLDOWN + 1)
    for entity_id, start in (
        (TODAY, local(2026, 11, 21)),
        (MONTH, local(2026, 11, 1)),
        (YEAR, local(2026, 1, 1)),
    ):
        state = state_of(hass, entity_id)
        shown = float(state.state)
        assert shown == pytest.approx(cost_since(statistics, start, *IMPORT), abs=1e-5)
        assert shown > 0
        assert last_reset(state) == start
        assert state.attributes["unit_of_measurement"] == "EUR"
        assert state.attributes["device_class"] == "monetary"
        assert state.attributes["state_class"] == "total"
        assert state.attributes["unpriced_hours"] == 0
    paid_back = cost_since(
        statistics,
        local(2026, 11, 21),
        "electricity_returned_1_compensation",
        "electricity_returned_2_compensation",
    )
    assert float(state_of(hass, PAID_BACK).state) == pytest.approx(paid_back, abs=1e-5)


async def test_costs_grow_with_each_import(
    hass: HomeAssistant, loaded: MockConfigEntry, tick: Tick
) -> None:
    """What an import writes is shown a moment later, without a poll."""
    await imported(hass, loaded)
    await tick(COOLDOWN + 1)
    before = float(state_of(hass, TODAY).state)
    await tick(9 * 3600)
    statistics = await imported(hass, loaded)
    await tick(COOLDOWN + 1)
    shown = float(state_of(hass, TODAY).state)
    expected = cost_since(statistics, local(2026, 11, 21), *IMPORT)
    assert shown == pytest.approx(expected, abs=1e-5)
    assert shown > before


async def test_a_day_begins_at_local_midnight(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tick: Tick,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Yesterday's cost is gone at once, and the first hours of the day are shown."""
    await imported(hass, loaded)
    await tick(COOLDOWN + 1)
    midnight = local(2026, 11, 22)
    freezer.move_to(midnight + timedelta(seconds=1))
    async_fire_time_changed(hass)
    await finish_tasks(hass)
    state = state_of(hass, TODAY)
    assert last_reset(state) == midnight
    assert state.state == STATE_UNKNOWN
    assert last_reset(state_of(hass, MONTH)) == local(2026, 11, 1)
    await tick(2 * 3600)
    statistics = await imported(hass, loaded)
    await tick(COOLDOWN + 1)
    shown = float(state_of(hass, TODAY).state)
    expected = cost_since(statistics, midnight, *IMPORT)
    assert shown == pytest.approx(expected, abs=1e-5)
    assert shown > 0


async def test_costs_are_shown_at_once_after_a_restart(
    hass: HomeAssistant, loaded: MockConfigEntry, tick: Tick
) -> None:
    """They are in the recorder, so nothing has to be imported before."""
    await imported(hass, loaded)
    await tick(COOLDOWN + 1)
    before = state_of(hass, TODAY).state
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await hass.async_block_till_done()
    assert state_of(hass, TODAY).state == before


async def test_hours_without_a_price_are_counted(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """The contracts begin two days ago, so the six days before have no price."""
    first = (NOW - timedelta(days=2)).date()
    simulator.prices = [
        replace(contract, start=max(first, contract.start))
        for contract in simulator.prices
        if contract.end >= first
    ]
    await set_up(hass, entry)
    statistics = await imported(hass, entry)
    await tick(COOLDOWN + 1)
    begin = local(first.year, first.month, first.day)
    unpriced = sum(
        1
        for key in ("electricity_delivered_1", "electricity_delivered_2")
        for row in statistics[key]
        if row["start"] < begin.timestamp() and abs(row["change"] or 0.0) > 1e-7
    )
    assert unpriced > 100
    assert state_of(hass, YEAR).attributes["unpriced_hours"] == unpriced
    assert state_of(hass, TODAY).attributes["unpriced_hours"] == 0


def registered(hass: HomeAssistant, entry: MockConfigEntry) -> Mapping[str, str | None]:
    """Return why each sensor of costs and prices is disabled, by the end of its key."""
    registry = er.async_get(hass)
    return {
        each.unique_id.removeprefix("dsmr_reader:house_"): each.disabled_by
        for each in er.async_entries_for_config_entry(registry, entry.entry_id)
        if each.unique_id.startswith(
            ("dsmr_reader:house_cost_", "dsmr_reader:house_price_")
        )
    }


async def test_sensors_of_roles_without_a_price_are_disabled(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """They are enabled with the first price, but never what the user disabled."""
    contracts, simulator.prices = simulator.prices, []
    await set_up(hass, entry)
    await imported(hass, entry)
    found = registered(hass, entry)
    assert {key.rpartition("_")[2] for key in found} == {"import", "export", "gas"}
    assert set(found.values()) == {er.RegistryEntryDisabler.INTEGRATION}
    registry = er.async_get(hass)
    gas = registry.async_get_entity_id(
        "sensor", "metering_hub", "dsmr_reader:house_cost_today_gas"
    )
    assert gas is not None
    registry.async_update_entity(gas, disabled_by=er.RegistryEntryDisabler.USER)
    simulator.prices = contracts
    entry.runtime_data.history.price_book.expire()
    await entry.runtime_data.history.price_book.refresh()
    await tick(3700)
    await imported(hass, entry)
    # Home Assistant reloads the entry half a minute after its entities are enabled.
    await tick(31)
    await imported(hass, entry)
    found = registered(hass, entry)
    assert found.pop("cost_today_gas") is er.RegistryEntryDisabler.USER
    assert set(found.values()) == {None}
    await tick(COOLDOWN + 1)
    assert float(state_of(hass, TODAY).state) > 0


async def test_current_price_of_the_contracts(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """Of two registers, that of the tariff in force has the price."""
    gas = state_of(hass, GAS_PRICE)
    assert float(gas.state) == pytest.approx(1.32456)
    assert gas.attributes["unit_of_measurement"] == "EUR/m³"
    assert gas.attributes["state_class"] == "measurement"
    export = state_of(hass, "sensor.electricity_meter_export_price")
    assert float(export.state) == pytest.approx(0.07)
    # The meter counts during the low tariff on a Saturday.
    power = state_of(hass, PRICE)
    assert float(power.state) == pytest.approx(0.24153)
    assert power.attributes["unit_of_measurement"] == "EUR/kWh"


async def test_current_price_follows_the_tariff_in_force(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    """It changes when the meter counts in its other register."""
    for number, price in ((2, 0.26271), (1, 0.24153)):
        simulator.tariff = number
        freezer.tick(timedelta(minutes=2))
        async_fire_time_changed(hass)
        await finish_tasks(hass)
        assert float(state_of(hass, PRICE).state) == pytest.approx(price)


async def test_current_price_changes_at_the_full_hour(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A tariff that is dearer from 12 o'clock on (11:00 UTC) is so at once."""
    await hass.config_entries.async_remove(entry.entry_id)
    rules = [{"from_hour": 12, "to_hour": 20, "price": 45.0}]
    timed = with_tariffs(entry, tariff(price_type="timed", price=30.0, rules=rules))
    timed.add_to_hass(hass)
    await set_up(hass, timed)
    state = state_of(hass, PRICE)
    assert float(state.state) == pytest.approx(0.30)
    assert state.attributes["unit_of_measurement"] == "EUR/kWh"
    for moment, price in (
        (datetime(2026, 11, 21, 10, 59, 59, tzinfo=UTC), 0.30),
        (datetime(2026, 11, 21, 11, 0, 1, tzinfo=UTC), 0.45),
        (datetime(2026, 11, 21, 19, 0, 1, tzinfo=UTC), 0.30),
    ):
        freezer.move_to(moment)
        async_fire_time_changed(hass)
        await finish_tasks(hass)
        assert float(state_of(hass, PRICE).state) == pytest.approx(price), moment


async def test_an_entry_without_history_has_no_costs(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """Its sensors are removed when the user switches the history off."""
    assert registered(hass, loaded)
    hass.config_entries.async_update_entry(
        loaded, options={**loaded.options, "history": False}
    )
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await hass.async_block_till_done()
    assert not registered(hass, loaded)
