"""Diagnostics that are safe to publish."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import MISSING, asdict, fields
from datetime import timedelta
from enum import StrEnum
import re

from homeassistant.components.diagnostics import REDACTED, async_redact_data
from homeassistant.core import HomeAssistant

from .backends import BACKENDS
from .const import CONF_BACKEND
from .data import MeteringHubConfigEntry
from .history.coordinator import HistoryCoordinator
from .history.cost_diagnostics import tariff_diagnostics, unpriced_hours
from .metering.inventory import CompositePlatform, Inventory
from .metering.model import Device, Point, Reading, Value

_PERSONAL = frozenset({"serial", "configuration_url", "name", "suggested_area"})
"""Fields that may identify a person, a place or a meter."""

_PLACE_WORDS = frozenset(
    {"altitude", "coordinates", "geo", "gps", "lat", "latitude", "lng", "location"}
    | {"lon", "long", "longitude", "position"}
)
"""Words in the key or name of a point whose value may be a place."""

_NOT_IN_KEYS = re.compile(r"[^a-z0-9]+")
"""Characters that are replaced in the keys of devices and points."""

_EUI = re.compile(r"(?<![0-9a-f])[0-9a-f]{16}(?![0-9a-f])", re.IGNORECASE)
"""An EUI-64, the worldwide unique number of a radio device."""

_SHORTEST_SERIAL = 6
"""A shorter serial identifies nothing, but could be part of any word."""

_SHORTEST_WORD = 4
"""A shorter word of a name could be part of any key."""

MOST_DEVICES = 100
MOST_POINTS = 250
"""What is shown of a large server: all of it would be megabytes that nobody reads."""

MOST_ITEMS = 100
"""Items of a list or settings of points that are shown."""


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: MeteringHubConfigEntry
) -> dict[str, object]:
    """Return the settings, inventory and readings of an entry without personal data.

    Of many devices and points, only some are shown, and how many are left out.
    """
    runtime = entry.runtime_data
    spec = BACKENDS[entry.data[CONF_BACKEND]]
    switches = {field.name for field in spec.fields if isinstance(field.default, bool)}
    kept = switches | {CONF_BACKEND}
    entered = {field.name for field in spec.setup_fields if field.is_personal}
    found, snapshot = runtime.inventory.found, runtime.readings.data
    devices, points = _chosen(found)
    unavailable = sorted(snapshot.unavailable & {point.key for point in points})
    shown = {
        "data": async_redact_data(entry.data, set(entry.data) - kept),
        "options": _shortened(async_redact_data(entry.options, entered)),
        "server_version": runtime.inventory.identity.version,
        "inventory": {
            "last_update_success": runtime.inventory.last_update_success,
            "devices": [_without_defaults(device) for device in devices],
            "points": [_point(point) for point in points],
            "left_out": {
                "devices": len(found.devices) - len(devices),
                "points": len(found.points) - len(points),
            },
            "questions": _questions(found),
        },
        "readings": {
            "last_update_success": runtime.readings.last_update_success,
            "count": len(snapshot.readings),
            "unavailable_count": len(snapshot.unavailable),
            "unavailable": unavailable,
            "latest": _readings(snapshot.readings, points, _places(found)),
        },
        "history": _history(runtime.history),
        "prices": await _prices(hass, entry),
    }
    return _without_identity(shown, _named_in(entry.options, found, devices))


def _chosen(found: Inventory) -> tuple[list[Device], list[Point]]:
    """Return the devices and points that are shown, those enabled by default first.

    Each of the devices has its share of the points.
    """
    devices = [*found.devices.values()][:MOST_DEVICES]
    by_device: dict[str, list[Point]] = {device.key: [] for device in devices}
    for point in sorted(
        found.points.values(), key=lambda each: not each.enabled_default
    ):
        if (of_device := by_device.get(point.device_key)) is not None:
            of_device.append(point)
    share = max(1, MOST_POINTS // max(1, len(devices)))
    return devices, [each for points in by_device.values() for each in points[:share]]


def _named_in(
    options: Mapping[str, object], found: Inventory, shown: Sequence[Device]
) -> list[Device]:
    """Return the devices that are shown, or that the shown options are about."""
    keys = dict.fromkeys(device.key for device in shown)
    for value in _shortened(options).values():
        for each in value if isinstance(value, list | dict) else ():
            point = found.points.get(each)
            keys[point.device_key if point else each] = None
    return [found.devices[key] for key in keys if key in found.devices]


def _shortened(options: Mapping[str, object]) -> dict[str, object]:
    """Return options with the beginning of long lists and mappings."""
    return {name: _beginning(value) for name, value in options.items()}


def _beginning(value: object) -> object:
    """Return the first items of a long list or mapping, and how many are left out."""
    match value:
        case list() if len(value) > MOST_ITEMS:
            return [*value[:MOST_ITEMS], f"{len(value) - MOST_ITEMS} more"]
        case dict() if len(value) > MOST_ITEMS:
            more = {"more": len(value) - MOST_ITEMS}
            return dict([*value.items()][:MOST_ITEMS]) | more
        case _:
            return value


def _without_identity(
    shown: dict[str, object], devices: Collection[Device]
) -> dict[str, object]:
    """Return diagnostics without serials, EUIs and names, in keys and texts, too.

    Each one has its own replacement, so that devices and points still match.
    """
    hidden = _replacements(devices)
    longest_first = sorted(hidden, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)
    euis: dict[str, str] = {}

    def hide(text: str) -> str:
        """Return a text with what identifies a device replaced."""
        if hidden:
            text = pattern.sub(lambda match: hidden[match[0].lower()], text)
        return _EUI.sub(
            lambda match: euis.setdefault(match[0].lower(), f"eui{len(euis) + 1}"), text
        )

    def cleaned(value: object) -> object:
        """Return a value with what identifies a device replaced, recursively."""
        match value:
            case StrEnum():
                return value
            case str():
                return hide(value)
            case dict():
                return {hide(str(key)): cleaned(inner) for key, inner in value.items()}
            case list() | tuple():
                return [cleaned(inner) for inner in value]
            case _:
                return value

    return {key: cleaned(value) for key, value in shown.items()}


def _replacements(devices: Collection[Device]) -> dict[str, str]:
    """Return what replaces the serials of devices, and keys made of their names."""
    hidden = {
        _as_key(device.serial): f"serial{number}"
        for number, device in enumerate(devices, 1)
        if device.serial and len(device.serial) >= _SHORTEST_SERIAL
    }
    return hidden | {
        device.key.lower(): f"device{number}"
        for number, device in enumerate(devices, 1)
        if device.name
        and len(device.key) >= _SHORTEST_SERIAL
        and _is_named_after(device.key.lower(), device.name)
    }


def _is_named_after(key: str, name: str) -> bool:
    """Return True if a word of a device's name is part of its key."""
    words = _as_key(name).split("_")
    return any(word in key for word in words if len(word) >= _SHORTEST_WORD)


def _as_key(text: str) -> str:
    """Return a text as it would be part of a key."""
    return _NOT_IN_KEYS.sub("_", text.lower()).strip("_")


def _history(history: HistoryCoordinator | None) -> dict[str, object] | None:
    """Return the state of the import, and how many readings broke which rule."""
    if history is None:
        return None
    return {
        "last_update_success": history.last_update_success,
        "state": history.data.state,
        "rejected": dict(history.data.rejected.by_rule),
    }


async def _prices(
    hass: HomeAssistant, entry: MeteringHubConfigEntry
) -> dict[str, object]:
    """Return figures of the tariffs, and of the hours without a price."""
    runtime, unpriced = entry.runtime_data, None
    if (history := runtime.history) is not None:
        unpriced = await unpriced_hours(hass, entry, history.prefix, history.points)
    tariffs = tariff_diagnostics(entry, runtime.backend.time_zone)
    return {**tariffs, "unpriced_hours": unpriced}


def _questions(inventory: Inventory) -> dict[str, int]:
    """Return how many questions there are about points, by their present kind."""
    return Counter(question.kind.value for question in inventory.questions.values())


def _without_defaults(item: Device | Point | Reading) -> dict[str, object]:
    """Return what was set of an item, without personal data."""
    values = asdict(item)
    changed = {
        each.name: values[each.name]
        for each in fields(item)
        if (each.default is MISSING and each.default_factory is MISSING)
        or values[each.name] not in (each.default, {}, ())
    }
    return async_redact_data(changed, _PERSONAL)


def _point(point: Point) -> dict[str, object]:
    """Return a point without personal data, with durations in seconds."""
    return {
        name: value.total_seconds() if isinstance(value, timedelta) else value
        for name, value in _without_defaults(point).items()
    }


def _places(inventory: Inventory) -> frozenset[str]:
    """Return the keys of the points that tell where a device is."""
    return frozenset(
        key
        for composite in inventory.composites.values()
        if composite.platform is CompositePlatform.DEVICE_TRACKER
        for key in composite.parts.values()
    )


def _readings(
    readings: Mapping[str, Reading], points: Sequence[Point], places: frozenset[str]
) -> dict[str, dict[str, object]]:
    """Return the readings of points by key, without texts and places."""
    return {
        point.key: _reading(reading, point, is_place=point.key in places)
        for point in points
        if (reading := readings.get(point.key)) is not None
    }


def _reading(reading: Reading, point: Point, *, is_place: bool) -> dict[str, object]:
    """Return a reading with the number of its notifications, if it has any.

    What notifications, details and free texts say may name places and people.
    """
    shown = _without_defaults(reading)
    if is_place or _is_private(point, reading.value):
        shown["value"] = REDACTED
        shown.pop("extremes", None)
    if reading.details:
        shown["details"] = sorted(reading.details)
    if reading.notifications:
        shown["notifications"] = len(reading.notifications)
    return shown


def _is_private(point: Point, value: Value) -> bool:
    """Return True if a value may tell who somebody is, where, or what they wrote."""
    if point.text is not None and point.text.is_secret:
        return True
    if isinstance(value, str):
        return point.options is None or value not in point.options
    words = _as_key(f"{point.key} {point.name or ''}").split("_")
    return not _PLACE_WORDS.isdisjoint(words)
