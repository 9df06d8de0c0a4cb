"""The inventory: devices and their points, in all releases."""

import re

import orjson
import pytest

from custom_components.metering_hub.backends.milesight.catalogue import make_catalogue
from custom_components.metering_hub.backends.milesight.features import LatestEndpoint
from custom_components.metering_hub.backends.milesight.paging import fetch_all_rows
from custom_components.metering_hub.metering.model import Kind
from simulators.faults import Answer, Fault, Json, MutateJson
from tests.simulators.milesight.conftest import VERSIONS, build

from .conftest import Connect, rows_changed
from .library import Rows, captured

KEY = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")


@pytest.mark.parametrize("version", VERSIONS)
async def test_devices_have_the_names_of_the_server(
    connect: Connect, version: str
) -> None:
    beaver = await connect(build(version))
    inventory = await beaver.inventory()
    names = [device.name for device in inventory.devices.values()]
    assert len(names) == 26
    assert {"Boiler plug", "Milesight Gateway", "System"} < set(names)
    key = beaver.point(inventory, "Boiler plug", "active_power").device_key
    plug = inventory.devices[key]
    assert plug.manufacturer == "Milesight"
    assert plug.model == "WS523"
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
    assert len(set(ids)) == len(points) - len(catalogue.readings)
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
    assert all(device.name for device in devices)
    assert [device.model for device in devices] == [None, None, None]


@pytest.mark.parametrize("version", VERSIONS)
async def test_devices_have_the_versions_that_they_report(
    connect: Connect, version: str
) -> None:
    """The serial number is not the EUI."""
    beaver = await connect(build(version, count=2))
    inventory = await beaver.inventory()
    key = beaver.point(inventory, "Boiler plug", "active_power").device_key
    plug = inventory.devices[key]
    assert (plug.software_version, plug.hardware_version) == ("v1.4", "v1.1")
    assert plug.serial is not None
    assert plug.serial.startswith("6621D")


@pytest.mark.parametrize(
    ("version", "pattern"), [("1.3", "batch-get-status"), ("1.0", "/status")]
)
async def test_devices_keep_their_versions_while_the_values_fail(
    connect: Connect, version: str, pattern: str
) -> None:
    beaver = await connect(build(version, count=1))
    before = await beaver.inventory()
    beaver.simulator.faults.add(Fault(Answer(403, b"{}", "application/json"), pattern))
    after = await beaver.backend.inventory()
    assert after.devices == before.devices


def test_devices_belong_to_their_gateway_and_group() -> None:
    devices = {each.name: each for each in captured().catalogue.devices.values()}
    gateway, sensor = devices["Roof gateway"], devices["am319_hcho no. 12"]
    assert sensor.parent == gateway.key
    assert gateway.parent is None
    assert sensor.model == "AM319-HCHO"
    assert devices["House meter 1"].suggested_area == "Meters"


def test_devices_with_readings_come_first() -> None:
    made = captured().catalogue
    reading = {
        source.point.device_key
        for source in made.sources.values()
        if source.point.enabled_default
        and not source.point.writable
        and source.point.kind is not Kind.ACTION
    }
    order = [key in reading for key in made.inventory.devices]
    assert order == sorted(order, reverse=True)
    names = [made.devices[key].name or "" for key in made.devices if key in reading]
    assert names == sorted(names, key=str.casefold)


def test_keys_do_not_depend_on_the_platforms_own_entities() -> None:
    """A server gets `@status` beside a device's own `status` when it is updated."""
    devices, entities = captured()
    before = Rows(
        devices, [each for each in entities if not each.key.endswith(".@status")]
    ).catalogue
    after = captured().catalogue
    by_entity = {source.entity.key: key for key, source in before.sources.items()}
    keys_after = {source.entity.key: key for key, source in after.sources.items()}
    assert keys_after.items() >= by_entity.items()
    own = by_entity["ping.device.127_0_0_1.status"]
    plain = "ping_device_127_0_0_1_status"
    assert own != plain
    assert before.sources[own].point.former_keys == (plain,)
    assert after.sources[plain].entity.key == "ping.device.127_0_0_1.@status"
