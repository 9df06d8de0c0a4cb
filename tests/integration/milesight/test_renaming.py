"""A name that a person gives to a device is taken over by the server."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util
from simulators.milesight import MilesightSimulator
from simulators.milesight.model import Device

from ..conftest import finish_tasks, set_up


@pytest.fixture
def device(simulator: MilesightSimulator) -> Device:
    return simulator.world.device("Boiler plug")


@pytest.fixture(params=[True])
def is_wanted(request: pytest.FixtureRequest) -> bool:
    """Return whether the person wants that, which is not the default."""
    return bool(request.param)


@pytest.fixture
async def renaming(
    hass: HomeAssistant, entry: MockConfigEntry, is_wanted: bool
) -> MockConfigEntry:
    """Return an entry that is set up."""
    options = {**entry.options, "rename_devices": True} if is_wanted else entry.options
    hass.config_entries.async_update_entry(entry, options=options)
    await set_up(hass, entry)
    return entry


def registered(
    hass: HomeAssistant, entry: MockConfigEntry, name: str
) -> dr.DeviceEntry:
    """Return the device that has a name on the server."""
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    (found,) = (device for device in devices if device.name == name)
    return found


async def rename(
    hass: HomeAssistant, entry: MockConfigEntry, old: str, new: str | None
) -> None:
    found = registered(hass, entry, old)
    dr.async_get(hass).async_update_device(found.id, name_by_user=new)
    await finish_tasks(hass)


def puts(simulator: MilesightSimulator) -> int:
    """Return how often a device was renamed."""
    sent = simulator.faults.requests
    return sum(request.method == "PUT" for request in sent)


async def test_both_ways_and_no_loop(
    hass: HomeAssistant,
    renaming: MockConfigEntry,
    simulator: MilesightSimulator,
    device: Device,
) -> None:
    """The server's own name is taken over as well, and sent back to nobody."""
    await rename(hass, renaming, "Boiler plug", "Heater")
    assert device.name == "Heater"
    await renaming.runtime_data.inventory.async_refresh()
    await hass.async_block_till_done()
    assert registered(hass, renaming, "Heater").name_by_user == "Heater"
    await rename(hass, renaming, "Heater", None)
    assert device.name == "Heater"
    simulator.world.rename(device, "Cellar", dt_util.utcnow())
    await renaming.runtime_data.inventory.async_refresh()
    await hass.async_block_till_done()
    assert registered(hass, renaming, "Cellar").name_by_user is None
    assert puts(simulator) == 1


@pytest.mark.parametrize("is_wanted", [False], indirect=True)
async def test_only_if_it_is_wanted(
    hass: HomeAssistant,
    renaming: MockConfigEntry,
    simulator: MilesightSimulator,
    device: Device,
) -> None:
    await rename(hass, renaming, "Boiler plug", "Heater")
    assert device.name == "Boiler plug"
    assert puts(simulator) == 0


async def test_a_user_who_must_not_rename(
    hass: HomeAssistant,
    renaming: MockConfigEntry,
    simulator: MilesightSimulator,
    device: Device,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Home Assistant's name stays, and the log says that the server has another."""
    simulator.user.super_admin = False
    simulator.user.functions = frozenset({"device.view"})
    await rename(hass, renaming, "Boiler plug", "Heater")
    assert device.name == "Boiler plug"
    assert registered(hass, renaming, "Boiler plug").name_by_user == "Heater"
    assert puts(simulator) == 1
    assert "a device was not renamed" in caplog.text
    assert "Heater" not in caplog.messages[-1]
