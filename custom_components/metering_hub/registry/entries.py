"""What Home Assistant's registry of entities says about points."""

from collections.abc import Mapping

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from ..const import DOMAIN
from ..identifiers import platform_of, point_unique_id
from ..metering.inventory import Composite, Inventory
from ..metering.model import Point


def registered_entity[Data](
    hass: HomeAssistant, entry: ConfigEntry[Data], shown: Point | Composite
) -> er.RegistryEntry | None:
    """Return the registry entry of what an entity shows, if it is registered."""
    registry = er.async_get(hass)
    entity_id = registry.async_get_entity_id(
        platform_of_shown(shown), DOMAIN, point_unique_id(entry, shown.key)
    )
    return registry.async_get(entity_id) if entity_id else None


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


def is_changed(point: Point, described: Mapping[str, Point]) -> bool:
    """Return True if a point, or its key, is no longer as its entity was described."""
    if (before := described.get(point.key)) is not None:
        return point != before
    return not described.keys().isdisjoint(point.former_keys)


def platform_of_shown(shown: Point | Composite) -> Platform:
    """Return the platform of the entity of a point or composite."""
    return platform_of(shown) if isinstance(shown, Point) else Platform(shown.platform)
