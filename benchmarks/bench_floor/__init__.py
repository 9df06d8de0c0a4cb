"""The floor: sensors that write values which are ready, and do nothing else.

What they are is said by `hass.data[PLAN]`; `hass.data[SENSORS]` has them once they are
there. They are as plain as Home Assistant lets a sensor with a device be.
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
    """A sensor to be: its device, its name and its attributes."""

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
    """Take the sensors away."""
    return await hass.config_entries.async_unload_platforms(entry, [Platform.SENSOR])
