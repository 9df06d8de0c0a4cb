"""Spellings and conversion of units."""

import pytest

from custom_components.metering_hub.backends.besmart.units import (
    canonical_unit,
    unit_factor,
)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("kW.h", "kWh"),
        ("kWh", "kWh"),
        ("KWH", "kWh"),
        ("MW.h", "MWh"),
        ("kvar.h", "kvarh"),
        ("kV.A.h", "kVAh"),
        ("W", "W"),
        ("mV", "mV"),
        ("m3", "m³"),
        ("C", "°C"),
        ("°C", "°C"),
        (" K ", "K"),
        ("%", "%"),
        ("", None),
        (".", None),
        (None, None),
        ("furlong", "furlong"),
    ],
)
def test_units_have_the_spelling_of_home_assistant(
    text: str | None, unit: str | None
) -> None:
    assert canonical_unit(text) == unit


@pytest.mark.parametrize(
    ("unit", "wanted", "factor"),
    [
        ("kWh", "kWh", 1),
        ("MWh", "kWh", 1000),
        ("Wh", "kWh", 0.001),
        ("kW", "kWh", None),
        ("kvarh", "kWh", None),
        ("K", "°C", None),
        ("furlong", "furlong", 1),
        (None, None, 1),
        (None, "kWh", None),
    ],
)
def test_units_are_converted_within_their_family(
    unit: str | None, wanted: str | None, factor: float | None
) -> None:
    assert unit_factor(unit, wanted) == factor
