"""Selects of the Metering Hub integration."""

from typing import override

from homeassistant.components.select import SelectEntity
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .control import ControlEntity
from .data import MeteringHubConfigEntry
from .entity import async_add_point_entities
from .live.coordinator import ReadingsCoordinator
from .metering.model import Point, Value

PARALLEL_UPDATES = 1


async def async_setup_entry(
    hass: HomeAssistant,
    entry: MeteringHubConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up a select for each state that can be set."""
    await async_add_point_entities(
        entry, Platform.SELECT, async_add_entities, PointSelect
    )


class PointSelect(ControlEntity, SelectEntity):
    """A select that sets a state to one of its options."""

    _attr_current_option: str | None = None

    def __init__(self, coordinator: ReadingsCoordinator, point: Point) -> None:
        """Initialize the select from its point."""
        super().__init__(coordinator, point)
        self._attr_options = list(point.options or ())

    @override
    def _show(self, value: Value | None) -> bool:
        """Set the state; a value that the server did not list is an option meanwhile.

        Home Assistant shows only what is listed.
        """
        option = value if isinstance(value, str) else None
        if option == self._attr_current_option:
            return False
        listed = self.point.options or ()
        self._attr_options = [*listed]
        if option is not None and option not in listed:
            self._attr_options.append(option)
        self._attr_current_option = option
        return True

    @override
    async def async_select_option(self, option: str) -> None:
        """Select an option; raises HomeAssistantError."""
        await self._set(option)
