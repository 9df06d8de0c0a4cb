"""Binary sensors of the Metering Hub integration."""

from typing import override

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .data import MeteringHubConfigEntry
from .descriptions import binary_sensor_device_class
from .entity import PointEntity, async_add_point_entities
from .live.coordinator import ReadingsCoordinator
from .metering.model import Point

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: MeteringHubConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up a binary sensor for each flag."""
    await async_add_point_entities(
        entry, Platform.BINARY_SENSOR, async_add_entities, PointBinarySensor
    )


class PointBinarySensor(PointEntity, BinarySensorEntity):
    """A binary sensor that shows a flag."""

    _attr_is_on: bool | None = None

    def __init__(self, coordinator: ReadingsCoordinator, point: Point) -> None:
        """Initialize the binary sensor from its point."""
        super().__init__(coordinator, point)
        self._attr_extra_state_attributes: dict[str, str] = {}
        self._attr_device_class = binary_sensor_device_class(point)

    @override
    def _update_from_reading(self) -> bool:
        """Set the state and its details; a value that is not a boolean is unknown."""
        reading = self.reading
        is_on = reading.value if reading and isinstance(reading.value, bool) else None
        details = dict(reading.details or {}) if reading else {}
        if is_on == self._attr_is_on and details == self._attr_extra_state_attributes:
            return False
        self._attr_is_on = is_on
        self._attr_extra_state_attributes = details
        return True
