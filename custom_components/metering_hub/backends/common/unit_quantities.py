"""The quantities that units measure, whatever the server."""

from collections.abc import Mapping

from ...metering.model import Quantity
from .units import Family, family_of, unit_factor

_COUNTED: Mapping[Family, Quantity] = {
    Family.ENERGY: Quantity.ENERGY,
    Family.HEAT: Quantity.HEAT,
    Family.REACTIVE_ENERGY: Quantity.REACTIVE_ENERGY,
    Family.APPARENT_ENERGY: Quantity.APPARENT_ENERGY,
}
_MEASURED: Mapping[str, Quantity] = {
    "W": Quantity.POWER,
    "VA": Quantity.APPARENT_POWER,
    "var": Quantity.REACTIVE_POWER,
    "V": Quantity.VOLTAGE,
    "A": Quantity.CURRENT,
    "Hz": Quantity.FREQUENCY,
    "°C": Quantity.TEMPERATURE,
    "°F": Quantity.TEMPERATURE,
    "K": Quantity.TEMPERATURE,
    "lx": Quantity.ILLUMINANCE,
    "Pa": Quantity.PRESSURE,
    "bar": Quantity.PRESSURE,
    "psi": Quantity.PRESSURE,
    "mmHg": Quantity.PRESSURE,
    "inHg": Quantity.PRESSURE,
    "inH₂O": Quantity.PRESSURE,
    "atm": Quantity.PRESSURE,
    "m³/h": Quantity.VOLUME_FLOW,
    "W/m²": Quantity.IRRADIANCE,
    "m": Quantity.DISTANCE,
    "m²": Quantity.AREA,
    "s": Quantity.DURATION,
    "m/s": Quantity.SPEED,
    "kg": Quantity.MASS,
    "S/cm": Quantity.CONDUCTIVITY,
    "B": Quantity.DATA_SIZE,
    "B/s": Quantity.DATA_RATE,
}
"""Quantities by one unit of each; their other units are converted into it."""


def quantity_of(unit: str | None) -> Quantity:
    """Return the quantity that a unit measures; COUNT if it can be several."""
    if counted := _COUNTED.get(family_of(unit)):
        return counted
    for known, quantity in _MEASURED.items():
        if unit_factor(unit, known) is not None:
            return quantity
    return Quantity.COUNT


def is_energy(unit: str | None) -> bool:
    """Return True for units of active, reactive and apparent energy, and of heat."""
    return family_of(unit) in _COUNTED
