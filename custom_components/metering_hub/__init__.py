"""The Metering Hub integration."""

import asyncio

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryNotReady
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.typing import ConfigType

from .backends import BACKENDS
from .backends.base import Backend, BackendSpec, Capability
from .backends.common.log_limit import limit_again
from .const import CONF_BACKEND, CONF_ENERGY_DASHBOARD, CONF_HISTORY, DOMAIN, LOGGER
from .coordinator import InventoryCoordinator, async_make_inventory, async_remove_issues
from .dashboard.energy_dashboard import async_follow
from .dashboard.entry_meters import EntryMeters
from .dashboard.left_costs import delete_left_costs
from .dashboard.left_out import delete_left_out
from .dashboard.left_sources import async_report_left_sources
from .data import MeteringHubConfigEntry, RuntimeData, meters_of
from .errors import StoppingError
from .errors.stopping import ended_at_stop
from .flow.connection import make_backend
from .flow.found_server import FoundServer, async_take_over
from .flow.inventory_store import InventoryStore
from .flow.titles import async_follow_titles, default_title
from .frontend import async_offer_dashboard
from .history.audit.auditor import async_remove_audit
from .history.comparison_memory import ComparisonMemory
from .history.coordinator import HistoryCoordinator, forget_failures
from .history.memory import ImportMemory
from .history.news.memory import NewsStore
from .history.pricing_memory import PricingMemory
from .history.quality.memory import QualityMemory
from .history.recorded_factors import RecordedFactors
from .history.recorder.joined import async_load_seams
from .history.settings_memory import SettingsMemory
from .history.statistic import statistic_prefix
from .history.warnings.validator import async_remove_validator
from .identifiers import SERVER_DEVICE_KEY, device_key_of, entry_unique_id
from .live.coordinator import ReadingsCoordinator
from .live.push import PushCoordinator
from .live.sent_values import SentValues
from .memory import BackendMemory
from .prices.sources import async_remove_unused
from .prices.tariff_issues import delete_tariff_issues
from .questions.open_questions import delete_questions, follow_questions
from .registry.entries import is_changed
from .registry.issues import delete_missing_issue
from .registry.moves import async_change_identity, move_entities
from .registry.registrar import Registrar
from .registry.renames import async_follow_names
from .services import async_register_actions

PLATFORMS = (
    Platform.BINARY_SENSOR,
    Platform.DEVICE_TRACKER,
    Platform.EVENT,
    Platform.SENSOR,
)
CONTROL_PLATFORMS = (
    Platform.BUTTON,
    Platform.CLIMATE,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SWITCH,
    Platform.TEXT,
    Platform.VALVE,
)
"""Additional platforms of backends that can write."""

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up the integration's actions, its dashboard, and the limit of its log."""
    # What an earlier setup has counted does not count.
    limit_again(LOGGER.name)
    async_register_actions(hass)
    await async_offer_dashboard(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: MeteringHubConfigEntry) -> bool:
    """Set up a config entry."""
    spec = BACKENDS[entry.data[CONF_BACKEND]]
    await async_follow_titles(hass, entry)
    memory = BackendMemory(hass, entry)
    backend, found = await _make_backend(hass, entry, spec, memory)
    try:
        async with ended_at_stop(hass):
            inventory, readings = await _read_all(hass, entry, backend, spec, found)
    except StoppingError as err:
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN, translation_key=err.key
        ) from err
    history, push = await _make_history(hass, entry, inventory, spec), None
    if Capability.WATCH in spec.capabilities:
        push = PushCoordinator(hass, entry, readings)
    entry.runtime_data = RuntimeData(
        backend=backend,
        memory=memory,
        inventory=inventory,
        readings=readings,
        registrar=Registrar(hass, entry, spec, inventory.identity.version),
        history=history,
        push=push,
        sent=SentValues(is_needed=Capability.UNCONFIRMED in spec.capabilities),
    )
    _follow_inventory(hass, entry)
    await hass.config_entries.async_forward_entry_setups(entry, _platforms(entry))
    follow_questions(hass, entry)
    _start(entry.runtime_data)
    await _follow_energy_dashboard(hass, entry)
    return True


async def _make_backend(
    hass: HomeAssistant,
    entry: MeteringHubConfigEntry,
    spec: BackendSpec,
    memory: BackendMemory,
) -> tuple[Backend, FoundServer | None]:
    """Return the backend of an entry, and what its config flow has found with it.

    If that is not new, there is another backend, with what that one has learned.
    """
    found = async_take_over(hass, entry)
    if found is not None and found.is_new:
        return found.backend, found
    backend = make_backend(hass, spec, entry.data, entry.options)
    learned = {} if found is None else found.backend.remember()
    await memory.async_restore(backend, learned)
    return backend, None


async def _read_all(
    hass: HomeAssistant,
    entry: MeteringHubConfigEntry,
    backend: Backend,
    spec: BackendSpec,
    found: FoundServer | None,
) -> tuple[InventoryCoordinator, ReadingsCoordinator]:
    """Log in, and return what has read the inventory and the latest readings.

    What the config flow has `found` is not read again. Raises ConfigEntryNotReady and
    ConfigEntryAuthFailed.
    """
    inventory = await async_make_inventory(hass, entry, backend, spec, found)
    await inventory.async_config_entry_first_refresh()
    move_entities(hass, entry, inventory.data.points)
    # The points have been looked through several times, and are for the first request.
    await asyncio.sleep(0)
    readings = ReadingsCoordinator(hass, entry, inventory, spec)
    await readings.async_config_entry_first_refresh()
    return inventory, readings


def _start(runtime: RuntimeData) -> None:
    """Start watching the server, and importing its history."""
    if runtime.push is not None:
        runtime.push.async_start()
    if runtime.history is not None:
        # Statistics are named after entities, which must exist before.
        runtime.history.async_start()


async def _make_history(
    hass: HomeAssistant,
    entry: MeteringHubConfigEntry,
    inventory: InventoryCoordinator,
    spec: BackendSpec,
) -> HistoryCoordinator | None:
    """Return what imports the history of an entry, if it has and wants one."""
    has_history = entry.options.get(CONF_HISTORY, True)
    if has_history and Capability.HISTORY in spec.capabilities:
        await async_load_seams(hass, statistic_prefix(entry, spec))
        return HistoryCoordinator(hass, entry, inventory, spec)
    # Without a history, nothing has costs, and no tariff is missed.
    delete_tariff_issues(hass, entry.entry_id)
    forget_failures(inventory.failures)
    return None


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
    await async_remove_issues(hass, entry)
    delete_missing_issue(hass, entry)
    delete_questions(hass, entry)
    await async_report_left_sources(hass, entry)
    await BackendMemory(hass, entry).async_remove()
    await InventoryStore(hass, entry).async_remove()
    await ImportMemory.of(hass, entry.entry_id).async_remove()
    await ComparisonMemory.of(hass, entry.entry_id).async_remove()
    await SettingsMemory(hass, entry.entry_id).async_remove()
    spec = BACKENDS[entry.data[CONF_BACKEND]]
    await RecordedFactors(hass, statistic_prefix(entry, spec)).async_remove()
    await QualityMemory.of(hass, entry.entry_id).async_remove()
    await NewsStore(hass, entry.entry_id).async_remove()
    await PricingMemory(hass, entry.entry_id).async_remove()
    await async_remove_audit(hass, entry)
    await async_remove_validator(hass, entry)
    await async_remove_unused(hass)
    delete_tariff_issues(hass, entry.entry_id)


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
    if entry.minor_version < 3:
        title = await _renewed_title(hass, entry)
        hass.config_entries.async_update_entry(entry, title=title, minor_version=3)
    return True


async def _renewed_title(hass: HomeAssistant, entry: MeteringHubConfigEntry) -> str:
    """Return the title of an entry, which is a new one if it is the former default."""
    spec = BACKENDS[entry.data[CONF_BACKEND]]
    if entry.title != spec.title:
        return entry.title
    inventory = await InventoryStore(hass, entry).async_load()
    return default_title(hass, spec, entry.data, inventory, own=entry)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: MeteringHubConfigEntry, device: dr.DeviceEntry
) -> bool:
    """Return True if the server no longer has the device."""
    key = device_key_of(entry, device.identifiers)
    devices = entry.runtime_data.inventory.data.devices
    return key not in devices and key != SERVER_DEVICE_KEY


def _follow_inventory(hass: HomeAssistant, entry: MeteringHubConfigEntry) -> None:
    """Keep the registries in sync, and reload the entry when a point changes."""
    inventory, registrar = entry.runtime_data.inventory, entry.runtime_data.registrar
    store = InventoryStore(hass, entry)

    @callback
    def save() -> None:
        """Store the inventory for the options of an entry that is not loaded."""
        entry.async_create_background_task(
            hass, store.async_save(inventory.found), f"{inventory.name} store"
        )

    save()
    registrar.sync(inventory.data, inventory.found)
    entry.runtime_data.memory.async_delay_save(entry.runtime_data.backend)
    described = dict(inventory.data.points)
    composites = dict(inventory.data.composites)

    @callback
    def follow() -> None:
        """Sync the registries after a successful update."""
        if not inventory.last_update_success:
            return
        save()
        entry.runtime_data.memory.async_delay_save(entry.runtime_data.backend)
        points = inventory.data.points
        if any(is_changed(point, described) for point in points.values()) or any(
            composites.get(key, composite) != composite
            for key, composite in inventory.data.composites.items()
        ):
            hass.config_entries.async_schedule_reload(entry.entry_id)
            return
        described.update(points)
        composites.update(inventory.data.composites)
        registrar.sync(inventory.data, inventory.found, is_renewal=inventory.is_renewal)

    entry.async_on_unload(inventory.async_add_listener(follow))
    async_follow_names(
        hass, entry, lambda: inventory.data.devices, inventory.async_rename
    )


async def _follow_energy_dashboard(
    hass: HomeAssistant, entry: MeteringHubConfigEntry
) -> None:
    """Keep adding meters to the Energy dashboard, unless the user disabled it."""
    if not entry.options.get(CONF_ENERGY_DASHBOARD, True):
        delete_left_costs(hass, entry)
        delete_left_out(hass, entry)
        return
    inventory, history = entry.runtime_data.inventory, entry.runtime_data.history

    def get_meters() -> EntryMeters | None:
        """Return the meters of the entry once their history is up to date."""
        meters = meters_of(entry)
        return meters if meters.is_settled() else None

    await async_follow(hass, entry, history or inventory, get_meters)
