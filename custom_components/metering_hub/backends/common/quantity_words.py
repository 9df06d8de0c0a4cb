"""What a volume, a mass or an energy is of, by the words of its name.

The words are those of the languages in which people name their meters: English, German,
French, Dutch, Spanish, Italian and Polish.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
import re

from ...metering.model import Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """The words that name a quantity, and their beginnings and ends.

    Beginnings are of Polish words, which are inflected. The last part of a Germanic
    compound says what it is: "Kaltwasser", "drinkwater".
    """

    words: frozenset[str]
    beginnings: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()

    def include(self, word: str) -> bool:
        """Return True if a word is one of them."""
        return (
            word in self.words
            or word.startswith(self.beginnings)
            or word.endswith(self.ends)
        )


_FUELS = frozenset(
    {
        *("biodiesel", "biofuel", "biomass", "butane", "coal", "diesel", "fuel"),
        *("gasoil", "gasoline", "hydrogen", "kerosene", "lpg", "oil", "pellet"),
        *("pellets", "petrol", "propane", "steam", "wood", "woodchip", "woodchips"),
        *("bois", "buches", "bûche", "bûches", "carburant", "charbon", "combustible"),
        *("fioul", "gasoil", "gazoil", "gazole", "gpl", "granules", "granulés"),
        *("hydrogène", "mazout", "plaquettes", "vapeur"),
        *("benzin", "biomasse", "brennholz", "brennstoff", "briketts", "butan"),
        *("dampf", "flüssiggas", "fluessiggas", "hackgut", "hackschnitzel", "heizoel"),
        *("heizöl", "holz", "holzhackschnitzel", "holzpellets", "holzschnitzel"),
        *("kerosin", "kohle", "propan", "scheitholz", "wasserstoff", "öl"),
        *("brandstof", "butaan", "gasolie", "hout", "houtpellets", "houtsnippers"),
        *("huisbrandolie", "kolen", "olie", "propaan", "stookolie", "stoom"),
        *("waterstof",),
        *("astillas", "butano", "carbón", "fueloil", "gasoleo", "gasóleo", "gasolina"),
        *("glp", "leña", "madera", "pelets", "pélets", "propano", "vapor"),
        *("carbone", "cippato", "combustibile", "gasolio", "legna", "legno", "nafta"),
        *("vapore",),
        *("drewna", "drewno", "ekogroszek", "olej", "oleju", "opałowego", "opałowy"),
        *("pelet", "peletu", "węgiel", "węgla", "zrębki"),
    }
)
_GASES = frozenset(
    {
        *("biogas", "biomethane", "gas", "methane"),
        *("biogaz", "biométhane", "gaz", "méthane"),
        *("biomethan", "erdgas", "methan", "natgas", "stadtgas", "aardgas"),
        "gasmeter",
        *("biometano", "metano"),
        *("gazem", "gazie", "gazu"),
    }
)
_WATERS = frozenset(
    {
        *("dcw", "dhw", "water"),
        *("eau", "eaux", "ecs", "efs"),
        *("twk", "tww", "wasser"),
        *("agua", "aguas"),
        *("acqua", "acque"),
        *("cwu", "woda", "wodą", "wodę", "wody", "wodzie", "zwu"),
    }
)
_HEATS = frozenset({"chaleur", "cooling", "heat", "heating", "kälte", "wärme"})
_NAMES: Mapping[Quantity, _Names] = {
    Quantity.FUEL: _Names(words=_FUELS),
    Quantity.GAS: _Names(words=_GASES, beginnings=("gazomierz", "gazow")),
    Quantity.WATER: _Names(
        words=_WATERS,
        beginnings=("wodn", "wodoci", "wodomierz"),
        ends=("wasser", "water"),
    ),
    Quantity.HEAT: _Names(
        words=_HEATS, beginnings=("chłod", "chłód", "ciepl", "ciepł", "ogrzew")
    ),
}

_METER_ENDS = (
    *("bezug", "brenner", "heizung", "kessel", "menge", "meter", "stand", "teller"),
    *("therme", "uhr", "verbrauch", "verbruik", "zaehler", "zaehlerstand", "zähler"),
    *("tank", "ketel", "lieferung", "leitung", "zählerstand", "mengenzähler"),
)
"""Last parts of compounds that leave open what is measured: "Gasverbrauch"."""

_PHRASES: Mapping[str, str] = {
    r"h[2₂]o": "water",
    r"ga[sz][ -]oil": "gasoil",
    r"wood[ -]chips?": "woodchips",
    r"par[ay] wodn\w+": "steam",
    r"wasser[ -]?dampf|water[ -]?vapou?r|vapeur d.eau": "steam",
}
_PATTERNS = tuple(
    (re.compile(rf"\b(?:{phrase})\b"), word) for phrase, word in _PHRASES.items()
)
_CAMEL = re.compile(r"(?<=[^\W\d_][a-zà-ÿ])(?=[A-ZÀ-Ý][a-zà-ÿ])")
_WORD = re.compile(r"[^\W\d_]+")


def named_quantity(*texts: str) -> Quantity | None:
    """Return FUEL, GAS or WATER, whichever the first text that names one names.

    It is `None` if none is named, or if water and something that is burnt are both.
    """
    for text in texts:
        named = named_quantities(text)
        # "Propane gas" and "LPG gas" are fuels; "gas" alone is delivered by pipe.
        burnt = next((e for e in (Quantity.FUEL, Quantity.GAS) if e in named), None)
        is_water = Quantity.WATER in named
        if burnt and is_water:
            return None
        if burnt or is_water:
            return burnt or Quantity.WATER
    return None


@lru_cache(maxsize=4096)
def named_quantities(text: str) -> frozenset[Quantity]:
    """Return which of FUEL, GAS, WATER and HEAT a text names."""
    words = _words(text)
    return frozenset(
        quantity
        for quantity, names in _NAMES.items()
        if any(names.include(word) for word in words)
    )


def _words(text: str) -> frozenset[str]:
    """Return the words of a text in small letters, with what compounds measure."""
    plain = _CAMEL.sub(" ", text).casefold()
    for pattern, word in _PATTERNS:
        plain = pattern.sub(word, plain)
    words = set(_WORD.findall(plain))
    compounds = [word for word in words if word.endswith(_METER_ENDS)]
    for word in compounds:
        words |= {word.removesuffix(end) for end in _METER_ENDS}
    return frozenset(words)
