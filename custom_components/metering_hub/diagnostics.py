"""Diagnostics that are safe to publish."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from enum import StrEnum
import re

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.core import HomeAssistant

from .backends import BACKENDS
from .const import CONF_BACKEND
from .data import MeteringHubConfigEntry
from .history.coordinator import HistoryCoordinator
from .metering.model import Device, Inventory, Point, Reading

_PERSONAL = frozenset({"serial", "configuration_url", "name", "suggested_area"})
"""Fields that may identify a person, a place or a meter."""

_NOT_IN_KEYS = re.compile(r"[^a-z0-9]+")
"""Characters that are replaced in the keys of devices and points."""

_SHORTEST_SERIAL = 6
"""A shorter serial identifies nothing, but could be part of any word."""


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: MeteringHubConfigEntry
) -> dict[str, object]:
    """Return the settings, inventory and readings of an entry without personal data."""
    runtime = entry.runtime_data
    spec = BACKENDS[entry.data[CONF_BACKEND]]
    kept = {field.name for field in spec.fields if isinstance(field.default, bool)} | {
        CONF_BACKEND
    }
    entered = {field.name for field in spec.setup_fields if field.is_personal}
    shown = {
        "data": async_redact_data(entry.data, set(entry.data) - kept),
        "options": async_redact_data(entry.options, entered),
        "server_version": runtime.inventory.identity.version,
        "inventory": {
            "last_update_success": runtime.inventory.last_update_success,
            "devices": [
                _device(device) for device in runtime.inventory.found.devices.values()
            ],
            "points": [_point(p) for p in runtime.inventory.found.points.values()],
            "questions": _questions(runtime.inventory.found),
        },
        "readings": {
            "last_update_success": runtime.readings.last_update_success,
            "unavailable": sorted(runtime.readings.data.unavailable),
            "latest": _readings(runtime.readings.data.readings),
        },
        "history": _history(runtime.history),
    }
    serials = (device.serial for device in runtime.inventory.found.devices.values())
    return _without_serials(shown, [serial for serial in serials if serial])


def _without_serials(
    shown: dict[str, object], serials: Sequence[str]
) -> dict[str, object]:
    """Return diagnostics with all serials replaced, in keys and texts, too.

    Each serial has its own replacement, so that devices and points still match.
    """
    numbers = {
        _NOT_IN_KEYS.sub("_", serial.lower()): f"serial{number}"
        for number, serial in enumerate(serials, 1)
        if len(serial) >= _SHORTEST_SERIAL
    }
    if not numbers:
        return shown
    longest_first = sorted(numbers, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)

    def hide(text: str) -> str:
        """Return a text with its serials replaced."""
        return pattern.sub(lambda match: numbers[match[0].lower()], text)

    def cleaned(value: object) -> object:
        """Return a value with its serials replaced, recursively."""
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


def _history(history: HistoryCoordinator | None) -> dict[str, object] | None:
    """Return the state of the import, and how many readings broke which rule."""
    if history is None:
        return None
    return {
        "last_update_success": history.last_update_success,
        "state": history.data.state,
        "rejected": dict(history.data.rejected.by_rule),
    }


def _questions(inventory: Inventory) -> dict[str, int]:
    """Return how many questions there are about points, by their present kind."""
    return Counter(question.kind.value for question in inventory.questions.values())


def _device(device: Device) -> dict[str, object]:
    """Return a device without personal data."""
    return async_redact_data(asdict(device), _PERSONAL)


def _point(point: Point) -> dict[str, object]:
    """Return a point without personal data, with durations in seconds."""
    shown = async_redact_data(asdict(point), _PERSONAL)
    for duration in ("stale_after", "poll_interval", "interval"):
        if shown[duration] is not None:
            shown[duration] = shown[duration].total_seconds()
    return shown


def _readings(readings: Mapping[str, Reading]) -> dict[str, dict[str, object]]:
    """Return readings by point key."""
    return {key: _reading(reading) for key, reading in sorted(readings.items())}


def _reading(reading: Reading) -> dict[str, object]:
    """Return a reading with the number of its notifications, if it has any.

    What a notification says may name places and people.
    """
    shown: dict[str, object] = asdict(reading)
    del shown["notifications"]
    if reading.notifications:
        shown["notifications"] = len(reading.notifications)
    return shown
