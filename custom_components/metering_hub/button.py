"""Buttons of the Metering Hub integration."""

from typing import override

from homeassistant.components.button import ButtonEntity
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .control import CommandEntity
from .data import MeteringHubConfigEntry
from .entity import async_add_point_entities

PARALLEL_UPDATES = 1


async def async_setup_entry(
    hass: HomeAssistant,
    entry: MeteringHubConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up a button for each action of a device."""
    await async_add_point_entities(
        entry, Platform.BUTTON, async_add_entities, PointButton
    )


class PointButton(CommandEntity, ButtonEntity):
    """A button that triggers an action of a device."""

    @override
    def _update_from_reading(self) -> bool:
        """Return False, because the state is the time of the last press."""
        return False

    @override
    async def async_press(self) -> None:
        """Trigger the action, and read the device again; raises HomeAssistantError."""
        await self._send(None)
        points = self.coordinator.config_entry.runtime_data.inventory.data.points
        self.coordinator.async_read_soon(
            key
            for key, point in points.items()
            if point.device_key == self.point.device_key
        )
