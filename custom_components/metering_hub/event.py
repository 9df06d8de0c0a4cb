"""Events of the Metering Hub integration."""

from datetime import datetime
from typing import override

from homeassistant.components.event import EventEntity
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .data import MeteringHubConfigEntry
from .entity import PointEntity, async_add_point_entities
from .live.coordinator import ReadingsCoordinator
from .metering.model import Point

PARALLEL_UPDATES = 0

OCCURRED = "occurred"
"""The attribute with the time of the event; the state is when it was received."""


async def async_setup_entry(
    hass: HomeAssistant,
    entry: MeteringHubConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up an event entity for each point of events."""
    await async_add_point_entities(
        entry, Platform.EVENT, async_add_entities, PointEvent
    )


class PointEvent(PointEntity, EventEntity):
    """An event entity that fires when a point has a newer event."""

    def __init__(self, coordinator: ReadingsCoordinator, point: Point) -> None:
        """Initialize the entity from its point, whose options are the event types."""
        super().__init__(coordinator, point)
        self._attr_event_types = list(point.options or ())
        self._shown: datetime | None = None

    @override
    async def async_added_to_hass(self) -> None:
        """Restore the time of the last event.

        Events from before the entity was first added must not trigger automations, but
        events during a restart must.
        """
        last = await self.async_get_last_state()
        text = last.attributes.get(OCCURRED) if last else None
        shown = dt_util.parse_datetime(text) if isinstance(text, str) else None
        if shown is None and last is not None:
            shown = last.last_updated
        if shown is None:
            shown = self.reading.time if self.reading else dt_util.utcnow()
        self._shown = shown
        await super().async_added_to_hass()

    @override
    def _update_from_reading(self) -> bool:
        """Trigger the event if it is newer than the last one."""
        reading = self.reading
        if (
            reading is None
            or self._shown is None
            or reading.time <= self._shown
            or reading.value not in self.event_types
        ):
            return False
        self._shown = reading.time
        details = {**(reading.details or {}), OCCURRED: reading.time.isoformat()}
        self._trigger_event(str(reading.value), details)
        return True
