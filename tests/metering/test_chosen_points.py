"""What the user chose for a point replaces what the backend says."""

from dataclasses import replace

import pytest

from custom_components.metering_hub.metering.chosen_points import with_choices
from custom_components.metering_hub.metering.model import (
    Inventory,
    Kind,
    Point,
    Quantity,
    Role,
)

METER = Point(
    key="meter",
    device_key="site",
    quantity=Quantity.COUNT,
    kind=Kind.REGISTER,
    role=Role.DEVICE,
    unit=None,
    former_keys=("series",),
)
OTHER = Point(key="other", device_key="site", quantity=Quantity.GAS, kind=Kind.REGISTER)
FOUND = Inventory({}, {"meter": METER, "other": OTHER})


def chosen(key: str, **settings: str) -> Point:
    """Return the meter after a choice, which leaves the other point as it is."""
    inventory = with_choices(FOUND, {"points": {key: settings}})
    assert inventory.points["other"] is OTHER
    return inventory.points["meter"]


def test_nothing_is_chosen() -> None:
    assert with_choices(FOUND, {}) is FOUND
    assert chosen("gone", unit="kWh") is METER
    assert chosen("meter", kind="interval") is METER, "Backends follow it themselves."


@pytest.mark.parametrize("key", ["meter", "series"])
def test_unit_and_quantity(key: str) -> None:
    """Backends still convert to the unit of the server, which is none here."""
    point = chosen(key, unit="m³", quantity="water")
    assert (point.unit, point.quantity, point.role) == (
        "m³",
        Quantity.WATER,
        Role.DEVICE,
    )
    assert point.read_unit is None
    assert METER.read_unit is METER.unit


def test_unit_of_the_server() -> None:
    """A choice that says the same as the server is none."""
    found = Inventory({}, {"meter": replace(METER, unit="Wh")})
    same = with_choices(found, {"points": {"meter": {"unit": "Wh"}}})
    assert same.points["meter"] is found.points["meter"]
    other = with_choices(found, {"points": {"meter": {"unit": "kWh"}}})
    assert other.points["meter"].read_unit == "Wh"


def test_role_and_no_role() -> None:
    assert chosen("meter", role="solar").role is Role.SOLAR
    assert chosen("meter", role="none").role is None
    assert chosen("meter", quantity="heat").role is Role.DEVICE
