"""Diagnostics that are safe to post in public."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from enum import StrEnum
import re

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.core import HomeAssistant

from .backends import BACKENDS
from .const import CONF_BACKEND
from .data import MeteringHubConfigEntry
from .metering.model import Device, Point, Reading

_PERSONAL = frozenset({"serial", "configuration_url", "name"})
"""What a server says of a device that may name a person, a place or a meter."""

_AS_KEY = re.compile(r"[^a-z0-9]+")
"""What the keys of devices and points have no room for."""

_SHORTEST_SERIAL = 6
"""A shorter one says nothing, but could be a part of any word."""


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: MeteringHubConfigEntry
) -> dict[str, object]:
    """Return settings, inventory and readings, without anything personal."""
    runtime = entry.runtime_data
    spec = BACKENDS[entry.data[CONF_BACKEND]]
    kept = {field.name for field in spec.fields if isinstance(field.default, bool)} | {
        CONF_BACKEND
    }
    shown = {
        "data": async_redact_data(entry.data, set(entry.data) - kept),
        "options": dict(entry.options),
        "server_version": runtime.inventory.identity.version,
        "inventory": {
            "last_update_success": runtime.inventory.last_update_success,
            "devices": [
                _device(device) for device in runtime.inventory.found.devices.values()
            ],
            "points": [_point(p) for p in runtime.inventory.found.points.values()],
        },
        "readings": {
            "last_update_success": runtime.readings.last_update_success,
            "unavailable": sorted(runtime.readings.data.unavailable),
            "latest": _readings(runtime.readings.data.readings),
        },
    }
    serials = (device.serial for device in runtime.inventory.found.devices.values())
    return _without_serials(shown, [serial for serial in serials if serial])


def _without_serials(
    shown: dict[str, object], serials: Sequence[str]
) -> dict[str, object]:
    """Return a dump without serials in its keys and texts, of which some are made.

    Each is replaced by a number of its own, so that what belongs together still does.
    """
    numbers = {
        _AS_KEY.sub("_", serial.lower()): f"serial{number}"
        for number, serial in enumerate(serials, 1)
        if len(serial) >= _SHORTEST_SERIAL
    }
    if not numbers:
        return shown
    longest_first = sorted(numbers, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)

    def hide(text: str) -> str:
        return pattern.sub(lambda match: numbers[match[0].lower()], text)

    def cleaned(value: object) -> object:
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


def _device(device: Device) -> dict[str, object]:
    return async_redact_data(asdict(device), _PERSONAL)


def _point(point: Point) -> dict[str, object]:
    shown = async_redact_data(asdict(point), _PERSONAL)
    for duration in ("stale_after", "poll_interval", "interval"):
        if shown[duration] is not None:
            shown[duration] = shown[duration].total_seconds()
    return shown


def _readings(readings: Mapping[str, Reading]) -> dict[str, dict[str, object]]:
    return {key: asdict(reading) for key, reading in sorted(readings.items())}
