"""What a number measures, by the unit and the identifier of its entity.

Source: docs/wire/milesight.md, Units.
"""

from collections.abc import Iterator
from dataclasses import dataclass
import re

from ...metering.model import Category, Kind, Quantity, Role
from ..common.units import canonical_unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What a number measures: its quantity, our unit, and its behavior over time."""

    quantity: Quantity
    unit: str | None = None
    kind: Kind = Kind.INSTANT
    role: Role | None = None
    category: Category | None = None
    has_history: bool = False


@dataclass(frozen=True, slots=True)
class _Rule:
    """The units and identifiers by which a measurement is recognized.

    `units` are in Home Assistant's spelling, or the server's own spellings that mean
    more than a unit; "" stands for no unit. `pattern` is searched for in the last part
    of the identifier.
    """

    units: frozenset[str]
    pattern: re.Pattern[str] | None
    measurement: Measurement

    def matches(self, spellings: frozenset[str], identifier: str) -> bool:
        """Return True if this rule applies to an entity with a unit."""
        return not self.units.isdisjoint(spellings) and (
            self.pattern is None or self.pattern.search(identifier) is not None
        )


def _rule(units: str, measurement: Measurement, pattern: str | None = None) -> _Rule:
    """Return a rule for units that are separated by "|"."""
    compiled = re.compile(pattern) if pattern is not None else None
    return _Rule(frozenset(units.split("|")), compiled, measurement)


def _instant(quantity: Quantity, unit: str | None = None) -> Measurement:
    """Return a measured value without history."""
    return Measurement(quantity=quantity, unit=unit)


def _instant_with_history(quantity: Quantity, unit: str | None = None) -> Measurement:
    """Return a measured value whose history is imported."""
    return Measurement(quantity=quantity, unit=unit, has_history=True)


def _register(
    quantity: Quantity, unit: str | None = None, role: Role | None = None
) -> Measurement:
    """Return a meter position."""
    return Measurement(
        quantity=quantity, unit=unit, kind=Kind.REGISTER, role=role, has_history=True
    )


def _diagnostic(quantity: Quantity, unit: str) -> Measurement:
    """Return a measured value about the device itself."""
    return Measurement(quantity=quantity, unit=unit, category=Category.DIAGNOSTIC)


def _same_units(quantity: Quantity, *units: str) -> Iterator[_Rule]:
    """Yield rules for units that Home Assistant spells the same."""
    for unit in units:
        yield _rule(unit, _instant(quantity, unit))


_RULES: tuple[_Rule, ...] = (
    *(_rule(unit, _instant_with_history(Quantity.POWER, unit)) for unit in ("W", "kW")),
    *(
        _rule(unit, _register(Quantity.ENERGY, unit, Role.DEVICE))
        for unit in ("Wh", "kWh")
    ),
    _rule("kvarh", _register(Quantity.REACTIVE_ENERGY, "kvarh")),
    _rule("kVAh", _register(Quantity.APPARENT_ENERGY, "kVAh")),
    *_same_units(Quantity.REACTIVE_POWER, "var", "kvar"),
    *_same_units(Quantity.APPARENT_POWER, "VA", "kVA"),
    *_same_units(Quantity.VOLTAGE, "mV", "V"),
    *_same_units(Quantity.CURRENT, "mA"),
    _rule("A|a", _instant(Quantity.CURRENT, "A")),
    *_same_units(Quantity.FREQUENCY, "Hz"),
    _rule("%", _diagnostic(Quantity.BATTERY, "%"), "battery"),
    _rule("%|", _instant(Quantity.POWER_FACTOR, "%"), "power_factor"),
    _rule("%|%r.h.|%RH", _instant(Quantity.MOISTURE, "%"), "moisture"),
    _rule("%r.h.|%RH", _instant_with_history(Quantity.HUMIDITY, "%")),
    _rule("%", _instant_with_history(Quantity.HUMIDITY, "%"), "humidity"),
    # A difference comes first, because its unit is also the one of a temperature.
    _rule("ΔT°F", _instant(Quantity.TEMPERATURE_DIFFERENCE, "°F")),
    _rule("°C", _instant_with_history(Quantity.TEMPERATURE, "°C")),
    _rule("°F", _instant_with_history(Quantity.TEMPERATURE, "°F")),
    _rule("K", _instant(Quantity.TEMPERATURE_DIFFERENCE, "K")),
    _rule("ppm", _instant_with_history(Quantity.CARBON_DIOXIDE, "ppm"), "co2"),
    _rule("ppb", _instant(Quantity.VOC_RATIO, "ppb"), "voc"),
    _rule("μg/m³", _instant(Quantity.PM1, "μg/m³"), r"pm1(_0)?$"),
    _rule("μg/m³", _instant(Quantity.PM25, "μg/m³"), r"pm2_?5$"),
    _rule("μg/m³", _instant(Quantity.PM10, "μg/m³"), r"pm10$"),
    _rule("μg/m³", _instant(Quantity.VOC, "μg/m³"), "voc"),
    _rule("mg/m³", _instant(Quantity.VOC, "mg/m³"), "voc|hcho"),
    _rule("lx", _instant(Quantity.ILLUMINANCE, "lx")),
    *_same_units(Quantity.ATMOSPHERIC_PRESSURE, "hPa"),
    *_same_units(Quantity.PRESSURE, "kPa"),
    *_same_units(Quantity.SOUND_PRESSURE, "dBA"),
    *_same_units(Quantity.WIND_SPEED, "m/s"),
    _rule("mm", _register(Quantity.PRECIPITATION, "mm"), "rainfall_total"),
    *_same_units(Quantity.DISTANCE, "mm", "cm", "m"),
    _rule("dBm|", _diagnostic(Quantity.SIGNAL_STRENGTH, "dBm"), "rssi"),
    *_same_units(Quantity.DURATION, "ms", "s", "min", "h", "d"),
    _rule("°", _instant(Quantity.WIND_DIRECTION, "°"), "wind_direction"),
    # The totals of current clamps have no unit on the wire; they count Ah.
    _rule(
        "|Ah", _register(Quantity.CHARGE, "Ah"), r"^(total_current|current.*_total)$"
    ),
    _rule(
        "",
        _register(Quantity.COUNT),
        r"^(gpio_counter.*|pulse|rainfall_counter|.*total_(in|out))$",
    ),
)


def measurement_of(unit: str | None, identifier: str) -> Measurement:
    """Return what a number measures; unknown units keep the server's spelling."""
    canonical = canonical_unit(unit)
    spellings = frozenset({(unit or "").strip(), canonical or ""})
    last_part = identifier.rpartition(".")[2].lower()
    for rule in _RULES:
        if rule.matches(spellings, last_part):
            return rule.measurement
    return _instant(Quantity.OTHER, canonical)
