"""Sensors of the Metering Hub integration."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import override

from homeassistant.components.sensor import (
    ATTR_STATE_CLASS,
    RestoreSensor,
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import (
    MATCH_ALL,
    PERCENTAGE,
    EntityCategory,
    Platform,
    UnitOfTime,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .data import MeteringHubConfigEntry
from .descriptions import (
    sensor_device_class,
    sensor_native_unit,
    sensor_precision,
    sensor_state_class,
    sensor_unit,
)
from .entity import (
    PointEntity,
    async_add_point_entities,
    async_remove_own_entity,
    device_of_entry,
)
from .history.attributes import (
    import_attributes,
    missing_attributes,
    quality_attributes,
)
from .history.coordinator import HistoryCoordinator
from .history.progress import Progress
from .identifiers import (
    DATA_QUALITY_KEY,
    HISTORY_IMPORT_KEY,
    MISSING_HOURS_KEY,
    UPDATE_MODE_KEY,
    point_unique_id,
)
from .live.coordinator import ReadingsCoordinator
from .live.push import PushCoordinator, UpdateMode
from .metering.model import Kind, Point, Value
from .metering.point_settings import PointSettings
from .metering.register_guard import RegisterGuard

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class HistorySensorDescription(SensorEntityDescription):
    """A sensor whose value and attributes are taken from the progress of the history.

    The attributes also depend on the options of the entry.
    """

    value_fn: Callable[[Progress], float | None]
    attributes_fn: Callable[[Progress, Mapping[str, object]], dict[str, object]]


HISTORY_SENSORS = (
    HistorySensorDescription(
        key=HISTORY_IMPORT_KEY,
        translation_key=HISTORY_IMPORT_KEY,
        native_unit_of_measurement=PERCENTAGE,
        suggested_display_precision=0,
        value_fn=lambda progress: progress.percent,
        attributes_fn=import_attributes,
    ),
    HistorySensorDescription(
        key=DATA_QUALITY_KEY,
        translation_key=DATA_QUALITY_KEY,
        native_unit_of_measurement=PERCENTAGE,
        suggested_display_precision=1,
        value_fn=lambda progress: progress.quality.measured_share,
        attributes_fn=quality_attributes,
    ),
    HistorySensorDescription(
        key=MISSING_HOURS_KEY,
        translation_key=MISSING_HOURS_KEY,
        native_unit_of_measurement=UnitOfTime.HOURS,
        suggested_display_precision=0,
        entity_registry_enabled_default=False,
        value_fn=lambda progress: progress.quality.missing_hours,
        attributes_fn=missing_attributes,
    ),
)
"""The sensors of an entry whose history is imported."""


async def async_setup_entry(
    hass: HomeAssistant,
    entry: MeteringHubConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up a sensor for each register, amount, measurement and state."""
    await async_add_point_entities(
        entry, Platform.SENSOR, async_add_entities, _make_sensor
    )
    if (history := entry.runtime_data.history) is not None:
        async_add_entities(HistorySensor(history, each) for each in HISTORY_SENSORS)
    else:
        for each in HISTORY_SENSORS:
            async_remove_own_entity(hass, entry, Platform.SENSOR, each.key)
    if (push := entry.runtime_data.push) is not None:
        async_add_entities([UpdateModeSensor(push)])


def _make_sensor(coordinator: ReadingsCoordinator, point: Point) -> PointSensor:
    """Return the sensor of a point."""
    if point.kind is Kind.REGISTER:
        return RegisterSensor(coordinator, point)
    return PointSensor(coordinator, point)


class PointSensor(PointEntity, SensorEntity):
    """A sensor that shows the value of a point."""

    _attr_native_value: Value | None = None
    _attr_last_reset: datetime | None = None

    def __init__(self, coordinator: ReadingsCoordinator, point: Point) -> None:
        """Initialize the sensor from its point."""
        super().__init__(coordinator, point)
        self._attr_device_class = sensor_device_class(point)
        self._attr_state_class = sensor_state_class(point)
        self._attr_native_unit_of_measurement = sensor_native_unit(point)
        self._attr_suggested_unit_of_measurement = sensor_unit(point)
        self._attr_suggested_display_precision = sensor_precision(point)
        if point.options is not None:
            self._attr_options = list(point.options)
        self._options = point.options
        # Copies of attributes, because Home Assistant's cached ones are slow to access.
        self._value: Value | None = None
        self._since: datetime | None = None

    @override
    def _update_from_reading(self) -> bool:
        """Set the value and, for an amount, the time of its last reset."""
        reading = self.coordinator.data.readings.get(self._key)
        value, since = (
            (None, None) if reading is None else (reading.value, reading.since)
        )
        if self._options is not None and value not in self._options:
            value = None
        if value == self._value and since == self._since:
            return False
        if since != self._since:
            self._since = since
            if self._attr_state_class is SensorStateClass.TOTAL:
                self._attr_last_reset = since
        self._attr_native_value = self._value = value
        return True


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

        What the sensor showed while its point was of another kind is no position.
        """
        last = await self.async_get_last_sensor_data()
        state = await self.async_get_last_state()
        if (
            last is not None
            and state is not None
            and state.attributes.get(ATTR_STATE_CLASS) == self.state_class
            and last.native_unit_of_measurement == self.point.unit
            and isinstance(last.native_value, int | float)
        ):
            self._guard.restore(float(last.native_value))
        await super().async_added_to_hass()

    @override
    def _update_from_reading(self) -> bool:
        """Set the value to the position that the guard accepts."""
        reading = self.coordinator.data.readings.get(self._key)
        position = self._guard.filter(reading) if reading else None
        if position == self._value:
            return False
        self._attr_native_value = self._value = position
        return True


class HistorySensor(CoordinatorEntity[HistoryCoordinator], SensorEntity):
    """A sensor that describes the history of an entry."""

    _attr_has_entity_name = True
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _unrecorded_attributes = frozenset({MATCH_ALL})
    entity_description: HistorySensorDescription

    def __init__(
        self, coordinator: HistoryCoordinator, description: HistorySensorDescription
    ) -> None:
        """Initialize the sensor on the device of the entry."""
        super().__init__(coordinator)
        entry = coordinator.config_entry
        self.entity_description = description
        self._attr_unique_id = point_unique_id(entry, description.key)
        self._attr_device_info = device_of_entry(entry)

    @property
    @override
    def available(self) -> bool:
        """Return True, because what is known of the history stays true."""
        return True

    @property
    @override
    def native_value(self) -> float | None:
        """Return the value that the description takes from the progress."""
        return self.entity_description.value_fn(self.coordinator.data)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, object]:
        """Return the attributes that the description takes from the progress."""
        coordinator = self.coordinator
        return self.entity_description.attributes_fn(
            coordinator.data, coordinator.config_entry.options
        )


class UpdateModeSensor(CoordinatorEntity[PushCoordinator], SensorEntity):
    """A sensor that shows whether readings are pushed or polled."""

    _attr_has_entity_name = True
    _attr_translation_key = UPDATE_MODE_KEY
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_device_class = SensorDeviceClass.ENUM

    def __init__(self, coordinator: PushCoordinator) -> None:
        """Initialize the sensor on the device of the entry."""
        super().__init__(coordinator)
        entry = coordinator.config_entry
        self._attr_unique_id = point_unique_id(entry, UPDATE_MODE_KEY)
        self._attr_options = [mode.value for mode in UpdateMode]
        self._attr_device_info = device_of_entry(entry)

    @property
    @override
    def native_value(self) -> str:
        """Return the current update mode."""
        return self.coordinator.data
