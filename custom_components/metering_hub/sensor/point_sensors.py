"""Sensors that show the value of a point."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, override

from homeassistant.components.sensor import (
    ATTR_STATE_CLASS,
    RestoreSensor,
    SensorEntity,
    SensorExtraStoredData,
    SensorStateClass,
)

from ..descriptions import sensor_description
from ..entity import PointEntity
from ..live.coordinator import ReadingsCoordinator
from ..metering.model import Kind, Point, Value
from ..metering.point_settings import CONF_FACTOR, PointSettings
from ..metering.register_guard import RegisterGuard
from ..metering.scaling import UNSCALED

_MAX_OPTIONS = 256
"""How many options a sensor may have, with those that the server did not list."""


def make_point_sensor(coordinator: ReadingsCoordinator, point: Point) -> PointSensor:
    """Return the sensor of a point."""
    if point.kind is Kind.REGISTER:
        return RegisterSensor(coordinator, point)
    return PointSensor(coordinator, point)


class PointSensor(PointEntity, SensorEntity):
    """A sensor that shows the value of a point."""

    _attr_last_reset: datetime | None = None

    def __init__(self, coordinator: ReadingsCoordinator, point: Point) -> None:
        """Initialize the sensor from its point."""
        super().__init__(coordinator, point)
        self.entity_description = sensor_description(point)
        if point.options is not None:
            self._attr_options = list(point.options)
        self._options = point.options
        self._value: Value | None = None
        # A copy, because Home Assistant's cached attribute is slow to access.
        self._since: datetime | None = None

    @property
    @override
    def native_value(self) -> Value | None:
        """Return the value, which changes too often to be worth a cache."""
        return self._value

    @override
    def _update_from_reading(self) -> bool:
        """Set the value and, for an amount, the time of its last reset."""
        reading = self.coordinator.data.readings.get(self._key)
        value, since = (
            (None, None) if reading is None else (reading.value, reading.since)
        )
        if self._options is not None and value not in self._options:
            value = value if self._has_new_option(value) else None
        if value == self._value and since == self._since:
            return False
        if since != self._since:
            self._since = since
            if self.entity_description.state_class is SensorStateClass.TOTAL:
                self._attr_last_reset = since
        self._value = value
        return True

    def _has_new_option(self, value: Value | None) -> bool:
        """Return True if a text that the server did not list is an option from now on.

        Home Assistant accepts only what is listed.
        """
        options = self._options or ()
        if not isinstance(value, str) or len(options) >= _MAX_OPTIONS:
            return False
        self._options = (*options, value)
        self._attr_options = [*self._options]
        return True


@dataclass
class RegisterExtraStoredData(SensorExtraStoredData):
    """The position of a register sensor, and the factor by which it was multiplied."""

    factor: float

    @override
    def as_dict(self) -> dict[str, Any]:
        """Return the data as JSON."""
        return {**super().as_dict(), CONF_FACTOR: self.factor}


class RegisterSensor(PointSensor, RestoreSensor):
    """A sensor that shows a meter reading, and ignores implausible decreases."""

    def __init__(self, coordinator: ReadingsCoordinator, point: Point) -> None:
        """Initialize the guard, which decides which positions are shown."""
        super().__init__(coordinator, point)
        options = coordinator.config_entry.options
        is_trusted = PointSettings.of_point(options, point).is_trusted or any(
            PointSettings.of(options, key).is_trusted for key in point.sum_of
        )
        self._guard = RegisterGuard(point, is_trusted=is_trusted)

    @override
    async def async_added_to_hass(self) -> None:
        """Restore the position that was shown before a restart.

        What the sensor showed while its point was of another kind is no position, and
        one by another factor does not compare with what is read now.
        """
        last = await self.async_get_last_sensor_data()
        extra = await self.async_get_last_extra_data()
        state = await self.async_get_last_state()
        if (
            last is not None
            and state is not None
            and state.attributes.get(ATTR_STATE_CLASS) == self.state_class
            and last.native_unit_of_measurement == self.point.unit
            and extra is not None
            and extra.as_dict().get(CONF_FACTOR, UNSCALED) == self.point.factor
            and isinstance(last.native_value, int | float)
        ):
            self._guard.restore(float(last.native_value))
        await super().async_added_to_hass()

    @property
    @override
    def extra_restore_state_data(self) -> RegisterExtraStoredData:
        """Return what is restored after a restart."""
        return RegisterExtraStoredData(
            self.native_value, self.native_unit_of_measurement, self.point.factor
        )

    @override
    def _update_from_reading(self) -> bool:
        """Set the value to the position that the guard accepts."""
        reading = self.coordinator.data.readings.get(self._key)
        position = self._guard.filter(reading) if reading else None
        if position == self._value:
            return False
        self._value = position
        return True
