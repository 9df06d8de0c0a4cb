"""The identifiers of devices and entities in Home Assistant's registries."""

from collections.abc import Mapping

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform

from .const import DOMAIN
from .metering.model import Kind, Point

_PLATFORMS: Mapping[Kind, Platform] = {
    Kind.REGISTER: Platform.SENSOR,
    Kind.INTERVAL: Platform.SENSOR,
    Kind.INSTANT: Platform.SENSOR,
    Kind.STATE: Platform.SENSOR,
    Kind.UNDECIDED: Platform.SENSOR,
    Kind.FLAG: Platform.BINARY_SENSOR,
    Kind.EVENT: Platform.EVENT,
    Kind.ACTION: Platform.BUTTON,
    Kind.NOTIFICATIONS: Platform.TODO,
}
_WRITABLE_PLATFORMS: Mapping[Kind, Platform] = {
    Kind.INSTANT: Platform.NUMBER,
    Kind.STATE: Platform.SELECT,
    Kind.FLAG: Platform.SWITCH,
}


DATA_QUALITY_KEY = "data_quality"
HISTORY_EVENTS_KEY = "history_events"
HISTORY_IMPORT_KEY = "history_import"
MISSING_HOURS_KEY = "missing_hours"
UPDATE_MODE_KEY = "update_mode"
OWN_KEYS = frozenset(
    {
        DATA_QUALITY_KEY,
        HISTORY_EVENTS_KEY,
        HISTORY_IMPORT_KEY,
        MISSING_HOURS_KEY,
        UPDATE_MODE_KEY,
    }
)
"""Keys of the entities that do not belong to a point."""

SERVER_DEVICE_KEY = "__server"
"""Key of the device of the server itself; keys in an inventory never contain `__`."""


def platform_of(point: Point) -> Platform:
    """Return the platform of a point's entity.

    A text without options that can be set is a sensor, because it is shown only.
    """
    has_options = point.options is not None
    if point.writable and (has_options or point.kind is not Kind.STATE):
        return _WRITABLE_PLATFORMS.get(point.kind, _PLATFORMS[point.kind])
    return _PLATFORMS[point.kind]


def entry_unique_id(backend: str, identity: str) -> str:
    """Return the unique ID of the config entry of a server with this identity."""
    return f"{backend}:{identity}"


def _prefix[Data](entry: ConfigEntry[Data]) -> str:
    """Return the prefix of all identifiers of an entry."""
    return f"{entry.unique_id or entry.entry_id}_"


def point_unique_id[Data](entry: ConfigEntry[Data], point_key: str) -> str:
    """Return the unique ID of a point's entity."""
    return f"{_prefix(entry)}{point_key}"


def point_key_of[Data](entry: ConfigEntry[Data], unique_id: str) -> str:
    """Return the key of the point that an entity's unique ID was made from."""
    return unique_id.removeprefix(_prefix(entry))


def device_identifier[Data](
    entry: ConfigEntry[Data], device_key: str
) -> tuple[str, str]:
    """Return the identifier of a device in the device registry."""
    return (DOMAIN, f"{_prefix(entry)}{device_key}")


def device_key_of[Data](
    entry: ConfigEntry[Data], identifiers: set[tuple[str, str]]
) -> str | None:
    """Return the key of the device with these identifiers."""
    for domain, identifier in identifiers:
        if domain == DOMAIN:
            return identifier.removeprefix(_prefix(entry))
    return None
