"""The words of which people make the spellings of units.

Case matters in symbols ("mW" and "MW") and not in names ("Kilowatt").
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitWord:
    """A unit with a name of its own; its symbols and names are separated by spaces.

    It is `size` times `of`, an expression of words above it. Without `of` it is a base
    unit. A `prefixed` unit is used with prefixes such as "k" or "kilo".
    """

    symbols: str
    names: str = ""
    of: str = ""
    size: Fraction = Fraction(1)
    prefixed: bool = False


@dataclass(frozen=True, slots=True)
class UnitPrefix:
    """A prefix, of symbols and of names."""

    symbols: str
    name: str
    size: Fraction


PREFIXES = (
    UnitPrefix("μ u", "micro", Fraction(1, 10**6)),
    UnitPrefix("m", "milli", Fraction(1, 10**3)),
    UnitPrefix("c", "centi", Fraction(1, 100)),
    UnitPrefix("d", "deci", Fraction(1, 10)),
    UnitPrefix("h", "hecto", Fraction(100)),
    UnitPrefix("k", "kilo", Fraction(10**3)),
    UnitPrefix("M", "mega", Fraction(10**6)),
    UnitPrefix("G", "giga", Fraction(10**9)),
    UnitPrefix("T", "tera", Fraction(10**12)),
)


def _si(symbols: str, names: str, of: str = "", size: str = "1") -> UnitWord:
    """Return a unit that is used with prefixes."""
    return UnitWord(
        symbols=symbols, names=names, of=of, size=Fraction(size), prefixed=True
    )


def _plain(symbols: str, names: str = "", of: str = "", size: str = "1") -> UnitWord:
    """Return a unit that is used without prefixes."""
    return UnitWord(symbols=symbols, names=names, of=of, size=Fraction(size))


# Apparent power is a base unit apart from power, and so are bar and pascal, because
# Home Assistant has "mbar" beside "hPa": equal sizes would make one of the other.
UNIT_WORDS = (
    _plain("%", "percent pct %rh"),
    _plain("ppm"),
    _plain("ppb"),
    _plain("°", "deg degree arcdeg arcdegree"),
    _plain("rad", "radian"),
    _plain("°C", "degc degreec celsius"),
    _plain("°F", "degf degreef fahrenheit"),
    _plain("K", "kelvin degk degreek"),
    _plain("dB", "decibel"),
    _plain("dBA"),
    _plain("dBm", "decibelmilliwatt"),
    _plain("lx", "lux"),
    _plain("rpm"),
    _plain("mmHg"),
    _plain("inHg"),
    _plain("inAq"),
    _plain("psi"),
    _plain("atm", "atmosphere"),
    _si("m", "meter metre"),
    _si("s sec", "second sec"),
    _si("g", "gram gramme"),
    _si("W", "watt"),
    _si("V", "volt"),
    _si("A", "ampere amp"),
    _si("var", "var"),
    _si("Hz", "hertz"),
    _si("Pa", "pascal"),
    _si("bar", "bar"),
    _si("S", "siemens"),
    _si("bit", "bit"),
    _si("Bq", "becquerel"),
    _plain("min", "minute min", "s", "60"),
    _plain("h hr", "hour hr", "min", "60"),
    _plain("d", "day", "h", "24"),
    _si("L l ltr", "liter litre", "dm3"),
    _plain("cc", "", "cm3"),
    _plain("stere", "stere", "m3"),
    _si("VA", "voltampere", "V A"),
    _si("J", "joule", "W s"),
    _si("Wh", "watthour", "W h"),
    _si("varh", "varhour", "var h"),
    _si("VAh", "voltamperehour", "V A h"),
    _si("Ah", "amperehour", "A h"),
    _si("cal", "calorie", "J", "4.184"),
    _si("BTU Btu", "btu", "J", "1055.056"),
    _plain("thm", "therm", "BTU", "100000"),
    _si("bps", "", "bit/s"),
    _si("B", "byte octet", "bit", "8"),
    _plain("t", "tonne", "kg", "1000"),
    _plain("lb", "pound lb", "g", "453.59237"),
    _plain("oz", "ounce", "lb", "1/16"),
    _plain("st", "stone", "lb", "14"),
    _plain("in", "inch inche", "mm", "25.4"),
    _plain("ft", "foot feet", "in", "12"),
    _plain("yd", "yard", "ft", "3"),
    _plain("mi", "mile", "yd", "1760"),
    _plain("nmi", "", "m", "1852"),
    _plain("mps", "", "m/s"),
    _plain("fps", "", "ft/s"),
    _plain("mph", "", "mi/h"),
    _plain("kph kmh", "", "km/h"),
    _plain("kn kt", "knot", "nmi/h"),
    _plain("gal", "gallon", "in3", "231"),
    _plain("floz", "", "gal", "1/128"),
    _plain("gpm", "", "gal/min"),
    _plain("CCF", "", "ft3", "100"),
    _plain("MCF", "", "ft3", "1000"),
    _plain("cfm", "", "ft3/min"),
    _plain("ha", "hectare", "m2", "10000"),
    _plain("ac", "acre", "yd2", "4840"),
)

PHRASES: Mapping[str, str] = {
    r"parts per million": "ppm",
    r"parts per billion": "ppb",
    r"% ?r\. ?h\.?|% rh": "%",
    r"(?:deg(?:ree)?s?|°) ([cfk])(?:elsius|ahrenheit|elvin)?|°(k)": r"deg\g<1>\g<2>",
    r"([^\W\d]*)volt ?amperes? reactive": r"\g<1>var",
    r"(?:us )?(?:liquid )?gallons?": "gal",
    r"(?:us )?(?:liquid|fluid) ounces?|fl\.? ?oz\.?": "floz",
    r"british thermal units?": "BTU",
    r"us therms?": "thm",
    r"nautical miles?": "nmi",
    r"(?:international )?standard atmospheres?": "atm",
    r"metric tons?": "t",
    r"(?:millimeters?|mm) hg(?: 0c)?": "mmHg",
    r"in(?:ch(?:es)?)? hg(?: 32f)?": "inHg",
    r"in(?:ch(?:es)?)? ?h2o(?: 39f)?": "inAq",
    r"angular degrees?": "°",
    r"international inch(?:es)?": "in",
    r"knots? international": "kn",
    r"pounds? force per square inch": "psi",
    r"rev(?:olution)?s? per minute": "rpm",
    # A normal cubic meter is one at a standard pressure; a newton meter has no cube.
    r"[ns]?m3|(?:normal|standard) cubic met(?:er|re)s?": "m3",
    r"(?:square|sq) ([^\W\d]+)|([^\W\d]+) squared": r"\g<1>\g<2>2",
    r"(?:cubic|cu) ([^\W\d]+)|([^\W\d]+) cubed": r"\g<1>\g<2>3",
}
"""Patterns of several words in small letters, and what they mean as symbols."""
