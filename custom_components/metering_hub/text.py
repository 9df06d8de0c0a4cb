"""Texts of the Metering Hub integration."""

from typing import override

from homeassistant.components.text import TextEntity, TextMode
from homeassistant.const import MAX_LENGTH_STATE_STATE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .control import ControlEntity
from .data import MeteringHubConfigEntry
from .entity import async_add_point_entities
from .live.coordinator import ReadingsCoordinator
from .metering.model import Point, TextLimits, Value

PARALLEL_UPDATES = 1


async def async_setup_entry(
    hass: HomeAssistant,
    entry: MeteringHubConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up a text for each text that can be set."""
    await async_add_point_entities(entry, Platform.TEXT, async_add_entities, PointText)


class PointText(ControlEntity, TextEntity):
    """A text that sets a value; one that is a secret has no state."""

    _attr_native_value: str | None = None

    def __init__(self, coordinator: ReadingsCoordinator, point: Point) -> None:
        """Initialize the text from its point."""
        super().__init__(coordinator, point)
        limits = point.text or TextLimits()
        self._is_secret = limits.is_secret
        self._attr_mode = TextMode.PASSWORD if limits.is_secret else TextMode.TEXT
        self._attr_native_min = limits.shortest
        self._attr_native_max = min(limits.longest, MAX_LENGTH_STATE_STATE)

    @override
    def _show(self, value: Value | None) -> bool:
        """Set the state; anything but a text of a valid length is unknown."""
        is_shown = (
            isinstance(value, str)
            and not self._is_secret
            and self.native_min <= len(value) <= self.native_max
        )
        text = value if is_shown and isinstance(value, str) else None
        if text == self._attr_native_value:
            return False
        self._attr_native_value = text
        return True

    @override
    async def async_set_value(self, value: str) -> None:
        """Set the text; raises HomeAssistantError."""
        if self._is_secret:
            await self._send(value)
            self._note_sent(None)
        else:
            await self._set(value)
