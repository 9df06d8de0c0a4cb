"""Sensors of the Metering Hub integration."""

from datetime import datetime
from typing import override

from homeassistant.components.sensor import (
    RestoreSensor,
    SensorDeviceClass,
    SensorEntity,
)
from homeassistant.const import PERCENTAGE, EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import DOMAIN
from .data import MeteringHubConfigEntry
from .descriptions import (
    sensor_device_class,
    sensor_precision,
    sensor_state_class,
    sensor_unit,
)
from .entity import PointEntity, async_add_point_entities
from .history.coordinator import HistoryCoordinator
from .identifiers import (
    HISTORY_IMPORT_KEY,
    SERVER_DEVICE_KEY,
    UPDATE_MODE_KEY,
    device_identifier,
    point_unique_id,
)
from .live.coordinator import ReadingsCoordinator
from .live.push import PushCoordinator, UpdateMode
from .metering.model import Kind, Point, Value
from .metering.point_settings import PointSettings
from .metering.register_guard import RegisterGuard

PARALLEL_UPDATES = 0


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
        async_add_entities([HistoryImportSensor(history)])
    else:
        _remove_history_sensor(hass, entry)
    if (push := entry.runtime_data.push) is not None:
        async_add_entities([UpdateModeSensor(push)])


def _remove_history_sensor(hass: HomeAssistant, entry: MeteringHubConfigEntry) -> None:
    """Remove the sensor of an import that the user has disabled."""
    registry = er.async_get(hass)
    unique_id = point_unique_id(entry, HISTORY_IMPORT_KEY)
    entity_id = registry.async_get_entity_id(Platform.SENSOR, DOMAIN, unique_id)
    if entity_id is not None:
        registry.async_remove(entity_id)


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
        self._attr_native_unit_of_measurement = point.unit
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
            self._attr_last_reset = self._since = since
        self._attr_native_value = self._value = value
        return True


class RegisterSensor(PointSensor, RestoreSensor):
    """A sensor that shows a meter reading, and ignores implausible decreases."""

    def __init__(self, coordinator: ReadingsCoordinator, point: Point) -> None:
        """Initialize the guard, which decides which positions are shown."""
        super().__init__(coordinator, point)
        options = coordinator.config_entry.options
        keys = (point.key, *point.sum_of)
        is_trusted = any(PointSettings.of(options, key).is_trusted for key in keys)
        self._guard = RegisterGuard(point, is_trusted=is_trusted)

    @override
    async def async_added_to_hass(self) -> None:
        """Restore the position that was shown before a restart."""
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
        """Set the value to the position that the guard accepts."""
        reading = self.coordinator.data.readings.get(self._key)
        position = self._guard.filter(reading) if reading else None
        if position == self._value:
            return False
        self._attr_native_value = self._value = position
        return True


def _device_of_entry(entry: MeteringHubConfigEntry) -> DeviceInfo:
    """Return the device of the entities that describe the whole entry.

    This is the device that all others belong to, or else a service device for the
    server itself.
    """
    inventory = entry.runtime_data.inventory
    roots = [device for device in inventory.data.devices.values() if not device.parent]
    if len(roots) == 1:
        return DeviceInfo(identifiers={device_identifier(entry, roots[0].key)})
    return DeviceInfo(
        identifiers={device_identifier(entry, SERVER_DEVICE_KEY)},
        entry_type=DeviceEntryType.SERVICE,
        name=entry.title,
        sw_version=inventory.identity.version,
    )


class HistoryImportSensor(CoordinatorEntity[HistoryCoordinator], SensorEntity):
    """A sensor that shows the progress of the history import."""

    _attr_has_entity_name = True
    _attr_translation_key = HISTORY_IMPORT_KEY
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_native_unit_of_measurement = PERCENTAGE
    _attr_suggested_display_precision = 0
    _unrecorded_attributes = frozenset(
        {
            "audited",
            "newest_rejected",
            "newest_repaired",
            "reached",
            "rejected",
            "repaired",
            "rows",
            "state",
        }
    )

    def __init__(self, coordinator: HistoryCoordinator) -> None:
        """Initialize the sensor on the device of the entry."""
        super().__init__(coordinator)
        entry = coordinator.config_entry
        self._attr_unique_id = point_unique_id(entry, HISTORY_IMPORT_KEY)
        self._attr_device_info = _device_of_entry(entry)

    @property
    @override
    def available(self) -> bool:
        """Return True, because the sensor also shows that an import has failed."""
        return True

    @property
    @override
    def native_value(self) -> float | None:
        """Return how much of the period is imported, in percent."""
        return self.coordinator.data.percent

    @property
    @override
    def extra_state_attributes(self) -> dict[str, object]:
        """Return how far the import is, what was rejected, and what was repaired."""
        progress = self.coordinator.data
        newest = progress.rejected.newest
        audit = progress.audit
        return {
            "reached": progress.reached.isoformat() if progress.reached else None,
            "rows": progress.rows,
            "state": progress.state,
            "rejected": progress.rejected.count,
            "newest_rejected": newest
            and {
                "time": newest.time.isoformat(),
                "value": newest.value,
                "reason": newest.rule.value,
                "point": newest.point,
            },
            "audited": audit.hours,
            "repaired": audit.repaired,
            "newest_repaired": audit.newest_repair
            and {
                "start": audit.newest_repair.start.isoformat(),
                "end": audit.newest_repair.end.isoformat(),
            },
        }


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
        self._attr_device_info = _device_of_entry(entry)

    @property
    @override
    def native_value(self) -> str:
        """Return the current update mode."""
        return self.coordinator.data
