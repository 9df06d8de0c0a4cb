"""Devices and entities as JSON, with the fields of a release.

Source: docs/wire/milesight.md, Devices and Entities.
"""

from collections.abc import Mapping

from simulators.faults import Json, Row

from .catalog import INTEGRATIONS
from .model import Device, Entity
from .releases import (
    ATTRIBUTES_OF_110,
    DETAIL_FIELDS,
    DEVICE_FIELDS,
    ENTITY_FIELDS,
    META_FIELDS,
    V110,
    Release,
    Since,
)
from .store import Store
from .world import GROUPS

INTEGRATION_NAMES = {integration.id: integration.name for integration in INTEGRATIONS}


def integration_name(entity: Entity) -> str:
    """Return the name of an entity's integration."""
    if entity.captured is not None:
        return str(entity.captured["integration_name"])
    return INTEGRATION_NAMES[entity.integration]


def group_of(device: Device) -> str | None:
    """Return the group of a device, if it is in one."""
    if device.captured is not None:
        group = device.captured.get("group_name")
        return None if group is None else str(group)
    return device.group


def group_id(name: str) -> str:
    """Return the id of a group."""
    return f"186821145397654{100 + GROUPS.index(name)}1"


def device_row(device: Device, store: Store, release: Release) -> Row:
    """Return a row of device/search."""
    if device.captured is not None:
        return {**device.captured, "name": device.name}
    return _fields(_device(device, store, release), DEVICE_FIELDS, release)


def device_detail(
    device: Device, entities: list[Entity], store: Store, release: Release
) -> Row:
    """Return the answer of device/{id}."""
    row = _device(device, store, release) | {
        "user_nickname": "Admin",
        "user_email": "admin@example.com",
        "template_name": device.model.name,
        "entities": [entity_summary(entity, release) for entity in entities],
    }
    return _fields(row, DETAIL_FIELDS, release)


def entity_row(entity: Entity, release: Release) -> Row:
    """Return a row of entity/search, which has neither value nor device id."""
    if entity.captured is not None:
        return entity.captured
    device = entity.device
    group = None if device is None else group_of(device)
    row: Row = {
        "device_name": None if device is None else device.name,
        "integration_name": INTEGRATION_NAMES[entity.integration],
        "entity_parent_name": None if entity.parent is None else entity.parent.name,
        "entity_id": entity.id,
        "entity_access_mod": entity.access,
        "entity_key": entity.key,
        "entity_type": entity.kind,
        "entity_name": entity.name,
        "entity_value_attribute": attribute(entity, release),
        "entity_value_type": entity.value_type,
        "entity_value_store_mod": _store_mode(entity),
        "entity_is_customized": entity.template.customized,
        "entity_created_at": entity.created * 1000,
        "entity_updated_at": entity.updated * 1000,
        "entity_description": None,
        "device_group": None
        if group is None
        else {"id": group_id(group), "name": group},
    }
    return _fields(row, ENTITY_FIELDS, release)


def entity_meta(entity: Entity, release: Release) -> Row:
    """Return the answer of entity/{id}/meta."""
    if entity.captured is not None:
        prefix = "entity_"
        return {
            name.removeprefix(prefix): value
            for name, value in entity.captured.items()
            if name.startswith(prefix) and name != "entity_parent_name"
        }
    row: Row = {
        # A number in every release, although it is beyond 2**53.
        "id": int(entity.id),
        "key": entity.key,
        "name": entity.name,
        "type": entity.kind,
        "access_mod": entity.access,
        "value_store_mod": _store_mode(entity),
        "value_attribute": attribute(entity, release),
        "value_type": entity.value_type,
        "customized": entity.template.customized,
        "created_at": entity.created * 1000,
        "updated_at": entity.updated * 1000,
    }
    return _fields(row, META_FIELDS, release)


def _store_mode(entity: Entity) -> str:
    """Return which values are kept; only a property has a latest one."""
    return entity.store_mode if entity.kind == "PROPERTY" else "HISTORY"


def attribute(entity: Entity, release: Release) -> Row:
    """Return value_attribute with the keys that a release supports."""
    if V110.has(release):
        return entity.attribute
    known: Row = {
        name: value
        for name, value in entity.attribute.items()
        if name not in ATTRIBUTES_OF_110
    }
    if "enum" in known and entity.value_type == "LONG":
        known |= {"min": "NaN", "max": "NaN"}
    return known


def _device(device: Device, store: Store, release: Release) -> Row:
    """Return all fields of a device."""
    group = group_of(device)
    return {
        "id": device.id,
        "key": device.key,
        "name": device.name,
        "integration": device.model.integration,
        "integration_name": INTEGRATION_NAMES[device.model.integration],
        "additional_data": {**device.additional},
        "created_at": device.created * 1000,
        "updated_at": device.updated * 1000,
        "deletable": True,
        "identifier": device.identifier,
        "template": device.model.name,
        "group_name": group,
        "group_id": None if group is None else group_id(group),
        "status": store.status(device),
        "important_entities": [],
        "common_entities": [
            _common_entity(entity)
            for entity in device.entities
            if entity.identifier.startswith("@") and entity.template.since.has(release)
        ],
        "location": _location(device, store),
    }


def _common_entity(entity: Entity) -> Row:
    """Return an entity that devices of all models have."""
    row: Row = {
        "id": entity.id,
        "key": entity.key,
        "name": entity.name,
        "type": entity.kind,
        "value_attribute": entity.attribute or None,
        "value_type": entity.value_type,
        "access_mod": entity.access,
        "parent": None if entity.parent is None else entity.parent.key,
    }
    return {name: value for name, value in row.items() if value is not None}


def _location(device: Device, store: Store) -> Json:
    """Return the location that was written to a device, if any."""
    place = {
        name: device.site.last_written(f"@location.@{name}", store.now)
        for name in ("latitude", "longitude", "address")
    }
    known: Row = {name: value for name, value in place.items() if value is not None}
    return known or None


def entity_summary(entity: Entity, release: Release) -> Row:
    """Return an entity as in the details of devices and integrations."""
    return {
        "id": entity.id,
        "key": entity.key,
        "name": entity.name,
        "type": entity.kind,
        "value_attribute": attribute(entity, release),
        "value_type": entity.value_type,
    }


def _fields(row: Row, versions: Mapping[str, Since], release: Release) -> Row:
    """Return a row without null fields and those that the release does not have."""
    return {
        name: value
        for name, value in row.items()
        if value is not None and (name not in versions or versions[name].has(release))
    }
