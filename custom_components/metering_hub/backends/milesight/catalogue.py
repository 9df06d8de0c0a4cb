"""Make devices and points of the devices and entities of a server.

An entity does not name its device: its key starts with that of the device.
Source: docs/wire/milesight.md, Devices and Entities.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from ...metering.model import Device, Inventory, Point
from ..common.concurrency import LoopYielder
from .features import LatestEndpoint
from .models import DeviceRow, EntityRow, EntityType
from .points import STATUS, EntityContext, is_internal, make_point, slug

_MANUFACTURERS: Mapping[str, str] = {
    "milesight-gateway": "Milesight",
    "msc-integration": "Milesight",
}
"""The manufacturer of an integration's devices, where it is known."""

_DEVICE_SERVICES = frozenset({"add_device", "delete_device"})
"""Services of every integration that are too dangerous for a button."""

_ENTITIES_AT_ONCE = 200
"""How many entities are processed before other tasks get the event loop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A point, and the entity that its readings come from.

    `status_id` is the id of the entity that is ONLINE or OFFLINE, if the device has
    one.
    """

    point: Point
    entity: EntityRow
    status_id: str | None

    @property
    def is_status(self) -> bool:
        """Return True if this is the status entity of the device itself."""
        return self.entity.id == self.status_id

    @property
    def follows_status(self) -> bool:
        """Return True if the value is outdated while the device is offline.

        Settings stay valid, because they only change when somebody changes them.
        """
        return (
            self.status_id is not None
            and not self.is_status
            and self.point.enabled_default
        )


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The devices and sources of a server.

    `devices` and `sources` are by device and point key. `keys_by_id` and
    `keys_by_entity_key` are the point keys of all entities that have a latest value;
    `properties` is how many of those the server has, shown or not.
    """

    devices: Mapping[str, Device] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)
    keys_by_id: Mapping[str, str] = field(default_factory=dict)
    keys_by_entity_key: Mapping[str, str] = field(default_factory=dict)
    properties: int = 0

    @property
    def inventory(self) -> Inventory:
        """Return the devices and points without their sources."""
        return Inventory(
            devices=self.devices,
            points={key: source.point for key, source in self.sources.items()},
        )


class _DeviceEntity(NamedTuple):
    """An entity, its device, and the parts of its key: the device's and the rest."""

    prefix: str
    device: Device
    identifier: str
    entity: EntityRow


async def make_catalogue(
    device_rows: Sequence[DeviceRow],
    entities: Sequence[EntityRow],
    latest_endpoint: LatestEndpoint,
    url: str,
) -> Catalogue:
    """Return the devices and points of a server.

    Devices are in the order in which they were added. Integrations become devices only
    if they have points. Other tasks get the event loop in between, because a large
    server has thousands of entities.
    """
    devices = make_devices(device_rows, url)
    devices |= _make_integration_devices(entities, devices.values(), url)
    device_entities = await _device_entities(entities, devices)
    parents = {entity.key.rpartition(".")[0] for entity in entities}
    await asyncio.sleep(0)
    names = {entity.key: entity.name for entity in entities}
    await asyncio.sleep(0)
    sources = await _make_sources(device_entities, parents, names, latest_endpoint)
    return await _assemble(devices, sources, entities)


def make_devices(rows: Iterable[DeviceRow], url: str) -> dict[str, Device]:
    """Return the devices of the server by the server's key, the first added first."""
    taken = set[str]()
    devices: dict[str, Device] = {}
    # Ids are numbers that grow with time.
    for row in sorted(rows, key=lambda row: int(row.id)):
        key = slug(row.key, taken)
        taken.add(key)
        devices[row.key] = Device(
            key=key,
            name=row.name or row.model or key,
            manufacturer=_MANUFACTURERS.get(row.integration or ""),
            model=row.model,
            serial=row.eui or row.key.rpartition(".")[2] or None,
            configuration_url=url,
        )
    return devices


def _make_integration_devices(
    entities: Iterable[EntityRow], devices: Iterable[Device], url: str
) -> dict[str, Device]:
    """Return a device for each integration that has entities of its own.

    They are by the part of the entities' keys that names the integration.
    """
    taken = {device.key for device in devices}
    found: dict[str, Device] = {}
    for entity in entities:
        integration, _, rest = entity.key.partition(".")
        prefix = f"{integration}.integration"
        if prefix in found or not rest.startswith("integration."):
            continue
        key = slug(prefix, taken)
        taken.add(key)
        found[prefix] = Device(
            key=key,
            name=entity.integration_name or integration,
            configuration_url=url,
        )
    return dict(sorted(found.items()))


async def _device_entities(
    entities: Sequence[EntityRow], devices: Mapping[str, Device]
) -> list[_DeviceEntity]:
    """Return the entities that can be shown, in the order of their keys."""
    yielder = LoopYielder(_ENTITIES_AT_ONCE)
    await asyncio.sleep(0)
    found: list[_DeviceEntity] = []
    for entity in sorted(entities, key=attrgetter("key")):
        await yielder.spend(1)
        for prefix, identifier in _key_splits(entity.key):
            if (device := devices.get(prefix)) is not None:
                if not is_internal(identifier) and identifier not in _DEVICE_SERVICES:
                    found.append(_DeviceEntity(prefix, device, identifier, entity))
                break
    return found


def _key_splits(key: str) -> Iterator[tuple[str, str]]:
    """Yield the parts of a key before and after each of its dots."""
    position = key.find(".")
    while position >= 0:
        yield key[:position], key[position + 1 :]
        position = key.find(".", position + 1)


async def _make_sources(
    device_entities: Sequence[_DeviceEntity],
    parents: set[str],
    names: Mapping[str, str | None],
    latest_endpoint: LatestEndpoint,
) -> dict[str, Source]:
    """Return the points of entities, with their sources, by point key.

    `parents` are the keys of all entities with children, `names` the names of all
    entities by key.
    """
    status_ids = {
        each.prefix: each.entity.id
        for each in device_entities
        if each.identifier == STATUS
    }
    yielder = LoopYielder(_ENTITIES_AT_ONCE)
    sources: dict[str, Source] = {}
    for prefix, device, identifier, entity in device_entities:
        await yielder.spend(1)
        context = EntityContext(
            key=slug(entity.key, sources),
            device_key=device.key,
            identifier=identifier,
            parent_name=names.get(entity.key.rpartition(".")[0]),
            has_reports=not _is_integration(prefix),
            latest_endpoint=latest_endpoint,
        )
        point = make_point(entity, context, is_parent=entity.key in parents)
        if point is not None:
            sources[point.key] = Source(
                point=point, entity=entity, status_id=status_ids.get(prefix)
            )
    return sources


async def _assemble(
    devices: Mapping[str, Device],
    sources: Mapping[str, Source],
    entities: Iterable[EntityRow],
) -> Catalogue:
    """Return the catalogue, without integrations that have no points."""
    used = {source.point.device_key for source in sources.values()}
    await asyncio.sleep(0)
    properties = {
        key: source
        for key, source in sources.items()
        if source.entity.type is EntityType.PROPERTY
    }
    await asyncio.sleep(0)
    return Catalogue(
        devices={
            device.key: device
            for prefix, device in devices.items()
            if device.key in used or not _is_integration(prefix)
        },
        sources=sources,
        keys_by_id={source.entity.id: key for key, source in properties.items()},
        keys_by_entity_key={
            source.entity.key: key for key, source in properties.items()
        },
        properties=sum(entity.type is EntityType.PROPERTY for entity in entities),
    )


def _is_integration(prefix: str) -> bool:
    """Return True if a key prefix is that of an integration, not of a device."""
    return prefix.endswith(".integration") and prefix.count(".") == 1
