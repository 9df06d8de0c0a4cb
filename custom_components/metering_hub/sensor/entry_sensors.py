"""Sensors that describe a whole entry: its history, and how its values are read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
)
from homeassistant.const import MATCH_ALL, PERCENTAGE, EntityCategory, UnitOfTime
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from ..entity import device_of_entry
from ..errors.isolation import IsolatedEntity
from ..history.attributes import (
    import_attributes,
    missing_attributes,
    quality_attributes,
)
from ..history.coordinator import HistoryCoordinator
from ..history.progress import Progress
from ..identifiers import (
    DATA_QUALITY_KEY,
    HISTORY_IMPORT_KEY,
    MISSING_HOURS_KEY,
    UPDATE_MODE_KEY,
    point_unique_id,
)
from ..live.push import PushCoordinator, UpdateMode


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
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.HOURS,
        suggested_display_precision=0,
        entity_registry_enabled_default=False,
        value_fn=lambda progress: progress.quality.missing_hours,
        attributes_fn=missing_attributes,
    ),
)
"""The sensors of an entry whose history is imported."""


class HistorySensor(
    IsolatedEntity, CoordinatorEntity[HistoryCoordinator], SensorEntity
):
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
        """Return True if the sensor works: what is known of the history stays true."""
        return self._works

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


class UpdateModeSensor(
    IsolatedEntity, CoordinatorEntity[PushCoordinator], SensorEntity
):
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
