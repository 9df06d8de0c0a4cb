"""The forms of a tariff: what they offer, read and refuse."""

from dataclasses import replace
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import voluptuous as vol

from custom_components.metering_hub.flow.tariff_forms import basics_schema, price_schema
from custom_components.metering_hub.flow.tariff_input import (
    read_basics,
    read_price,
    read_surcharges,
)
from custom_components.metering_hub.flow.tariff_targets import (
    TariffTargets,
    price_units,
)
from custom_components.metering_hub.metering.model import Kind, Point, Quantity, Role
from custom_components.metering_hub.prices.units import read_price_unit
from homeassistant.core import HomeAssistant

GRID = Point(
    key="grid",
    device_key="site",
    quantity=Quantity.ENERGY,
    kind=Kind.REGISTER,
    unit="kWh",
    role=Role.GRID_DELIVERED,
    has_history=True,
)
GAS = replace(GRID, key="gas", quantity=Quantity.GAS, unit="m³", role=Role.GAS)
HEAT = replace(GRID, key="heat", quantity=Quantity.HEAT, unit="GJ", role=None)
WATER = replace(GRID, key="water", quantity=Quantity.WATER, unit="L", role=Role.WATER)


def targets(*points: Point, currency: str = "EUR") -> TariffTargets:
    return TariffTargets(
        points={point.key: point for point in points},
        names={point.key: point.key for point in points},
        currency=currency,
        zone=UTC,
    )


BASICS = {
    "name": "Green",
    "applies_to": "import",
    "valid_from": "2026-01-01 00:00:00",
    "price_type": "fixed",
}


def form(*points: Point, **stored: object) -> vol.Schema:
    return basics_schema(
        targets(*points), stored, start="2026-01-01 00:00:00", copies={}, actions={}
    )


@pytest.mark.parametrize(
    ("points", "role"),
    [
        ((GAS, GRID), "import"),
        ((WATER, HEAT), "water"),
        ((replace(GRID, role=Role.DEVICE),), "meters"),
    ],
)
def test_first_role_that_a_meter_has_is_the_default(
    points: tuple[Point, ...], role: str
) -> None:
    filled = form(*points)({"name": "Green"})
    assert filled == {**BASICS, "applies_to": role}


def test_stored_choices_stay_valid_when_their_meters_are_gone() -> None:
    stored: dict[str, object] = {
        "applies_to": "water",
        "price_type": "registers",
        "meters": ["old"],
    }
    shown = form(GRID, **stored)
    submitted = {**BASICS, **stored}
    assert shown(submitted) == submitted
    with pytest.raises(vol.Invalid):
        form(GRID)(submitted)


@pytest.mark.parametrize(
    ("points", "applies_to", "currency", "units"),
    [
        ((GRID,), "import", "EUR", ["EUR/kWh", "ct/kWh", "EUR/MWh"]),
        ((GRID,), "import", "PLN", ["PLN/kWh", "gr/kWh", "PLN/MWh"]),
        ((GRID,), "import", "CZK", ["CZK/kWh", "CZK/MWh"]),
        ((WATER,), "water", "GBP", ["GBP/m³", "p/m³"]),
        ((HEAT,), "heat", "SEK", ["SEK/kWh", "öre/kWh", "SEK/MWh", "SEK/GJ"]),
        (
            (GAS,),
            "gas",
            "EUR",
            ["EUR/m³", "ct/m³", "EUR/kWh", "ct/kWh", "EUR/MWh"],
        ),
        (
            (replace(GAS, quantity=Quantity.ENERGY, unit="kWh"),),
            "gas",
            "DKK",
            ["DKK/kWh", "øre/kWh", "DKK/MWh", "DKK/m³", "øre/m³"],
        ),
    ],
)
def test_units_of_prices(
    points: tuple[Point, ...], applies_to: str, currency: str, units: list[str]
) -> None:
    found = price_units({"applies_to": applies_to}, [*points], currency)
    assert found == units
    assert all(read_price_unit(unit, currency) for unit in found)


def test_only_gas_is_asked_for_its_energy() -> None:
    everything = targets(GRID, GAS)
    for role, is_asked in (("import", False), ("gas", True)):
        data = {"applies_to": role, "price_type": "fixed"}
        fields = price_schema(everything, data, {}, {}).schema
        assert ("heating_value" in fields) is is_asked


def test_choices_in_a_list_have_their_names() -> None:
    """The frontend shows what it is given there, and translates nothing."""
    key = "component.metering_hub.selector.weekday.options.mon"
    data = {"applies_to": "import", "price_type": "timed"}
    rules = price_schema(targets(GRID), data, {}, {key: "Montag"}).schema["rules"]
    monday = {"value": "mon", "label": "Montag"}
    fields = rules.serialize()["selector"]["object"]["fields"]
    assert monday in fields["weekdays"]["selector"]["select"]["options"]


def test_times_are_those_of_the_meters() -> None:
    zone = ZoneInfo("Europe/Amsterdam")
    meters = replace(targets(GRID), zone=zone)
    for text in ("2026-07-01 02:00:00", "2026-07-01T00:00:00+00:00"):
        data, errors = read_basics({**BASICS, "valid_from": text}, meters)
        assert (data["valid_from"], errors) == ("2026-07-01T02:00:00", {})


@pytest.mark.parametrize("text", [" 00:00:00", "", "undefined 00:00:00"])
def test_end_without_a_day_is_none(text: str) -> None:
    """This is what the frontend sends of a field that nobody has filled in."""
    submitted = form(GRID)({**BASICS, "valid_to": text})
    data, errors = read_basics(submitted, targets(GRID))
    assert not errors
    assert "valid_to" not in data


def test_end_that_is_no_time_is_refused() -> None:
    with pytest.raises(vol.Invalid):
        form(GRID)({**BASICS, "valid_to": "2026-13-01 00:00:00"})


def test_meters_are_stored_only_if_the_tariff_is_for_them() -> None:
    data, _ = read_basics({**BASICS, "meters": ["grid"]}, targets(GRID))
    assert "meters" not in data
    chosen = {**BASICS, "applies_to": "meters", "meters": ["grid"]}
    data, errors = read_basics(chosen, targets(GRID))
    assert (data["meters"], errors) == (["grid"], {})


@pytest.mark.parametrize(
    ("unit", "heating_value", "errors"),
    [
        ("EUR/m³", None, {}),
        ("EUR/kWh", 9.77, {}),
        ("EUR/kWh", None, {"heating_value": "no_heating_value"}),
        ("PLN/m³", None, {"unit": "unknown_unit"}),
        ("EUR/kW", None, {"unit": "unknown_unit"}),
    ],
)
def test_units_of_gas(
    hass: HomeAssistant,
    unit: str,
    heating_value: float | None,
    errors: dict[str, str],
) -> None:
    submitted: dict[str, Any] = {"unit": f" {unit} ", "price": 0}
    if heating_value is not None:
        submitted["heating_value"] = heating_value
    data, found = read_price(hass, submitted, {"applies_to": "gas"}, targets(GAS))
    assert found == errors
    assert (data["unit"], data["currency"], data["price"]) == (unit, "EUR", 0.0)


def test_meters_that_count_something_else_have_no_common_unit(
    hass: HomeAssistant,
) -> None:
    basics = {"applies_to": "meters", "meters": ["grid", "water"]}
    submitted = {"unit": "EUR/kWh", "price": 1}
    _, errors = read_price(hass, submitted, basics, targets(GRID, WATER))
    assert errors == {"unit": "unit_of_other_meters"}


def test_surcharges_are_stored_without_what_is_empty() -> None:
    listed = [
        {"amount": "-2.5", "type": "amount", "months": [], "weekdays": ["mon"]},
        {"amount": 21, "type": "percent", "from_hour": 0.0, "to_hour": 24},
    ]
    data, errors = read_surcharges({"surcharges": listed, "monthly": 4})
    assert not errors
    assert data == {
        "surcharges": [
            {"amount": -2.5, "type": "amount", "weekdays": ["mon"]},
            {"amount": 21.0, "type": "percent", "from_hour": 0, "to_hour": 24},
        ],
        "monthly": 4.0,
    }
