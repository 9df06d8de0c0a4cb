"""Quantities by units, links and names."""

import pytest

from custom_components.metering_hub.backends.bemserver.models import Series
from custom_components.metering_hub.backends.bemserver.units import (
    counted_quantity,
    is_counted,
    measured_quantity,
)
from custom_components.metering_hub.metering.model import Quantity


def series(unit: str, name: str, description: str = "") -> Series:
    return Series(id=1, name=name, unit=unit, description=description, campaign_id=1)


@pytest.mark.parametrize(
    ("unit", "name", "quantity"),
    [
        ("W", "A power", Quantity.POWER),
        ("%", "A indoor humidity", Quantity.HUMIDITY),
        ("%", "Valve opening", Quantity.COUNT),
        ("ppm", "A CO2", Quantity.CARBON_DIOXIDE),
        ("ppm", "Something", Quantity.COUNT),
        ("°C", "Supply", Quantity.TEMPERATURE),
        ("delta_degC", "Supply minus return", Quantity.TEMPERATURE_DIFFERENCE),
        ("m/s", "Wind on the roof", Quantity.WIND_SPEED),
        ("m/s", "Air in the duct", Quantity.SPEED),
        ("ug/m**3", "PM2.5 outside", Quantity.PM25),
        ("kg", "Salt on the scale", Quantity.MASS),
        ("", "Boiler on", Quantity.COUNT),
    ],
)
def test_measured_quantity(unit: str, name: str, quantity: Quantity) -> None:
    found = series(unit, name)
    assert measured_quantity(found) is quantity
    assert not is_counted(found, is_linked=False)


@pytest.mark.parametrize(
    ("unit", "energy", "quantity"),
    [
        ("L", "heating oil", Quantity.FUEL),
        ("m³", "wood log", Quantity.FUEL),
        ("kg", "wood pellet", Quantity.FUEL),
        ("metric_ton", "wood chips", Quantity.FUEL),
        ("kWh", "heating oil", Quantity.ENERGY),
        ("m³", "natural gas", Quantity.GAS),
        ("m³", "propane gas", Quantity.GAS),
        ("kg", "propane gas", Quantity.FUEL),
        ("MJ", "natural gas", Quantity.HEAT),
        ("kWh", "natural gas", Quantity.ENERGY),
        ("kWh", "heating network", Quantity.HEAT),
        ("GJ", "heating network", Quantity.HEAT),
        ("m³", "heating network", Quantity.VOLUME),
        ("kWh", "cooling network", Quantity.HEAT),
        ("MJ", "electricity", Quantity.ENERGY),
    ],
)
def test_a_link_decides_before_the_name(
    unit: str, energy: str, quantity: Quantity
) -> None:
    found = series(unit, "Water or gas of the boiler house")
    assert is_counted(found, is_linked=True)
    assert counted_quantity(found, energy) is quantity


@pytest.mark.parametrize(
    ("unit", "name", "description", "quantity"),
    [
        ("m³", "Kaltwasser", "", Quantity.WATER),
        ("m³", "Gasthaus Wasser", "", Quantity.WATER),
        ("L", "Gasoil", "", Quantity.FUEL),
        ("m³", "Series 7", "Natural gas at the boiler", Quantity.GAS),
        ("m³", "Gas index", "Not water", Quantity.GAS),
        ("m³", "Series 7", "", Quantity.VOLUME),
        ("kg", "Pellets", "", Quantity.FUEL),
        ("t", "Dampf", "", Quantity.FUEL),
        ("MJ", "Series 7", "", Quantity.HEAT),
    ],
)
def test_names_decide_without_a_link(
    unit: str, name: str, description: str, quantity: Quantity
) -> None:
    found = series(unit, name, description)
    assert is_counted(found, is_linked=False)
    assert counted_quantity(found, None) is quantity
