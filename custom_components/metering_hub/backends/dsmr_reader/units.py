"""Units and quantities of the meter behind the electricity meter.

DSMR-reader stores its position without a unit; only the raw telegram has one.
Source: docs/wire/dsmr_reader.md, Extra meter.
"""

from collections.abc import Mapping

from ...metering.model import Quantity, Role
from ..common.units import canonical_unit
from .models import ExtraDevice

_UNITS = frozenset({"m³", "GJ", "MJ", "kWh"})

_DEFAULT_UNITS: Mapping[ExtraDevice, str] = {
    ExtraDevice.GAS: "m³",
    ExtraDevice.HEAT: "GJ",
    ExtraDevice.WATER: "m³",
}

_QUANTITIES: Mapping[ExtraDevice, tuple[Quantity, Role | None]] = {
    ExtraDevice.GAS: (Quantity.GAS, Role.GAS),
    ExtraDevice.HEAT: (Quantity.HEAT, None),
    ExtraDevice.WATER: (Quantity.WATER, Role.WATER),
}


def telegram_unit(spelling: str) -> str | None:
    """Return Home Assistant's spelling of a telegram's unit, `None` if unknown."""
    unit = canonical_unit(spelling)
    return unit if unit in _UNITS else None


def default_unit(extra: ExtraDevice) -> str:
    """Return the usual unit of a kind of meter, for servers without a telegram."""
    return _DEFAULT_UNITS[extra]


def quantity_of(extra: ExtraDevice) -> Quantity:
    """Return the quantity that a kind of meter measures."""
    return _QUANTITIES[extra][0]


def role_of(extra: ExtraDevice) -> Role | None:
    """Return the role of a kind of meter in the energy balance, if it has one."""
    return _QUANTITIES[extra][1]
