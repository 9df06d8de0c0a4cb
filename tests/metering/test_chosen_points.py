"""What the user chose for a point replaces what the backend says."""

from dataclasses import replace

import pytest

from custom_components.metering_hub.metering.chosen_points import with_choices
from custom_components.metering_hub.metering.inventory import Inventory
from custom_components.metering_hub.metering.model import (
    Kind,
    Limits,
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


def chosen(key: str, **settings: str | float) -> Point:
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


def test_pulses_that_are_a_meter() -> None:
    """What is in the unit of the point is multiplied; a meter restarts on evidence."""
    pulses = replace(METER, precision=0, capacity=3600.0, may_restart=True)
    settings = {"unit": "m³", "quantity": "water", "factor": 0.01}
    found = Inventory({}, {"meter": pulses})
    point = with_choices(found, {"points": {"meter": settings}}).points["meter"]
    assert (point.factor, point.unit, point.read_unit) == (0.01, "m³", None)
    assert (point.precision, point.capacity, point.may_restart) == (2, 36.0, False)
    still = with_choices(found, {"points": {"meter": {"factor": 2, "unit": "x"}}})
    assert still.points["meter"].may_restart, "It is a count of things as before."
    things = with_choices(found, {"points": {"meter": {"quantity": "other"}}})
    assert things.points["meter"].may_restart, "It is still a count of things."


def test_limits_are_multiplied() -> None:
    limits = Limits(lowest=0, highest=500, step=5)
    found = Inventory({}, {"meter": replace(METER, writable=True, limits=limits)})
    point = with_choices(found, {"points": {"meter": {"factor": 0.1}}}).points["meter"]
    assert point.limits == Limits(lowest=0, highest=50, step=0.5)


@pytest.mark.parametrize(
    ("precision", "factor", "expected"),
    [
        *[(0, 0.01, 2), (0, 0.025, 3), (0, 1 / 3, 3), (1, 10.0, 1)],
        *[(None, 0.01, None), (5, 0.001, 5)],
    ],
)
def test_precision(precision: int | None, factor: float, expected: int | None) -> None:
    """A hundredth of a pulse is shown, but never a row of digits."""
    found = Inventory({}, {"meter": replace(METER, precision=precision)})
    point = with_choices(found, {"points": {"meter": {"factor": factor}}})
    assert point.points["meter"].precision == expected


def test_a_factor_that_is_none() -> None:
    assert chosen("meter", factor=1) is METER
    assert chosen("meter", factor=-2) is METER
