"""Spellings of units."""

import pytest

from custom_components.metering_hub.backends.besmart.units import read_unit


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
    assert read_unit(text) == unit
