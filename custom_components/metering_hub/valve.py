"""Valves of the Metering Hub integration."""

from typing import override

from homeassistant.components.valve import ValveEntity, ValveEntityFeature
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .composite_entity import CompositeEntity, async_add_composite_entities
from .data import MeteringHubConfigEntry
from .live.coordinator import ReadingsCoordinator
from .metering.inventory import Composite, Part
from .metering.model import Value

PARALLEL_UPDATES = 1


async def async_setup_entry(
    hass: HomeAssistant,
    entry: MeteringHubConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the valves."""
    async_add_composite_entities(
        entry, Platform.VALVE, async_add_entities, CompositeValve
    )


class CompositeValve(CompositeEntity, ValveEntity):
    """A valve that is open or closed, or that has a position in percent."""

    required_parts = frozenset({Part.IS_OPEN, Part.POSITION})

    def __init__(self, coordinator: ReadingsCoordinator, composite: Composite) -> None:
        """Initialize the valve; what can be set depends on its parts."""
        super().__init__(coordinator, composite)
        self._attr_reports_position = Part.POSITION in self.points
        features = ValveEntityFeature(0)
        if self.is_writable(Part.TARGET_POSITION, Part.COMMAND):
            features |= ValveEntityFeature.OPEN | ValveEntityFeature.CLOSE
        if self.is_writable(Part.TARGET_POSITION):
            features |= ValveEntityFeature.SET_POSITION
        self._attr_supported_features = features

    @override
    def _show(self) -> None:
        """Set the state and the position."""
        is_open, position = self.flag(Part.IS_OPEN), self.number(Part.POSITION)
        self._attr_is_closed = None if is_open is None else not is_open
        self._attr_current_valve_position = (
            None if position is None else round(position)
        )

    @override
    async def async_open_valve(self) -> None:
        """Open the valve; raises HomeAssistantError."""
        await self._command("on")

    @override
    async def async_close_valve(self) -> None:
        """Close the valve; raises HomeAssistantError."""
        await self._command("off")

    @override
    async def async_set_valve_position(self, position: int) -> None:
        """Open the valve to a position in percent; raises HomeAssistantError."""
        await self._order(Part.TARGET_POSITION, position, Part.POSITION, position)

    async def _command(self, word: str) -> None:
        """Open the valve with the word "on", close it with "off"."""
        state = None
        if Part.IS_OPEN in self.points:
            state = self.value_of(Part.IS_OPEN, word)
        await self._order(
            Part.COMMAND, self.value_of(Part.COMMAND, word), Part.IS_OPEN, state
        )

    async def _order(
        self, order: Part, value: Value, shown: Part, state: Value | None
    ) -> None:
        """Write an order, and show its result until the valve reports again."""
        await self._set({order: value})
        if state is not None and shown in self.points and shown is not order:
            self.expect(shown, state)
