"""The Metering Hub integration."""

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
from .const import CONF_BACKEND, CONF_ENERGY_DASHBOARD, CONF_HISTORY, DOMAIN
from .coordinator import InventoryCoordinator, delete_unsupported_issue
from .dashboard.energy_dashboard import (
    EntryMeters,
    async_follow,
    async_report_left_sources,
)
from .data import MeteringHubConfigEntry, RuntimeData
from .flow.connection import make_backend
from .history.audit.auditor import async_remove_audit
from .history.comparison_memory import ComparisonMemory
from .history.coordinator import HistoryCoordinator
from .history.failure_issue import FAILURES
from .history.memory import ImportMemory
from .history.news.memory import NewsStore
from .history.quality.memory import QualityMemory
from .history.settings_memory import SettingsMemory
from .history.warnings.validator import async_remove_validator
from .identifiers import device_key_of, entry_unique_id
from .live.coordinator import ReadingsCoordinator
from .live.push import PushCoordinator
from .memory import BackendMemory
from .questions.open_questions import delete_questions, follow_questions
from .registry import Registrar, async_change_identity, is_changed, move_entities
from .services import async_register_actions

PLATFORMS = (Platform.BINARY_SENSOR, Platform.EVENT, Platform.SENSOR)
CONTROL_PLATFORMS = (
    Platform.BUTTON,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SWITCH,
)
"""Additional platforms of backends that can write."""

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up the integration's actions."""
    async_register_actions(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: MeteringHubConfigEntry) -> bool:
    """Set up a config entry."""
    spec = BACKENDS[entry.data[CONF_BACKEND]]
    backend = make_backend(hass, spec, entry.data, entry.options)
    memory = BackendMemory(hass, entry)
    await memory.async_restore(backend)
    inventory = InventoryCoordinator(hass, entry, backend)
    await inventory.async_config_entry_first_refresh()
    move_entities(hass, entry, inventory.data.points.values())
    readings = ReadingsCoordinator(hass, entry, inventory, spec)
    await readings.async_config_entry_first_refresh()
    history, push = None, None
    if Capability.HISTORY in spec.capabilities and entry.options.get(
        CONF_HISTORY, True
    ):
        history = HistoryCoordinator(hass, entry, inventory, spec)
    if Capability.WATCH in spec.capabilities:
        push = PushCoordinator(hass, entry, readings)
    entry.runtime_data = RuntimeData(
        backend=backend,
        memory=memory,
        inventory=inventory,
        readings=readings,
        registrar=Registrar(hass, entry),
        history=history,
        push=push,
    )
    _follow_inventory(hass, entry)
    await hass.config_entries.async_forward_entry_setups(entry, _platforms(entry))
    follow_questions(hass, entry)
    if push is not None:
        push.async_start()
    if history is not None:
        # Statistics are named after entities, which must exist before.
        history.async_start()
    await _follow_energy_dashboard(hass, entry)
    return True


def _platforms(entry: MeteringHubConfigEntry) -> tuple[Platform, ...]:
    """Return the platforms that the entry's backend supports."""
    spec = BACKENDS[entry.data[CONF_BACKEND]]
    platforms: tuple[Platform, ...] = PLATFORMS
    if Capability.NOTIFICATIONS in spec.capabilities:
        platforms += (Platform.TODO,)
    if Capability.WRITE in spec.capabilities:
        platforms += CONTROL_PLATFORMS
    return platforms


async def async_unload_entry(
    hass: HomeAssistant, entry: MeteringHubConfigEntry
) -> bool:
    """Unload a config entry."""
    if not await hass.config_entries.async_unload_platforms(entry, _platforms(entry)):
        return False
    await entry.runtime_data.memory.async_save(entry.runtime_data.backend)
    return True


async def async_remove_entry(
    hass: HomeAssistant, entry: MeteringHubConfigEntry
) -> None:
    """Remove the repair issues and stored data of an entry, but not its statistics."""
    delete_unsupported_issue(hass, entry)
    delete_questions(hass, entry)
    await async_report_left_sources(hass, entry)
    await BackendMemory(hass, entry).async_remove()
    await ImportMemory(hass, entry.entry_id).async_remove()
    await ComparisonMemory(hass, entry.entry_id).async_remove()
    await SettingsMemory(hass, entry.entry_id).async_remove()
    await QualityMemory(hass, entry.entry_id).async_remove()
    await NewsStore(hass, entry.entry_id).async_remove()
    await async_remove_audit(hass, entry)
    await async_remove_validator(hass, entry)
    for failure in FAILURES:
        ir.async_delete_issue(hass, DOMAIN, failure.issue_id(entry))


async def async_migrate_entry(
    hass: HomeAssistant, entry: MeteringHubConfigEntry
) -> bool:
    """Return False for an entry of a newer version; migrate one of an older version."""
    if entry.version > 1:
        return False
    if entry.minor_version < 2:
        spec = BACKENDS[entry.data[CONF_BACKEND]]
        if spec.identify is not None and entry.unique_id is not None:
            unique_id = entry_unique_id(spec.key, spec.identify(entry.data))
            await async_change_identity(hass, entry, unique_id)
        hass.config_entries.async_update_entry(entry, minor_version=2)
    return True


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: MeteringHubConfigEntry, device: dr.DeviceEntry
) -> bool:
    """Return True if the server no longer has the device."""
    key = device_key_of(entry, device.identifiers)
    return key not in entry.runtime_data.inventory.data.devices


def _follow_inventory(hass: HomeAssistant, entry: MeteringHubConfigEntry) -> None:
    """Keep the registries in sync, and reload the entry when a point changes."""
    inventory, registrar = entry.runtime_data.inventory, entry.runtime_data.registrar
    registrar.sync(inventory.data, inventory.found)
    entry.runtime_data.memory.async_delay_save(entry.runtime_data.backend)
    described = dict(inventory.data.points)

    @callback
    def follow() -> None:
        """Sync the registries after a successful update."""
        if not inventory.last_update_success:
            return
        entry.runtime_data.memory.async_delay_save(entry.runtime_data.backend)
        points = inventory.data.points
        if any(is_changed(point, described) for point in points.values()):
            hass.config_entries.async_schedule_reload(entry.entry_id)
            return
        described.update(points)
        registrar.sync(inventory.data, inventory.found)

    entry.async_on_unload(inventory.async_add_listener(follow))


async def _follow_energy_dashboard(
    hass: HomeAssistant, entry: MeteringHubConfigEntry
) -> None:
    """Keep adding meters to the Energy dashboard, unless the user disabled it."""
    if not entry.options.get(CONF_ENERGY_DASHBOARD, True):
        return
    inventory, history = entry.runtime_data.inventory, entry.runtime_data.history

    def get_meters() -> EntryMeters | None:
        """Return the meters of the entry once their history is up to date."""
        if history is not None and not history.data.is_settled:
            return None
        left_out = history.questions if history else {}
        return EntryMeters(
            entry=entry,
            points={
                key: point
                for key, point in inventory.data.points.items()
                if key not in left_out
            },
            forecast=inventory.async_solar_forecast,
            statistic_prefix=history.prefix if history else None,
        )

    await async_follow(hass, entry, history or inventory, get_meters)
