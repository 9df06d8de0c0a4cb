"""Device trackers of the Metering Hub integration."""

from typing import override

from homeassistant.components.device_tracker import TrackerEntity
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .composite_entity import CompositeEntity, async_add_composite_entities
from .data import MeteringHubConfigEntry
from .metering.inventory import Part

PARALLEL_UPDATES = 0

_NOWHERE = 1e-5
"""In degrees, about a metre: devices without a position report one at 0°, 0°."""


async def async_setup_entry(
    hass: HomeAssistant,
    entry: MeteringHubConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up a tracker for each device that knows its position."""
    async_add_composite_entities(
        entry, Platform.DEVICE_TRACKER, async_add_entities, CompositeTracker
    )


class CompositeTracker(CompositeEntity, TrackerEntity):
    """A tracker of the position that a device has measured, or was given."""

    required_parts = frozenset({Part.LATITUDE, Part.LONGITUDE})

    @override
    def _show(self) -> None:
        """Set the position; coordinates that do not exist are unknown."""
        latitude, longitude = self.number(Part.LATITUDE), self.number(Part.LONGITUDE)
        self._attr_latitude = self._attr_longitude = None
        if latitude is None or longitude is None:
            return
        exists = abs(latitude) <= 90 and abs(longitude) <= 180
        if exists and max(abs(latitude), abs(longitude)) > _NOWHERE:
            self._attr_latitude, self._attr_longitude = latitude, longitude
