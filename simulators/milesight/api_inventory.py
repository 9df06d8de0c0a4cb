"""Endpoints of integrations, devices and groups.

Source: docs/wire/milesight.md, Devices.
"""

from simulators.faults import Json, Row

from .catalog import IntegrationTemplate
from .model import Device, Entity
from .query import ids, ordered, page, paged, texts
from .request import ApiRequest
from .rows import device_detail, device_row, entity_summary, group_id, group_of
from .store import latest_json
from .wire import invalid, not_found, server_error
from .world import GROUPS

_ORDERS = {
    "id": lambda device: device.id,
    "key": lambda device: device.key,
    "name": lambda device: device.name,
    "created_at": lambda device: device.created,
    "updated_at": lambda device: device.updated,
}


async def integration_search(request: ApiRequest) -> Json:
    """Return the integrations, without pages."""
    wanted = request.body.get("device_addable")
    return [
        _integration(request, integration)
        for integration in request.state.world.integrations
        if wanted is None or integration.adds_devices == wanted
    ]


async def integration_detail(request: ApiRequest) -> Json:
    """Return an integration and the entities that do not belong to a device."""
    for integration in request.state.world.integrations:
        if integration.id == request.params["id"]:
            entities = [
                _integration_entity(request, entity)
                for entity in request.entities()
                if entity.device is None and entity.integration == integration.id
            ]
            return _integration(request, integration) | {
                "integration_entities": entities
            }
    raise not_found()


async def device_search(request: ApiRequest) -> Json:
    """Return a page of devices, by a part of the name or the whole identifier."""
    wanted, name = page(request.body), str(request.body.get("name") or "").casefold()
    id_list, group = texts(request.body, "id_list"), request.body.get("group_id")
    identifier = request.body.get("identifier")
    found = [
        device
        for device in request.devices()
        if (name in device.name.casefold() or name == device.identifier.casefold())
        and (id_list is None or device.id in id_list)
        and (identifier is None or device.identifier == identifier)
        and (group is None or _group_id(device) in ids(group))
        and not (request.body.get("filter_not_grouped") and group_of(device))
    ]
    store, release = request.store, request.release
    return await paged(
        ordered(found, request.body, _ORDERS),
        wanted,
        lambda device: device_row(device, store, release),
    )


async def device_get(request: ApiRequest) -> Json:
    """Return a device; without data if the user may not see it."""
    wanted = request.params["id"]
    if not wanted.isdigit():
        raise server_error(f"Failed to convert value of type String to Long: {wanted}")
    device = request.state.world.devices.get(wanted)
    if device is None:
        raise not_found()
    if not request.can_see(device):
        return None
    entities = [entity for entity in device.entities if request.can_see_entity(entity)]
    return device_detail(device, entities, request.store, request.release)


async def device_update(request: ApiRequest) -> Json:
    """Rename a device, which is all that can be changed of it."""
    wanted = request.params["id"]
    device = request.state.world.devices.get(wanted)
    if device is None or not request.can_see(device):
        raise not_found()
    name = request.body.get("name")
    if not isinstance(name, str) or not name:
        raise invalid("name")
    request.state.world.rename(device, name, request.state.clock())
    return None


async def group_search(request: ApiRequest) -> Json:
    """Return a page of the groups of devices."""
    name = str(request.body.get("name") or "").casefold()
    found = [group for group in GROUPS if name in group.casefold()]
    devices = request.devices() if request.body.get("with_device_count") else None

    def item(group: str) -> Json:
        """Return the row of a group, with its number of devices if requested."""
        row: Row = {"id": group_id(group), "name": group}
        if devices is not None:
            row["device_count"] = sum(group_of(device) == group for device in devices)
        return row

    return await paged(found, page(request.body), item)


def _group_id(device: Device) -> str | None:
    """Return the id of a device's group, if it has one."""
    group = group_of(device)
    return None if group is None else group_id(group)


def _integration(request: ApiRequest, integration: IntegrationTemplate) -> Row:
    """Return the row of an integration."""
    devices = [
        item for item in request.devices() if item.model.integration == integration.id
    ]
    row: Row = {
        "id": integration.id,
        "icon": f"/public/{integration.id}-icon.png",
        "name": integration.name,
        "description": integration.description,
        "device_count": len(devices),
        "entity_count": sum(
            item.integration == integration.id for item in request.entities()
        ),
    }
    if integration.adds_devices:
        row["add_device_service_key"] = f"{integration.id}.integration.add_device"
        row["delete_device_service_key"] = f"{integration.id}.integration.delete_device"
    return row


def _integration_entity(request: ApiRequest, entity: Entity) -> Json:
    """Return an entity in the details of an integration."""
    latest = request.store.latest(entity)
    row = entity_summary(entity, request.release) | {
        "access_mod": entity.access,
        "parent": None if entity.parent is None else entity.parent.key,
        "value": None if latest is None else latest_json(latest.value, request.release),
    }
    return {name: value for name, value in row.items() if value is not None}
