"""Unit spellings and quantities."""

import pytest

from custom_components.metering_hub.backends.bemserver.units import (
    canonical_unit,
    family_of,
    measured_quantity,
)
from custom_components.metering_hub.metering.model import Quantity


@pytest.mark.parametrize(
    ("typed", "unit"),
    [
        ("kilowatt_hour", "kWh"),
        ("kilowatt_hours", "kWh"),
        ("kW*h", "kWh"),
        ("kWh", "kWh"),
        ("Wh", "Wh"),
        ("m³", "m³"),
        ("m**3", "m³"),
        ("m ** 3", "m³"),
        ("m^3", "m³"),
        ("meter ** 3", "m³"),
        ("degC", "°C"),
        ("°C", "°C"),
        ("percent", "%"),
        ("ppm", "ppm"),
        ("m**3/h", "m³/h"),
        ("BTU", "BTU"),
        ("furlong", "furlong"),
        ("", None),
        (" ", None),
    ],
)
def test_canonical_unit(typed: str, unit: str | None) -> None:
    assert canonical_unit(typed) == unit


@pytest.mark.parametrize(
    ("unit", "name", "quantity"),
    [
        ("W", "A power", Quantity.POWER),
        ("%", "A indoor humidity", Quantity.HUMIDITY),
        ("%", "Valve opening", Quantity.COUNT),
        ("ppm", "A CO2", Quantity.CARBON_DIOXIDE),
        ("ppm", "Something", Quantity.COUNT),
        ("°C", "Supply", Quantity.TEMPERATURE),
        ("m/s", "Wind on the roof", Quantity.WIND_SPEED),
        (None, "Boiler on", Quantity.COUNT),
    ],
)
def test_measured_quantity(unit: str | None, name: str, quantity: Quantity) -> None:
    assert measured_quantity(unit, name) is quantity
    assert family_of(unit) == "other"
