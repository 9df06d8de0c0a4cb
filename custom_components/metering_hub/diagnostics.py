"""Diagnostics that are safe to publish."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, fields
from datetime import timedelta

from homeassistant.components.diagnostics import REDACTED, async_redact_data
from homeassistant.core import HomeAssistant
from homeassistant.helpers import instance_id

from .backends import BACKENDS
from .backends.common.redaction import (
    Redaction,
    as_key,
    shown_model,
    shown_placeholders,
    shown_unit,
    shown_version,
)
from .const import CONF_BACKEND
from .data import MeteringHubConfigEntry
from .history.coordinator import HistoryCoordinator
from .history.cost_diagnostics import tariff_diagnostics, unpriced_hours
from .live.snapshot import Snapshot
from .metering.inventory import CompositePlatform, Inventory
from .metering.model import Device, Point, Reading, Value

_PERSONAL = frozenset({"serial", "configuration_url", "name", "suggested_area"})
"""Fields that may identify a person, a place or a meter."""

_PLACE_WORDS = frozenset(
    {"altitude", "coordinates", "geo", "gps", "lat", "latitude", "lng", "location"}
    | {"lon", "long", "longitude", "position"}
)
"""Words in the key or name of a point whose value may be a place."""

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
    found = runtime.inventory.found
    devices, points = _chosen(found)
    secret = await instance_id.async_get(hass)
    redaction = Redaction(secret, _named_in(entry.options, found, devices))
    options = async_redact_data(entry.options, entered)
    shown = {
        "data": async_redact_data(entry.data, set(entry.data) - kept),
        "options": _shortened(redaction.options(options, _known_keys(found))),
        "server_version": _version(runtime.inventory.identity.version),
        "inventory": {
            "last_update_success": runtime.inventory.last_update_success,
            "devices": [_device(device) for device in devices],
            "points": [_point(point) for point in points],
            "left_out": {
                "devices": len(found.devices) - len(devices),
                "points": len(found.points) - len(points),
            },
            "questions": _questions(found),
        },
        "readings": {
            "last_update_success": runtime.readings.last_update_success,
            **_snapshot(runtime.readings.data, points, _places(found)),
        },
        "history": _history(runtime.history),
        "prices": await _prices(hass, entry),
    }
    return {name: redaction.everywhere(value) for name, value in shown.items()}


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


def _version(text: str | None) -> object:
    """Return the version of a server, if it is known."""
    return None if text is None else shown_version(text)


def _known_keys(found: Inventory) -> frozenset[str]:
    """Return the keys of all that the server has."""
    groups, composites = found.groups, found.composites
    return frozenset({*found.devices, *found.points, *groups, *composites})


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


def _device(device: Device) -> dict[str, object]:
    """Return a device without personal data and free texts of its server."""
    shown = _without_defaults(device)
    for name in ("software_version", "hardware_version"):
        if name in shown:
            shown[name] = shown_version(shown[name])
    if "model" in shown:
        shown["model"] = shown_model(shown["model"])
    return shown


def _point(point: Point) -> dict[str, object]:
    """Return a point without personal data and free texts, with durations in seconds.

    What it may be set to are words of the server, so only their number is shown.
    """
    shown = {
        name: value.total_seconds() if isinstance(value, timedelta) else value
        for name, value in _without_defaults(point).items()
    }
    for name in ("options", "tariff_numbers"):
        if name in shown:
            shown[name] = len(getattr(point, name))
    for name in ("unit", "server_unit"):
        if name in shown:
            shown[name] = shown_unit(shown[name])
    if point.placeholders:
        shown["placeholders"] = shown_placeholders(point.placeholders)
    return shown


def _places(inventory: Inventory) -> frozenset[str]:
    """Return the keys of the points that tell where a device is."""
    return frozenset(
        key
        for composite in inventory.composites.values()
        if composite.platform is CompositePlatform.DEVICE_TRACKER
        for key in composite.parts.values()
    )


def _snapshot(
    snapshot: Snapshot, points: Sequence[Point], places: frozenset[str]
) -> dict[str, object]:
    """Return how many values there are, and those of points."""
    return {
        "count": len(snapshot.readings),
        "unavailable_count": len(snapshot.unavailable),
        "unavailable": sorted(snapshot.unavailable & {point.key for point in points}),
        "latest": _readings(snapshot.readings, points, places),
    }


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
    if point.options is not None and reading.value in point.options:
        # The word is the server's; its place tells it from the others.
        shown["value"] = f"option {point.options.index(str(reading.value)) + 1}"
    elif is_place or _is_private(point, reading.value):
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
        return True
    words = as_key(f"{point.key} {point.name or ''}").split("_")
    return not _PLACE_WORDS.isdisjoint(words)
