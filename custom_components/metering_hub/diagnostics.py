"""Diagnostics that are safe to post in public."""

from collections.abc import Mapping
from dataclasses import asdict

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.core import HomeAssistant

from .backends import BACKENDS
from .const import CONF_BACKEND
from .coordinator import MeteringHubConfigEntry
from .model import Device, Point, Reading

_PERSONAL = frozenset({"serial", "configuration_url", "name"})
"""What a server says of a device that may name a person, a place or a meter."""


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: MeteringHubConfigEntry
) -> dict[str, object]:
    """Return settings, inventory and readings, without anything personal."""
    runtime = entry.runtime_data
    spec = BACKENDS[entry.data[CONF_BACKEND]]
    kept = {field.name for field in spec.fields if isinstance(field.default, bool)} | {
        CONF_BACKEND
    }
    return {
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
