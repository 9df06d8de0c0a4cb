"""Numbers of the Metering Hub integration."""

from datetime import datetime
from typing import override

from homeassistant.components.number import NumberEntity, NumberMode
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .control import ControlEntity
from .data import MeteringHubConfigEntry
from .descriptions import number_device_class
from .entity import async_add_point_entities
from .live.coordinator import ReadingsCoordinator
from .metering.model import Limits, Point, Value

PARALLEL_UPDATES = 1

_WIDEST = Limits(lowest=-(2.0**31), highest=2.0**31 - 1, step=0.01)
"""The limits of a number if the server has none, or checks values itself."""


async def async_setup_entry(
    hass: HomeAssistant,
    entry: MeteringHubConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up a number for each value that can be set."""
    await async_add_point_entities(
        entry, Platform.NUMBER, async_add_entities, PointNumber
    )


class PointNumber(ControlEntity, NumberEntity):
    """A number that sets a value."""

    _attr_mode = NumberMode.BOX
    _attr_native_value: float | None = None

    def __init__(self, coordinator: ReadingsCoordinator, point: Point) -> None:
        """Initialize the number from its point."""
        super().__init__(coordinator, point)
        limits = point.limits or _WIDEST
        self._attr_device_class = number_device_class(point)
        self._attr_native_unit_of_measurement = point.unit
        self._attr_native_min_value = limits.lowest
        self._attr_native_max_value = limits.highest
        self._attr_native_step = limits.step

    @override
    def _show(self, value: Value | None) -> bool:
        """Set the state; a value that is not a number is unknown."""
        # In Python, booleans are numbers, too.
        number = None if isinstance(value, str | bool | datetime) else value
        if number == self._attr_native_value:
            return False
        self._attr_native_value = number
        return True

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Set the value in the unit of the point; raises HomeAssistantError."""
        await self._set(value)
