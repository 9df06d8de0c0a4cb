"""Units in pint's spellings, as BEMServer accepts them, and their conversions.

Units are stored as they were entered; `m3`, `kvarh`, `EUR` and the like are unknown
(422). This table replaces pint, with the units of meters and sensors.

Source: docs/wire/bemserver.md, Semantics.
"""

from collections.abc import Mapping
from dataclasses import dataclass

_ENERGY = "[mass] * [length] ** 2 / [time] ** 2"
_POWER = "[mass] * [length] ** 2 / [time] ** 3"
_VOLUME = "[length] ** 3"
_FLUX = "[mass] / [time] ** 3"
_SPEED = "[length] / [time]"
_PRESSURE = "[mass] / [length] / [time] ** 2"
_TEMPERATURE = "[temperature]"
_AREA = "[length] ** 2"
_MASS = "[mass]"
_NONE = "dimensionless"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit by pint's long name; value * factor + zero is the value in base units."""

    name: str
    dimension: str
    factor: float
    zero: float = 0.0


class UndefinedUnitError(ValueError):
    """The unit is unknown to pint."""


class DimensionError(ValueError):
    """The units have different dimensions; the text is the server's."""


_UNITS: Mapping[tuple[str, ...], Unit] = {
    ("Wh", "watt_hour"): Unit("watt_hour", _ENERGY, 3600),
    ("kWh", "kilowatt_hour"): Unit("kilowatt_hour", _ENERGY, 3_600_000),
    ("MWh", "megawatt_hour"): Unit("megawatt_hour", _ENERGY, 3_600_000_000),
    ("GWh", "gigawatt_hour"): Unit("gigawatt_hour", _ENERGY, 3_600_000_000_000),
    ("J", "joule"): Unit("joule", _ENERGY, 1),
    ("kJ", "kilojoule"): Unit("kilojoule", _ENERGY, 1e3),
    ("MJ", "megajoule"): Unit("megajoule", _ENERGY, 1e6),
    ("GJ", "gigajoule"): Unit("gigajoule", _ENERGY, 1e9),
    ("BTU", "Btu"): Unit("british_thermal_unit", _ENERGY, 1055.056),
    ("W", "watt"): Unit("watt", _POWER, 1),
    ("kW", "kilowatt"): Unit("kilowatt", _POWER, 1e3),
    ("MW", "megawatt"): Unit("megawatt", _POWER, 1e6),
    ("VA",): Unit("volt_ampere", _POWER, 1),
    ("m³", "m**3", "m^3", "meter**3", "cubic_meter"): Unit("meter ** 3", _VOLUME, 1),
    ("L", "l", "liter", "litre"): Unit("liter", _VOLUME, 1e-3),
    ("m²", "m**2", "m^2"): Unit("meter ** 2", _AREA, 1),
    ("°C", "degC", "degree_Celsius"): Unit("degree_Celsius", _TEMPERATURE, 1, 273.15),
    ("K", "kelvin"): Unit("kelvin", _TEMPERATURE, 1),
    ("°F", "degF"): Unit("degree_Fahrenheit", _TEMPERATURE, 5 / 9, 255.372222222222),
    ("W/m²", "W/m**2", "W/m^2"): Unit("watt / meter ** 2", _FLUX, 1),
    ("m/s",): Unit("meter / second", _SPEED, 1),
    ("km/h",): Unit("kilometer / hour", _SPEED, 1 / 3.6),
    ("Pa", "pascal"): Unit("pascal", _PRESSURE, 1),
    ("hPa", "hectopascal"): Unit("hectopascal", _PRESSURE, 100),
    ("bar",): Unit("bar", _PRESSURE, 1e5),
    ("",): Unit("dimensionless", _NONE, 1),
    ("count",): Unit("count", _NONE, 1),
    ("%", "percent"): Unit("percent", _NONE, 0.01),
    ("ppm",): Unit("ppm", _NONE, 1e-6),
    ("s", "second"): Unit("second", "[time]", 1),
    ("min", "minute"): Unit("minute", "[time]", 60),
    ("h", "hour"): Unit("hour", "[time]", 3600),
    ("V", "volt"): Unit("volt", "[mass] * [length] ** 2 / [current] / [time] ** 3", 1),
    ("A", "ampere"): Unit("ampere", "[current]", 1),
    ("rad", "radian"): Unit("radian", _NONE, 1),
    ("°", "deg", "degree"): Unit("degree", _NONE, 0.017453292519943295),
    ("kg", "kilogram"): Unit("kilogram", _MASS, 1),
    ("t", "metric_ton"): Unit("metric_ton", _MASS, 1000),
    ("Hz", "hertz"): Unit("hertz", "1 / [time]", 1),
}
_BY_SYMBOL = {symbol: unit for symbols, unit in _UNITS.items() for symbol in symbols}


@dataclass(frozen=True, slots=True)
class Conversion:
    """value * factor + zero, in the target unit."""

    factor: float = 1.0
    zero: float = 0.0

    def __call__(self, value: float) -> float:
        """Return the converted value."""
        return value * self.factor + self.zero


def unit(symbol: str) -> Unit:
    """Return the unit; raise UndefinedUnitError, as pint does."""
    found = _BY_SYMBOL.get(symbol)
    if found is None:
        raise UndefinedUnitError("Undefined unit.")
    return found


def conversion(source: str, target: str) -> Conversion:
    """Return the conversion between two units; raise one of this module's errors.

    A knob may give a series a unit that the server would refuse: it cannot be
    converted.
    """
    there = unit(target)
    here = _BY_SYMBOL.get(source)
    if here is None or here.dimension != there.dimension:
        name, dimension = (source, "?") if here is None else (here.name, here.dimension)
        raise DimensionError(
            f"Cannot convert from '{name}' ({dimension}) "
            f"to '{there.name}' ({there.dimension})"
        )
    return Conversion(
        here.factor / there.factor, (here.zero - there.zero) / there.factor
    )
