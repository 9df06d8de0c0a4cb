"""Make devices and points of the devices and entities of a server.

An entity does not name its device: its key starts with that of the device.
Source: docs/wire/milesight.md, Devices and Entities.
"""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from types import MappingProxyType

from ...metering.inventory import Composite, Inventory
from ...metering.meter_roles import grid_candidates
from ...metering.model import Device
from ..common.concurrency import LoopYielder
from .composites import make_composites
from .device_facts import DeviceFacts
from .devices import is_integration, make_devices, make_integration_devices
from .energy_links import with_energy_links
from .entity_rows import EntityRow, EntityType
from .features import LatestEndpoint
from .flags import Flag, flag_of
from .groups import WriteGroup, make_groups, with_groups
from .models import DeviceRow
from .names import with_names
from .points import STATUS, EntityContext, is_internal, make_point, make_reading, slug
from .sources import DeviceEntity, Source

_DEVICE_SERVICES = frozenset({"add_device", "delete_device"})
"""Services of every integration that are too dangerous for a button."""

_RESERVED = frozenset(
    {
        STATUS.removeprefix("@"),
        *("location.address", "location.latitude", "location.longitude"),
    }
)
"""Identifiers whose keys are those of the platform's, which begin with "@"."""

_ENTITIES_AT_ONCE = 200
"""How many entities are processed before other tasks get the event loop."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The devices and sources of a server.

    `devices` and `sources` are by device and point key, and `device_ids` the server's
    ids by device key. `entity_ids` are those of all entities, shown or not.
    `keys_by_id` and `keys_by_entity_key` are the point keys of all entities that have a
    latest value; `properties` is how many of those the server has, shown or not.
    `readings` are the second points of numbers that are measured and can be set, by the
    key of the first.
    """

    devices: Mapping[str, Device] = field(default_factory=dict)
    device_ids: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)
    entity_ids: frozenset[str] = frozenset()
    keys_by_id: Mapping[str, str] = field(default_factory=dict)
    keys_by_entity_key: Mapping[str, str] = field(default_factory=dict)
    readings: Mapping[str, str] = field(default_factory=dict)
    properties: int = 0
    write_groups: Mapping[str, WriteGroup] = field(default_factory=dict)
    composites: Mapping[str, Composite] = field(default_factory=dict)

    @property
    def inventory(self) -> Inventory:
        """Return the devices and points without their sources."""
        points = {key: source.point for key, source in self.sources.items()}
        return Inventory(
            devices=self.devices,
            points=points,
            grid_candidates=grid_candidates(points.values()),
            meters_are_consumers=True,
            groups={key: each.group for key, each in self.write_groups.items()},
            composites=self.composites,
        )

    def with_readings(self, keys: frozenset[str]) -> frozenset[str]:
        """Return point keys with those of the readings of the same entities."""
        return keys | {self.readings[key] for key in keys if key in self.readings}


async def make_catalogue(
    device_rows: Sequence[DeviceRow],
    entities: Sequence[EntityRow],
    latest_endpoint: LatestEndpoint,
    url: str,
    *,
    wanted: Collection[str] = (),
    facts: Mapping[str, DeviceFacts] = MappingProxyType({}),
) -> Catalogue:
    """Return the devices and points of a server.

    `wanted` are the keys of the settings that the user wants a sensor of, too, and
    `facts` what devices report about themselves, by their keys on the server.
    Devices with a reading that is shown come first, then by name. Integrations become
    devices only if they have points. Other tasks get the event loop in between, because
    a large server has thousands of entities.
    """
    devices = make_devices(device_rows, facts, url)
    device_ids = {devices[row.key].key: row.id for row in device_rows}
    devices |= make_integration_devices(entities, devices.values(), url)
    device_entities = await _device_entities(entities, devices)
    parents = {entity.key.rpartition(".")[0] for entity in entities}
    await asyncio.sleep(0)
    sources = await _make_sources(device_entities, parents, latest_endpoint, wanted)
    sources = await with_energy_links(sources)
    sources = await with_names(sources, entities)
    groups = await make_groups(device_entities, sources)
    await asyncio.sleep(0)
    sources = with_groups(sources, groups)
    sources, composites = await make_composites(device_entities, sources)
    catalogue = await _assemble(devices, sources, entities, groups, composites)
    return replace(catalogue, device_ids=device_ids)


async def _device_entities(
    entities: Sequence[EntityRow], devices: Mapping[str, Device]
) -> list[DeviceEntity]:
    """Return the entities that can be shown, in the order of their keys."""
    yielder = LoopYielder(_ENTITIES_AT_ONCE)
    await asyncio.sleep(0)
    found: list[DeviceEntity] = []
    for entity in sorted(entities, key=attrgetter("key")):
        await yielder.spend(1)
        for prefix, identifier in _key_splits(entity.key):
            if (device := devices.get(prefix)) is not None:
                if not is_internal(identifier) and identifier not in _DEVICE_SERVICES:
                    found.append(DeviceEntity(prefix, device, identifier, entity))
                break
    return found


def _key_splits(key: str) -> Iterator[tuple[str, str]]:
    """Yield the parts of a key before and after each of its dots."""
    position = key.find(".")
    while position >= 0:
        yield key[:position], key[position + 1 :]
        position = key.find(".", position + 1)


async def _make_sources(
    device_entities: Sequence[DeviceEntity],
    parents: set[str],
    latest_endpoint: LatestEndpoint,
    wanted: Collection[str],
) -> dict[str, Source]:
    """Return the points of entities, with their sources, by point key.

    `parents` are the keys of all entities with children, `wanted` those of the points
    that shall have a reading. A number that can be set and is measured has two points.
    """
    status_ids = _status_ids(device_entities)
    sources: dict[str, Source] = {}
    yielder = LoopYielder(_ENTITIES_AT_ONCE)
    for each in device_entities:
        await yielder.spend(1)
        reserved = _reserved_key(each.prefix, each.identifier)
        taken = sources if reserved is None else {reserved}
        context = _context(each, slug(each.entity.key, taken), latest_endpoint)
        is_parent = each.entity.key in parents
        if (point := make_point(each.entity, context, is_parent=is_parent)) is None:
            continue
        if reserved is not None:
            point = replace(point, former_keys=(reserved,))
        sources[point.key] = source = Source(
            point=point,
            entity=each.entity,
            identifier=each.identifier,
            status_id=status_ids.get(each.prefix),
            flag=_flag(each),
        )
        context = replace(context, key=slug(f"{each.entity.key}_reading", sources))
        reading = make_reading(each.entity, context, is_wanted=point.key in wanted)
        if reading is not None:
            sources[reading.key] = replace(source, point=reading)
    return sources


def _context(
    each: DeviceEntity, key: str, latest_endpoint: LatestEndpoint
) -> EntityContext:
    """Return what the point of an entity needs to know of others."""
    return EntityContext(
        key=key,
        device_key=each.device.key,
        identifier=each.identifier,
        latest_endpoint=latest_endpoint,
        device_name=each.device.name or "",
    )


def _flag(each: DeviceEntity) -> Flag | None:
    """Return how an entity says yes and no; the status of a device has words for it."""
    return None if each.identifier == STATUS else flag_of(each.entity, each.identifier)


def _status_ids(device_entities: Iterable[DeviceEntity]) -> dict[str, str]:
    """Return the ids of the status entities by the keys of their devices."""
    return {
        each.prefix: each.entity.id
        for each in device_entities
        if each.identifier == STATUS
    }


def _reserved_key(prefix: str, identifier: str) -> str | None:
    """Return the key that an entity must not have, because it is the platform's.

    The platform adds its entities when a server is updated, so their keys are reserved
    before. Until then, points had them.
    """
    if identifier not in _RESERVED:
        return None
    return slug(f"{prefix}.{identifier}")


async def _assemble(
    devices: Mapping[str, Device],
    sources: Mapping[str, Source],
    entities: Iterable[EntityRow],
    groups: Mapping[str, WriteGroup],
    composites: Mapping[str, Composite],
) -> Catalogue:
    """Return the catalogue, without integrations that have no points."""
    keys_by_id: dict[str, str] = {}
    readings: dict[str, str] = {}
    for key, source in sources.items():
        if source.entity.type is EntityType.PROPERTY:
            first = keys_by_id.setdefault(source.entity.id, key)
            if first != key:
                readings[first] = key
    await asyncio.sleep(0)
    return Catalogue(
        devices=_shown_devices(devices, sources.values()),
        sources=sources,
        entity_ids=frozenset(entity.id for entity in entities),
        keys_by_id=keys_by_id,
        keys_by_entity_key={
            sources[key].entity.key: key for key in keys_by_id.values()
        },
        readings=readings,
        properties=sum(entity.type is EntityType.PROPERTY for entity in entities),
        write_groups=groups,
        composites=composites,
    )


def _shown_devices(
    devices: Mapping[str, Device], sources: Collection[Source]
) -> dict[str, Device]:
    """Return devices by key: first those with a reading that is shown, then by name.

    Integrations are left out if they have no points.
    """
    used = {source.point.device_key for source in sources}
    reading = {
        source.point.device_key
        for source in sources
        if source.entity.type is EntityType.PROPERTY
        and source.point.enabled_default
        and not source.point.writable
    }
    shown = [
        device
        for prefix, device in devices.items()
        if device.key in used or not is_integration(prefix)
    ]
    shown.sort(key=lambda each: (each.key not in reading, (each.name or "").casefold()))
    return {device.key: device for device in shown}
