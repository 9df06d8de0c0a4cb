"""Keep Home Assistant's registries in sync with the inventory of a server."""

from collections import Counter

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.translation import async_get_cached_translations
from homeassistant.helpers.typing import UNDEFINED

from ..backends.base import BackendSpec
from ..const import DOMAIN, LOGGER
from ..identifiers import (
    OWN_KEYS,
    SERVER_DEVICE_KEY,
    device_identifier,
    device_key_of,
    log_name,
    place_name,
    point_key_of,
)
from ..metering.inventory import Composite, Inventory
from ..metering.model import Device, Point
from ..metering.names import combined_name
from .entries import platform_of_shown
from .issues import report_missing
from .moves import change_platform

GONE_AFTER = 3
"""How many inventories in a row must lack a device or point before it is removed: a
meter that is missing from one telegram must not lose its name, area and history."""


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
        report_missing(self._hass, self._entry, missing)

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
            if shown is not None and entity.domain != platform_of_shown(shown):
                change_platform(registry, self._entry, entity, shown)
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


def _is_gone(key: str, is_chosen: bool, is_found: bool, missed: Counter[str]) -> bool:
    """Return True if a device or point should be removed; its return ends the count."""
    if is_chosen:
        del missed[key]
        return False
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
