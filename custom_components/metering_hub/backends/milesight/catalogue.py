"""What a server has: its devices and entities as devices and points.

Source: ../shared/wire/milesight.md §5 and §6. An entity names no device; it belongs to
the one whose key its own begins with.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from ...metering.model import Device, Inventory, Point
from .features import LatestBy
from .models import DeviceRow, EntityRow, EntityType
from .points import STATUS, Place, is_internal, make_point, slug

_MAKERS: Mapping[str, str] = {
    "milesight-gateway": "Milesight",
    "msc-integration": "Milesight",
}
"""The integrations whose devices are of a known maker."""

_REMOVES_OR_ADDS = frozenset({"add_device", "delete_device"})
"""Services that every integration has, and that nobody wants to press by accident."""

_AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a point's readings come from.

    `status_id` is the id of the entity that says whether the device is online.
    """

    point: Point
    entity: EntityRow
    status_id: str | None

    @property
    def is_status(self) -> bool:
        """Tell whether this is the entity that says whether its device is online."""
        return self.entity.id == self.status_id

    @property
    def follows_status(self) -> bool:
        """Tell whether the value is out of date while the device is offline.

        Settings are not: they are what they are until somebody changes them.
        """
        return (
            self.status_id is not None
            and not self.is_status
            and self.point.enabled_default
        )


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The sources of all points by point key, and the devices.

    `properties` is how many entities with a value the server has.
    """

    devices: Mapping[str, Device] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)
    keys_by_id: Mapping[str, str] = field(default_factory=dict)
    keys_by_entity_key: Mapping[str, str] = field(default_factory=dict)
    properties: int = 0

    @property
    def inventory(self) -> Inventory:
        """Return the catalogue as the core knows it."""
        return Inventory(
            devices=self.devices,
            points={key: source.point for key, source in self.sources.items()},
        )


@dataclass(frozen=True, slots=True)
class _Owner:
    """What entities belong to: a device, or an integration as such."""

    prefix: str
    device: Device


class _Placed(NamedTuple):
    """An entity, what it belongs to, and the rest of its key."""

    owner: _Owner
    identifier: str
    entity: EntityRow


async def make_catalogue(
    devices: Sequence[DeviceRow],
    entities: Sequence[EntityRow],
    latest_by: LatestBy,
    url: str,
) -> Catalogue:
    """Return what the rows of a server mean.

    Devices come in the order in which they were added, so that the first stays the
    first. Integrations are devices only where they have points. The entities of a large
    server are gone through in slices, so that nothing else has to wait.
    """
    owners = dict(_device_owners(devices, url))
    owners |= _integration_owners(entities, owners.values(), url)
    placed = await _placed(entities, owners)
    parents = {entity.key.rpartition(".")[0] for entity in entities}
    await asyncio.sleep(0)
    names = {entity.key: entity.name for entity in entities}
    await asyncio.sleep(0)
    sources = await _sources(placed, parents, names, latest_by)
    return await _catalogue(owners, sources, entities)


async def _sources(
    placed: Sequence[_Placed],
    parents: set[str],
    names: Mapping[str, str | None],
    latest_by: LatestBy,
) -> dict[str, Source]:
    """Return the points of entities by key, and where each is read from."""
    status_ids = {
        each.owner.prefix: each.entity.id
        for each in placed
        if each.identifier == STATUS
    }
    sources: dict[str, Source] = {}
    for count, (owner, identifier, entity) in enumerate(placed, 1):
        if count % _AT_ONCE == 0:
            await asyncio.sleep(0)
        place = Place(
            key=slug(entity.key, sources),
            device_key=owner.device.key,
            identifier=identifier,
            parent_name=names.get(entity.key.rpartition(".")[0]),
            reports=not _is_integration(owner.prefix),
            latest_by=latest_by,
        )
        point = make_point(entity, place, is_parent=entity.key in parents)
        if point is not None:
            sources[point.key] = Source(
                point=point, entity=entity, status_id=status_ids.get(owner.prefix)
            )
    return sources


async def _placed(
    entities: Sequence[EntityRow], owners: Mapping[str, _Owner]
) -> list[_Placed]:
    """Return the entities that people may look at, in the order of their keys."""
    placed: list[_Placed] = []
    await asyncio.sleep(0)
    for count, entity in enumerate(sorted(entities, key=attrgetter("key")), 1):
        if count % _AT_ONCE == 0:
            await asyncio.sleep(0)
        if (found := _owner(entity.key, owners)) is not None:
            owner, identifier = found
            if not is_internal(identifier) and identifier not in _REMOVES_OR_ADDS:
                placed.append(_Placed(owner, identifier, entity))
    return placed


async def _catalogue(
    owners: Mapping[str, _Owner],
    sources: Mapping[str, Source],
    entities: Iterable[EntityRow],
) -> Catalogue:
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
            owner.device.key: owner.device
            for owner in owners.values()
            if owner.device.key in used or not _is_integration(owner.prefix)
        },
        sources=sources,
        keys_by_id={source.entity.id: key for key, source in properties.items()},
        keys_by_entity_key={
            source.entity.key: key for key, source in properties.items()
        },
        properties=sum(entity.type is EntityType.PROPERTY for entity in entities),
    )


def _device_owners(
    devices: Iterable[DeviceRow], url: str
) -> Iterator[tuple[str, _Owner]]:
    taken = set[str]()
    # Ids grow with time, and all of them are numbers.
    for row in sorted(devices, key=lambda row: int(row.id)):
        key = slug(row.key, taken)
        taken.add(key)
        device = Device(
            key=key,
            name=row.name or row.model or key,
            manufacturer=_MAKERS.get(row.integration or ""),
            model=row.model,
            serial=row.eui or row.key.rpartition(".")[2] or None,
            configuration_url=url,
        )
        yield row.key, _Owner(row.key, device)


def _integration_owners(
    entities: Iterable[EntityRow], others: Iterable[_Owner], url: str
) -> dict[str, _Owner]:
    """Return the integrations that have entities beside those of their devices."""
    taken = {owner.device.key for owner in others}
    found: dict[str, _Owner] = {}
    for entity in entities:
        integration, _, rest = entity.key.partition(".")
        prefix = f"{integration}.integration"
        if prefix in found or not rest.startswith("integration."):
            continue
        key = slug(prefix, taken)
        taken.add(key)
        device = Device(
            key=key,
            name=entity.integration_name or integration,
            configuration_url=url,
        )
        found[prefix] = _Owner(prefix, device)
    return dict(sorted(found.items()))


def _is_integration(prefix: str) -> bool:
    return prefix.endswith(".integration") and prefix.count(".") == 1


def _owner(key: str, owners: Mapping[str, _Owner]) -> tuple[_Owner, str] | None:
    """Return what an entity belongs to, and the rest of its key."""
    at = key.find(".")
    while at >= 0:
        if (owner := owners.get(key[:at])) is not None:
            return owner, key[at + 1 :]
        at = key.find(".", at + 1)
    return None
