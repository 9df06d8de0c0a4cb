"""Words in names that say whether a series holds positions or amounts.

People name their series in their own language, and often wrongly, so a word only
confirms what the values suggest.
"""

import re

from .model import Kind

REGISTER_WORDS = frozenset(
    {
        "compteur",
        "counter",
        "cumulative",
        "cumulé",
        "index",
        "licznik",
        "licznika",
        "meterstand",
        "odczyt",
        "register",
        "relevé",
        "tellerstand",
        "totalizer",
        "zaehlerstand",
        "zählerstand",
    }
)
"""How positions are called in English, German, French, Dutch and Polish."""

AMOUNT_WORDS = frozenset(
    {
        "amount",
        "consommation",
        "consumption",
        "interval",
        "lastgang",
        "menge",
        "verbrauch",
        "verbruik",
        "zużycie",
    }
)
"""How amounts are called in the same languages."""

_WORD = re.compile(r"[^\W\d_]+")


def named_kind(text: str) -> Kind | None:
    """Return the kind that a text names; `None` if it names none, or both."""
    words = frozenset(_WORD.findall(text.lower()))
    names_register = not words.isdisjoint(REGISTER_WORDS)
    names_amounts = not words.isdisjoint(AMOUNT_WORDS)
    if names_register is names_amounts:
        return None
    return Kind.REGISTER if names_register else Kind.INTERVAL
