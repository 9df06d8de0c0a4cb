"""Keep Home Assistant's registries in sync with the inventory of a server."""

from collections import Counter
from collections.abc import Iterable, Mapping

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.typing import UNDEFINED

from .const import CONF_SCOPE, DOMAIN, LOGGER
from .identifiers import (
    OWN_KEYS,
    SERVER_DEVICE_KEY,
    device_identifier,
    device_key_of,
    platform_of,
    point_key_of,
    point_unique_id,
)
from .metering.model import Device, Inventory, Point

GONE_AFTER = 3
"""How many inventories in a row must lack a device or point before it is removed: a
meter that is missing from one telegram must not lose its name, area and history."""


def registered_entity[Data](
    hass: HomeAssistant, entry: ConfigEntry[Data], point: Point
) -> er.RegistryEntry | None:
    """Return the registry entry of a point's entity, if it is registered."""
    registry = er.async_get(hass)
    entity_id = registry.async_get_entity_id(
        platform_of(point), DOMAIN, point_unique_id(entry, point.key)
    )
    return registry.async_get(entity_id) if entity_id else None


def is_enabled[Data](
    hass: HomeAssistant, entry: ConfigEntry[Data], point: Point
) -> bool:
    """Return True if the entity of a point is enabled, or will be when added."""
    entity = registered_entity(hass, entry, point)
    return point.enabled_default if entity is None else not entity.disabled


def full_name[Data](hass: HomeAssistant, entry: ConfigEntry[Data], point: Point) -> str:
    """Return the name of a point's entity, which includes that of its device."""
    entity = registered_entity(hass, entry, point)
    if entity is None:
        return point.name or point.key
    return er.async_get_full_entity_name(hass, entity)


def move_entities[Data](
    hass: HomeAssistant, entry: ConfigEntry[Data], points: Iterable[Point]
) -> None:
    """Move entities from the former keys of their points to the present ones.

    Otherwise a point whose kind was found out would get another entity, without what
    the user has set. An entity that is registered under the present key stays.
    """
    registry = er.async_get(hass)
    for point in points:
        if not point.former_keys or registered_entity(hass, entry, point) is not None:
            continue
        former = (
            registry.async_get_entity_id(
                platform_of(point), DOMAIN, point_unique_id(entry, key)
            )
            for key in point.former_keys
        )
        if (entity_id := next(filter(None, former), None)) is not None:
            unique_id = point_unique_id(entry, point.key)
            registry.async_update_entity(entity_id, new_unique_id=unique_id)


class Registrar:
    """Registers devices, and removes devices and entities that no longer exist."""

    def __init__[Data](self, hass: HomeAssistant, entry: ConfigEntry[Data]) -> None:
        """Initialize the registrar of an entry."""
        self._hass = hass
        self._entry = entry
        self._missed_devices: Counter[str] = Counter()
        self._missed_points: Counter[str] = Counter()
        self.shown_points: set[str] = set()

    def sync(self, chosen: Inventory, found: Inventory) -> None:
        """Register the selected devices, and remove those that are no longer needed.

        `chosen` is the selected part of `found`, the whole inventory of the server.
        Deselected devices are removed at once, and missing ones after being missing
        `GONE_AFTER` times in a row.
        """
        self._register_devices(chosen)
        self._remove_devices(chosen, found)
        self._remove_entities(chosen, found)

    def _register_devices(self, chosen: Inventory) -> None:
        """Create or update the selected devices in the device registry."""
        ids: dict[str, str] = {}
        for device in _parents_first(chosen):
            is_known = device.name is not None or device.translation_key is not None
            unknown = None if is_known else UNDEFINED
            entry = dr.async_get(self._hass).async_get_or_create(
                config_entry_id=self._entry.entry_id,
                identifiers={device_identifier(self._entry, device.key)},
                name=device.name or unknown,
                suggested_area=device.suggested_area,
                translation_key=device.translation_key,
                manufacturer=device.manufacturer,
                model=device.model or unknown,
                serial_number=device.serial or unknown,
                sw_version=device.software_version,
                hw_version=device.hardware_version,
                configuration_url=device.configuration_url,
                via_device_id=ids.get(device.parent) if device.parent else None,
            )
            ids[device.key] = entry.id

    def _remove_devices(self, chosen: Inventory, found: Inventory) -> None:
        """Remove devices that are deselected or gone."""
        registry = dr.async_get(self._hass)
        for device in dr.async_entries_for_config_entry(registry, self._entry.entry_id):
            key = device_key_of(self._entry, device.identifiers)
            if key in (None, SERVER_DEVICE_KEY):
                continue
            is_chosen, is_found = key in chosen.devices, key in found.devices
            if _is_gone(key, is_chosen, is_found, self._missed_devices):
                LOGGER.info("Removing a device that is gone from %s", self._entry.title)
                registry.async_remove_device(device.id)

    def _remove_entities(self, chosen: Inventory, found: Inventory) -> None:
        """Remove entities whose points are deselected, gone, or on another platform."""
        registry = er.async_get(self._hass)
        for entity in er.async_entries_for_config_entry(registry, self._entry.entry_id):
            key = point_key_of(self._entry, entity.unique_id)
            point = chosen.points.get(key)
            if point is not None and entity.domain != platform_of(point):
                # The platform changes when a point becomes writable or read-only.
                registry.async_remove(entity.entity_id)
            elif key not in OWN_KEYS and _is_gone(
                key, point is not None, key in found.points, self._missed_points
            ):
                registry.async_remove(entity.entity_id)
        known = {
            point_key_of(self._entry, entity.unique_id)
            for entity in er.async_entries_for_config_entry(
                registry, self._entry.entry_id
            )
        }
        self.shown_points &= known | chosen.points.keys()


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
    """Return True if a device or point should be removed; count how often it misses."""
    if is_chosen:
        del missed[key]
        return False
    missed[key] += 1
    return is_found or missed[key] >= GONE_AFTER


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
