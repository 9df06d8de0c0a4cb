"""The names, devices and keys of Beaver IoT in Home Assistant."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.metering.point_settings import CONF_POINTS
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from simulators.milesight import MilesightSimulator

from ..conftest import set_up
from .helpers import PREFIX, entity_id_of, key_of


def friendly_name(
    hass: HomeAssistant, simulator: MilesightSimulator, identifier: str
) -> str:
    """Return the name of an entity of the first plug."""
    entity_id = entity_id_of(hass, simulator, "Boiler plug", identifier)
    state = hass.states.get(entity_id)
    assert state is not None
    return str(state.attributes["friendly_name"])


@pytest.mark.parametrize(
    ("language", "power", "current", "socket"),
    [
        ("en", "Power", "Current", "Socket"),
        ("de", "Leistung", "Strom", "Steckdose"),
        ("nl", "Vermogen", "Stroomsterkte", "Stopcontact"),
    ],
)
async def test_names_are_in_the_users_language(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: MilesightSimulator,
    language: str,
    power: str,
    current: str,
    socket: str,
) -> None:
    """A class that occurs once has the name that Home Assistant gives to it."""
    hass.config.language = language
    await set_up(hass, entry)
    assert friendly_name(hass, simulator, "active_power") == f"Boiler plug {power}"
    assert friendly_name(hass, simulator, "current").startswith("Boiler plug ")
    assert friendly_name(hass, simulator, "socket_status") == f"Boiler plug {socket}"


async def test_a_renamed_entity_keeps_the_words_of_its_user(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: MilesightSimulator
) -> None:
    simulator.world.entity("Boiler plug", "active_power").name = "Cellar pump"
    await set_up(hass, entry)
    name = friendly_name(hass, simulator, "active_power")
    assert name == "Boiler plug Cellar pump"


async def test_a_devices_own_status_moves_to_the_key_that_no_update_takes(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: MilesightSimulator
) -> None:
    """Until now its key depended on whether the server had `@status` as well."""
    world = simulator.world
    status = world.entity("Boiler plug", "voltage")
    plain = key_of(simulator, "Boiler plug", "@status")
    status.key = f"{world.device('Boiler plug').key}.status"
    entities = er.async_get(hass)
    old = entities.async_get_or_create(
        Platform.SENSOR,
        DOMAIN,
        f"{PREFIX}{plain}",
        config_entry=entry,
        suggested_object_id="my_status",
    )
    entities.async_update_entity(old.entity_id, name="Meine Spannung")
    hass.config_entries.async_update_entry(
        entry, options={**entry.options, CONF_POINTS: {plain: {"trusted": True}}}
    )
    await set_up(hass, entry)
    points = entry.runtime_data.inventory.data.points
    [own] = [point for point in points.values() if point.former_keys == (plain,)]
    moved = entities.async_get(old.entity_id)
    assert moved is not None
    assert moved.unique_id == f"{entry.unique_id}_{own.key}"
    assert moved.name == "Meine Spannung"
    online = entities.async_get_entity_id(
        Platform.BINARY_SENSOR, DOMAIN, f"{entry.unique_id}_{plain}"
    )
    assert online is not None
    before = {each.unique_id: each.entity_id for each in entities.entities.values()}
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    after = {each.unique_id: each.entity_id for each in entities.entities.values()}
    assert after == before


async def test_devices_show_what_they_report_about_themselves(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    registry = dr.async_get(hass)
    devices = dr.async_entries_for_config_entry(registry, loaded.entry_id)
    [plug] = [each for each in devices if each.name == "Boiler plug"]
    assert plug.model == "WS523"
    assert (plug.sw_version, plug.hw_version) == ("v1.4", "v1.1")
    assert (plug.serial_number or "").startswith("6621D")
