"""Events: what happened, as the server noticed it."""

from datetime import datetime
from typing import override

from homeassistant.components.event import EventEntity
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .data import MeteringHubConfigEntry
from .entity import PointEntity, add_point_entities
from .live.coordinator import ReadingsCoordinator
from .metering.model import Point

PARALLEL_UPDATES = 0

OCCURRED = "occurred"
"""The attribute with the event's own time: the state is when Home Assistant heard."""


async def async_setup_entry(
    hass: HomeAssistant,
    entry: MeteringHubConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add an event entity for every point of events."""
    await add_point_entities(entry, Platform.EVENT, async_add_entities, PointEvent)


class PointEvent(PointEntity, EventEntity):
    """The last event of a point; it fires when there is a newer one."""

    def __init__(self, coordinator: ReadingsCoordinator, point: Point) -> None:
        """Describe the entity by its point, whose options are the types of events."""
        super().__init__(coordinator, point)
        self._attr_event_types = list(point.options or ())
        self._shown: datetime | None = None

    @override
    async def async_added_to_hass(self) -> None:
        """Remember which event was shown before the restart.

        What happened before this entity was there for the first time is not news: no
        automation must start because of it. What happened during a restart is.
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
        """Fire if the reading is newer than the event shown last."""
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
