"""The quantities of units."""

import pytest

from custom_components.metering_hub.backends.common.unit_quantities import (
    is_energy,
    quantity_of,
)
from custom_components.metering_hub.metering.model import Quantity


@pytest.mark.parametrize(
    ("unit", "quantity", "energy"),
    [
        ("MWh", Quantity.ENERGY, True),
        ("GJ", Quantity.HEAT, True),
        ("kvarh", Quantity.REACTIVE_ENERGY, True),
        ("kVAh", Quantity.APPARENT_ENERGY, True),
        ("kW", Quantity.POWER, False),
        ("BTU/h", Quantity.POWER, False),
        ("kVA", Quantity.APPARENT_POWER, False),
        ("°C", Quantity.TEMPERATURE, False),
        ("mbar", Quantity.PRESSURE, False),
        ("gal/min", Quantity.VOLUME_FLOW, False),
        ("BTU/(h⋅ft²)", Quantity.IRRADIANCE, False),
        ("ft", Quantity.DISTANCE, False),
        ("ms", Quantity.DURATION, False),
        ("m³", Quantity.COUNT, False),
        ("furlong", Quantity.COUNT, False),
        (None, Quantity.COUNT, False),
    ],
)
def test_quantities(unit: str | None, quantity: Quantity, energy: bool) -> None:
    assert quantity_of(unit) is quantity
    assert is_energy(unit) is energy
