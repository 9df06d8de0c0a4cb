"""The classes, units and precision with which points are shown."""

from itertools import product
from typing import Any

import pytest

from custom_components.metering_hub.descriptions import (
    entity_category,
    known_units,
    number_device_class,
    sensor_device_class,
    sensor_native_unit,
    sensor_precision,
    sensor_state_class,
    sensor_unit,
    statistics_unit_class,
)
from custom_components.metering_hub.identifiers import platform_of
from custom_components.metering_hub.metering.model import (
    Category,
    Kind,
    Point,
    Quantity,
)
from homeassistant.components.number import NumberDeviceClass
from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorStateClass,
)
from homeassistant.components.sensor.const import (
    DEVICE_CLASS_STATE_CLASSES,
    DEVICE_CLASS_UNITS,
    STATE_CLASS_UNITS,
)
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util


def point(kind: Kind, **changes: Any) -> Point:
    return Point(
        **{
            "key": "key",
            "device_key": "device",
            "quantity": Quantity.TEMPERATURE,
            "kind": kind,
            "unit": "°C",
            **changes,
        }
    )


def test_number_has_the_device_class_of_a_sensor() -> None:
    shown = point(Kind.INSTANT)
    assert sensor_device_class(shown) is SensorDeviceClass.TEMPERATURE
    assert number_device_class(shown) is NumberDeviceClass.TEMPERATURE


@pytest.mark.parametrize(
    "changes",
    [{"unit": "km"}, {"unit": None}, {"quantity": Quantity.TEXT}],
    ids=["another unit", "no unit", "no class"],
)
def test_number_has_no_device_class_for_another_unit(changes: dict[str, Any]) -> None:
    assert number_device_class(point(Kind.INSTANT, **changes)) is None


def test_writable_amount_has_no_device_class_of_a_measurement() -> None:
    assert number_device_class(point(Kind.REGISTER)) is None


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (point(Kind.INSTANT), None),
        (point(Kind.INSTANT, writable=True), None),
        (
            point(Kind.INSTANT, category=Category.DIAGNOSTIC),
            EntityCategory.DIAGNOSTIC,
        ),
        (point(Kind.INSTANT, category=Category.CONFIG), EntityCategory.DIAGNOSTIC),
        (point(Kind.FLAG, category=Category.CONFIG), EntityCategory.DIAGNOSTIC),
        (point(Kind.EVENT, category=Category.CONFIG), EntityCategory.DIAGNOSTIC),
        (point(Kind.ACTION, category=Category.DIAGNOSTIC), EntityCategory.DIAGNOSTIC),
        (point(Kind.ACTION, category=Category.CONFIG), EntityCategory.CONFIG),
        (
            point(Kind.FLAG, category=Category.DIAGNOSTIC, writable=True),
            EntityCategory.CONFIG,
        ),
    ],
)
def test_only_writable_points_are_configuration(
    shown: Point, expected: EntityCategory | None
) -> None:
    assert entity_category(shown) is expected


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (point(Kind.REGISTER, quantity=Quantity.ENERGY, unit="Wh"), "kWh"),
        (point(Kind.INTERVAL, quantity=Quantity.HEAT, unit="Wh"), "kWh"),
        (point(Kind.REGISTER, quantity=Quantity.ENERGY, unit="kWh"), None),
        (point(Kind.INSTANT, quantity=Quantity.ENERGY, unit="Wh"), None),
        (point(Kind.REGISTER, quantity=Quantity.OTHER, unit="Wh"), None),
    ],
)
def test_watt_hours_are_shown_in_kilowatt_hours(
    shown: Point, expected: str | None
) -> None:
    assert sensor_unit(shown) == expected


@pytest.mark.parametrize(
    ("quantity", "precision", "expected"),
    [
        (Quantity.CARBON_DIOXIDE, None, 0),
        (Quantity.CARBON_DIOXIDE, 1, 1),
        (Quantity.TEMPERATURE, None, None),
        (Quantity.TEMPERATURE, 2, 2),
    ],
)
def test_precision_of_the_server_takes_precedence(
    quantity: Quantity, precision: int | None, expected: int | None
) -> None:
    shown = point(Kind.INSTANT, quantity=quantity, precision=precision)
    assert sensor_precision(shown) == expected


def test_precision_of_wh_is_not_that_of_kwh() -> None:
    """Home Assistant would show whole kWh of a counter of whole Wh."""
    shown = point(Kind.REGISTER, quantity=Quantity.ENERGY, unit="Wh", precision=0)
    assert (sensor_unit(shown), sensor_precision(shown)) == ("kWh", None)
    own = point(Kind.REGISTER, quantity=Quantity.ENERGY, unit="kWh", precision=1)
    assert (sensor_unit(own), sensor_precision(own)) == (None, 1)


UNITS = (
    None,
    "furlong",
    "rad",
    "BTU",
    *sorted({str(unit) for units in DEVICE_CLASS_UNITS.values() for unit in units}),
)
SHOWN = (Kind.REGISTER, Kind.INTERVAL, Kind.INSTANT, Kind.STATE, Kind.UNDECIDED)


def sensor_of(hass: HomeAssistant, shown: Point) -> SensorEntity:
    """Return a sensor with all that the descriptions say of a point."""
    sensor = SensorEntity()
    sensor.hass = hass
    sensor.entity_id = f"sensor.{shown.quantity}_{shown.kind}"
    sensor._attr_device_class = sensor_device_class(shown)
    sensor._attr_state_class = sensor_state_class(shown)
    sensor._attr_native_unit_of_measurement = sensor_native_unit(shown)
    sensor._attr_suggested_unit_of_measurement = sensor_unit(shown)
    sensor._attr_suggested_display_precision = sensor_precision(shown)
    is_text = shown.kind is Kind.STATE
    if shown.options is not None:
        sensor._attr_options = list(shown.options)
    if sensor.device_class is SensorDeviceClass.TIMESTAMP:
        sensor._attr_native_value = dt_util.utcnow()
    else:
        sensor._attr_native_value = "on" if is_text else 12.5
    return sensor


@pytest.mark.parametrize("quantity", list(Quantity))
@pytest.mark.parametrize("options", [None, ("on", "off")], ids=["plain", "options"])
async def test_every_combination_is_valid(
    hass: HomeAssistant,
    caplog: pytest.LogCaptureFixture,
    quantity: Quantity,
    options: tuple[str, ...] | None,
) -> None:
    """Home Assistant itself accepts each quantity, kind and unit."""
    for kind, unit in product(SHOWN, UNITS):
        if options and kind is not Kind.STATE:
            continue
        shown = point(kind, quantity=quantity, unit=unit, options=options)
        sensor = sensor_of(hass, shown)
        device_class, state_class = sensor.device_class, sensor.state_class
        assert sensor.state is not None
        assert sensor.capability_attributes is None or state_class or options
        assert sensor.state_attributes is None
        if state_class is not None:
            assert shown.unit in STATE_CLASS_UNITS.get(state_class, {shown.unit})
        if device_class is not None and state_class is not None:
            assert state_class in DEVICE_CLASS_STATE_CLASSES[device_class]
            units = DEVICE_CLASS_UNITS.get(device_class)
            assert units is None or shown.unit in units
    assert not caplog.records


@pytest.mark.parametrize("unit", [None, "rad", "furlong", "%"])
def test_a_direction_that_is_not_in_degrees_has_no_class(unit: str | None) -> None:
    shown = point(Kind.INSTANT, quantity=Quantity.WIND_DIRECTION, unit=unit)
    assert sensor_device_class(shown) is None
    assert sensor_state_class(shown) is None


def test_a_direction_in_degrees_is_an_angle() -> None:
    shown = point(Kind.INSTANT, quantity=Quantity.WIND_DIRECTION, unit="°")
    assert sensor_device_class(shown) is SensorDeviceClass.WIND_DIRECTION
    assert sensor_state_class(shown) is SensorStateClass.MEASUREMENT_ANGLE


@pytest.mark.parametrize(
    ("unit", "device_class"),
    [
        ("L", SensorDeviceClass.VOLUME),
        ("m³", SensorDeviceClass.VOLUME),
        ("kg", SensorDeviceClass.WEIGHT),
        ("t", None),
    ],
)
def test_fuel_is_a_volume_or_a_weight(
    unit: str, device_class: SensorDeviceClass | None
) -> None:
    shown = point(Kind.INTERVAL, quantity=Quantity.FUEL, unit=unit)
    assert sensor_device_class(shown) is device_class
    assert sensor_state_class(shown) is SensorStateClass.TOTAL


def test_what_is_undecided_is_a_plain_sensor() -> None:
    """Neither a class nor a statistic may count what may not be an amount."""
    for quantity, unit in product(Quantity, (None, "furlong", *known_units())):
        shown = point(Kind.UNDECIDED, quantity=quantity, unit=unit)
        assert platform_of(shown) is Platform.SENSOR
        assert sensor_device_class(shown) is None
        assert sensor_state_class(shown) is None
        assert sensor_unit(shown) is None
        assert statistics_unit_class(shown) is None
