"""The names of devices, entities and statistics, which users may have changed."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.translation import async_get_cached_translations

from ..const import DOMAIN
from ..identifiers import device_identifier, device_key_of, platform_of
from ..metering.model import Point
from ..metering.names import combined_name
from .entries import registered_entity


def device_names[Data](
    hass: HomeAssistant, entry: ConfigEntry[Data]
) -> dict[str | None, str | None]:
    """Return the names that an entry's devices are registered with, by their keys."""
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return {device_key_of(entry, each.identifiers): each.name for each in devices}


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
