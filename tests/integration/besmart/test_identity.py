"""An account is identified by its server and its login, and loses nothing by that."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.backends import BACKENDS
from custom_components.metering_hub.const import DOMAIN
from custom_components.metering_hub.history.statistic import statistic_prefix
from homeassistant.components.recorder import Recorder
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr, entity_registry as er
from simulators.besmart import BesmartSimulator
from simulators.server import serve

from ..conftest import shown
from .conftest import DELIVERED, HOUSE
from .test_flow import SELECTION, choose, form, open_form, reconfigure

SPEC = BACKENDS["besmart"]
OLD = "besmart:anna"


@pytest.fixture
def entry(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    """Return an entry of the first version."""
    hass.config_entries.async_update_entry(entry, minor_version=1)
    return entry


def register_old(hass: HomeAssistant, entry: MockConfigEntry) -> tuple[str, str]:
    """Register a device and an entity as version 1.1 did, with what a user set."""
    devices, entities = dr.async_get(hass), er.async_get(hass)
    device = devices.async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={(DOMAIN, f"{OLD}_{HOUSE}")},
        name="Dom",
    )
    devices.async_update_device(device.id, name_by_user="Mein Haus")
    entity = entities.async_get_or_create(
        "sensor",
        DOMAIN,
        f"{OLD}_{HOUSE}_signal_32",
        config_entry=entry,
        device_id=device.id,
        suggested_object_id="my_meter",
    )
    entities.async_update_entity(entity.entity_id, name="Bezug")
    return device.id, entity.entity_id


async def test_an_entry_of_version_1_1_keeps_everything(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Entity ids, names, devices and the ids of statistics stay as they are."""
    device_id, entity_id = register_old(hass, entry)
    prefix = statistic_prefix(entry, SPEC)
    assert (entry.version, entry.minor_version) == (1, 1)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert (entry.version, entry.minor_version) == (1, 3)
    assert entry.unique_id not in (None, OLD)
    assert statistic_prefix(entry, SPEC) == prefix
    assert float(shown(hass, entity_id)) > 0
    registered = er.async_get(hass).async_get(entity_id)
    assert registered is not None
    assert registered.unique_id == f"{entry.unique_id}_{HOUSE}_signal_32"
    assert (registered.name, registered.device_id) == ("Bezug", device_id)
    device = dr.async_get(hass).async_get(device_id)
    assert device is not None
    assert device.identifiers == {(DOMAIN, f"{entry.unique_id}_{HOUSE}")}
    assert device.name_by_user == "Mein Haus"
    own = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    assert not [each for each in own if each.unique_id.startswith(f"{OLD}_")]
    unique_id = entry.unique_id
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert (entry.unique_id, statistic_prefix(entry, SPEC)) == (unique_id, prefix)


async def test_the_same_login_at_another_server(
    hass: HomeAssistant, url: str, simulator: BesmartSimulator
) -> None:
    """It is another account, with other statistics, also beside a migrated entry."""
    step = await choose(hass, await open_form(hass), form(url, simulator))
    first = (await choose(hass, step, SELECTION))["result"]
    async with serve(simulator.app) as other:
        step = await open_form(hass)
        step = await choose(hass, step, form(f"{other}/api", simulator))
        step = await choose(hass, step, SELECTION)
        assert step["type"] is FlowResultType.CREATE_ENTRY
        second = step["result"]
        assert second.state is ConfigEntryState.LOADED
        assert first.unique_id != second.unique_id
        assert statistic_prefix(first, SPEC) != statistic_prefix(second, SPEC)
        devices = dr.async_get(hass)
        for each in (first, second):
            assert len(dr.async_entries_for_config_entry(devices, each.entry_id)) >= 3
        step = await choose(
            hass, await open_form(hass), form(f"{other}/api", simulator)
        )
        assert step["reason"] == "already_configured"
        await hass.config_entries.async_unload(second.entry_id)


async def test_a_moved_server_keeps_its_statistics(
    hass: HomeAssistant, url: str, simulator: BesmartSimulator
) -> None:
    """The user gives the same account another address."""
    step = await choose(hass, await open_form(hass), form(url, simulator))
    entry = (await choose(hass, step, SELECTION))["result"]
    unique_id, prefix = entry.unique_id, statistic_prefix(entry, SPEC)
    async with serve(simulator.app) as other:
        step = await reconfigure(hass, entry)
        moved = await choose(hass, step, form(f"{other}/api", simulator))
        assert moved["reason"] == "reconfigure_successful"
        assert (entry.unique_id, statistic_prefix(entry, SPEC)) == (unique_id, prefix)
        assert float(shown(hass, DELIVERED)) > 0
        await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize("wants_history", [True])
async def test_statistics_go_on_after_the_migration(
    recorder_mock: Recorder, hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """The history is imported under the ids that it had."""
    prefix = statistic_prefix(entry, SPEC)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.runtime_data.history.prefix == prefix
