"""What a number measures: one table of units and identifiers.

Source: ../shared/wire/milesight.md §10. Units on the wire are free text; ours are Home
Assistant's, with U+03BC as the micro sign.
"""

from collections.abc import Iterator
from dataclasses import dataclass
import re

from ...metering.model import Category, Kind, Quantity, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What a number is: its quantity, our unit, and how it behaves over time."""

    quantity: Quantity
    unit: str | None = None
    kind: Kind = Kind.INSTANT
    role: Role | None = None
    category: Category | None = None
    has_history: bool = False


@dataclass(frozen=True, slots=True)
class _Rule:
    """The units and identifiers that a measure is recognised by.

    `units` are the wire's spellings; "" stands for none. `pattern` is searched for in
    the last part of the identifier.
    """

    units: frozenset[str]
    pattern: re.Pattern[str] | None
    measure: Measure

    def matches(self, unit: str, identifier: str) -> bool:
        """Tell whether this rule is for an entity."""
        return unit in self.units and (
            self.pattern is None or self.pattern.search(identifier) is not None
        )


def _rule(units: str, measure: Measure, pattern: str | None = None) -> _Rule:
    compiled = re.compile(pattern) if pattern is not None else None
    return _Rule(frozenset(units.split("|")), compiled, measure)


def _instant(quantity: Quantity, unit: str | None = None) -> Measure:
    return Measure(quantity=quantity, unit=unit)


def _chronicle(quantity: Quantity, unit: str | None = None) -> Measure:
    """Return a measured value whose past is worth importing."""
    return Measure(quantity=quantity, unit=unit, has_history=True)


def _register(
    quantity: Quantity, unit: str | None = None, role: Role | None = None
) -> Measure:
    return Measure(
        quantity=quantity, unit=unit, kind=Kind.REGISTER, role=role, has_history=True
    )


def _diagnostic(quantity: Quantity, unit: str) -> Measure:
    return Measure(quantity=quantity, unit=unit, category=Category.DIAGNOSTIC)


def _same(quantity: Quantity, *units: str) -> Iterator[_Rule]:
    """Yield rules for units that are Home Assistant's own."""
    for unit in units:
        yield _rule(unit, _instant(quantity, unit))


_RULES: tuple[_Rule, ...] = (
    *(_rule(unit, _chronicle(Quantity.POWER, unit)) for unit in ("W", "kW")),
    *(
        _rule(unit, _register(Quantity.ENERGY, unit, Role.DEVICE))
        for unit in ("Wh", "kWh")
    ),
    _rule("kVArh|kvarh", _register(Quantity.REACTIVE_ENERGY, "kvarh")),
    _rule("kVAh", _register(Quantity.APPARENT_ENERGY, "kVAh")),
    *_same(Quantity.REACTIVE_POWER, "var", "kvar"),
    *_same(Quantity.APPARENT_POWER, "VA", "kVA"),
    *_same(Quantity.VOLTAGE, "mV", "V"),
    *_same(Quantity.CURRENT, "mA"),
    _rule("A|a", _instant(Quantity.CURRENT, "A")),
    *_same(Quantity.FREQUENCY, "Hz"),
    _rule("%", _diagnostic(Quantity.BATTERY, "%"), "battery"),
    _rule("%|", _instant(Quantity.POWER_FACTOR, "%"), "power_factor"),
    _rule("%|%r.h.|%RH", _instant(Quantity.MOISTURE, "%"), "moisture"),
    _rule("%r.h.|%RH", _chronicle(Quantity.HUMIDITY, "%")),
    _rule("%", _chronicle(Quantity.HUMIDITY, "%"), "humidity"),
    _rule("°C|\u2103", _chronicle(Quantity.TEMPERATURE, "°C")),
    _rule("°F|\u2109", _chronicle(Quantity.TEMPERATURE, "°F")),
    _rule("K", _instant(Quantity.TEMPERATURE_DIFFERENCE, "K")),
    _rule("ΔT°F", _instant(Quantity.TEMPERATURE_DIFFERENCE, "°F")),
    _rule("ppm", _chronicle(Quantity.CARBON_DIOXIDE, "ppm"), "co2"),
    _rule("ppb", _instant(Quantity.VOC_RATIO, "ppb"), "voc"),
    _rule("μg/m³", _instant(Quantity.PM1, "μg/m³"), r"pm1(_0)?$"),
    _rule("μg/m³", _instant(Quantity.PM25, "μg/m³"), r"pm2_?5$"),
    _rule("μg/m³", _instant(Quantity.PM10, "μg/m³"), r"pm10$"),
    _rule("μg/m³", _instant(Quantity.VOC, "μg/m³"), "voc"),
    _rule("mg/m³", _instant(Quantity.VOC, "mg/m³"), "voc|hcho"),
    _rule("lx|lux", _instant(Quantity.ILLUMINANCE, "lx")),
    *_same(Quantity.ATMOSPHERIC_PRESSURE, "hPa"),
    *_same(Quantity.PRESSURE, "kPa"),
    *_same(Quantity.SOUND_PRESSURE, "dBA"),
    *_same(Quantity.WIND_SPEED, "m/s"),
    _rule("mm", _register(Quantity.PRECIPITATION, "mm"), "rainfall_total"),
    *_same(Quantity.DISTANCE, "mm", "cm", "m"),
    _rule("dBm|", _diagnostic(Quantity.SIGNAL_STRENGTH, "dBm"), "rssi"),
    *_same(Quantity.DURATION, "ms", "s", "min", "h", "d"),
    _rule("°", _instant(Quantity.WIND_DIRECTION, "°"), "wind_direction"),
    # The clamps' totals have no unit on the wire; they count Ah.
    _rule(
        "|Ah", _register(Quantity.CHARGE, "Ah"), r"^(total_current|current.*_total)$"
    ),
    _rule(
        "",
        _register(Quantity.COUNT),
        r"^(gpio_counter.*|pulse|rainfall_counter|.*total_(in|out))$",
    ),
)


def measure_of(unit: str | None, identifier: str) -> Measure:
    """Return what a number measures.

    A unit that the table does not know is shown as the server gives it.
    """
    # Micro sign and Greek mu look alike; Home Assistant has chosen the latter.
    known = (unit or "").strip().replace("\u00b5", "\u03bc")
    last = identifier.rpartition(".")[2].lower()
    for rule in _RULES:
        if rule.matches(known, last):
            return rule.measure
    return _instant(Quantity.OTHER, known or None)
