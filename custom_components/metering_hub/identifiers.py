"""The identifiers of devices and entities in Home Assistant's registries."""

from collections.abc import Mapping
import hashlib

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import MAX_LENGTH_STATE_STATE, Platform
from homeassistant.core import HomeAssistant, callback

from .const import CONF_BACKEND, CONF_SCOPE, DOMAIN
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
_PRICED_ROLES = ("import", "export", "gas", "water", "heat")
_COST_SPANS = ("today", "month", "year")


def cost_key(span: str, role: str) -> str:
    """Return the key of the sensor of what a role costs in the running day or so."""
    return f"cost_{span}_{role}"


def price_key(role: str) -> str:
    """Return the key of the sensor of a role's current price."""
    return f"price_{role}"


OWN_KEYS = frozenset(
    {
        *(cost_key(span, role) for span in _COST_SPANS for role in _PRICED_ROLES),
        *(price_key(role) for role in _PRICED_ROLES),
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

    A text that can be set is a sensor if its lengths are not known or none of them is
    short enough for a state.
    """
    if point.writable and point.kind is Kind.STATE and point.options is None:
        text = point.text
        fits = text is not None and text.shortest <= MAX_LENGTH_STATE_STATE
        return Platform.TEXT if fits else Platform.SENSOR
    if point.writable:
        return _WRITABLE_PLATFORMS.get(point.kind, _PLATFORMS[point.kind])
    return _PLATFORMS[point.kind]


def entry_unique_id(backend: str, identity: str) -> str:
    """Return the unique ID of the config entry of a server with this identity."""
    return f"{backend}:{identity}"


def log_name[Data](entry: ConfigEntry[Data]) -> str:
    """Return the name of an entry in the log, which people publish when they ask.

    The title may contain an address or a place. The end of this name is also that of
    the ids of its statistics, if the server has an identity.
    """
    identity = entry.data.get(CONF_SCOPE) or entry.unique_id or entry.entry_id
    return f"{entry.data.get(CONF_BACKEND, DOMAIN)}_{scope_of(identity)}"


@callback
def place_name[Data](hass: HomeAssistant, entry: ConfigEntry[Data]) -> str | None:
    """Return the title if names need it, as there are several servers of a kind."""
    entries = hass.config_entries.async_entries(DOMAIN, include_ignore=False)
    backend = entry.data[CONF_BACKEND]
    alike = [each for each in entries if each.data.get(CONF_BACKEND) == backend]
    return entry.title if len(alike) > 1 else None


def scope_of(identity: str) -> str:
    """Return the short text that stands for an identity in ids and in the log."""
    return hashlib.sha256(identity.encode()).hexdigest()[:8]


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
