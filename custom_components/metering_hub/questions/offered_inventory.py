"""What the options of an entry offer, also while the entry is not loaded."""

import asyncio
from dataclasses import dataclass, field

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from ..backends import BACKENDS
from ..backends.base import Memory
from ..backends.errors import BackendError
from ..const import CONF_BACKEND, CONF_DEVICES, CONF_KNOWN_DEVICES
from ..data import MeteringHubConfigEntry
from ..errors import StoppingError
from ..errors.stopping import ended_at_stop
from ..flow.connection import make_backend
from ..flow.inventory_store import InventoryStore
from ..flow.selection import selected_devices
from ..memory import BackendMemory
from ..metering.inventory import Inventory
from ..metering.meter_roles import keys_of
from ..metering.model import Device
from ..registry.names import device_names

ATTEMPT_SECONDS = 5.0
"""How long a form waits for a server of which no inventory is stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedInventory:
    """The selected part of an inventory (`data`), and all that was `found`.

    `learned` is the backend's memory. Of an entry that is not loaded, and of which
    nothing is stored, only the devices of its options are known; then it is not
    complete.
    """

    data: Inventory
    found: Inventory
    learned: Memory = field(default_factory=dict)
    is_complete: bool = True


async def async_offered_inventory(
    hass: HomeAssistant, entry: MeteringHubConfigEntry
) -> OfferedInventory:
    """Return the present inventory, else the stored one, else what an attempt finds.

    If all of this fails, return the devices that the user has chosen.
    """
    if entry.state is ConfigEntryState.LOADED:
        inventory = entry.runtime_data.inventory
        return OfferedInventory(
            data=inventory.data,
            found=inventory.found,
            learned=inventory.backend.remember(),
        )
    if (found := await InventoryStore(hass, entry).async_load()) is None:
        found = await _async_attempt(hass, entry)
    is_complete = found is not None
    if found is None:
        found = _chosen_devices(hass, entry)
    selected = selected_devices(found, entry.options)
    return OfferedInventory(
        data=found.select(selected), found=found, is_complete=is_complete
    )


async def _async_attempt(
    hass: HomeAssistant, entry: MeteringHubConfigEntry
) -> Inventory | None:
    """Return what the server has, or `None` if it does not answer in time."""
    spec = BACKENDS[entry.data[CONF_BACKEND]]
    try:
        backend = make_backend(hass, spec, entry.data, entry.options)
        await BackendMemory(hass, entry).async_restore(backend, {})
        async with ended_at_stop(hass), asyncio.timeout(ATTEMPT_SECONDS):
            await backend.connect()
            return await backend.inventory()
    except BackendError, StoppingError, TimeoutError:
        return None


def _chosen_devices(hass: HomeAssistant, entry: MeteringHubConfigEntry) -> Inventory:
    """Return the devices of the entry's options, with the names in the registry."""
    names = device_names(hass, entry)
    keys = keys_of(entry.options.get(CONF_DEVICES)) | keys_of(
        entry.options.get(CONF_KNOWN_DEVICES)
    )
    return Inventory(
        {key: Device(key=key, name=names.get(key)) for key in sorted(keys)}, {}
    )
