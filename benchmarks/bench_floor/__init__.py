"""The floor: sensors that write prepared values and do nothing else.

`hass.data[PLAN]` describes the sensors, and `hass.data[SENSORS]` contains them once
they exist. They are the plainest sensors with a device that Home Assistant allows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.util.hass_dict import HassKey

DOMAIN = "bench_floor"


@dataclass(frozen=True, slots=True)
class Plan:
    """The description of a sensor: its device, name and attributes."""

    key: str
    device: str
    name: str
    device_class: str | None
    state_class: str | None
    unit: str | None
    precision: int | None
    enabled: bool


PLAN: HassKey[Sequence[Plan]] = HassKey("bench_floor_plan")


async def async_setup_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Add the sensors."""
    await hass.config_entries.async_forward_entry_setups(entry, [Platform.SENSOR])
    return True


async def async_unload_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Remove the sensors."""
    return await hass.config_entries.async_unload_platforms(entry, [Platform.SENSOR])
