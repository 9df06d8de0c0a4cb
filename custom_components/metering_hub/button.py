"""Buttons: things that a device can be told to do."""

from typing import override

from homeassistant.components.button import ButtonEntity
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .control import ActingEntity
from .data import MeteringHubConfigEntry
from .entity import add_point_entities

PARALLEL_UPDATES = 1


async def async_setup_entry(
    hass: HomeAssistant,
    entry: MeteringHubConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a button for everything that can be done."""
    await add_point_entities(entry, Platform.BUTTON, async_add_entities, PointButton)


class PointButton(ActingEntity, ButtonEntity):
    """Something that can be done and has no value."""

    @override
    def _update_from_reading(self) -> bool:
        """Change nothing: the state is when the button was pressed."""
        return False

    @override
    async def async_press(self) -> None:
        """Do it, and read soon what it may have changed; raises HomeAssistantError."""
        await self._send(None)
        points = self.coordinator.config_entry.runtime_data.inventory.data.points
        self.coordinator.async_read_soon(
            key
            for key, point in points.items()
            if point.device_key == self.point.device_key
        )
