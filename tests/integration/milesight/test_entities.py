"""Entities of a Beaver IoT: their states, changes and controls."""

import asyncio

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.live.push import UpdateMode
from custom_components.metering_hub.registry.registrar import GONE_AFTER
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import (
    ATTR_ENTITY_ID,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    EntityCategory,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from simulators.faults import Drop, Fault
from simulators.milesight import MilesightSimulator, Override

from ..conftest import Tick, finish_tasks, set_up, shown
from ..plug import eventually
from .helpers import entity_id_of, key_of

VOLTAGE = "sensor.boiler_plug_voltage"
ENERGY = "sensor.boiler_plug_energy"
RELAY = "switch.boiler_plug_socket"
ONLINE = "binary_sensor.boiler_plug_connection"


def mode(entry: MockConfigEntry) -> UpdateMode:
    """Return the current update mode."""
    found: UpdateMode = entry.runtime_data.push.data
    return found


async def call(
    hass: HomeAssistant, service: str, entity_id: str, **data: object
) -> None:
    """Call a service of the entity's own domain."""
    domain = entity_id.partition(".")[0]
    await hass.services.async_call(
        domain, service, {ATTR_ENTITY_ID: entity_id, **data}, blocking=True
    )


async def test_server_has_its_own_device(
    hass: HomeAssistant, loaded: MockConfigEntry, tick: Tick
) -> None:
    """Entities of the server itself have a device of their own, which stays."""
    devices = dr.async_get(hass)
    sensor = er.async_get(hass).async_get("sensor.beaver_iot_update_mode")
    assert sensor is not None
    server = devices.async_get(sensor.device_id or "")
    assert server is not None
    assert server.name == "Beaver IoT"
    assert server.entry_type is dr.DeviceEntryType.SERVICE
    for _ in range(GONE_AFTER):
        await tick(3600)
    assert devices.async_get(server.id) is not None


async def test_entities_of_every_release(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: MilesightSimulator,
    release: str,
) -> None:
    """A plug's values, classes and categories are right, whatever the release."""
    entity = simulator.world.entity("Boiler plug", "power_consumption")
    latest = simulator.store.latest(entity)
    assert latest is not None
    state = hass.states.get(ENERGY)
    assert state is not None
    assert isinstance(latest.value, int)
    # The server says Wh; so many digits are easier to read in kWh.
    assert float(state.state) == pytest.approx(latest.value / 1000)
    assert state.attributes["device_class"] == "energy"
    assert state.attributes["state_class"] == "total_increasing"
    assert state.attributes["unit_of_measurement"] == "kWh"
    assert shown(hass, RELAY) == "on"
    assert (hass.states.get(ONLINE) is not None) is (release == "1.3.1")
    registry = er.async_get(hass)
    setting = registry.async_get(
        entity_id_of(hass, simulator, "Boiler plug", "reporting_interval")
    )
    assert setting is not None
    assert setting.domain == "number"
    assert setting.disabled
    assert setting.entity_category is EntityCategory.CONFIG
    device = dr.async_get(hass).async_get(setting.device_id or "")
    assert device is not None
    assert (device.name, device.model) == ("Boiler plug", "WS523")


@pytest.mark.usefixtures("all_enabled")
async def test_all_entities_have_a_state(
    hass: HomeAssistant, loaded: MockConfigEntry, release: str, tick: Tick
) -> None:
    """No entity is unavailable, enabled by default or not."""
    await tick(60)
    states = [
        state for state in hass.states.async_all() if state.state == STATE_UNAVAILABLE
    ]
    assert states == []
    unknown = {
        state.entity_id
        for state in hass.states.async_all()
        if state.state == STATE_UNKNOWN
        and not state.entity_id.startswith(("button.", "event."))
    }
    # Nobody has put a device on the map.
    assert all(each.endswith("_position_on_the_map") for each in unknown)


@pytest.mark.parametrize("devices", [24])
async def test_poll_of_the_newest_release_is_one_request(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: MilesightSimulator,
    tick: Tick,
) -> None:
    """24 devices with 150 entities cost one request every half minute."""
    await finish_tasks(hass)
    simulator.faults.clear_requests()
    await tick(30)
    await tick(30)
    assert simulator.faults.count("batch-get-status") == 2
    assert simulator.faults.count("/api/v1/entity") == 2


async def test_switch_switches_the_plug(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: MilesightSimulator,
    release: str,
) -> None:
    """A switch in Home Assistant switches the simulated plug."""
    await call(hass, "turn_off", RELAY)
    entity = simulator.world.entity("Boiler plug", "socket_status")
    latest = simulator.store.latest(entity)
    assert latest is not None
    assert latest.value is False
    assert shown(hass, RELAY) == "off"
    await call(hass, "turn_on", RELAY)
    assert shown(hass, RELAY) == "on"


@pytest.mark.usefixtures("all_enabled")
async def test_refused_setting_is_reported(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: MilesightSimulator
) -> None:
    """The user sees the server's own words."""
    number = entity_id_of(hass, simulator, "Boiler plug", "reporting_interval")
    entity = simulator.world.entity("Boiler plug", "reporting_interval")
    entity.attribute = {**entity.attribute, "min": 300}
    with pytest.raises(ServiceValidationError) as caught:
        await call(hass, "set_value", number, value=120)
    assert "120 is out of valid range [300, 64800]" in str(caught.value)
    await call(hass, "set_value", number, value=900)
    assert float(shown(hass, number)) == 900


@pytest.mark.usefixtures("all_enabled")
async def test_choice_and_button(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: MilesightSimulator
) -> None:
    """An option is set by its label; a button resets the plug's register."""
    select = entity_id_of(hass, simulator, "Boiler plug", "led_mode")
    await call(hass, "select_option", select, option="Follow")
    await call(hass, "select_option", select, option="off")
    latest = simulator.store.latest(simulator.world.entity("Boiler plug", "led_mode"))
    assert latest is not None
    assert latest.value == 0
    button = entity_id_of(hass, simulator, "Boiler plug", "reset_power_consumption")
    await call(hass, "press", button)
    register = simulator.world.entity("Boiler plug", "power_consumption")
    latest = simulator.store.latest(register)
    assert latest is not None
    assert latest.value == 0


async def test_push_shows_within_two_seconds(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: MilesightSimulator,
    tick: Tick,
    release: str,
) -> None:
    """A report updates the state within two seconds, without a poll."""
    await eventually(lambda: mode(loaded) is UpdateMode.PUSH)
    hub = simulator.notifier
    await eventually(
        lambda: bool(hub.broker.subscriptions or hub.websocket.subscriptions)
    )
    entity = simulator.world.entity("Boiler plug", "voltage")
    simulator.world.override(entity, Override(199.5))
    await tick(1)
    assert shown(hass, VOLTAGE) != "199.5"
    debouncer = loaded.runtime_data.readings._debouncer
    await simulator.report_now("Boiler plug")
    await eventually(lambda: bool(debouncer._keys))
    await tick(1.1)
    assert shown(hass, VOLTAGE) == "199.5"


async def test_lost_push_leaves_polling(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: MilesightSimulator,
    tick: Tick,
    release: str,
) -> None:
    """Without the broker, polling continues."""
    await eventually(lambda: mode(loaded) is UpdateMode.PUSH)
    simulator.mqtt_refuses = simulator.websocket_silent = True
    await asyncio.sleep(0)
    await simulator.notifier.drop()
    await eventually(lambda: mode(loaded) is UpdateMode.POLLING)
    entity = simulator.world.entity("Boiler plug", "voltage")
    simulator.world.override(entity, Override(198.5))
    await tick(60)
    assert shown(hass, VOLTAGE) == "198.5"
    assert loaded.state is ConfigEntryState.LOADED


async def test_offline_device_is_not_available(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: MilesightSimulator,
    tick: Tick,
) -> None:
    """The values of an offline plug are unavailable."""
    assert shown(hass, ONLINE) == "on"
    simulator.world.device("Boiler plug").status = "OFFLINE"
    await tick(30)
    assert shown(hass, ONLINE) == "off"
    assert shown(hass, VOLTAGE) == STATE_UNAVAILABLE
    assert shown(hass, "sensor.laundry_plug_voltage") != STATE_UNAVAILABLE
    simulator.world.device("Boiler plug").status = None
    await tick(30)
    assert shown(hass, ONLINE) == "on"
    assert float(shown(hass, VOLTAGE)) > 0


async def test_outage_and_recovery(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: MilesightSimulator,
    tick: Tick,
    release: str,
) -> None:
    """Entities are unavailable during an outage, and recover after it."""
    simulator.faults.add(Fault(Drop(), "entity"))
    await tick(60)
    assert shown(hass, VOLTAGE) == STATE_UNAVAILABLE
    simulator.faults.clear()
    await tick(60)
    assert float(shown(hass, VOLTAGE)) > 0


async def test_token_revoked_in_mid_poll_is_not_noticed(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: MilesightSimulator,
    tick: Tick,
    release: str,
) -> None:
    """A revoked token is renewed without a reauth flow."""
    simulator.sessions.revoke()
    await tick(60)
    assert float(shown(hass, VOLTAGE)) > 0
    assert not hass.config_entries.flow.async_progress_by_handler(DOMAIN)


async def test_lost_permissions_raise_a_repair_issue(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: MilesightSimulator,
    tick: Tick,
) -> None:
    """Lost permissions raise a repair issue; the devices stay."""
    user = simulator.user
    user.super_admin, user.devices = False, frozenset()
    assert await hass.config_entries.async_reload(loaded.entry_id) is False
    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"unsupported_{loaded.entry_id}")
    assert issue is not None
    assert issue.translation_key == "no_data_permission"
    assert er.async_get(hass).async_get(VOLTAGE) is not None
    user.devices = None
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await hass.async_block_till_done()
    assert (
        ir.async_get(hass).async_get_issue(DOMAIN, f"unsupported_{loaded.entry_id}")
        is None
    )
    assert float(shown(hass, VOLTAGE)) > 0


async def test_device_renamed_added_deleted_and_added_again(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: MilesightSimulator,
    tick: Tick,
) -> None:
    """Entities follow their devices, and stay the same after a new pairing."""
    world = simulator.world
    unique_id = er.async_get(hass).async_get(VOLTAGE)
    assert unique_id is not None
    device = world.device("Boiler plug")
    world.rename(device, "Water heater", simulator.clock())
    world.add_device(6, simulator.now - 7200)
    await tick(3600)
    await tick(60)
    names = {
        each.name
        for each in dr.async_entries_for_config_entry(
            dr.async_get(hass), loaded.entry_id
        )
    }
    assert {"Water heater", "Hall lights"} <= names
    assert float(shown(hass, "sensor.hall_lights_voltage")) > 0
    world.delete(device)
    await tick(3600)
    assert shown(hass, VOLTAGE) in (STATE_UNKNOWN, STATE_UNAVAILABLE)
    world.add_again(device, simulator.clock())
    simulator.world.device("Water heater").reported.append(simulator.now)
    await tick(3600)
    await tick(60)
    assert float(shown(hass, VOLTAGE)) > 0
    again = er.async_get(hass).async_get(VOLTAGE)
    assert again is not None
    assert again.unique_id == unique_id.unique_id


async def test_entity_whose_unit_changes(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: MilesightSimulator,
    tick: Tick,
) -> None:
    """A new unit is used, so that no value has the wrong one."""
    entity = simulator.world.entity("Boiler plug", "voltage")
    simulator.world.change(entity, simulator.clock(), unit="mV", scale=1000)
    await tick(3600)
    await tick(60)
    state = hass.states.get(VOLTAGE)
    assert state is not None
    key = key_of(simulator, "Boiler plug", "voltage")
    assert loaded.runtime_data.inventory.data.points[key].unit == "mV"
    # Home Assistant goes on showing volts, and converts.
    assert state.attributes["unit_of_measurement"] == "V"
    assert 200 < float(state.state) < 260


async def test_restart_of_home_assistant(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: MilesightSimulator,
    release: str,
) -> None:
    """Everything is as before after a reload, and requested only once."""
    before = {state.entity_id for state in hass.states.async_all()}
    assert await hass.config_entries.async_unload(loaded.entry_id)
    assert shown(hass, VOLTAGE) == STATE_UNAVAILABLE
    simulator.faults.clear_requests()
    await set_up(hass, loaded)
    assert {state.entity_id for state in hass.states.async_all()} == before
    assert float(shown(hass, VOLTAGE)) > 0
    assert simulator.faults.count("user/status") == 1
    assert simulator.faults.count("oauth2/token") == 1
    assert simulator.faults.count("device/search") == 1
