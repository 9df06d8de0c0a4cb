"""Switches of the Metering Hub integration."""

from typing import Any, override

from homeassistant.components.switch import SwitchEntity
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .control import ControlEntity
from .data import MeteringHubConfigEntry
from .descriptions import switch_device_class
from .entity import async_add_point_entities
from .live.coordinator import ReadingsCoordinator
from .metering.model import Point, Value

PARALLEL_UPDATES = 1


async def async_setup_entry(
    hass: HomeAssistant,
    entry: MeteringHubConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up a switch for each flag that can be set."""
    await async_add_point_entities(
        entry, Platform.SWITCH, async_add_entities, PointSwitch
    )


class PointSwitch(ControlEntity, SwitchEntity):
    """A switch that sets a flag."""

    _attr_is_on: bool | None = None

    def __init__(self, coordinator: ReadingsCoordinator, point: Point) -> None:
        """Initialize the switch from its point."""
        super().__init__(coordinator, point)
        self._attr_device_class = switch_device_class(point)

    @override
    def _show(self, value: Value | None) -> bool:
        """Set the state; a value that is not a boolean is unknown."""
        is_on = value if isinstance(value, bool) else None
        if is_on == self._attr_is_on:
            return False
        self._attr_is_on = is_on
        return True

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Turn the switch on; raises HomeAssistantError."""
        await self._set(True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Turn the switch off; raises HomeAssistantError."""
        await self._set(False)
