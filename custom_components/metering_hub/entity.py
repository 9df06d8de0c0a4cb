"""What the entities of all platforms share, and the base class of those of points."""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from itertools import batched
from typing import override

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import CONF_ALL_SENSORS, DOMAIN
from .data import MeteringHubConfigEntry
from .descriptions import entity_category, has_device_class
from .errors.isolation import FollowingEntity, succeeds
from .identifiers import (
    SERVER_DEVICE_KEY,
    device_identifier,
    platform_of,
    point_unique_id,
)
from .live.coordinator import ReadingsCoordinator
from .live.first_values import FirstValues
from .metering.model import Point, Reading
from .registry.entries import registered_entity

ADDED_AT_ONCE = 50
"""How many entities to add before yielding to the event loop, which takes about 5 ms.
Home Assistant adds all entities of one call without yielding."""

WAITING_PLATFORMS = frozenset({Platform.BINARY_SENSOR, Platform.SENSOR})
"""The platforms whose entities are added when there is something to show."""


async def async_add_point_entities(
    entry: MeteringHubConfigEntry,
    platform: Platform,
    async_add_entities: AddConfigEntryEntitiesCallback,
    make: Callable[[ReadingsCoordinator, Point], PointEntity],
) -> None:
    """Add an entity for each point of a platform, now and whenever one is found.

    What can only be read and never had a value is added with its first one.
    """
    runtime = entry.runtime_data
    readings = runtime.readings

    @callback
    def add_new() -> None:
        """Add the entities of new points."""
        add(new.take())

    def add(points: Iterable[Point]) -> None:
        """Add the entities of points."""
        async_add_entities(made(f"A new {platform}", partial(make, readings), points))

    new = _NewPoints(entry, platform, FirstValues(readings, add_new))
    entry.async_on_unload(new.first_values.close)
    entry.async_on_unload(runtime.inventory.async_add_listener(add_new))
    for points in batched(new.take(), ADDED_AT_ONCE, strict=False):
        # All platforms start in the same step, so yield before the first batch, too.
        await asyncio.sleep(0)
        add(points)


def made[Described, Made: Entity](
    subject: str, make: Callable[[Described], Made], described: Iterable[Described]
) -> list[Made]:
    """Return the entities of what is described, but for those that cannot be made."""
    entities: list[Made] = []

    def add(each: Described) -> None:
        """Make an entity."""
        entities.append(make(each))

    for each in described:
        succeeds(partial(add, each), subject, was_failing=False)
    return entities


class _NewPoints:
    """The points of a platform that have no entity yet."""

    def __init__(
        self,
        entry: MeteringHubConfigEntry,
        platform: Platform,
        first_values: FirstValues,
    ) -> None:
        """Initialize for the points of a loaded entry."""
        self._entry = entry
        self._platform = platform
        self._shows_all = entry.options.get(CONF_ALL_SENSORS) is True
        self._readings = entry.runtime_data.readings
        self.first_values = first_values

    def take(self) -> list[Point]:
        """Return the points that get an entity now, and wait for the others.

        One that has an entity under a former key gets it back after a reload, unless
        that is now the key of another point.
        """
        runtime = self._entry.runtime_data
        points, shown = runtime.inventory.data.points, runtime.registrar.shown_points
        new = [
            point
            for key, point in points.items()
            if key not in shown
            and not point.is_part
            and platform_of(point) is self._platform
            and not any(
                former in shown and former not in points for former in point.former_keys
            )
        ]
        waiting = {point.key for point in new if self._waits(point)}
        self.first_values.wait_for(waiting)
        taken = [point for point in new if point.key not in waiting]
        shown.update(point.key for point in taken)
        return taken

    def _waits(self, point: Point) -> bool:
        """Return True if a point is to be shown with its first value only.

        What the registry knows had a value once, and a disabled entity is never read.
        """
        return (
            not self._shows_all
            and self._platform in WAITING_PLATFORMS
            and point.enabled_default
            and point.key not in self._readings.data.readings
            and registered_entity(self._readings.hass, self._entry, point) is None
        )


class PointEntity(FollowingEntity, CoordinatorEntity[ReadingsCoordinator]):
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
        if not point.enabled_default:
            self._attr_entity_registry_enabled_default = False
        if (category := entity_category(point)) is not None:
            self._attr_entity_category = category
        # Without a name of its own, an entity is named after its device class.
        is_named_by_class = point.has_class_name and has_device_class(point)
        if point.name is not None and not is_named_by_class:
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
        return self._is_available and self._works

    def _update_from_reading(self) -> bool:
        """Set the attributes to the latest reading; return True if they changed."""
        raise NotImplementedError

    @override
    async def async_added_to_hass(self) -> None:
        """Show the latest reading as the first state."""
        await super().async_added_to_hass()
        self._has_refreshed()

    @override
    def _refresh(self) -> bool:
        """Take over the latest reading; return True if anything changed."""
        was_available = self._is_available
        self._is_available = self.coordinator.is_up_to_date(self._key)
        is_changed = self._update_from_reading()
        return is_changed or was_available is not self._is_available


def device_of_entry(entry: MeteringHubConfigEntry) -> DeviceInfo:
    """Return the device of the entities that describe the whole entry.

    This is the device that all others belong to, or else the device of the
    server itself.
    """
    inventory = entry.runtime_data.inventory
    roots = [device for device in inventory.data.devices.values() if not device.parent]
    if len(roots) == 1:
        return DeviceInfo(identifiers={device_identifier(entry, roots[0].key)})
    return DeviceInfo(identifiers={device_identifier(entry, SERVER_DEVICE_KEY)})


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
