"""What the entities of all platforms share, and the base class of those of points."""

import asyncio
from collections.abc import Callable
from itertools import batched
from typing import override

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import DOMAIN
from .data import MeteringHubConfigEntry
from .descriptions import entity_category
from .identifiers import (
    SERVER_DEVICE_KEY,
    device_identifier,
    platform_of,
    point_unique_id,
)
from .live.coordinator import ReadingsCoordinator
from .metering.model import Point, Reading

ADDED_AT_ONCE = 50
"""How many entities to add before yielding to the event loop, which takes about 5 ms.
Home Assistant adds all entities of one call without yielding."""


async def async_add_point_entities(
    entry: MeteringHubConfigEntry,
    platform: Platform,
    async_add_entities: AddConfigEntryEntitiesCallback,
    make: Callable[[ReadingsCoordinator, Point], PointEntity],
) -> None:
    """Add an entity for each point of a platform, now and whenever one is found."""
    runtime = entry.runtime_data

    def new_points() -> list[Point]:
        """Return the points of the platform that have no entity yet.

        One that has an entity under a former key gets it back after a reload.
        """
        new = [
            point
            for key, point in runtime.inventory.data.points.items()
            if platform_of(point) is platform
            and runtime.registrar.shown_points.isdisjoint((key, *point.former_keys))
        ]
        runtime.registrar.shown_points.update(point.key for point in new)
        return new

    @callback
    def add_new() -> None:
        """Add the entities of new points."""
        async_add_entities(make(runtime.readings, point) for point in new_points())

    entry.async_on_unload(runtime.inventory.async_add_listener(add_new))
    for points in batched(new_points(), ADDED_AT_ONCE, strict=False):
        # All platforms start in the same step, so yield before the first batch, too.
        await asyncio.sleep(0)
        async_add_entities(make(runtime.readings, point) for point in points)


class PointEntity(CoordinatorEntity[ReadingsCoordinator]):
    """An entity that shows the latest reading of a point."""

    _attr_has_entity_name = True

    def __init__(self, coordinator: ReadingsCoordinator, point: Point) -> None:
        """Initialize the entity from its point."""
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
            names = entry.runtime_data.inventory.point_names
            self._attr_name = names.get(point.key, point.name)
        if point.translation_key is not None:
            self._attr_translation_key = point.translation_key
            self._attr_translation_placeholders = dict(point.placeholders)

    @property
    def reading(self) -> Reading | None:
        """Return the latest reading of the point, if there is one."""
        return self.coordinator.data.readings.get(self._key)

    @property
    @override
    def available(self) -> bool:
        """Return True if the latest poll succeeded for the point."""
        return self._is_available

    def _update_from_reading(self) -> bool:
        """Set the attributes to the latest reading; return True if they changed."""
        raise NotImplementedError

    @override
    async def async_added_to_hass(self) -> None:
        """Show the latest reading as the first state."""
        await super().async_added_to_hass()
        self._is_available = self._is_up_to_date()
        self._update_from_reading()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write the state if it has changed."""
        available = self._is_up_to_date()
        changed = self._update_from_reading()
        if changed or available is not self._is_available:
            self._is_available = available
            self.async_write_ha_state()

    def _is_up_to_date(self) -> bool:
        """Return True if the latest poll succeeded, also for this point."""
        coordinator = self.coordinator
        return (
            coordinator.last_update_success
            and self._key not in coordinator.data.unavailable
        )


def device_of_entry(entry: MeteringHubConfigEntry) -> DeviceInfo:
    """Return the device of the entities that describe the whole entry.

    This is the device that all others belong to, or else a service device for the
    server itself.
    """
    inventory = entry.runtime_data.inventory
    roots = [device for device in inventory.data.devices.values() if not device.parent]
    if len(roots) == 1:
        return DeviceInfo(identifiers={device_identifier(entry, roots[0].key)})
    return DeviceInfo(
        identifiers={device_identifier(entry, SERVER_DEVICE_KEY)},
        entry_type=DeviceEntryType.SERVICE,
        name=entry.title,
        sw_version=inventory.identity.version,
    )


@callback
def async_remove_own_entity(
    hass: HomeAssistant, entry: MeteringHubConfigEntry, platform: Platform, key: str
) -> None:
    """Remove an entity without a point, because the user disabled what it shows."""
    registry = er.async_get(hass)
    entity_id = registry.async_get_entity_id(
        platform, DOMAIN, point_unique_id(entry, key)
    )
    if entity_id is not None:
        registry.async_remove(entity_id)
