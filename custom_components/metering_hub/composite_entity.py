"""The base of the entities that show several points as one thing."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import partial
from typing import ClassVar, override

from homeassistant.const import EntityCategory, Platform
from homeassistant.core import callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .data import MeteringHubConfigEntry
from .entity import made
from .errors import errors_translated, refusal_noticed
from .errors.isolation import FollowingEntity
from .errors.stopping import ended_at_stop
from .identifiers import device_identifier, point_unique_id
from .live.coordinator import ReadingsCoordinator
from .live.first_values import FirstValues
from .live.written_value import WrittenValue
from .metering.inventory import Composite, Part
from .metering.model import Point, Value
from .registry.entries import registered_entity


@callback
def async_add_composite_entities(
    entry: MeteringHubConfigEntry,
    platform: Platform,
    async_add_entities: AddConfigEntryEntitiesCallback,
    entity_type: type[CompositeEntity],
) -> None:
    """Add an entity for each composite of a platform, now and whenever one is ready.

    One whose required parts have no values yet is added with their first ones. Those
    that are registered already, or disabled by default, are added at once.
    """
    runtime = entry.runtime_data

    @callback
    def add_new() -> None:
        """Add the entities of composites that are ready, and wait for the others."""
        shown = runtime.registrar.shown_composites
        new = [
            composite
            for key, composite in runtime.inventory.data.composites.items()
            if composite.platform.value == platform.value and key not in shown
        ]
        ready = [each for each in new if _is_ready(entry, each, entity_type)]
        shown.update(composite.key for composite in ready)
        rest = [each for each in new if each.key not in shown]
        first_values.wait_for(
            frozenset[str]().union(*map(entity_type.required_keys, rest))
        )
        if ready:
            make = partial(entity_type, runtime.readings)
            async_add_entities(made(f"A new {platform}", make, ready))

    first_values = FirstValues(runtime.readings, add_new)
    entry.async_on_unload(runtime.inventory.async_add_listener(add_new))
    entry.async_on_unload(first_values.close)
    add_new()


def _is_ready(
    entry: MeteringHubConfigEntry,
    composite: Composite,
    entity_type: type[CompositeEntity],
) -> bool:
    """Return True if a composite is to have an entity now."""
    readings = entry.runtime_data.readings
    if not composite.enabled_default or readings.data.readings.keys() >= (
        entity_type.required_keys(composite)
    ):
        return True
    return registered_entity(readings.hass, entry, composite) is not None


class CompositeEntity(FollowingEntity, CoordinatorEntity[ReadingsCoordinator]):
    """An entity that shows several points, and sets those that are writable.

    It is available while its required parts are; which of these a composite has is up
    to the backend.
    """

    required_parts: ClassVar[frozenset[Part]]
    _attr_has_entity_name = True

    def __init__(self, coordinator: ReadingsCoordinator, composite: Composite) -> None:
        """Initialize the entity from its composite."""
        entry = coordinator.config_entry
        self.composite = composite
        points = entry.runtime_data.inventory.data.points
        self.points: Mapping[Part, Point] = {
            part: points[key] for part, key in composite.parts.items() if key in points
        }
        super().__init__(coordinator)
        self._written = {
            part: WrittenValue(coordinator, point.key, self._handle_coordinator_update)
            for part, point in self.points.items()
        }
        self._values: Mapping[Part, Value | None] = {}
        self._is_available = True
        self._attr_unique_id = point_unique_id(entry, composite.key)
        self._attr_entity_registry_enabled_default = composite.enabled_default
        self._attr_entity_category = (
            None if composite.category is None else EntityCategory(composite.category)
        )
        self._device_info = DeviceInfo(
            identifiers={device_identifier(entry, composite.device_key)}
        )
        if composite.translation_key is None:
            self._attr_name = composite.name
        else:
            self._attr_translation_key = composite.translation_key
            self._attr_translation_placeholders = dict(composite.placeholders)

    @property
    @override
    def device_info(self) -> DeviceInfo:
        """Return the device of the composite; trackers have no attribute for it."""
        return self._device_info

    @classmethod
    def required_keys(cls, composite: Composite) -> frozenset[str]:
        """Return the keys of the points without which a composite shows nothing."""
        parts = composite.parts
        return frozenset(parts[part] for part in cls.required_parts & parts.keys())

    @property
    @override
    def available(self) -> bool:
        """Return True if the latest poll succeeded for the required parts."""
        return self._is_available and self._works

    def _show(self) -> None:
        """Set the attributes to the values of the parts."""
        raise NotImplementedError

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to all parts, and show their latest readings as the first state."""
        # The base class would listen to all points of the server.
        for point in self.points.values():
            self.async_on_remove(
                self.coordinator.async_add_listener(
                    self._handle_coordinator_update, point.key
                )
            )
        for written in self._written.values():
            self.async_on_remove(written.release)
        self._has_refreshed()
        known = self.coordinator.data.readings
        self.coordinator.async_read_soon(
            point.key for point in self.points.values() if point.key not in known
        )

    @override
    def _refresh(self) -> bool:
        """Take over the values of all parts; return True if anything changed."""
        values = {part: written.current() for part, written in self._written.items()}
        data, required = self.coordinator.data, self.required_keys(self.composite)
        is_available = (
            self.coordinator.last_update_success
            and data.unavailable.isdisjoint(required)
        )
        known = (self._is_available, self._values)
        if (is_available, values) == known and not self._is_update_broken:
            return False
        self._is_available, self._values = is_available, values
        self._show()
        return True

    def is_writable(self, *parts: Part) -> bool:
        """Return True if any of these parts can be set."""
        return any(part in self.points and self.points[part].writable for part in parts)

    def number(self, part: Part) -> float | None:
        """Return the value of a part that is a number, if it has one."""
        value = self._values.get(part)
        # In Python, booleans are numbers, too.
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return float(value)

    def word(self, part: Part) -> str | None:
        """Return the platform's word for the value of a part, if it has one."""
        value = self._values.get(part)
        words = self.composite.words.get(part, {})
        return words.get(value) if isinstance(value, str) else None

    def flag(self, part: Part) -> bool | None:
        """Return the value of a part that is on or off; words for these are known."""
        value = self._values.get(part)
        if isinstance(value, bool):
            return value
        word = self.word(part)
        return None if word is None else word == "on"

    def value_of(self, part: Part, word: str) -> Value:
        """Return the value of a part for a word: its first option with that word.

        A flag is set by "on" and "off". Raises KeyError for an unknown word.
        """
        words = self.composite.words.get(part, {})
        for option, known in words.items():
            if known == word:
                return option
        return {"on": True, "off": False}[word]

    async def _set(self, values: Mapping[Part, Value]) -> None:
        """Write values of parts and show them; raises HomeAssistantError.

        Parts that the server writes together are sent in one request: a request for
        one of them would repeat the former values of the others.
        """
        entry = self.coordinator.config_entry
        with errors_translated(), refusal_noticed(self.hass, entry):
            async with ended_at_stop(self.hass):
                for group, parts in self._by_group(values).items():
                    await self._write(group, {part: values[part] for part in parts})
                    for part in parts:
                        self._written[part].write(values[part])
        self._handle_coordinator_update()

    @callback
    def expect(self, part: Part, value: Value) -> None:
        """Show the value that a part will have, because another one was written."""
        self._written[part].write(value)
        self._handle_coordinator_update()

    def _by_group(self, parts: Iterable[Part]) -> Mapping[str, list[Part]]:
        """Return the parts by the group that is written together, or by themselves."""
        grouped = defaultdict[str, list[Part]](list)
        for part in parts:
            point = self.points[part]
            grouped[point.group or point.key].append(part)
        return grouped

    async def _write(self, group_key: str, values: Mapping[Part, Value]) -> None:
        """Write values of one group, or that of a single point; raises BackendError."""
        inventory = self.coordinator.config_entry.runtime_data.inventory.data
        backend = self.coordinator.backend
        group = inventory.groups.get(group_key)
        same = [p for p, point in self.points.items() if point.group == group_key]
        if group is None or len(same) < 2:
            for part, value in values.items():
                await backend.write(self.points[part], value)
            return
        readings = self.coordinator.data.readings
        complete = {
            field.key: readings[field.key].value
            for field in group.fields
            if field.key in readings
        }
        for part in same:
            if (current := self._values.get(part)) is not None:
                complete[self.points[part].key] = current
        for part, value in values.items():
            complete[self.points[part].key] = value
        await backend.write_group(group, complete)
