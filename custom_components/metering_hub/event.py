"""Events of the Metering Hub integration."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import override

from homeassistant.components.event import EventEntity
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant, State, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .data import MeteringHubConfigEntry
from .entity import (
    PointEntity,
    async_add_point_entities,
    async_remove_own_entity,
    device_of_entry,
)
from .errors.isolation import IsolatedEntity
from .history.coordinator import HistoryCoordinator
from .history.news.events import Detail, HistoryEventType
from .identifiers import HISTORY_EVENTS_KEY, point_unique_id
from .live.coordinator import ReadingsCoordinator
from .metering.model import Point

PARALLEL_UPDATES = 0

OCCURRED = "occurred"
"""The attribute with the time of the event; the state is when it was received."""


RECENT = "recent"
"""The attribute with the events of the last days, for reports."""

KEPT_FOR = timedelta(days=2)
"""How long an event is recent: longer than a day, for a report that is made once."""

MAX_RECENT = 50
"""The number of events that are recent at most."""


async def async_setup_entry(
    hass: HomeAssistant,
    entry: MeteringHubConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up an event entity for each point of events, and one for the history."""
    await async_add_point_entities(
        entry, Platform.EVENT, async_add_entities, PointEvent
    )
    if (history := entry.runtime_data.history) is not None:
        async_add_entities([HistoryEvent(history)])
    else:
        async_remove_own_entity(hass, entry, Platform.EVENT, HISTORY_EVENTS_KEY)


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
    async def async_get_last_state(self) -> State | None:
        """Return the state of the last event, also if the entity was unavailable then.

        Home Assistant would restore the attributes of the event without its state.
        """
        last = await super().async_get_last_state()
        if last is None or dt_util.parse_datetime(last.state) is not None:
            return last
        data = await self.async_get_last_event_data()
        details = (data and data.last_event_attributes) or {}
        occurred = details.get(OCCURRED)
        if not isinstance(occurred, str):
            return last
        return State(last.entity_id, occurred, {OCCURRED: occurred})

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


class HistoryEvent(IsolatedEntity, EventEntity):
    """An event entity that fires when something happens to the history or its data."""

    _attr_has_entity_name = True
    _attr_translation_key = HISTORY_EVENTS_KEY
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _unrecorded_attributes = frozenset({RECENT})

    def __init__(self, coordinator: HistoryCoordinator) -> None:
        """Initialize the entity on the device of the entry."""
        entry = coordinator.config_entry
        self._events = coordinator.events
        self._recent: list[dict[str, object]] = []
        self._attr_event_types = [each.value for each in HistoryEventType]
        self._attr_unique_id = point_unique_id(entry, HISTORY_EVENTS_KEY)
        self._attr_device_info = device_of_entry(entry)

    @override
    async def async_added_to_hass(self) -> None:
        """Restore the recent events, and listen to new ones."""
        await super().async_added_to_hass()
        last = await self.async_get_last_event_data()
        restored = ((last and last.last_event_attributes) or {}).get(RECENT)
        if isinstance(restored, list):
            self._recent = [each for each in restored if isinstance(each, dict)]
        self.async_on_remove(self._events.listen(self._show))

    @callback
    def _show(
        self, event_type: HistoryEventType, details: Mapping[str, Detail]
    ) -> None:
        """Trigger an event, and keep it among the recent ones."""
        shown: dict[str, object] = {
            key: value.isoformat() if isinstance(value, datetime) else value
            for key, value in details.items()
        }
        now = dt_util.utcnow()
        oldest = (now - KEPT_FOR).isoformat()
        event = {"fired": now.isoformat(), "type": event_type.value, **shown}
        recent = [*self._recent, event][-MAX_RECENT:]
        self._recent = [each for each in recent if str(each.get("fired")) >= oldest]
        self._trigger_event(event_type.value, {**shown, RECENT: self._recent})
        self.async_write_ha_state()
