"""Keep Home Assistant's registries in sync with the inventory of a server."""

from collections import Counter
from collections.abc import Callable, Container, Coroutine, Mapping, Sequence

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import Event, HomeAssistant, callback, split_entity_id
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.helpers.translation import async_get_cached_translations
from homeassistant.helpers.typing import UNDEFINED

from .backends.base import BackendSpec
from .const import CONF_RENAME_DEVICES, CONF_SCOPE, DOMAIN, LOGGER
from .identifiers import (
    OWN_KEYS,
    SERVER_DEVICE_KEY,
    device_identifier,
    device_key_of,
    log_name,
    place_name,
    platform_of,
    point_key_of,
    point_unique_id,
)
from .metering.inventory import Composite, Inventory
from .metering.model import Device, Point
from .metering.names import combined_name

GONE_AFTER = 3
"""How many inventories in a row must lack a device or point before it is removed: a
meter that is missing from one telegram must not lose its name, area and history."""

_NAMED = 5
"""How many missing devices the repair issue names."""


def registered_entity[Data](
    hass: HomeAssistant, entry: ConfigEntry[Data], shown: Point | Composite
) -> er.RegistryEntry | None:
    """Return the registry entry of what an entity shows, if it is registered."""
    registry = er.async_get(hass)
    entity_id = registry.async_get_entity_id(
        _platform(shown), DOMAIN, point_unique_id(entry, shown.key)
    )
    return registry.async_get(entity_id) if entity_id else None


def device_names[Data](
    hass: HomeAssistant, entry: ConfigEntry[Data]
) -> dict[str | None, str | None]:
    """Return the names that an entry's devices are registered with, by their keys."""
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return {device_key_of(entry, each.identifiers): each.name for each in devices}


def is_enabled[Data](
    hass: HomeAssistant, entry: ConfigEntry[Data], shown: Point | Composite
) -> bool:
    """Return True if an entity shows this and is enabled, or will be when added."""
    entity = registered_entity(hass, entry, shown)
    return shown.enabled_default if entity is None else not entity.disabled


def polled_points[Data](
    hass: HomeAssistant, entry: ConfigEntry[Data], inventory: Inventory
) -> list[Point]:
    """Return the points whose values enabled entities show, or will when added.

    A part of an enabled composite is one of them, whether it has its own entity or not.
    """
    parts = {
        key
        for composite in inventory.composites.values()
        if is_enabled(hass, entry, composite)
        for key in composite.parts.values()
    }
    return [
        point
        for key, point in inventory.points.items()
        if key in parts or (not point.is_part and is_enabled(hass, entry, point))
    ]


def full_name[Data](hass: HomeAssistant, entry: ConfigEntry[Data], point: Point) -> str:
    """Return the name of a point's entity, which includes that of its device.

    A point that has no entity yet has the name that its entity would have.
    """
    entity = registered_entity(hass, entry, point)
    if entity is not None:
        return er.async_get_full_entity_name(hass, entity)
    device_name = device_full_name(hass, entry, point.device_key)
    name = own_name(hass, point)
    return f"{device_name} {name}" if device_name else name


def device_full_name[Data](
    hass: HomeAssistant, entry: ConfigEntry[Data], device_key: str
) -> str | None:
    """Return the name of a device, which is the user's if they gave it one."""
    identifier = device_identifier(entry, device_key)
    device = dr.async_get(hass).async_get_device_by_identifier(
        identifier, entry.entry_id
    )
    return (device.name_by_user or device.name) if device else None


def statistic_name[Data](
    hass: HomeAssistant, entry: ConfigEntry[Data], point: Point, place: str | None
) -> str:
    """Return the name of a point's statistic: its own, its device's, and the `place`.

    Lists of statistics cut long names, so what differs comes first. A name that the
    user gave to the entity says all that they want.
    """
    entity = registered_entity(hass, entry, point)
    if entity is not None and entity.name:
        return er.async_get_full_entity_name(hass, entity)
    return combined_name(
        (entity and entity.original_name) or own_name(hass, point),
        device_full_name(hass, entry, point.device_key),
        place,
    )


def own_name(hass: HomeAssistant, point: Point) -> str:
    """Return the name of a point beside that of its device."""
    if point.name is not None:
        return point.name
    texts = async_get_cached_translations(hass, hass.config.language, "entity", DOMAIN)
    path = f"component.{DOMAIN}.entity.{platform_of(point)}.{point.translation_key}"
    name = texts.get(f"{path}.name", point.key)
    for placeholder, text in point.placeholders.items():
        name = name.replace(f"{{{placeholder}}}", text)
    return name


def move_entities[Data](
    hass: HomeAssistant, entry: ConfigEntry[Data], points: Mapping[str, Point]
) -> None:
    """Move entities from the former keys of their points to the present ones.

    Otherwise a point whose kind was found out would get another entity, without what
    the user has set. An entity that is registered under the present key stays, and so
    does one that another point on the same platform has now.
    """
    registry = er.async_get(hass)
    for point in points.values():
        if not point.former_keys or registered_entity(hass, entry, point) is not None:
            continue
        platform = platform_of(point)
        former = (
            registry.async_get_entity_id(platform, DOMAIN, point_unique_id(entry, key))
            for key in point.former_keys
            if key not in points or platform_of(points[key]) != platform
        )
        if (entity_id := next(filter(None, former), None)) is not None:
            unique_id = point_unique_id(entry, point.key)
            registry.async_update_entity(entity_id, new_unique_id=unique_id)


class Registrar:
    """Registers devices, and removes devices and entities that no longer exist."""

    def __init__[Data](
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Data],
        spec: BackendSpec,
        version: str | None,
    ) -> None:
        """Initialize the registrar of an entry, whose server has a version."""
        self._hass = hass
        self._entry = entry
        self._spec = spec
        self._version = version
        self._missed_devices: Counter[str] = Counter()
        self._missed_points: Counter[str] = Counter()
        self.shown_points: set[str] = set()
        self.shown_composites: set[str] = set()

    def sync(
        self, chosen: Inventory, found: Inventory, *, is_renewal: bool = False
    ) -> None:
        """Register the selected devices, and remove those that are no longer needed.

        `chosen` is the selected part of `found`, the whole inventory of the server.
        Deselected devices are removed at once, and missing ones after being missing
        `GONE_AFTER` times in a row, which a renewal within the hour does not count for.
        Until then, a repair issue names them, and single entities that are missing.
        """
        misses = 0 if is_renewal else 1
        self._register_devices(chosen)
        missing = self._remove_devices(chosen, found, misses)
        missing += self._remove_entities(chosen, found, misses)
        _report_missing(self._hass, self._entry, missing)

    def _register_devices(self, chosen: Inventory) -> None:
        """Create or update the selected devices in the device registry."""
        server = self._register_server(chosen)
        ids: dict[str, str] = {}
        for device in _parents_first(chosen):
            is_known = device.name is not None or device.translation_key is not None
            unknown = None if is_known else UNDEFINED
            name = device.name or self._place_name(device)
            entry = dr.async_get(self._hass).async_get_or_create(
                config_entry_id=self._entry.entry_id,
                identifiers={device_identifier(self._entry, device.key)},
                name=name or unknown,
                suggested_area=device.suggested_area,
                translation_key=None if name else device.translation_key,
                manufacturer=device.manufacturer,
                model=device.model or unknown,
                serial_number=device.serial or unknown,
                sw_version=device.software_version,
                hw_version=device.hardware_version,
                configuration_url=device.configuration_url,
                via_device_id=ids.get(device.parent or "", server),
            )
            ids[device.key] = entry.id

    def _register_server(self, chosen: Inventory) -> str:
        """Create or update the device of the server; return its id."""
        pages = (each.configuration_url for each in chosen.devices.values())
        device = dr.async_get(self._hass).async_get_or_create(
            config_entry_id=self._entry.entry_id,
            identifiers={device_identifier(self._entry, SERVER_DEVICE_KEY)},
            entry_type=dr.DeviceEntryType.SERVICE,
            name=self._entry.title,
            manufacturer=self._spec.manufacturer,
            model=self._spec.title,
            sw_version=self._version,
            configuration_url=next(filter(None, pages), self._spec.website),
        )
        return device.id

    def _place_name(self, device: Device) -> str | None:
        """Return a translated name with its place, if it is not unique without that."""
        place = place_name(self._hass, self._entry)
        text = _device_text(self._hass, device.translation_key or "")
        return combined_name(text, place) if text and place else None

    def _remove_devices(
        self, chosen: Inventory, found: Inventory, misses: int
    ) -> list[str]:
        """Remove devices that are deselected or gone; return the names of others."""
        missing: list[str] = []
        registry = dr.async_get(self._hass)
        for device in dr.async_entries_for_config_entry(registry, self._entry.entry_id):
            key = device_key_of(self._entry, device.identifiers)
            if key in (None, SERVER_DEVICE_KEY):
                continue
            is_chosen, is_found = key in chosen.devices, key in found.devices
            self._missed_devices[key] += misses
            if _is_gone(key, is_chosen, is_found, self._missed_devices):
                LOGGER.info(
                    "Removing a device that is gone from %s", log_name(self._entry)
                )
                registry.async_remove_device(device.id)
            elif not is_chosen:
                missing.append(device.name_by_user or device.name or key)
        return missing

    def _remove_entities(
        self, chosen: Inventory, found: Inventory, misses: int
    ) -> list[str]:
        """Remove entities whose points are deselected or gone; move some of others.

        The names of those that are missing are returned, unless their device is, too.
        """
        missing: list[str] = []
        registry = er.async_get(self._hass)
        for entity in er.async_entries_for_config_entry(registry, self._entry.entry_id):
            key = point_key_of(self._entry, entity.unique_id)
            shown = _shown(chosen, key)
            self._missed_points[key] += misses
            if shown is not None and entity.domain != _platform(shown):
                _change_platform(registry, self._entry, entity, shown)
            elif key not in OWN_KEYS and _is_gone(
                key,
                shown is not None,
                key in found.points or key in found.composites,
                self._missed_points,
            ):
                registry.async_remove(entity.entity_id)
            elif (
                key in self.shown_points
                and shown is None
                and self._is_missed(entity, chosen)
            ):
                missing.append(er.async_get_full_entity_name(self._hass, entity))
        known = {
            point_key_of(self._entry, entity.unique_id)
            for entity in er.async_entries_for_config_entry(
                registry, self._entry.entry_id
            )
        }
        self.shown_points &= known | chosen.points.keys()
        self.shown_composites &= known | chosen.composites.keys()
        return missing

    def _is_missed(self, entity: er.RegistryEntry, chosen: Inventory) -> bool:
        """Return True if an entity is used, and its device is not missing itself."""
        device = dr.async_get(self._hass).async_get(entity.device_id or "")
        if entity.disabled or device is None:
            return False
        key = device_key_of(self._entry, device.identifiers)
        return key == SERVER_DEVICE_KEY or key in chosen.devices


@callback
def _device_text(hass: HomeAssistant, key: str) -> str | None:
    """Return the translated name of a device, once the texts are loaded."""
    texts = async_get_cached_translations(hass, hass.config.language, "device", DOMAIN)
    return texts.get(f"component.{DOMAIN}.device.{key}.name")


def _shown(inventory: Inventory, key: str) -> Point | Composite | None:
    """Return the point or composite with a key, if it has an entity."""
    if (composite := inventory.composites.get(key)) is not None:
        return composite
    point = inventory.points.get(key)
    return None if point is None or point.is_part else point


def _platform(shown: Point | Composite) -> Platform:
    """Return the platform of the entity of a point or composite."""
    return platform_of(shown) if isinstance(shown, Point) else Platform(shown.platform)


def _change_platform[Data](
    registry: er.EntityRegistry,
    entry: ConfigEntry[Data],
    entity: er.RegistryEntry,
    shown: Point | Composite,
) -> None:
    """Replace an entity by one of another platform, with what the user has set.

    The platform changes when a point becomes writable or read-only, or when it is
    better known what it means. What the user disabled stays disabled. What was disabled
    by default was used by nobody: its new form is added like that of any new point.
    """
    registry.async_remove(entity.entity_id)
    platform, disabled_by = _platform(shown), entity.disabled_by
    if (
        disabled_by is er.RegistryEntryDisabler.INTEGRATION
        or registry.async_get_entity_id(platform, DOMAIN, entity.unique_id) is not None
    ):
        return
    created = registry.async_get_or_create(
        platform,
        DOMAIN,
        entity.unique_id,
        config_entry=entry,
        device_id=entity.device_id,
        disabled_by=disabled_by,
        suggested_object_id=split_entity_id(entity.entity_id)[1],
    )
    registry.async_update_entity(
        created.entity_id,
        aliases=entity.aliases,
        area_id=entity.area_id,
        categories=entity.categories,
        disabled_by=disabled_by,
        hidden_by=entity.hidden_by,
        icon=entity.icon,
        labels=entity.labels,
        name=entity.name,
    )


@callback
def enable_own_entity[Data](
    hass: HomeAssistant, entry: ConfigEntry[Data], key: str
) -> None:
    """Enable a sensor without a point, unless the user disabled it.

    Home Assistant then reloads the entry.
    """
    registry = er.async_get(hass)
    entity_id = registry.async_get_entity_id(
        Platform.SENSOR, DOMAIN, point_unique_id(entry, key)
    )
    entity = registry.async_get(entity_id) if entity_id else None
    if entity and entity.disabled_by is er.RegistryEntryDisabler.INTEGRATION:
        registry.async_update_entity(entity.entity_id, disabled_by=None)


async def async_change_identity[Data](
    hass: HomeAssistant, entry: ConfigEntry[Data], unique_id: str
) -> None:
    """Change the unique ID of an entry that is not loaded.

    Entities and devices keep everything that the user has set, and the ids of the
    statistics stay the same.
    """
    old = entry.unique_id or entry.entry_id
    if old == unique_id:
        return

    @callback
    def renamed(entity: er.RegistryEntry) -> dict[str, str] | None:
        """Return the new unique ID of an entity, if it has the old prefix."""
        if not entity.unique_id.startswith(f"{old}_"):
            return None
        return {"new_unique_id": _renamed(entity.unique_id, old, unique_id)}

    await er.async_migrate_entries(hass, entry.entry_id, renamed)
    devices = dr.async_get(hass)
    for device in dr.async_entries_for_config_entry(devices, entry.entry_id):
        identifiers = {
            (domain, _renamed(identifier, old, unique_id))
            for domain, identifier in device.identifiers
        }
        devices.async_update_device(device.id, new_identifiers=identifiers)
    hass.config_entries.async_update_entry(
        entry,
        unique_id=unique_id,
        data={**entry.data, CONF_SCOPE: entry.data.get(CONF_SCOPE, old)},
    )


def _renamed(identifier: str, old: str, new: str) -> str:
    """Return an identifier with the new prefix in place of the old one."""
    rest = identifier.removeprefix(f"{old}_")
    return identifier if rest == identifier else f"{new}_{rest}"


def is_changed(point: Point, described: Mapping[str, Point]) -> bool:
    """Return True if a point, or its key, is no longer as its entity was described."""
    if (before := described.get(point.key)) is not None:
        return point != before
    return not described.keys().isdisjoint(point.former_keys)


def _is_gone(key: str, is_chosen: bool, is_found: bool, missed: Counter[str]) -> bool:
    """Return True if a device or point should be removed; its return ends the count."""
    if is_chosen:
        del missed[key]
        return False
    return is_found or missed[key] >= GONE_AFTER


def _report_missing[Data](
    hass: HomeAssistant, entry: ConfigEntry[Data], names: Sequence[str]
) -> None:
    """Create the repair issue about what the server lacks, or delete it.

    Their values are unavailable from now on, and nothing else would say why.
    """
    if not names:
        delete_missing_issue(hass, entry)
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        _missing_issue_id(entry),
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key="devices_missing",
        translation_placeholders={
            "title": entry.title,
            "count": str(len(names)),
            "names": ", ".join(sorted(names, key=str.casefold)[:_NAMED]),
        },
    )


@callback
def delete_issues(
    hass: HomeAssistant, prefix: str, kept: Container[str] = frozenset()
) -> None:
    """Delete our issues whose ids begin with a prefix, except those that are `kept`."""
    for domain, issue_id in [*ir.async_get(hass).issues]:
        if domain == DOMAIN and issue_id.startswith(prefix) and issue_id not in kept:
            ir.async_delete_issue(hass, DOMAIN, issue_id)


def delete_missing_issue[Data](hass: HomeAssistant, entry: ConfigEntry[Data]) -> None:
    """Delete the repair issue about missing devices, if it exists."""
    ir.async_delete_issue(hass, DOMAIN, _missing_issue_id(entry))


def _missing_issue_id[Data](entry: ConfigEntry[Data]) -> str:
    """Return the id of the repair issue about the missing devices of an entry."""
    return f"devices_missing_{entry.entry_id}"


def _parents_first(inventory: Inventory) -> list[Device]:
    """Return the devices sorted so that parents come before their children."""

    def depth(device: Device) -> int:
        """Return the number of ancestors of a device, which may be circular."""
        steps, current = 0, device
        while (
            current.parent is not None
            and (parent := inventory.devices.get(current.parent)) is not None
            and steps < len(inventory.devices)
        ):
            steps, current = steps + 1, parent
        return steps

    return sorted(inventory.devices.values(), key=depth)


def async_follow_names[Data](
    hass: HomeAssistant,
    entry: ConfigEntry[Data],
    known: Callable[[], Container[str]],
    rename: Callable[[str, str], Coroutine[None, None, None]],
) -> None:
    """Rename devices on the server when the user does, if that is wanted.

    `known` returns the keys of the devices, and `rename` gives one a name. The
    registrar takes over what the server says, which is another name in the registry:
    neither change leads to the other one.
    """
    if not entry.options.get(CONF_RENAME_DEVICES, False):
        return

    @callback
    def follow(event: Event[dr.EventDeviceRegistryUpdatedData]) -> None:
        """Rename a device of the entry that the user has renamed."""
        if event.data["action"] != "update":
            return
        if "name_by_user" not in event.data["changes"]:
            return
        device = dr.async_get(hass).async_get(event.data["device_id"])
        if device is None or entry.entry_id not in device.config_entries:
            return
        key = device_key_of(entry, device.identifiers)
        name = device.name_by_user
        if key is None or not name or name == device.name:
            return
        if key in known():
            entry.async_create_background_task(
                hass, rename(key, name), f"{log_name(entry)} rename"
            )

    entry.async_on_unload(
        hass.bus.async_listen(dr.EVENT_DEVICE_REGISTRY_UPDATED, follow)
    )
