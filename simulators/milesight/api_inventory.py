"""Endpoints of integrations, devices and groups."""

from simulators.faults import Json

from .call import Call
from .catalog import INTEGRATIONS, IntegrationTemplate
from .items import GROUPS, described, device_detail, device_item, group_id, group_of
from .query import Row, ids, ordered, page, paged, texts
from .things import Device, Entity
from .values import latest_json
from .wire import not_found, server_error

_ORDERS = {
    "id": lambda device: device.id,
    "key": lambda device: device.key,
    "name": lambda device: device.name,
    "created_at": lambda device: device.created,
    "updated_at": lambda device: device.updated,
}


async def integration_search(call: Call) -> Json:
    """Return the integrations, without pages."""
    wanted = call.body.get("device_addable")
    return [
        _integration(call, one)
        for one in INTEGRATIONS
        if wanted is None or one.adds_devices == wanted
    ]


async def integration_detail(call: Call) -> Json:
    """Return an integration and the entities that belong to none of its devices."""
    for one in INTEGRATIONS:
        if one.id == call.params["id"]:
            entities = [
                _integration_entity(call, entity)
                for entity in call.entities()
                if entity.device is None and entity.integration == one.id
            ]
            return _integration(call, one) | {"integration_entities": entities}
    raise not_found()


async def device_search(call: Call) -> Json:
    """Return a page of devices: a part of the name, or the whole identifier."""
    wanted, name = page(call.body), str(call.body.get("name") or "").casefold()
    id_list, group = texts(call.body, "id_list"), call.body.get("group_id")
    identifier = call.body.get("identifier")
    found = [
        device
        for device in call.devices()
        if (name in device.name.casefold() or name == device.identifier.casefold())
        and (id_list is None or device.id in id_list)
        and (identifier is None or device.identifier == identifier)
        and (group is None or _group_id(device) in ids(group))
        and not (call.body.get("filter_not_grouped") and group_of(device))
    ]
    values, release = call.values, call.release
    return await paged(
        ordered(found, call.body, _ORDERS),
        wanted,
        lambda device: device_item(device, values, release),
    )


async def device_get(call: Call) -> Json:
    """Return a device; one that the user may not see is an answer without data."""
    wanted = call.params["id"]
    if not wanted.isdigit():
        raise server_error(f"Failed to convert value of type String to Long: {wanted}")
    device = call.state.world.devices.get(wanted)
    if device is None:
        raise not_found()
    if not call.sees(device):
        return None
    entities = [one for one in device.entities if call.sees_entity(one)]
    return device_detail(device, entities, call.values, call.release)


async def group_search(call: Call) -> Json:
    """Return a page of the groups of devices."""
    name = str(call.body.get("name") or "").casefold()
    found = [group for group in GROUPS if name in group.casefold()]
    devices = call.devices() if call.body.get("with_device_count") else None

    def item(group: str) -> Json:
        row: Row = {"id": group_id(group), "name": group}
        if devices is not None:
            row["device_count"] = sum(group_of(one) == group for one in devices)
        return row

    return await paged(found, page(call.body), item)


def _group_id(device: Device) -> str | None:
    group = group_of(device)
    return None if group is None else group_id(group)


def _integration(call: Call, one: IntegrationTemplate) -> Row:
    devices = [item for item in call.devices() if item.model.integration == one.id]
    row: Row = {
        "id": one.id,
        "icon": f"/public/{one.id}-icon.png",
        "name": one.name,
        "description": one.description,
        "device_count": len(devices),
        "entity_count": sum(item.integration == one.id for item in call.entities()),
    }
    if one.adds_devices:
        row["add_device_service_key"] = f"{one.id}.integration.add_device"
        row["delete_device_service_key"] = f"{one.id}.integration.delete_device"
    return row


def _integration_entity(call: Call, entity: Entity) -> Json:
    latest = call.values.latest(entity)
    row = described(entity, call.release) | {
        "access_mod": entity.access,
        "parent": None if entity.parent is None else entity.parent.key,
        "value": None if latest is None else latest_json(latest.value, call.release),
    }
    return {name: value for name, value in row.items() if value is not None}
