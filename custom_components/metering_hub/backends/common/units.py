"""Units in Home Assistant's spelling, for all backends."""

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
import re

from .unit_meaning import UnitVocabulary


class Family(StrEnum):
    """Units of things that are counted, and all others."""

    ENERGY = "energy"
    HEAT = "heat"
    REACTIVE_ENERGY = "reactive_energy"
    APPARENT_ENERGY = "apparent_energy"
    VOLUME = "volume"
    MASS = "mass"
    OTHER = "other"


_SPELLINGS = (
    *("Wh", "mWh", "kWh", "MWh", "GWh", "TWh", "J", "kJ", "MJ", "GJ"),
    *("cal", "kcal", "Mcal", "Gcal", "thm", "varh", "kvarh", "Ah", "VAh", "kVAh"),
    *("mW", "W", "kW", "MW", "GW", "TW", "BTU/h", "BTU", "kBTU", "MBTU"),
    *("mVA", "VA", "kVA", "mvar", "var", "kvar"),
    *("μV", "mV", "V", "kV", "MV", "μA", "mA", "A"),
    *("mHz", "Hz", "kHz", "MHz", "GHz", "rpm"),
    *("m³", "L", "mL", "ft³", "CCF", "MCF", "gal", "fl. oz."),
    *("m³/h", "m³/min", "m³/s", "L/h", "L/min", "L/s", "mL/s"),
    *("ft³/min", "gal/h", "gal/min", "gal/d"),
    *("°C", "°F", "K", "%", "ppm", "ppb", "lx", "W/m²", "BTU/(h⋅ft²)"),
    *("mPa", "Pa", "hPa", "kPa", "mbar", "cbar", "bar"),
    *("mmHg", "inHg", "inH₂O", "psi", "atm"),
    *("μm", "mm", "cm", "m", "km", "in", "ft", "yd", "mi", "nmi"),
    *("mm²", "cm²", "m²", "km²", "ha", "in²", "ft²", "yd²", "mi²", "ac"),
    *("mm/s", "m/min", "m/s", "km/h", "in/s", "ft/s", "mph", "kn"),
    *("mm/h", "mm/d", "in/h", "in/d", "°", "rad"),
    *("μs", "ms", "s", "min", "h", "d"),
    *("μg", "mg", "g", "kg", "t", "oz", "lb", "st"),
    *("g/m³", "mg/m³", "μg/m³", "μg/ft³", "S/cm", "mS/cm", "μS/cm", "Bq/m³"),
    *("dB", "dBA", "dBm"),
    *("bit", "kbit", "Mbit", "Gbit", "B", "kB", "MB", "GB", "TB"),
    *("bit/s", "kbit/s", "Mbit/s", "Gbit/s", "B/s", "kB/s", "MB/s", "GB/s"),
)
"""The units that are recognized, those of meters before others."""

_VOCABULARY = UnitVocabulary()
_BY_MEANING = {_VOCABULARY.parse(spelling): spelling for spelling in _SPELLINGS}
_FAMILIES: Mapping[str, Family] = {
    "Wh": Family.ENERGY,
    "varh": Family.REACTIVE_ENERGY,
    "VAh": Family.APPARENT_ENERGY,
    "m³": Family.VOLUME,
    "kg": Family.MASS,
}
"""The families of units by one unit of each."""

_NO_UNIT = frozenset({"", ".", "-", "dimensionless"})
_DIFFERENCE = re.compile(r"(?:delta[ _]?|[Δ∆]_?T?)(?=[\w°])")


@lru_cache(maxsize=1000)
def canonical_unit(text: str | None) -> str | None:
    """Return a unit in Home Assistant's spelling, such as "m³" for "cubic_meter".

    An empty unit is `None`; an unknown or ambiguous one is left as it is.
    """
    typed = (text or "").strip()
    if typed.casefold() in _NO_UNIT:
        return None
    if typed in _SPELLINGS:
        return typed
    meaning = _VOCABULARY.parse(_DIFFERENCE.sub("", typed, count=1))
    return _BY_MEANING.get(meaning, typed) if meaning else typed


def is_known_unit(text: str) -> bool:
    """Return True for a unit in Home Assistant's spelling that is recognized."""
    return text in _SPELLINGS


def is_difference(text: str) -> bool:
    """Return True for a unit of temperature differences, such as "delta_degC"."""
    return _DIFFERENCE.match(text.strip()) is not None


@lru_cache(maxsize=1000)
def unit_factor(unit: str | None, wanted: str | None) -> float | None:
    """Return the factor that converts values to a unit, or `None` if there is none.

    It converts units of the same base units only: no apparent power to power, and no
    temperature of another zero.
    """
    if unit == wanted:
        return 1.0
    own, other = _VOCABULARY.parse(unit or ""), _VOCABULARY.parse(wanted or "")
    if own is None or other is None or own.bases != other.bases:
        return None
    return float(own.size / other.size)


def family_of(unit: str | None) -> Family:
    """Return the family of a unit in Home Assistant's spelling.

    Electricity is counted in watt hours; joules, calories and the like are heat.
    """
    for member, family in _FAMILIES.items():
        if unit_factor(unit, member) is not None:
            is_heat = family is Family.ENERGY and not (unit or "").endswith("Wh")
            return Family.HEAT if is_heat else family
    return Family.OTHER
