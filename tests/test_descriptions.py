"""The classes, units and precision with which points are shown."""

from itertools import product
from typing import Any

import pytest

from custom_components.metering_hub.descriptions import (
    entity_category,
    known_units,
    number_device_class,
    sensor_device_class,
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
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import EntityCategory, Platform


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
        (point(Kind.ACTION, category=Category.DIAGNOSTIC), EntityCategory.CONFIG),
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


def test_what_is_undecided_is_a_plain_sensor() -> None:
    """Neither a class nor a statistic may count what may not be an amount."""
    for quantity, unit in product(Quantity, (None, "furlong", *known_units())):
        shown = point(Kind.UNDECIDED, quantity=quantity, unit=unit)
        assert platform_of(shown) is Platform.SENSOR
        assert sensor_device_class(shown) is None
        assert sensor_state_class(shown) is None
        assert sensor_unit(shown) is None
        assert statistics_unit_class(shown) is None
