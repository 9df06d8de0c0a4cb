"""Quantities by units and names."""

import pytest

from custom_components.metering_hub.backends.bemserver.units import measured_quantity
from custom_components.metering_hub.metering.model import Quantity


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
