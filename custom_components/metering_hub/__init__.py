"""Metering Hub: meters of four platforms, as sensors and with their whole history."""

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import (
    config_validation as cv,
    device_registry as dr,
    issue_registry as ir,
)
from homeassistant.helpers.typing import ConfigType

from .backends import BACKENDS
from .backends.base import Capability
from .const import CONF_BACKEND, CONF_HISTORY, DOMAIN
from .coordinator import InventoryCoordinator, delete_unsupported_issue
from .dashboard.energy_dashboard import async_follow, async_report_left_sources
from .data import MeteringHubConfigEntry, RuntimeData
from .flow.connection import make_backend
from .history.coordinator import HistoryCoordinator, history_issue_id
from .identifiers import device_key_of
from .live.coordinator import ReadingsCoordinator
from .live.push import PushCoordinator
from .memory import BackendMemory
from .registry import Registrar
from .services import async_register_actions

PLATFORMS = (Platform.BINARY_SENSOR, Platform.EVENT, Platform.SENSOR)
CONTROL_PLATFORMS = (
    Platform.BUTTON,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SWITCH,
)
"""What only entries have whose backend can write."""

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the actions, which are there whether or not an entry is loaded."""
    async_register_actions(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: MeteringHubConfigEntry) -> bool:
    """Log in, find out what there is, and show it."""
    spec = BACKENDS[entry.data[CONF_BACKEND]]
    backend = make_backend(hass, spec, entry.data, entry.options)
    memory = BackendMemory(hass, entry)
    await memory.async_restore(backend)
    inventory = InventoryCoordinator(hass, entry, backend)
    await inventory.async_config_entry_first_refresh()
    readings = ReadingsCoordinator(hass, entry, inventory, spec.poll_interval)
    await readings.async_config_entry_first_refresh()
    registrar = Registrar(hass, entry)
    wants_history = entry.options.get(CONF_HISTORY, True)
    history = (
        HistoryCoordinator(hass, entry, inventory, spec)
        if wants_history and Capability.HISTORY in spec.capabilities
        else None
    )
    push = (
        PushCoordinator(hass, entry, readings)
        if Capability.WATCH in spec.capabilities
        else None
    )
    entry.runtime_data = RuntimeData(
        backend=backend,
        memory=memory,
        inventory=inventory,
        readings=readings,
        registrar=registrar,
        history=history,
        push=push,
    )
    _follow_inventory(hass, entry)
    await hass.config_entries.async_forward_entry_setups(entry, _platforms(entry))
    if push is not None:
        push.async_start()
    if history is not None:
        # Statistics are named after entities, which must exist before.
        history.async_start()
    await async_follow(hass, entry)
    return True


def _platforms(entry: MeteringHubConfigEntry) -> tuple[Platform, ...]:
    """Return the platforms that an entry's backend can have entities of."""
    spec = BACKENDS[entry.data[CONF_BACKEND]]
    can_write = Capability.WRITE in spec.capabilities
    return (*PLATFORMS, *CONTROL_PLATFORMS) if can_write else PLATFORMS


async def async_unload_entry(
    hass: HomeAssistant, entry: MeteringHubConfigEntry
) -> bool:
    """Take the entities down; the coordinators stop with them."""
    if not await hass.config_entries.async_unload_platforms(entry, _platforms(entry)):
        return False
    await entry.runtime_data.memory.async_save(entry.runtime_data.backend)
    return True


async def async_remove_entry(
    hass: HomeAssistant, entry: MeteringHubConfigEntry
) -> None:
    """Leave no repair card behind; the statistics stay, as they may be all there is."""
    delete_unsupported_issue(hass, entry)
    await async_report_left_sources(hass, entry)
    await BackendMemory(hass, entry).async_remove()
    ir.async_delete_issue(hass, DOMAIN, history_issue_id(entry))


async def async_migrate_entry(
    hass: HomeAssistant, entry: MeteringHubConfigEntry
) -> bool:
    """Refuse an entry that a newer version wrote; there is no older one yet."""
    return entry.version == 1


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: MeteringHubConfigEntry, device: dr.DeviceEntry
) -> bool:
    """Let a person remove a device only when the server no longer has it."""
    key = device_key_of(entry, device.identifiers)
    return key not in entry.runtime_data.inventory.data.devices


def _follow_inventory(hass: HomeAssistant, entry: MeteringHubConfigEntry) -> None:
    """Keep the registries in step, and start anew when a point becomes another one."""
    inventory, registrar = entry.runtime_data.inventory, entry.runtime_data.registrar
    registrar.sync(inventory.data, inventory.found)
    entry.runtime_data.memory.async_delay_save(entry.runtime_data.backend)
    described = dict(inventory.data.points)

    @callback
    def follow() -> None:
        if not inventory.last_update_success:
            return
        entry.runtime_data.memory.async_delay_save(entry.runtime_data.backend)
        points = inventory.data.points
        if any(points[key] != described[key] for key in points.keys() & described):
            hass.config_entries.async_schedule_reload(entry.entry_id)
            return
        described.update(points)
        registrar.sync(inventory.data, inventory.found)

    entry.async_on_unload(inventory.async_add_listener(follow))
