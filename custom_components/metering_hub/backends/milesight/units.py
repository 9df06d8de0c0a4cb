"""What a number measures, by the unit and the identifier of its entity.

Source: docs/wire/milesight.md, Units.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
import re

from ...metering.model import Quantity
from ..common.unit_quantities import quantity_of
from ..common.units import Family, canonical_unit, family_of, is_difference
from .counters import counted_energy, counted_volume
from .measurements import IDENTIFICATION, Measurement, diagnostic, instant, register
from .words import COEFFICIENT, DIFFERENCE, plain_words


@dataclass(frozen=True, slots=True)
class _Rule:
    """The units and identifiers by which a measurement is recognized.

    `units` are in Home Assistant's spelling, or the server's own spellings that mean
    more than a unit; "" stands for no unit, and no units for any. `pattern` is searched
    for in the last part of the identifier, then in the name. A measurement without a
    unit has the entity's.
    """

    units: frozenset[str]
    pattern: re.Pattern[str] | None
    measurement: Measurement

    def matches(self, spellings: frozenset[str], words: str) -> bool:
        """Return True if this rule applies to an entity with a unit."""
        return (not self.units or not self.units.isdisjoint(spellings)) and (
            self.pattern is None or self.pattern.search(words) is not None
        )


def _rule(
    units: str | None, measurement: Measurement, pattern: str | None = None
) -> _Rule:
    """Return a rule for units that are separated by "|", or for any unit."""
    compiled = re.compile(pattern) if pattern is not None else None
    spellings = frozenset() if units is None else frozenset(units.split("|"))
    return _Rule(spellings, compiled, measurement)


def _word_rules(units: str, **words: Measurement) -> Iterator[_Rule]:
    """Yield rules for identifiers that contain a word."""
    for word, measurement in words.items():
        yield _rule(units, measurement, rf"(?:^|_){word}(?:_|$)")


_HUMIDITY = instant(Quantity.HUMIDITY, "%", has_history=True)
_CO2 = instant(Quantity.CARBON_DIOXIDE, has_history=True)
_COUNTER = register(Quantity.COUNT)
_COUNT = instant(Quantity.COUNT)
_COORDINATE = diagnostic(Quantity.COORDINATE, "°")

_RULES: tuple[_Rule, ...] = (
    _rule("|s|ms", IDENTIFICATION, r"(?:^|_)timestamp$"),
    _rule("", IDENTIFICATION, r"(?:^|_)(?:id|msgid|reserved|subcmd)$|version$"),
    _rule("%", diagnostic(Quantity.BATTERY), r"battery|(?:^|_)soc$"),
    _rule("%|%r.h.|%RH", instant(Quantity.MOISTURE, "%"), "moisture"),
    _rule("%r.h.|%RH", _HUMIDITY),
    _rule("%", _HUMIDITY, r"humidity|feuchte|vocht|humidite|wilgotno"),
    *_word_rules("ppm|ppb", co2=_CO2, co=instant(Quantity.CARBON_MONOXIDE)),
    *_word_rules("ppm|ppb|μg/m³", o3=instant(Quantity.OZONE)),
    _rule("ppb|ppm", instant(Quantity.VOC_RATIO), "voc|hcho"),
    _rule("μg/m³|mg/m³", instant(Quantity.VOC), "voc|hcho"),
    _rule("μg/m³", instant(Quantity.PM1), r"pm1(_0)?$"),
    _rule("μg/m³", instant(Quantity.PM25), r"pm2_?5$"),
    _rule("μg/m³", instant(Quantity.PM10), r"pm10$"),
    _rule("°|", instant(Quantity.WIND_DIRECTION, "°"), "wind_dir"),
    _rule("°|", _COORDINATE, r"(?:^|_)(?:latitude|longitude)$"),
    _rule("", instant(Quantity.ANGLE, "°"), r"(?:^|_)angle(?:_[xyz])?$"),
    _rule("°", instant(Quantity.ANGLE)),
    _rule("hPa", instant(Quantity.ATMOSPHERIC_PRESSURE)),
    _rule(
        "Pa|kPa|mbar|bar|mmHg|inHg|psi|atm",
        instant(Quantity.ATMOSPHERIC_PRESSURE),
        r"atmospher|baro|luftdruck|luchtdruk",
    ),
    _rule("dBA", instant(Quantity.SOUND_PRESSURE)),
    _rule("dB", instant(Quantity.SOUND_PRESSURE), r"sound|noise|(?:^|_)l[acz]?eq"),
    _rule("m/s|km/h|mph|kn|ft/s", instant(Quantity.WIND_SPEED), r"wind|gust"),
    _rule("mm/h|mm/d|in/h|in/d", instant(Quantity.PRECIPITATION_INTENSITY)),
    _rule("mm|cm|in", register(Quantity.PRECIPITATION), r"rain(?:fall)?_total"),
    _rule("dBm|", diagnostic(Quantity.SIGNAL_STRENGTH, "dBm"), "rssi"),
    _rule("dBm", diagnostic(Quantity.SIGNAL_STRENGTH)),
    _rule("|dB", diagnostic(Quantity.OTHER), r"(?:^|_)(?:snr|csq|signal_quality)$"),
    _rule("s|min|h|d", diagnostic(Quantity.DURATION), r"life|working_time|uptime"),
    _rule("", instant(Quantity.PH), r"(?:^|_)ph$"),
    # The totals of current clamps have no unit on the wire; they count Ah.
    _rule("", register(Quantity.CHARGE, "Ah"), r"^(total_current|current.*_total)$"),
    _rule("Ah", register(Quantity.CHARGE), r"total|cumulat|^current"),
    _rule("a", instant(Quantity.CURRENT, "A")),
    _rule("", _COUNTER, r"(?:^|_)(?:gpio_counter|counter|pulses?)(?:_\d+)?$"),
    _rule("", _COUNTER, r"pulse_count(?:er)?(?:_\d+)?$|^rainfall_counter$"),
    _rule("", _COUNTER, r"(?:^|_)total(?:_counter)?_(?:in|out)$|total_counts?$"),
    _rule("", _COUNTER, r"total_stroke$|^water(?:_\d+)?$"),
    _rule("", _COUNT, r"(?:^|_)(?:in|out|count|count_(?:all|max))$|^[a-d]_to_[a-d]$"),
    _rule("", _COUNT, r"^region_\d+$"),
)
"""What a unit alone does not say, and what has no unit."""

_HAVE_HISTORY = frozenset({Quantity.POWER, Quantity.TEMPERATURE, Quantity.VOLUME_FLOW})
"""The quantities that are recognized by their units and whose history is imported."""

_RELATIVE = frozenset({Quantity.HUMIDITY, Quantity.MOISTURE})


def measurement_of(
    unit: str | None,
    identifier: str,
    name: str = "",
    device_name: str = "",
    *,
    is_whole: bool = False,
    is_setting: bool = False,
) -> Measurement:
    """Return what a number measures; unknown units keep the server's spelling.

    `name` is the entity's. `device_name` says what a volume is of, if nothing else
    does. The names of the vendor's settings differ by model, so that only their
    identifiers count. A power factor that `is_whole` is a percentage, with or without
    its unit.
    """
    canonical = canonical_unit(unit)
    if "power_factor" in identifier.lower():
        return instant(Quantity.POWER_FACTOR, "%" if is_whole else canonical)
    text = f"{identifier} {name}"
    if COEFFICIENT.search(plain_words(identifier)):
        return instant(Quantity.OTHER, canonical)
    found = (
        _by_rule(unit, plain_words(identifier.rpartition(".")[2]))
        or _by_rule(unit, plain_words(identifier if is_setting else name))
        or _by_family(canonical, text, device_name)
        or _by_unit(unit, canonical)
    )
    if DIFFERENCE.search(plain_words(text)):
        return _as_difference(found)
    return found


@lru_cache(maxsize=4096)
def _by_rule(unit: str | None, words: str) -> Measurement | None:
    """Return the measurement of the first rule that applies to words."""
    canonical = canonical_unit(unit)
    typed = (unit or "").strip()
    spellings = frozenset({typed, canonical or ""}) if canonical else frozenset({""})
    for rule in _RULES:
        if rule.matches(spellings, words):
            measurement = rule.measurement
            if measurement.unit is None and measurement is not IDENTIFICATION:
                return replace(measurement, unit=canonical)
            return measurement
    return None


def _by_family(unit: str | None, text: str, device_name: str) -> Measurement | None:
    """Return the measurement of a unit of energy or volume."""
    family = family_of(unit)
    if family is Family.VOLUME:
        return counted_volume(unit, text, device_name)
    if family in (Family.ENERGY, Family.HEAT):
        return counted_energy(unit, text)
    if family is Family.REACTIVE_ENERGY:
        return register(Quantity.REACTIVE_ENERGY, unit)
    if family is Family.APPARENT_ENERGY:
        return register(Quantity.APPARENT_ENERGY, unit)
    return None


def _by_unit(unit: str | None, canonical: str | None) -> Measurement:
    """Return the measurement that a unit means by itself."""
    quantity = quantity_of(canonical)
    # A kelvin is the unit of the vendor's tolerances, never that of a reading.
    if canonical == "K" or (canonical in ("°C", "°F") and is_difference(unit or "")):
        return instant(Quantity.TEMPERATURE_DIFFERENCE, canonical)
    if quantity is Quantity.COUNT:
        quantity = Quantity.OTHER
    return instant(quantity, canonical, has_history=quantity in _HAVE_HISTORY)


def _as_difference(measurement: Measurement) -> Measurement:
    """Return the measurement of the difference between two values.

    One of temperatures is converted without their zero, and one of humidities is none.
    """
    quantity = measurement.quantity
    if quantity is Quantity.TEMPERATURE:
        quantity = Quantity.TEMPERATURE_DIFFERENCE
    elif quantity in _RELATIVE:
        quantity = Quantity.OTHER
    return instant(quantity, measurement.unit)
