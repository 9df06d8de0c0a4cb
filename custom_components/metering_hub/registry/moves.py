"""Move what users have set when a point, a platform or an entry changes."""

from collections.abc import Mapping

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback, split_entity_id
from homeassistant.helpers import device_registry as dr, entity_registry as er

from ..const import CONF_SCOPE, DOMAIN
from ..identifiers import platform_of, point_unique_id
from ..metering.inventory import Composite
from ..metering.model import Point
from .entries import platform_of_shown, registered_entity


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


def change_platform[Data](
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
    platform, disabled_by = platform_of_shown(shown), entity.disabled_by
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
