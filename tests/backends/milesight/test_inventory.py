"""The inventory: devices, and entities as points, whatever the release."""

import re

import orjson
import pytest

from custom_components.metering_hub.backends.errors import (
    PermissionDeniedError,
    ProtocolError,
    UnsupportedError,
)
from custom_components.metering_hub.backends.milesight.client import ROWS_AT_ONCE
from custom_components.metering_hub.metering.model import (
    Category,
    Kind,
    Limits,
    Quantity,
    Role,
)
from simulators.faults import Answer, Fault, Json, MutateJson
from simulators.milesight import User
from tests.simulators.milesight.conftest import VERSIONS, build

from .conftest import Connect, point_key

KEY = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")
READER = frozenset({"device.view"})


def rows_changed(**fields: Json) -> MutateJson:
    """Set fields of every row of a page."""

    def change(answer: Json) -> Json:
        assert isinstance(answer, dict)
        data = answer["data"]
        assert isinstance(data, dict)
        rows = data["content"]
        assert isinstance(rows, list)
        changed: list[Json] = [
            row | fields if isinstance(row, dict) else row for row in rows
        ]
        return answer | {"data": data | {"content": changed}}

    return MutateJson(change)


@pytest.mark.parametrize("version", VERSIONS)
async def test_devices_are_what_the_server_calls_them(
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


async def test_lorawan_keys_are_nowhere(connect: Connect) -> None:
    """The appKey opens the device's radio: no object keeps it."""
    beaver = await connect(build())
    inventory = await beaver.inventory()
    held = repr(inventory) + repr(vars(beaver.backend))
    held += repr(beaver.backend._catalogue)
    for device in beaver.simulator.world.devices.values():
        assert str(device.additional["appKey"]) not in held
        # Nor does what is printed by accident name the device.
        assert f"serial='{device.identifier}'" not in held
    assert "Simulated-1" not in held
    assert "admin@example.com" not in held


@pytest.mark.parametrize("version", VERSIONS)
async def test_pages_end_where_the_total_says(connect: Connect, version: str) -> None:
    """A page past the end is page 1 again, so that nobody must ask for one."""
    simulator = build(version, count=ROWS_AT_ONCE + 3)
    beaver = await connect(simulator)
    inventory = await beaver.inventory()
    assert len(inventory.devices) == ROWS_AT_ONCE + 3 + 2
    asked = beaver.asked()
    assert asked.count("/device/search") == 2
    searched = [
        one
        for one in simulator.world.entities.values()
        if one.kind in ("PROPERTY", "SERVICE")
        and one.template.since.has(simulator.release)
        and not one.template.hidden
    ]
    pages = -(-len(searched) // ROWS_AT_ONCE)
    assert asked.count("/entity/search") == pages


async def test_list_that_never_ends_ends(connect: Connect) -> None:
    """A server whose total is wrong costs a few pages, not for ever."""
    beaver = await connect(build())

    def more(answer: Json) -> Json:
        assert isinstance(answer, dict)
        data = answer["data"]
        assert isinstance(data, dict)
        return answer | {"data": data | {"total": 100}}

    beaver.simulator.faults.add(Fault(MutateJson(more), "device/search"))
    assert len((await beaver.inventory()).devices) == 26
    assert beaver.asked().count("/device/search") <= 5


EXPECTED: dict[tuple[str, str], dict[str, object]] = {
    ("Boiler plug", "power_consumption"): {
        "quantity": Quantity.ENERGY,
        "kind": Kind.REGISTER,
        "unit": "Wh",
        "role": Role.DEVICE,
        "has_history": True,
        "enabled_default": True,
        "category": None,
        "name": "Power Consumption",
    },
    ("Heat pump meter", "total_active_energy"): {
        "kind": Kind.REGISTER,
        "unit": "kWh",
        "role": Role.DEVICE,
        "precision": 2,
        "has_history": True,
    },
    ("Heat pump meter", "total_reactive_energy"): {
        "quantity": Quantity.REACTIVE_ENERGY,
        "unit": "kvarh",
        "role": None,
    },
    ("Heat pump meter", "total_apparent_energy"): {
        "quantity": Quantity.APPARENT_ENERGY,
        "unit": "kVAh",
        "kind": Kind.REGISTER,
    },
    ("Heat pump meter", "active_power"): {
        "quantity": Quantity.POWER,
        "unit": "kW",
        "precision": 3,
        "has_history": True,
    },
    ("Boiler plug", "power_factor"): {
        "quantity": Quantity.POWER_FACTOR,
        "unit": "%",
        "has_history": False,
    },
    ("Boiler plug", "current"): {"quantity": Quantity.CURRENT, "unit": "mA"},
    ("Well pump", "total_current"): {
        "quantity": Quantity.CHARGE,
        "kind": Kind.REGISTER,
        "unit": "Ah",
        "role": None,
    },
    ("Main feeder", "current_chn2_total"): {"unit": "Ah", "kind": Kind.REGISTER},
    ("Hall lights", "total_current"): {
        "quantity": Quantity.CURRENT,
        "kind": Kind.INSTANT,
        "unit": "mA",
    },
    ("Main feeder", "battery"): {
        "quantity": Quantity.BATTERY,
        "category": Category.DIAGNOSTIC,
        "enabled_default": True,
    },
    ("Bedroom", "humidity"): {
        "quantity": Quantity.HUMIDITY,
        "unit": "%",
        "has_history": True,
    },
    ("Vegetable bed", "moisture"): {"quantity": Quantity.MOISTURE, "unit": "%"},
    ("Vegetable bed", "temperature"): {
        "quantity": Quantity.TEMPERATURE,
        "unit": "°C",
        "has_history": True,
    },
    ("Vegetable bed", "ec"): {"quantity": Quantity.OTHER, "unit": "μS/cm"},
    ("Rain barrel", "temperature"): {"quantity": Quantity.TEMPERATURE, "unit": "°F"},
    ("Rain barrel", "distance"): {"quantity": Quantity.DISTANCE, "unit": "mm"},
    ("Rain barrel", "o3"): {"quantity": Quantity.OTHER, "unit": "ppm"},
    ("Living room air", "co2"): {
        "quantity": Quantity.CARBON_DIOXIDE,
        "unit": "ppm",
        "has_history": True,
    },
    ("Living room air", "tvoc"): {"quantity": Quantity.VOC_RATIO, "unit": "ppb"},
    ("Living room air", "hcho"): {"quantity": Quantity.VOC, "unit": "mg/m³"},
    ("Living room air", "pm2_5"): {"quantity": Quantity.PM25, "unit": "μg/m³"},
    ("Living room air", "pm10"): {"quantity": Quantity.PM10, "unit": "μg/m³"},
    ("Living room air", "pressure"): {"quantity": Quantity.ATMOSPHERIC_PRESSURE},
    ("Living room air", "illuminance"): {"quantity": Quantity.ILLUMINANCE},
    ("Living room air", "pir"): {
        "kind": Kind.STATE,
        "options": ("Vacant", "Occupied"),
        "category": None,
        "writable": False,
    },
    ("Living room air", "tvoc_threshold"): {
        "kind": Kind.INSTANT,
        "category": Category.CONFIG,
        "enabled_default": False,
        "writable": True,
        "limits": Limits(lowest=0.0, highest=6000.0, step=1.0),
        "has_history": False,
    },
    ("Mains pressure", "pressure"): {"quantity": Quantity.PRESSURE, "unit": "kPa"},
    ("Weather mast", "wind_direction"): {
        "quantity": Quantity.WIND_DIRECTION,
        "has_history": False,
    },
    ("Weather mast", "wind_speed"): {"quantity": Quantity.WIND_SPEED, "unit": "m/s"},
    ("Weather mast", "rainfall_total"): {
        "quantity": Quantity.PRECIPITATION,
        "kind": Kind.REGISTER,
        "unit": "mm",
    },
    ("Street noise", "laeq"): {"quantity": Quantity.SOUND_PRESSURE, "unit": "dBA"},
    ("Shop door", "rssi"): {
        "quantity": Quantity.SIGNAL_STRENGTH,
        "unit": "dBm",
        "category": Category.DIAGNOSTIC,
    },
    ("Shop door", "total_in"): {"quantity": Quantity.COUNT, "kind": Kind.REGISTER},
    ("Shop door", "line_1_in"): {"quantity": Quantity.OTHER, "kind": Kind.INSTANT},
    ("Water meter", "pulse"): {"quantity": Quantity.COUNT, "kind": Kind.REGISTER},
    ("Boiler room", "adc_1"): {"kind": Kind.INSTANT, "unit": None, "precision": 3},
    ("Boiler room", "gpio_output_1"): {
        "kind": Kind.FLAG,
        "writable": True,
        "enabled_default": True,
    },
    ("Back door", "door_status"): {"kind": Kind.FLAG, "writable": False},
    ("Boiler plug", "socket_status"): {
        "kind": Kind.FLAG,
        "writable": True,
        "enabled_default": True,
        "category": None,
    },
    ("Boiler plug", "child_lock"): {
        "kind": Kind.FLAG,
        "writable": True,
        "enabled_default": False,
        "category": Category.CONFIG,
    },
    ("Boiler plug", "led_mode"): {
        "kind": Kind.STATE,
        "writable": True,
        "options": ("Off", "On", "Follow"),
        "category": Category.CONFIG,
    },
    ("Boiler plug", "over_current_protection.threshold"): {
        "name": "Over Current Protection Threshold",
        "limits": Limits(lowest=1.0, highest=17.0, step=1.0),
        "category": Category.CONFIG,
    },
    ("Office fan coil", "target_temperature"): {
        "writable": True,
        "enabled_default": True,
        "limits": Limits(lowest=5.0, highest=35.0, step=0.1),
        "has_history": False,
    },
    ("Boiler plug", "reset_power_consumption"): {
        "kind": Kind.ACTION,
        "enabled_default": False,
    },
    ("Boiler plug", "firmware_version"): {
        "kind": Kind.STATE,
        "category": Category.DIAGNOSTIC,
        "enabled_default": False,
    },
}


@pytest.mark.parametrize("version", VERSIONS)
async def test_entities_become_the_points_of_the_table(
    connect: Connect, version: str
) -> None:
    beaver = await connect(build(version))
    inventory = await beaver.inventory()
    wrong = {
        place: {
            name: getattr(point, name)
            for name, value in expected.items()
            if getattr(point, name) != value
        }
        for place, expected in EXPECTED.items()
        for point in [beaver.point(inventory, *place)]
    }
    assert {place: found for place, found in wrong.items() if found} == {}


@pytest.mark.parametrize("version", [*VERSIONS, "1.3.1"])
async def test_what_is_no_point(connect: Connect, version: str) -> None:
    """Parents, parameters, events and the platform's own entities stay away."""
    beaver = await connect(build(version))
    inventory = await beaver.inventory()
    prefix = beaver.simulator.world.device("Boiler plug").key
    hidden = {
        point_key(f"{prefix}.{identifier}")
        for identifier in (
            "over_current_protection",
            "delay_task",
            "delay_task.delay_time",
            "over_current_alarm",
            "ms-offline-timeout",
            "sn",
            "@location",
            "@location.@latitude",
        )
    }
    assert not hidden & inventory.points.keys()
    names = {point.name for point in inventory.points.values()}
    assert not names & {"Add Device", "Delete Device"}
    assert "Synchronise Devices" in names


@pytest.mark.parametrize(("version", "has"), [("1.2.3", False), ("1.3", True)])
async def test_connectivity_where_the_release_tells_it(
    connect: Connect, version: str, has: bool
) -> None:
    beaver = await connect(build(version))
    inventory = await beaver.inventory()
    found = [
        point
        for point in inventory.points.values()
        if point.quantity is Quantity.CONNECTIVITY
    ]
    assert len(found) == (24 if has else 0)
    assert all(point.translation_key == "connectivity" for point in found)


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
    """The same keys come back, although the server has new ids."""
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


async def test_entity_whose_unit_or_type_changes(connect: Connect) -> None:
    beaver = await connect(build())
    before = await beaver.inventory()
    world, entity = beaver.simulator.world, beaver.entity("Bedroom", "temperature")
    world.change(entity, beaver.clock.now, unit="°F", scale=1.8)
    changed = await beaver.backend.inventory()
    key = beaver.key("Bedroom", "temperature")
    assert before.points[key].unit == "°C"
    assert changed.points[key].unit == "°F"
    world.change(entity, beaver.clock.now, value_type="STRING")
    text = (await beaver.backend.inventory()).points[key]
    assert text.kind is Kind.STATE


async def test_ids_beyond_what_a_float_can_hold(connect: Connect) -> None:
    """Ids that a float would make equal stay apart, as numbers and as texts."""
    beaver = await connect(build())
    points = (await beaver.inventory()).points
    ids = [source.entity.id for source in beaver.backend._catalogue.sources.values()]
    assert len(set(ids)) == len(points)
    assert len({float(each) for each in ids}) < len(ids)
    assert set(ids) <= beaver.simulator.world.entities.keys()


async def test_keys_that_differ_only_in_what_is_lost(connect: Connect) -> None:
    """Two entities never share a point."""
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


async def test_no_data_permission_is_not_no_devices(connect: Connect) -> None:
    user = User(super_admin=False, functions=READER, devices=frozenset())
    beaver = await connect(build(user=user))
    await beaver.backend.connect()
    with pytest.raises(UnsupportedError) as caught:
        await beaver.backend.inventory()
    assert caught.value.reason == "no_data_permission"


async def test_administrator_of_an_empty_server(connect: Connect) -> None:
    beaver = await connect(build(count=0))
    assert set((await beaver.inventory()).devices) == {
        "milesight_gateway_integration",
        "system_integration",
    }


@pytest.mark.parametrize("version", VERSIONS)
async def test_role_that_may_see_some_devices(connect: Connect, version: str) -> None:
    simulator = build(version)
    plug = simulator.world.device("Boiler plug")
    simulator.user.super_admin = False
    simulator.user.functions = READER
    simulator.user.devices = frozenset({plug.key})
    simulator.user.integrations = frozenset()
    beaver = await connect(simulator)
    inventory = await beaver.inventory()
    assert [device.name for device in inventory.devices.values()] == ["Boiler plug"]
    assert len(await beaver.read(inventory.points.values())) > 5


@pytest.mark.parametrize("version", VERSIONS)
async def test_role_without_device_view(connect: Connect, version: str) -> None:
    user = User(super_admin=False, functions=frozenset({"dashboard.view"}))
    beaver = await connect(build(version, user=user))
    await beaver.backend.connect()
    with pytest.raises(PermissionDeniedError):
        await beaver.backend.inventory()


@pytest.mark.parametrize(
    "fields",
    [
        {"entity_id": None},
        {"entity_id": 1.5},
        {"entity_key": 7},
        {"entity_type": "ORACLE"},
        {"entity_value_type": None},
    ],
)
async def test_rows_that_say_too_little_are_left_out(
    connect: Connect, fields: dict[str, Json]
) -> None:
    beaver = await connect(build(count=3))
    beaver.simulator.faults.add(Fault(rows_changed(**fields), "entity/search"))
    inventory = await beaver.inventory()
    assert inventory.points == {}
    assert len(inventory.devices) == 3


@pytest.mark.parametrize(
    "attribute",
    [
        None,
        [],
        {"unit": 5, "enum": [], "min": "low", "max": {}, "fraction_digits": "many"},
        {"enum": {"0": None, "1": ""}, "min": 9, "max": 1, "fraction_digits": 99},
        {"unit": " W ", "format": 3},
    ],
)
async def test_attributes_of_the_wrong_type_cost_themselves_only(
    connect: Connect, attribute: Json
) -> None:
    beaver = await connect(build(count=3))
    fault = rows_changed(entity_value_attribute=attribute, entity_name=None)
    beaver.simulator.faults.add(Fault(fault, "entity/search"))
    points = (await beaver.inventory()).points.values()
    assert len(points) > 30
    for point in points:
        assert point.name or point.translation_key
        assert point.limits is None or point.limits.lowest < point.limits.highest
        assert point.options is None or len(set(point.options)) == len(point.options)
        assert point.precision is None or 0 <= point.precision < 10


async def test_devices_of_the_wrong_type_are_left_out(connect: Connect) -> None:
    beaver = await connect(build(count=3))
    fault = rows_changed(additional_data="none", name=None, identifier=None)
    beaver.simulator.faults.add(Fault(fault, "device/search"))
    devices = list((await beaver.inventory()).devices.values())[:3]
    eui = [device.identifier for device in beaver.simulator.world.devices.values()]
    assert [device.serial for device in devices] == eui
    assert all(device.name for device in devices)


async def test_html_instead_of_a_page(connect: Connect) -> None:
    beaver = await connect(build(count=3))
    await beaver.backend.connect()
    html = Answer(200, "<html></html>")
    beaver.simulator.faults.add(Fault(html, "entity/search", times=1))
    with pytest.raises(ProtocolError):
        await beaver.backend.inventory()
    assert len((await beaver.backend.inventory()).points) > 30
