"""Numbers: measured values that can be set."""

from datetime import datetime
from typing import override

from homeassistant.components.number import NumberEntity, NumberMode
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .control import ControlEntity
from .data import MeteringHubConfigEntry
from .descriptions import number_device_class
from .entity import add_point_entities
from .live.coordinator import ReadingsCoordinator
from .metering.model import Limits, Point, Value

PARALLEL_UPDATES = 1

_WIDEST = Limits(lowest=-(2.0**31), highest=2.0**31 - 1, step=0.01)
"""What a number is limited to where the server names no limits: it checks itself."""


async def async_setup_entry(
    hass: HomeAssistant,
    entry: MeteringHubConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a number for every measured value that can be set."""
    await add_point_entities(entry, Platform.NUMBER, async_add_entities, PointNumber)


class PointNumber(ControlEntity, NumberEntity):
    """A measured value that can be set."""

    _attr_mode = NumberMode.BOX
    _attr_native_value: float | None = None

    def __init__(self, coordinator: ReadingsCoordinator, point: Point) -> None:
        """Describe the number by its point."""
        super().__init__(coordinator, point)
        limits = point.limits or _WIDEST
        self._attr_device_class = number_device_class(point)
        self._attr_native_unit_of_measurement = point.unit
        self._attr_native_min_value = limits.lowest
        self._attr_native_max_value = limits.highest
        self._attr_native_step = limits.step

    @override
    def _show(self, value: Value | None) -> bool:
        """Take over a number; anything else is unknown."""
        # In Python, true and false are numbers.
        number = None if isinstance(value, str | bool | datetime) else value
        if number == self._attr_native_value:
            return False
        self._attr_native_value = number
        return True

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Set the number, in the point's unit; raises HomeAssistantError."""
        await self._set(value)
