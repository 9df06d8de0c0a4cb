"""Unit spellings, and the quantities that they measure.

BEMServer stores a unit as it was entered, provided that the library pint can parse it
("m**3", "degC", "kilowatt_hour"). Source: docs/wire/bemserver.md, Semantics.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from ...metering.model import Quantity


class Family(StrEnum):
    """Families of units that need different treatment."""

    ENERGY = "energy"
    HEAT = "heat"
    VOLUME = "volume"
    OTHER = "other"


_SPELLINGS: Mapping[str, Iterable[str]] = {
    "Wh": ("watt_hour", "watthour", "W*h", "W·h", "W.h", "watt*hour"),
    "kWh": ("kilowatt_hour", "kilowatthour", "kW*h", "kW·h", "kW.h", "kilowatt*hour"),
    "MWh": ("megawatt_hour", "megawatthour", "MW*h", "MW·h"),
    "GWh": ("gigawatt_hour", "gigawatthour", "GW*h"),
    "TWh": ("terawatt_hour",),
    "J": ("joule",),
    "kJ": ("kilojoule",),
    "MJ": ("megajoule",),
    "GJ": ("gigajoule",),
    "cal": ("calorie",),
    "kcal": ("kilocalorie",),
    "Mcal": ("megacalorie",),
    "Gcal": ("gigacalorie",),
    "m³": ("m**3", "m^3", "meter**3", "metre**3", "meter^3", "cubic_meter", "m3"),
    "L": ("l", "liter", "litre"),
    "ft³": ("ft**3", "ft^3", "foot**3", "cubic_foot", "cubic_feet"),
    "gal": ("gallon", "US_liquid_gallon"),
    "W": ("watt",),
    "kW": ("kilowatt",),
    "MW": ("megawatt",),
    "mW": ("milliwatt",),
    "VA": ("volt_ampere", "V*A"),
    "kVA": ("kilovolt_ampere", "kV*A"),
    "var": ("volt_ampere_reactive",),
    "kvar": (),
    "V": ("volt",),
    "mV": ("millivolt",),
    "kV": ("kilovolt",),
    "A": ("ampere", "amp"),
    "mA": ("milliampere",),
    "Hz": ("hertz",),
    "°C": ("degC", "celsius", "degree_Celsius", "degreeC", "℃"),
    "°F": ("degF", "fahrenheit", "degree_Fahrenheit", "degreeF"),
    "K": ("kelvin", "degK"),
    "%": ("percent", "pct"),
    "ppm": ("parts_per_million",),
    "lx": ("lux",),
    "Pa": ("pascal",),
    "hPa": ("hectopascal",),
    "kPa": ("kilopascal",),
    "bar": (),
    "mbar": ("millibar",),
    "m/s": ("meter/second", "m*s**-1", "m.s-1"),
    "km/h": ("kilometer/hour", "kph", "km/hour"),
    "W/m²": ("W/m**2", "W/m^2", "watt/meter**2", "W/m2"),
    "m³/h": ("m**3/h", "m^3/h", "m**3/hour", "meter**3/hour"),
    "L/h": ("l/h", "liter/hour"),
    "L/min": ("l/min", "liter/minute"),
    "°": ("deg", "degree"),
    "mm": ("millimeter", "millimetre"),
    "s": ("second", "sec"),
    "min": ("minute",),
    "h": ("hour", "hr"),
    "d": ("day",),
    "g/m³": ("g/m**3", "gram/meter**3"),
}
_CANONICAL = {
    spelling: unit
    for unit, spellings in _SPELLINGS.items()
    for spelling in (unit, *spellings)
}
_FAMILIES: Mapping[Family, frozenset[str]] = {
    Family.ENERGY: frozenset({"Wh", "kWh", "MWh", "GWh", "TWh"}),
    Family.HEAT: frozenset({"J", "kJ", "MJ", "GJ", "cal", "kcal", "Mcal", "Gcal"})
    | {"BTU", "Btu", "therm", "MBTU"},
    Family.VOLUME: frozenset({"m³", "L", "ft³", "gal"}),
}
_QUANTITIES: Mapping[Quantity, frozenset[str]] = {
    Quantity.POWER: frozenset({"mW", "W", "kW", "MW"}),
    Quantity.APPARENT_POWER: frozenset({"VA", "kVA"}),
    Quantity.REACTIVE_POWER: frozenset({"var", "kvar"}),
    Quantity.VOLTAGE: frozenset({"mV", "V", "kV"}),
    Quantity.CURRENT: frozenset({"mA", "A"}),
    Quantity.FREQUENCY: frozenset({"Hz"}),
    Quantity.TEMPERATURE: frozenset({"°C", "°F", "K"}),
    Quantity.ILLUMINANCE: frozenset({"lx"}),
    Quantity.PRESSURE: frozenset({"Pa", "hPa", "kPa", "bar", "mbar"}),
    Quantity.VOLUME_FLOW: frozenset({"m³/h", "L/h", "L/min"}),
    Quantity.DURATION: frozenset({"s", "min", "h", "d"}),
    Quantity.IRRADIANCE: frozenset({"W/m²"}),
}
_NAMED: Mapping[str, Mapping[Quantity, tuple[str, ...]]] = {
    "%": {
        Quantity.HUMIDITY: ("humid", "hygro", "feucht", "vocht", "wilgot"),
        Quantity.BATTERY: ("batter",),
    },
    "ppm": {Quantity.CARBON_DIOXIDE: ("co2", "co₂", "carbon dioxide")},
    "m/s": {Quantity.WIND_SPEED: ("wind", "wiatr")},
    "km/h": {Quantity.WIND_SPEED: ("wind", "wiatr")},
}
"""Ambiguous units, and the parts of series names that determine the quantity."""

_GAS = ("gas", "gaz")


def canonical_unit(unit: str) -> str | None:
    """Return a unit in Home Assistant's spelling; unknown units are left unchanged.

    An empty unit is `None`.
    """
    typed = unit.strip().replace(" ", "")
    if found := _CANONICAL.get(typed) or _CANONICAL.get(typed.removesuffix("s")):
        return found
    return unit.strip() or None


def family_of(unit: str | None) -> Family:
    """Return the family of a canonical unit."""
    for family, units in _FAMILIES.items():
        if unit in units:
            return family
    return Family.OTHER


def volume_quantity(text: str) -> Quantity:
    """Return GAS if a series' name or description mentions gas, otherwise WATER."""
    low = text.lower()
    return Quantity.GAS if any(word in low for word in _GAS) else Quantity.WATER


def measured_quantity(unit: str | None, text: str) -> Quantity:
    """Return the quantity of a measured value.

    `text` is the name and description of the series. An unknown quantity is COUNT,
    which has no device class in Home Assistant.
    """
    low = text.lower()
    for quantity, words in _NAMED.get(unit or "", {}).items():
        if any(word in low for word in words):
            return quantity
    for quantity, units in _QUANTITIES.items():
        if unit in units:
            return quantity
    return Quantity.COUNT
