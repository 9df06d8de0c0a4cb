"""Sensors: meter positions, amounts, measured values and states."""

from datetime import datetime
from typing import override

from homeassistant.components.sensor import RestoreSensor, SensorEntity
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import MeteringHubConfigEntry, ReadingsCoordinator
from .descriptions import sensor_device_class, sensor_state_class
from .entity import PointEntity, add_point_entities
from .model import Kind, Point, Value
from .register_guard import RegisterGuard

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: MeteringHubConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a sensor for every point that is not a flag."""
    add_point_entities(entry, Platform.SENSOR, async_add_entities, _make_sensor)


def _make_sensor(coordinator: ReadingsCoordinator, point: Point) -> PointSensor:
    if point.kind is Kind.REGISTER:
        return RegisterSensor(coordinator, point)
    return PointSensor(coordinator, point)


class PointSensor(PointEntity, SensorEntity):
    """The newest value of a point."""

    _attr_native_value: Value | None = None
    _attr_last_reset: datetime | None = None

    def __init__(self, coordinator: ReadingsCoordinator, point: Point) -> None:
        """Describe the sensor by its point."""
        super().__init__(coordinator, point)
        self._attr_device_class = sensor_device_class(point)
        self._attr_state_class = sensor_state_class(point)
        self._attr_native_unit_of_measurement = point.unit
        self._attr_suggested_display_precision = point.precision
        if point.options is not None:
            self._attr_options = list(point.options)

    @override
    def _update_from_reading(self) -> bool:
        """Take over value and, for an amount, the start of its span."""
        reading = self.reading
        value = reading.value if reading else None
        since = reading.since if reading else None
        if self.point.options is not None and value not in self.point.options:
            value = None
        if (value, since) == (self._attr_native_value, self._attr_last_reset):
            return False
        self._attr_native_value = value
        self._attr_last_reset = since
        return True


class RegisterSensor(PointSensor, RestoreSensor):
    """A meter position, guarded against false falls, across restarts too."""

    def __init__(self, coordinator: ReadingsCoordinator, point: Point) -> None:
        """Start the guard."""
        super().__init__(coordinator, point)
        self._guard = RegisterGuard()

    @override
    async def async_added_to_hass(self) -> None:
        """Remember the position that was published before the restart."""
        last = await self.async_get_last_sensor_data()
        if (
            last is not None
            and last.native_unit_of_measurement == self.point.unit
            and isinstance(last.native_value, int | float)
        ):
            self._guard.restore(float(last.native_value))
        await super().async_added_to_hass()

    @override
    def _update_from_reading(self) -> bool:
        """Take over the position, if the guard lets it pass."""
        reading = self.reading
        position = self._guard.filter(reading) if reading else None
        if position == self._attr_native_value:
            return False
        self._attr_native_value = position
        return True
