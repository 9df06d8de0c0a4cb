"""The inventory: devices and their points, in all releases."""

import re

import orjson
import pytest

from custom_components.metering_hub.backends.milesight.catalogue import make_catalogue
from custom_components.metering_hub.backends.milesight.features import LatestEndpoint
from custom_components.metering_hub.backends.milesight.paging import fetch_all_rows
from simulators.faults import Fault, Json, MutateJson
from tests.simulators.milesight.conftest import VERSIONS, build

from .conftest import Connect, rows_changed

KEY = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")


@pytest.mark.parametrize("version", VERSIONS)
async def test_devices_have_the_names_of_the_server(
    connect: Connect, version: str
) -> None:
    beaver = await connect(build(version))
    inventory = await beaver.inventory()
    names = [device.name for device in inventory.devices.values()]
    assert len(names) == 26
    assert names[:3] == ["Boiler plug", "Laundry plug", "Fridge plug"]
    assert names[-2:] == ["Milesight Gateway", "System"]
    plug = next(iter(inventory.devices.values()))
    simulated = beaver.simulator.world.device("Boiler plug")
    assert plug.manufacturer == "Milesight"
    assert plug.model == "WS523"
    assert plug.serial == simulated.identifier
    assert plug.configuration_url == beaver.url


@pytest.mark.parametrize("version", VERSIONS)
async def test_keys_are_stable_and_fit_the_recorder(
    connect: Connect, version: str
) -> None:
    beaver = await connect(build(version))
    first = await beaver.inventory()
    again = await (await connect(build(version))).inventory()
    assert first.points.keys() == again.points.keys()
    for key, point in first.points.items():
        assert KEY.fullmatch(key)
        assert point.key == key
        assert point.device_key in first.devices
    assert beaver.key("Boiler plug", "power_consumption") in first.points


async def test_device_renamed_keeps_its_keys(connect: Connect) -> None:
    beaver = await connect(build())
    before = await beaver.inventory()
    world = beaver.simulator.world
    world.rename(world.device("Bedroom"), "Nursery", beaver.clock.now)
    after = await beaver.backend.inventory()
    assert before.points.keys() == after.points.keys()
    names = {device.name for device in after.devices.values()}
    assert "Nursery" in names
    assert "Bedroom" not in names


async def test_device_deleted_and_added_again(connect: Connect) -> None:
    """The keys stay the same, although the server assigns new ids."""
    beaver = await connect(build())
    before = await beaver.inventory()
    world = beaver.simulator.world
    device = world.device("Bedroom")
    key = beaver.key("Bedroom", "temperature")
    world.delete(device)
    gone = await beaver.backend.inventory()
    assert key not in gone.points
    assert len(gone.devices) == 25
    world.add_again(device, beaver.clock.now)
    beaver.clock.forward(hours=2)
    after = await beaver.backend.inventory()
    assert before.points.keys() == after.points.keys()
    readings = await beaver.read([after.points[key]])
    assert readings.keys() == {key}


async def test_ids_beyond_what_a_float_can_hold(connect: Connect) -> None:
    """Ids that are equal as floats stay distinct."""
    beaver = await connect(build())
    points = (await beaver.inventory()).points
    client = await beaver.client()
    devices = await fetch_all_rows(client.devices, lambda row: row.id)
    entities = await fetch_all_rows(client.entities, lambda row: row.id)
    catalogue = await make_catalogue(
        devices, entities, LatestEndpoint.BATCH, beaver.url
    )
    ids = [source.entity.id for source in catalogue.sources.values()]
    assert len(set(ids)) == len(points)
    assert len({float(each) for each in ids}) < len(ids)
    assert set(ids) <= beaver.simulator.world.entities.keys()


async def test_similar_entity_keys_get_different_points(connect: Connect) -> None:
    """Entities whose keys differ only in case get different points."""
    beaver = await connect(build())
    entity = beaver.entity("Bedroom", "temperature")
    other = beaver.entity("Bedroom", "humidity")
    twin = f"{entity.key.rpartition('.')[0]}.Temperature"

    def rename(answer: Json) -> Json:
        text = orjson.dumps(answer).decode().replace(f'"{other.key}"', f'"{twin}"')
        changed: Json = orjson.loads(text)
        return changed

    beaver.simulator.faults.add(Fault(MutateJson(rename), "entity/search"))
    points = (await beaver.inventory()).points
    key = beaver.key("Bedroom", "temperature")
    twins = [each for each in points if each.startswith(key)]
    assert len(twins) == 2
    assert all(KEY.fullmatch(each) for each in twins)


async def test_device_fields_of_the_wrong_type_are_ignored(connect: Connect) -> None:
    beaver = await connect(build(count=3))
    fault = rows_changed(additional_data="none", name=None, identifier=None)
    beaver.simulator.faults.add(Fault(fault, "device/search"))
    devices = list((await beaver.inventory()).devices.values())[:3]
    eui = [device.identifier for device in beaver.simulator.world.devices.values()]
    assert [device.serial for device in devices] == eui
    assert all(device.name for device in devices)
