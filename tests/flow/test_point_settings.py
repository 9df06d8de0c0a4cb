"""The forms for what users say about single points."""

from dataclasses import replace

import pytest
import voluptuous as vol

from custom_components.metering_hub.descriptions import known_units
from custom_components.metering_hub.flow.point_settings import (
    choices_errors,
    choices_schema,
    is_part_of_sum,
    points_schema,
    read_choices,
)
from custom_components.metering_hub.metering.model import Kind, Point, Quantity, Role
from custom_components.metering_hub.metering.point_settings import PointSettings

AUTOMATIC = {
    "kind": "automatic",
    "quantity": "automatic",
    "unit": "automatic",
    "role": "automatic",
}


METER = Point(
    key="meter", device_key="site", quantity=Quantity.COUNT, kind=Kind.REGISTER
)
SETTING = replace(METER, key="setting", kind=Kind.INSTANT, writable=True)


def form_of(
    settings: PointSettings, point: Point = METER, *, has_kind: bool = True
) -> vol.Schema:
    return choices_schema(point, settings, has_kind=has_kind, has_factor=True)


def suggested(form: vol.Schema) -> dict[str, object]:
    """Return what the form shows, and its defaults where nothing is suggested."""
    shown = {
        str(field): field.description["suggested_value"]
        for field in form.schema
        if field.description is not None
    }
    known = {name: value for name, value in shown.items() if value is not None}
    return {**form({}), **known}


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
        PointSettings(quantity=Quantity.WATER, unit="m³", factor=0.01),
    ],
)
def test_form_shows_what_is_stored(settings: PointSettings) -> None:
    """Saving a form as it is changes nothing."""
    form = form_of(settings)
    assert read_choices(suggested(form), settings) == settings
    assert read_choices(form(AUTOMATIC), settings) == PointSettings(
        is_trusted=settings.is_trusted
    )


def test_kind_is_not_offered_where_the_backend_does_not_follow() -> None:
    """What another version has stored stays."""
    settings = PointSettings(kind=Kind.REGISTER)
    form = form_of(settings, has_kind=False)
    assert "kind" not in form({})
    assert read_choices(form({}), settings) == settings


def test_only_a_setting_can_have_a_sensor_beside_it() -> None:
    """It has no kind and no role; those that are stored stay."""
    settings = PointSettings(kind=Kind.REGISTER, role=Role.WATER, has_sensor=True)
    form = form_of(settings, SETTING)
    assert form({}) == {
        "quantity": "automatic",
        "unit": "automatic",
        "has_sensor": True,
    }
    assert read_choices(form({}), settings) == settings
    without = read_choices(form({"has_sensor": False}), settings)
    assert without == replace(settings, has_sensor=False)
    assert "has_sensor" not in form_of(PointSettings()).schema


def test_a_factor_of_one_is_none() -> None:
    form = form_of(PointSettings())
    assert read_choices(form({"factor": 1}), PointSettings()) == PointSettings()


def test_a_part_of_a_sum_has_no_factor() -> None:
    """The backend adds up what the server sends."""
    total = replace(METER, key="total", sum_of=("meter", "other"))
    assert is_part_of_sum(METER, [METER, total])
    assert not is_part_of_sum(total, [METER, total])
    form = choices_schema(METER, PointSettings(), has_kind=True, has_factor=False)
    with pytest.raises(vol.Invalid):
        form({"factor": 2})


@pytest.mark.parametrize(
    ("factor", "unit", "server_unit", "errors"),
    [
        (0.01, "m³", None, {}),
        (0.01, None, "L", {}),
        (0.01, None, None, {"unit": "factor_without_unit"}),
        (0, "m³", None, {"factor": "factor_not_positive"}),
        (-0.01, "m³", None, {"factor": "factor_not_positive"}),
        (None, None, None, {}),
    ],
)
def test_factor_and_unit(
    factor: float | None,
    unit: str | None,
    server_unit: str | None,
    errors: dict[str, str],
) -> None:
    """A number of pulses that is multiplied is no number of pulses any more."""
    point = replace(METER, unit=server_unit)
    assert choices_errors(point, PointSettings(factor=factor, unit=unit)) == errors


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
    errors = choices_errors(point, PointSettings(quantity=quantity, unit=unit))
    assert errors == ({"unit": "unit_does_not_fit"} if is_wrong else {})


def test_units_are_those_of_home_assistant() -> None:
    units = known_units()
    assert {"kWh", "m³", "GJ", "L", "°C"} <= {*units}
    assert len(units) == len({*units})
