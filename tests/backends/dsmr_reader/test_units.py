"""Units of the meter behind the electricity meter."""

import pytest

from custom_components.metering_hub.backends.dsmr_reader.models import ExtraDevice
from custom_components.metering_hub.backends.dsmr_reader.units import (
    default_unit,
    quantity_of,
    role_of,
    telegram_unit,
)
from custom_components.metering_hub.metering.model import Quantity, Role


@pytest.mark.parametrize(
    ("spelling", "unit"),
    [
        ("m3", "m³"),
        ("M3", "m³"),
        ("GJ", "GJ"),
        ("MJ", "MJ"),
        ("kWh", "kWh"),
        ("", None),
        ("gal", None),
    ],
)
def test_telegram_unit(spelling: str, unit: str | None) -> None:
    assert telegram_unit(spelling) == unit


@pytest.mark.parametrize(
    ("extra", "unit", "quantity", "role"),
    [
        (ExtraDevice.GAS, "m³", Quantity.GAS, Role.GAS),
        (ExtraDevice.HEAT, "GJ", Quantity.HEAT, None),
        (ExtraDevice.WATER, "m³", Quantity.WATER, Role.WATER),
    ],
)
def test_kinds_of_meters(
    extra: ExtraDevice, unit: str, quantity: Quantity, role: Role | None
) -> None:
    assert default_unit(extra) == unit
    assert (quantity_of(extra), role_of(extra)) == (quantity, role)
