"""Set-up, failures, recovery, unloading and removal of an entry."""

import asyncio
import logging

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub import (
    async_migrate_entry,
    async_remove_config_entry_device,
)
from custom_components.metering_hub.const import DOMAIN
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.faults import Drop, Fault, busy, drop_fields, html_error
from simulators.house import House

from .conftest import HOUSE_START, Tick, set_up, shown

POWER = "sensor.electricity_meter_power"
TODAY = "sensor.electricity_meter_delivered_today"
PROBLEMS = "binary_sensor.electricity_meter_problems"
GAS = "sensor.gas_meter_meter_reading"
HOUR = 3600


async def test_unload_and_reload_leave_nothing_behind(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """An unloaded entry sends no requests; after a reload all is as before."""
    states = {state.entity_id for state in hass.states.async_all()}
    assert await hass.config_entries.async_unload(loaded.entry_id)
    assert loaded.state is ConfigEntryState.NOT_LOADED
    assert shown(hass, POWER) == STATE_UNAVAILABLE
    requests = simulator.faults.count()
    await tick(HOUR)
    assert simulator.faults.count() == requests
    await set_up(hass, loaded)
    assert {state.entity_id for state in hass.states.async_all()} == states
    assert shown(hass, POWER) != STATE_UNAVAILABLE


async def test_set_up_takes_few_requests(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: DsmrReaderSimulator
) -> None:
    """Set-up sends a limited number of requests."""
    await set_up(hass, entry)
    assert simulator.faults.count() <= 16


async def test_server_down_at_start_is_retried(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """Set-up is retried until the server is up."""
    simulator.faults.add(Fault(Drop()))
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.reason is not None
    assert "There is no connection to the server" in entry.reason
    simulator.faults.clear()
    await tick(20)
    assert entry.state is ConfigEntryState.LOADED


async def test_wrong_key_at_start_starts_reauth(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: DsmrReaderSimulator
) -> None:
    """A wrong key starts a reauthentication instead of endless retries."""
    simulator.api_key = "another"
    assert not await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.SETUP_ERROR
    [flow] = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == "reauth"


async def test_key_changed_while_running_starts_reauth_at_once(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """One refused poll is enough to ask the user."""
    simulator.api_key = "another"
    await tick(10)
    [flow] = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == "reauth"
    assert shown(hass, POWER) == STATE_UNAVAILABLE


async def test_disabled_api_is_a_repair_issue_until_it_is_enabled(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    issue_registry: ir.IssueRegistry,
    tick: Tick,
) -> None:
    """A repair issue explains what to do, and disappears afterwards."""
    issue_id = f"unsupported_{loaded.entry_id}"
    simulator.api_enabled = False
    await tick(10)
    issue = issue_registry.async_get_issue(DOMAIN, issue_id)
    assert issue is not None
    assert issue.translation_key == "api_disabled"
    assert shown(hass, POWER) == STATE_UNAVAILABLE
    assert not hass.config_entries.flow.async_progress()
    simulator.api_enabled = True
    await tick(10)
    assert issue_registry.async_get_issue(DOMAIN, issue_id) is None
    assert shown(hass, POWER) != STATE_UNAVAILABLE


async def test_disabled_api_at_start(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    issue_registry: ir.IssueRegistry,
    tick: Tick,
) -> None:
    """A failed set-up also creates the issue; removing the entry deletes it."""
    simulator.api_enabled = False
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert len(issue_registry.issues) == 1
    await hass.config_entries.async_remove(entry.entry_id)
    assert len(issue_registry.issues) == 0


async def test_single_failed_request_is_not_shown(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """A single failed request is repeated before entities become unavailable."""
    simulator.faults.add(Fault(html_error(500), times=1))
    await tick(10)
    assert shown(hass, POWER) != STATE_UNAVAILABLE


async def test_outage_is_logged_once_and_ends(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """All entities are unavailable while the server is down."""
    caplog.set_level(logging.INFO, "custom_components.metering_hub")
    simulator.faults.add(Fault(Drop()))
    for _ in range(10):
        await tick(10)
    assert {
        state.state for state in hass.states.async_all() if "meter" in state.entity_id
    } == {STATE_UNAVAILABLE}
    errors = [
        record
        for record in caplog.records
        if record.name.startswith("custom_components.metering_hub")
        and record.levelno >= logging.WARNING
    ]
    assert len(errors) == 1
    simulator.faults.clear()
    await tick(10)
    for entity_id in (POWER, TODAY, PROBLEMS, GAS):
        assert shown(hass, entity_id) != STATE_UNAVAILABLE


async def test_broken_endpoint_affects_its_own_sensors_only(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A failing endpoint is logged once; other sensors stay available."""
    simulator.faults.add(Fault(html_error(500), "today"))
    for _ in range(3):
        await tick(60)
    assert shown(hass, TODAY) == STATE_UNAVAILABLE
    assert shown(hass, POWER) != STATE_UNAVAILABLE
    assert shown(hass, PROBLEMS) == "off"
    assert caplog.text.count("some readings are missing") == 1
    simulator.faults.clear()
    await tick(60)
    assert shown(hass, TODAY) != STATE_UNAVAILABLE


async def test_rate_limit_is_respected(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """There is no request while the server asks for a pause."""
    simulator.faults.add(Fault(busy(429, 120), times=1))
    await tick(10)
    requests = simulator.faults.count()
    for _ in range(9):
        await tick(10)
    assert simulator.faults.count() == requests
    await tick(40)
    assert simulator.faults.count() > requests


async def test_new_meter_appears_without_a_reload(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """A gas meter that is connected later appears automatically."""
    simulator.extra_device = "none"
    hass.config_entries.async_update_entry(
        entry,
        options={
            **entry.options,
            "devices": ["electricity_meter"],
            "known_devices": ["electricity_meter"],
        },
    )
    await set_up(hass, entry)
    assert hass.states.get(GAS) is None
    simulator.extra_device = "gas"
    await tick(HOUR)
    await tick(10)
    assert float(shown(hass, GAS)) > 0


async def test_new_meter_is_not_added_if_not_wanted(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """New devices are not added if the user disabled that."""
    hass.config_entries.async_update_entry(
        entry,
        options={
            **entry.options,
            "devices": ["electricity_meter"],
            "known_devices": ["electricity_meter"],
            "new_devices": False,
        },
    )
    await set_up(hass, entry)
    await tick(HOUR)
    assert hass.states.get(GAS) is None


async def test_missing_meter_is_removed_after_a_while(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    device_registry: dr.DeviceRegistry,
    tick: Tick,
) -> None:
    """A failing server removes nothing; a meter that stays missing is removed."""

    def names() -> list[str | None]:
        devices = dr.async_entries_for_config_entry(device_registry, loaded.entry_id)
        return sorted(device.name or "" for device in devices)

    simulator.faults.add(Fault(Drop()))
    for _ in range(5):
        await tick(HOUR)
    assert names() == ["DSMR-reader", "Electricity meter", "Gas meter"]
    simulator.faults.clear()
    simulator.extra_device = "none"
    await tick(HOUR)
    assert names() == ["DSMR-reader", "Electricity meter", "Gas meter"]
    for _ in range(3):
        await tick(HOUR)
    assert names() == ["DSMR-reader", "Electricity meter"]
    simulator.extra_device = "gas"
    await tick(HOUR)
    await tick(10)
    assert names() == ["DSMR-reader", "Electricity meter", "Gas meter"]
    assert float(shown(hass, GAS)) > 0


@pytest.mark.usefixtures("all_enabled")
async def test_missing_points_are_removed_after_a_while(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    entity_registry: er.EntityRegistry,
    tick: Tick,
) -> None:
    """The sensors of a phase that a new meter lacks are removed."""
    await set_up(hass, entry)
    entity_id = "sensor.electricity_meter_l2_voltage"
    simulator.faults.add(Fault(drop_fields("phase_voltage_l2"), "dsmrreading"))
    await tick(HOUR)
    assert entity_registry.async_get(entity_id) is not None
    for _ in range(3):
        await tick(HOUR)
    assert entity_registry.async_get(entity_id) is None


async def test_changed_kind_of_a_meter_reloads_the_entry(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    tick: Tick,
) -> None:
    """Points whose meaning changed are set up again."""
    simulator.belgian = True
    await tick(HOUR)
    await tick(10)
    registers = simulator.house.registers(simulator.clock())
    assert loaded.state is ConfigEntryState.LOADED
    normal = "electricity_delivered_1"
    assert float(registers[0]) > 0
    assert loaded.runtime_data.inventory.data.points[normal].translation_key == (
        "electricity_delivered_normal"
    )


async def test_only_missing_devices_can_be_removed_by_the_user(
    hass: HomeAssistant, loaded: MockConfigEntry, device_registry: dr.DeviceRegistry
) -> None:
    """A device that the server still has would be added again."""
    for device in dr.async_entries_for_config_entry(device_registry, loaded.entry_id):
        assert not await async_remove_config_entry_device(hass, loaded, device)
    gone = device_registry.async_get_or_create(
        config_entry_id=loaded.entry_id, identifiers={(DOMAIN, "dsmr_reader:house_old")}
    )
    assert await async_remove_config_entry_device(hass, loaded, gone)


@pytest.mark.parametrize(("version", "accepted"), [(1, True), (2, False)])
async def test_entries_of_newer_versions_are_refused(
    hass: HomeAssistant, version: int, accepted: bool
) -> None:
    """The entry of a newer version is not changed after a downgrade."""
    entry = MockConfigEntry(
        domain=DOMAIN, version=version, data={"backend": "dsmr_reader"}
    )
    entry.add_to_hass(hass)
    assert await async_migrate_entry(hass, entry) is accepted


async def test_manual_refresh_reads_all_points(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: DsmrReaderSimulator
) -> None:
    """A manual refresh includes points that are polled once an hour."""
    simulator.faults.clear_requests()
    await loaded.runtime_data.readings.async_request_refresh()
    await asyncio.sleep(0)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert simulator.faults.count("energy-supplier-prices") == 1


async def test_enabled_sensor_is_read_at_once(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    entity_registry: er.EntityRegistry,
) -> None:
    """The first state of a sensor that the user enabled is a value."""
    entity_id = "sensor.electricity_meter_l1_voltage"
    entity_registry.async_update_entity(entity_id, disabled_by=None)
    await hass.config_entries.async_reload(loaded.entry_id)
    await hass.async_block_till_done()
    assert float(shown(hass, entity_id)) > 200


@pytest.mark.parametrize(
    ("zone", "midnight"),
    [
        ("Europe/Amsterdam", "2026-11-21T00:00:00+01:00"),
        ("Europe/Lisbon", "2026-11-21T00:00:00+00:00"),
    ],
)
async def test_a_day_starts_at_midnight_on_the_server(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: DsmrReaderSimulator,
    zone: str,
    midnight: str,
) -> None:
    """Amounts of today count from midnight in the server's time zone."""
    simulator.house = House(7, HOUSE_START, zone)
    await set_up(hass, entry)
    state = hass.states.get(TODAY)
    assert state is not None
    assert state.attributes["last_reset"] == midnight
