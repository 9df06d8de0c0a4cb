"""Find out what a signal measures: the medium of its meter, and the quantity.

Source: docs/wire/besmart.md, "Units". A unit alone does not say what was counted: m³
can be water or gas, and GJ heat or the energy of gas.
"""

from collections.abc import Mapping
from enum import StrEnum
import re

from ...metering.model import Quantity
from ..common.quantity_words import named_quantities
from ..common.unit_quantities import quantity_of
from ..common.units import unit_factor
from .models import SignalType


class Medium(StrEnum):
    """What flows through a meter."""

    ELECTRICITY = "electricity"
    GAS = "gas"
    HEAT = "heat"
    WATER = "water"


_NAMED: Mapping[Quantity, Medium] = {
    Quantity.WATER: Medium.WATER,
    Quantity.GAS: Medium.GAS,
    Quantity.HEAT: Medium.HEAT,
}
_OF_VOLUMES = (Quantity.WATER, Quantity.GAS, Quantity.HEAT)
"""Warm water ("ciepła woda") is water."""

_OF_ENERGIES = (Quantity.GAS, Quantity.HEAT, Quantity.WATER)

_OBIS = re.compile(r"(\d+)-\d+:\d+(?:\.\d+)*(?:[*&]\d+)?")
_OBIS_MEDIA: Mapping[str, Medium] = {
    "1": Medium.ELECTRICITY,
    # A heat meter that also counts the cold that it delivers has the code of cooling.
    "5": Medium.HEAT,
    "6": Medium.HEAT,
    "7": Medium.GAS,
    "8": Medium.WATER,
    "9": Medium.WATER,
}
_VOLUMES: Mapping[Medium | None, Quantity] = {
    Medium.GAS: Quantity.GAS,
    Medium.WATER: Quantity.WATER,
}
_ENERGIES: Mapping[Medium | None, Quantity] = {
    Medium.ELECTRICITY: Quantity.ENERGY,
    Medium.GAS: Quantity.ENERGY,
    Medium.HEAT: Quantity.HEAT,
    Medium.WATER: Quantity.HEAT,
}
"""The energy in water is the heat that it was warmed with."""

COUNTED = frozenset(
    {
        Quantity.APPARENT_ENERGY,
        Quantity.ENERGY,
        Quantity.GAS,
        Quantity.HEAT,
        Quantity.REACTIVE_ENERGY,
        Quantity.WATER,
    }
)
"""The quantities of positions and amounts, never of measured values."""

_COUNTABLE = frozenset(
    {Quantity.COUNT, Quantity.DISTANCE, Quantity.DURATION, Quantity.VOLUME}
)
"""The quantities that can be counted, such as the hours of a pump."""


def medium_of(type_: SignalType | None, unit: str | None) -> Medium | None:
    """Return the medium of a counted volume or active energy, if the server says it.

    The OBIS code comes first, then the group of the type, then its description.
    """
    preferred = _preferred(unit)
    if type_ is None or not preferred:
        return None
    if (code := _OBIS.fullmatch(type_.obis or "")) and code[1] in _OBIS_MEDIA:
        return _OBIS_MEDIA[code[1]]
    for text in (type_.group, f"{type_.description} {type_.symbol}"):
        named = named_quantities(text or "")
        for quantity in preferred:
            if quantity in named:
                return _NAMED[quantity]
    return None


def _preferred(unit: str | None) -> tuple[Quantity, ...]:
    """Return what a unit can measure by its name, most likely first."""
    if is_volume(unit):
        return _OF_VOLUMES
    return _OF_ENERGIES if unit_factor(unit, "kWh") is not None else ()


def is_volume(unit: str | None) -> bool:
    """Return True for units such as m³."""
    return unit_factor(unit, "m³") is not None


def is_measured(unit: str | None) -> bool:
    """Return True for units of what can only be measured, such as a temperature."""
    return quantity_of(unit) not in COUNTED | _COUNTABLE


def quantity_of_medium(unit: str | None, medium: Medium | None) -> Quantity:
    """Return what a unit measures of a medium."""
    if is_volume(unit):
        return _VOLUMES.get(medium, Quantity.VOLUME)
    return _ENERGIES.get(medium, quantity_of(unit))
