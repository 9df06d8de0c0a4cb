"""The forms for what users say about single points."""

import pytest
import voluptuous as vol

from custom_components.metering_hub.descriptions import known_units
from custom_components.metering_hub.flow.point_settings import (
    choices_schema,
    points_schema,
    read_choices,
    unit_errors,
)
from custom_components.metering_hub.metering.model import Kind, Point, Quantity, Role
from custom_components.metering_hub.metering.point_settings import PointSettings

AUTOMATIC = {
    "kind": "automatic",
    "quantity": "automatic",
    "unit": "automatic",
    "role": "automatic",
}


def test_only_offered_points_are_selected() -> None:
    """A trusted point that is gone is not in the form, which could not show it."""
    options = {"points": {"gas": {"trusted": True}, "heat": {"trusted": True}}}
    registers = {"gas": "Gas meter", "water": "Water meter"}
    form = points_schema(registers, {**registers, "power": "Power"}, options)
    assert form({}) == {"trusted": ["gas"]}
    assert form({"trusted": []}) == {"trusted": []}
    assert form({"point": "power"}) == {"trusted": ["gas"], "point": "power"}
    with pytest.raises(vol.Invalid):
        form({"trusted": ["power"]})


def test_without_registers_nothing_can_be_trusted() -> None:
    form = points_schema({}, {"power": "Power"}, {})
    assert form({}) == {}
    assert form({"point": "power"}) == {"point": "power"}


@pytest.mark.parametrize(
    "settings",
    [
        PointSettings(),
        PointSettings(is_trusted=True, kind=Kind.INTERVAL, unit="kWh"),
        PointSettings(quantity=Quantity.GAS, role=Role.GAS, unit="m³"),
        PointSettings(is_roleless=True),
        # Not offered, but stored: another version may offer it.
        PointSettings(quantity=Quantity.COST, role=Role.COST, unit="barrel"),
    ],
)
def test_form_shows_what_is_stored(settings: PointSettings) -> None:
    """Saving a form as it is changes nothing."""
    form = choices_schema(settings, has_kind=True)
    assert read_choices(form({}), settings) == settings
    assert read_choices(form(AUTOMATIC), settings) == PointSettings(
        is_trusted=settings.is_trusted
    )


def test_kind_is_not_offered_where_the_backend_does_not_follow() -> None:
    """What another version has stored stays."""
    settings = PointSettings(kind=Kind.REGISTER)
    form = choices_schema(settings, has_kind=False)
    assert "kind" not in form({})
    assert read_choices(form({}), settings) == settings


@pytest.mark.parametrize(
    ("quantity", "unit", "server_unit", "is_wrong"),
    [
        (Quantity.ENERGY, "kWh", None, False),
        (Quantity.ENERGY, None, "MWh", False),
        (Quantity.HEAT, "GJ", "m3", False),
        (Quantity.GAS, "m³", "m3", False),
        (Quantity.WATER, None, "m3", True),
        (Quantity.GAS, "kWh", None, True),
        (Quantity.ENERGY, "°C", None, True),
        (Quantity.OTHER, "barrel", None, False),
        (None, "kWh", None, False),
    ],
)
def test_unit_of_a_quantity(
    quantity: Quantity | None, unit: str | None, server_unit: str | None, is_wrong: bool
) -> None:
    """The Energy dashboard takes a quantity only in one of its units."""
    point = Point(
        key="key",
        device_key="device",
        quantity=Quantity.COUNT,
        kind=Kind.UNDECIDED,
        unit=server_unit,
    )
    errors = unit_errors(point, PointSettings(quantity=quantity, unit=unit))
    assert errors == ({"unit": "unit_does_not_fit"} if is_wrong else {})


def test_units_are_those_of_home_assistant() -> None:
    units = known_units()
    assert {"kWh", "m³", "GJ", "L", "°C"} <= {*units}
    assert len(units) == len({*units})
