"""Units of besmart.energy: their spellings, conversion and quantities.

Source: docs/wire/besmart.md, "Units".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ...metering.model import Quantity


class Family(StrEnum):
    """Units that can be converted into each other."""

    ENERGY = "energy"
    REACTIVE_ENERGY = "reactive_energy"
    APPARENT_ENERGY = "apparent_energy"
    POWER = "power"
    REACTIVE_POWER = "reactive_power"
    APPARENT_POWER = "apparent_power"
    VOLTAGE = "voltage"
    CURRENT = "current"
    FREQUENCY = "frequency"


@dataclass(frozen=True, slots=True)
class _Unit:
    """A unit that can be converted: `size` base units of its family."""

    family: Family
    size: int


_PREFIXES: Mapping[str, int] = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}
_BASES: Mapping[str, Family] = {
    "Wh": Family.ENERGY,
    "varh": Family.REACTIVE_ENERGY,
    "VAh": Family.APPARENT_ENERGY,
    "W": Family.POWER,
    "var": Family.REACTIVE_POWER,
    "VA": Family.APPARENT_POWER,
    "V": Family.VOLTAGE,
    "A": Family.CURRENT,
    "Hz": Family.FREQUENCY,
}
_UNITS: Mapping[str, _Unit] = {
    f"{prefix}{base}": _Unit(family, size)
    for base, family in _BASES.items()
    for prefix, size in _PREFIXES.items()
}
_SPELLINGS: Mapping[str, str] = {
    **{unit.casefold(): unit for unit in _UNITS if unit.startswith("k")},
    "m3": "m³",
    "m3/h": "m³/h",
    "c": "°C",
}
_QUANTITIES: Mapping[str, Quantity] = {
    "K": Quantity.TEMPERATURE,
    "°C": Quantity.TEMPERATURE,
    **{unit: Quantity(each.family.value) for unit, each in _UNITS.items()},
}
_ENERGIES = frozenset({Family.ENERGY, Family.REACTIVE_ENERGY, Family.APPARENT_ENERGY})


def canonical_unit(text: str | None) -> str | None:
    """Return a unit in Home Assistant's spelling, such as "kWh" for "kW.h"."""
    if text is None or not (plain := text.strip().replace(".", "").replace("·", "")):
        return None
    if plain in _UNITS:
        return plain
    return _SPELLINGS.get(plain.casefold(), plain)


def unit_factor(unit: str | None, wanted: str | None) -> float | None:
    """Return the factor that converts values to a unit, or None if there is none."""
    if unit == wanted:
        return 1.0
    own, other = _UNITS.get(unit or ""), _UNITS.get(wanted or "")
    if own is None or other is None or own.family is not other.family:
        return None
    return own.size / other.size


def quantity_of(unit: str | None) -> Quantity:
    """Return the quantity that a unit measures; COUNT for unknown units."""
    return _QUANTITIES.get(unit or "", Quantity.COUNT)


def is_energy(unit: str | None) -> bool:
    """Return True for units of active, reactive and apparent energy."""
    known = _UNITS.get(unit or "")
    return known is not None and known.family in _ENERGIES
