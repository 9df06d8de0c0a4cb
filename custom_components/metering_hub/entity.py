"""What all entities of a point have in common."""

import asyncio
from collections.abc import Callable
from itertools import batched
from typing import override

from homeassistant.const import Platform
from homeassistant.core import callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .data import MeteringHubConfigEntry
from .descriptions import entity_category
from .identifiers import device_identifier, platform_of, point_unique_id
from .live.coordinator import ReadingsCoordinator
from .metering.model import Point, Reading

ADDED_AT_ONCE = 50
"""How many entities are added in one go, which takes about 5 ms. Home Assistant lets
nothing else have a turn before all that it was given at once are added."""


async def add_point_entities(
    entry: MeteringHubConfigEntry,
    platform: Platform,
    async_add_entities: AddConfigEntryEntitiesCallback,
    make: Callable[[ReadingsCoordinator, Point], PointEntity],
) -> None:
    """Add an entity for every point of a platform, now and whenever one appears."""
    runtime = entry.runtime_data

    def new_points() -> list[Point]:
        new = [
            point
            for key, point in runtime.inventory.data.points.items()
            if platform_of(point) is platform
            and key not in runtime.registrar.shown_points
        ]
        runtime.registrar.shown_points.update(point.key for point in new)
        return new

    @callback
    def add_new() -> None:
        async_add_entities(make(runtime.readings, point) for point in new_points())

    entry.async_on_unload(runtime.inventory.async_add_listener(add_new))
    for points in batched(new_points(), ADDED_AT_ONCE, strict=False):
        # All platforms begin in the same go, so that even the first few are too many.
        await asyncio.sleep(0)
        async_add_entities(make(runtime.readings, point) for point in points)


class PointEntity(CoordinatorEntity[ReadingsCoordinator]):
    """An entity that shows the newest reading of a point."""

    _attr_has_entity_name = True

    def __init__(self, coordinator: ReadingsCoordinator, point: Point) -> None:
        """Describe the entity by its point."""
        super().__init__(coordinator, context=point.key)
        entry = coordinator.config_entry
        self.point = point
        self._key = point.key
        self._is_available = True
        self._attr_unique_id = point_unique_id(entry, point.key)
        self._attr_device_info = DeviceInfo(
            identifiers={device_identifier(entry, point.device_key)}
        )
        self._attr_entity_registry_enabled_default = point.enabled_default
        self._attr_entity_category = entity_category(point)
        if point.name is not None:
            self._attr_name = point.name
        if point.translation_key is not None:
            self._attr_translation_key = point.translation_key
            self._attr_translation_placeholders = dict(point.placeholders)

    @property
    def reading(self) -> Reading | None:
        """Return the newest reading of the point."""
        return self.coordinator.data.readings.get(self._key)

    @property
    @override
    def available(self) -> bool:
        """Tell whether the newest reading can be trusted."""
        return self._is_available

    def _update_from_reading(self) -> bool:
        """Take over the newest reading; tell whether the state is another one now."""
        raise NotImplementedError

    @override
    async def async_added_to_hass(self) -> None:
        """Show what is known from the start."""
        await super().async_added_to_hass()
        self._is_available = self._can_be_trusted()
        self._update_from_reading()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write the state, but only when it has changed."""
        available = self._can_be_trusted()
        changed = self._update_from_reading()
        if changed or available is not self._is_available:
            self._is_available = available
            self.async_write_ha_state()

    def _can_be_trusted(self) -> bool:
        """Tell whether the newest poll worked, for this point too."""
        coordinator = self.coordinator
        return (
            coordinator.last_update_success
            and self._key not in coordinator.data.unavailable
        )
