"""To-do lists of the Metering Hub integration: what a server wants to be read."""

from dataclasses import replace
from typing import override

from homeassistant.components.todo import (
    TodoItem,
    TodoItemStatus,
    TodoListEntity,
    TodoListEntityFeature,
)
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .data import MeteringHubConfigEntry
from .entity import PointEntity, async_add_point_entities
from .errors import errors_translated, refusal_noticed
from .errors.stopping import ended_at_stop
from .live.coordinator import ReadingsCoordinator
from .metering.model import Point
from .metering.notifications import Notification
from .metering.reading_columns import number

PARALLEL_UPDATES = 1

LEFT_OUT = "left_out"
"""The attribute with the number of unread notifications that the list does not show."""


async def async_setup_entry(
    hass: HomeAssistant,
    entry: MeteringHubConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up a list for each point of notifications."""
    await async_add_point_entities(
        entry, Platform.TODO, async_add_entities, PointTodoList
    )


class PointTodoList(PointEntity, TodoListEntity):
    """A list of unread notifications, which are read when they are completed."""

    _attr_supported_features = TodoListEntityFeature.UPDATE_TODO_ITEM

    def __init__(self, coordinator: ReadingsCoordinator, point: Point) -> None:
        """Initialize the entity from its point."""
        super().__init__(coordinator, point)
        self._attr_extra_state_attributes = {LEFT_OUT: 0}

    @override
    def _update_from_reading(self) -> bool:
        """Show the unread notifications; return True if they changed."""
        if (reading := self.reading) is None:
            return False
        items = [_item(each) for each in reading.notifications]
        count = number(reading.value) or 0
        left_out = {LEFT_OUT: max(0, int(count) - len(items))}
        if (items, left_out) == (self.todo_items, self._attr_extra_state_attributes):
            return False
        self._attr_todo_items, self._attr_extra_state_attributes = items, left_out
        return True

    @override
    async def async_update_todo_item(self, item: TodoItem) -> None:
        """Mark a notification as read; nothing else of it can be changed.

        It is shown as completed until the list is read again, within seconds.
        """
        shown = {each.uid: each for each in self.todo_items or ()}.get(item.uid)
        if shown is None or (item.summary, item.status) != (
            shown.summary,
            TodoItemStatus.COMPLETED,
        ):
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="only_completed"
            )
        entry = self.coordinator.config_entry
        try:
            with errors_translated(), refusal_noticed(self.hass, entry):
                async with ended_at_stop(self.hass):
                    await self.coordinator.backend.mark_read(self.point, str(item.uid))
        finally:
            self._read_again()
        done = replace(shown, status=TodoItemStatus.COMPLETED)
        self._attr_todo_items = [
            done if each.uid == item.uid else each for each in self.todo_items or ()
        ]
        self.async_write_ha_state()

    def _read_again(self) -> None:
        """Request new readings of the list and of what else the server says of it.

        Their number may be a point of its own, which has no history either.
        """
        points = self.coordinator.config_entry.runtime_data.inventory.data.points
        self.coordinator.async_read_soon(
            key
            for key, point in points.items()
            if point.device_key == self.point.device_key and not point.has_history
        )


def _item(notification: Notification) -> TodoItem:
    """Return a notification as an item, whose summary is what it says."""
    category = (notification.category or "").capitalize()
    details = (
        category,
        notification.level,
        notification.source,
        dt_util.as_local(notification.time).strftime("%Y-%m-%d %H:%M"),
    )
    return TodoItem(
        uid=notification.key,
        summary=notification.description or category or notification.source or "?",
        description=" · ".join(detail for detail in details if detail),
        status=TodoItemStatus.NEEDS_ACTION,
    )
