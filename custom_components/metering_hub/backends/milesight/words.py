"""The words of identifiers and names that say what an entity is.

The identifiers are those of the vendor's device models, in English; entities that
people made have words of their languages.
Source: docs/wire/milesight.md, Entities and Meanings.
"""

import re
import unicodedata

_WORD_MARK = re.compile(r"[^a-zA-Z0-9]+|(?<=[a-z])(?=[A-Z])")
_NOT_COMPOSED = str.maketrans({"ł": "l", "Ł": "L", "ß": "ss", "ø": "o", "Ø": "O"})
"""Letters that Unicode does not take apart into a letter and its mark."""


def plain_words(text: str) -> str:
    """Return a text as words in small letters, without accents, that "_" separates.

    An identifier such as "valve_1.pulseTotal" becomes "valve_1_pulse_total".
    """
    decomposed = unicodedata.normalize("NFKD", text.translate(_NOT_COMPOSED))
    letters = "".join(c for c in decomposed if not unicodedata.combining(c))
    return _WORD_MARK.sub("_", letters).lower().strip("_")


def any_word(*patterns: str) -> re.Pattern[str]:
    """Return a pattern that finds any of the words in what `plain_words` returns."""
    return re.compile(rf"(?:^|_)(?:{'|'.join(patterns)})(?:_|$)")


DIFFERENCE = any_word(
    *("mutation", "tolerance", "dead_?band", "dead_zone", "delta_?\\d*", "difference"),
    *("calibration(_settings)?_(calibration_)?value", "hysteresis", "offset"),
    *("saltation", "calibration", "deviation", "differenz", "hysterese"),
    *("cooling_rate", "control_adjustment_range", "speed_range_\\d+"),
)
"""Words of differences between two values, which are no values themselves."""

COEFFICIENT = any_word("conv", "conversion", "conv(ersion)?_settings")
"""Words of what a pulse or a raw value is worth."""

EXPORTED = any_word(
    *("export(ed)?", "reverse", "return(ed)?", "backward", "feed_?in", "fed_in"),
    *("inject(ed|ion)", "einspeisung", "eingespeist", "lieferung", "rucklieferung"),
    *("teruglevering", "geleverd", "teruggeleverd", "injecte?", "oddan[ae]"),
)
"""Words of energy that flows out of a device or a home."""

IMPORTED = any_word(
    *("import(ed)?", "forward", "bezug", "bezogen", "afname", "soutire", "pobran[ae]"),
    *("total(_active)?", "consum(ed|ption)", "verbrauch", "verbruik"),
)
"""Words of energy that flows into a device or a home."""

PRODUCED = any_word(
    *(
        "pv",
        "solar",
        "produc(ed|tion)",
        "generated",
        "generation",
        "yield",
        "photovolta\\w*",
    ),
    *("erzeugung", "erzeugt", "ertrag", "opwek\\w*", "zonne\\w*", "produkcj\\w*"),
    *("net", "netto", "balance", "saldo"),
)
"""Words of energy that is produced, or of the difference of two directions."""

STORED = any_word(
    *("level", "tank", "remain(ing)?", "stock", "stored?", "storage", "capacity"),
    *("content", "fill", "reserve", "fullstand", "inhalt", "vorrat", "niveau"),
    *("voorraad", "inhoud", "stan_zbiornika", "poziom", "rest"),
)
"""Words of a volume that is there, not one that has flowed."""

COUNTED = any_word(
    *("total", "counter", "count", "cumulative", "accumulated", "sum", "consum\\w*"),
    *("usage", "used", "meter", "reading", "index", "pulses?", "volume"),
    *("verbrauch", "zahler\\w*", "zaehler\\w*", "zahlerstand", "stand", "verbruik"),
    *("meterstand", "compteur", "consommation", "licznik", "zuzycie"),
)
"""Words of a volume that has flowed since a meter was put in."""
