"""Entities as points, in all releases."""

import pytest

from custom_components.metering_hub.backends.milesight.points import SLOW_POLL
from custom_components.metering_hub.metering.model import (
    Category,
    Kind,
    Limits,
    Quantity,
    Role,
)
from simulators.faults import Fault, Json
from tests.simulators.milesight.conftest import VERSIONS, build

from .conftest import Connect, point_key, rows_changed, shown

EXPECTED: dict[tuple[str, str], dict[str, object]] = {
    ("Boiler plug", "power_consumption"): {
        "quantity": Quantity.ENERGY,
        "kind": Kind.REGISTER,
        "unit": "Wh",
        "role": Role.DEVICE,
        "has_history": True,
        "enabled_default": True,
        "category": None,
        "name": "Energy",
        "has_class_name": True,
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
    ("Main feeder", "current_chn2_total"): {
        "unit": "Ah",
        "kind": Kind.REGISTER,
        "may_restart": False,
    },
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
    ("Vegetable bed", "ec"): {"quantity": Quantity.CONDUCTIVITY, "unit": "μS/cm"},
    ("Rain barrel", "temperature"): {"quantity": Quantity.TEMPERATURE, "unit": "°F"},
    ("Rain barrel", "distance"): {"quantity": Quantity.DISTANCE, "unit": "mm"},
    ("Rain barrel", "o3"): {"quantity": Quantity.OZONE, "unit": "ppm"},
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
        "kind": Kind.FLAG,
        "quantity": Quantity.OCCUPANCY,
        "options": None,
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
    ("Shop door", "total_in"): {
        "quantity": Quantity.COUNT,
        "kind": Kind.REGISTER,
        "may_restart": True,
    },
    ("Shop door", "line_1_in"): {"quantity": Quantity.COUNT, "kind": Kind.INSTANT},
    ("Water meter", "pulse"): {
        "quantity": Quantity.COUNT,
        "kind": Kind.REGISTER,
        "may_restart": True,
    },
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
        "options": ("off", "on", "Follow"),
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


@pytest.mark.parametrize("version", VERSIONS)
async def test_entities_without_points(connect: Connect, version: str) -> None:
    """Parents, parameters, events and internal entities get no points."""
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
        )
    }
    assert not hidden & inventory.points.keys()
    position = inventory.points.get(point_key(f"{prefix}.@location.@latitude"))
    assert position is None or position.is_part
    names = {point.name for point in inventory.points.values()}
    assert not names & {"Add Device", "Delete Device"}
    assert "Synchronise Devices" in names


@pytest.mark.parametrize(("version", "has"), [("1.2.3", False), ("1.3", True)])
async def test_connectivity_since_1_3(
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
async def test_attributes_of_the_wrong_type_are_ignored(
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


@pytest.mark.parametrize("version", VERSIONS)
async def test_poll_interval_depends_on_the_release(
    connect: Connect, version: str
) -> None:
    beaver = await connect(build(version))
    points = shown(await beaver.inventory())
    expected = None if version in ("1.3.0", "1.3.1") else SLOW_POLL
    assert {point.poll_interval for point in points} == {expected}
    # Old releases have no times, and since 1.3.0 the server says what is offline.
    assert {point.stale_after for point in points} == {None}
