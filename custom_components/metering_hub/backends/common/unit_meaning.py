"""What the spelling of a unit means: a size, and the base units that it consists of.

Servers have units as people typed them ("kW.h", "kilowatt_hour", "m ** 3", "KWH"). A
spelling is read as a product of words, so that no list of all spellings is needed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
import re
import unicodedata

from .unit_words import PHRASES, PREFIXES, UNIT_WORDS, UnitWord

_REPLACEMENTS = tuple(
    (re.compile(rf"(?<!\w)(?:{phrase})(?!\w)", re.IGNORECASE), replacement)
    for phrase, replacement in PHRASES.items()
)
_CHARACTERS = str.maketrans("º˚·⋅\N{MULTIPLICATION SIGN}_", "°°    ")
_EXPONENT_MARK = re.compile(r" *(?:\*\*|\^) *")
_PRODUCT_MARK = re.compile(r"[.*]|-(?=[^\W\d])")
_TOKEN = re.compile(r"([/()])|([^\W\d]+|[%°][^\W\d]*)(-?[1-9])?(?!\d)|(\S)")


@dataclass(frozen=True, slots=True)
class Meaning:
    """A unit: `size` times the product of the base units, each with its exponent."""

    size: Fraction = Fraction(1)
    bases: frozenset[tuple[str, int]] = frozenset()

    def times(self, other: Meaning) -> Meaning:
        """Return the product of two units."""
        exponents = dict(self.bases)
        for base, exponent in other.bases:
            exponents[base] = exponents.get(base, 0) + exponent
        left = frozenset((base, each) for base, each in exponents.items() if each)
        return Meaning(self.size * other.size, left)

    def power(self, exponent: int) -> Meaning:
        """Return the unit to the power of a number."""
        raised = frozenset((base, each * exponent) for base, each in self.bases)
        return Meaning(self.size**exponent, raised)


class UnitVocabulary:
    """All words of which units consist, with their meanings."""

    def __init__(self) -> None:
        """Learn all words; each is defined by words above it."""
        self._symbols: dict[str, Meaning] = {}
        self._names: dict[str, Meaning] = {}
        self._in_any_case: dict[str, set[str]] = {}
        for unit in UNIT_WORDS:
            base = Meaning(bases=frozenset({(unit.symbols.split()[0], 1)}))
            meaning = self.parse(unit.of) if unit.of else base
            if meaning is not None:
                self._add(unit, meaning.times(Meaning(unit.size)))

    def parse(self, text: str) -> Meaning | None:
        """Return the meaning of a spelling, or `None` if a part of it is unknown."""
        result: Meaning | None = None
        for word, exponent in _factors(_plain(text)):
            if (meaning := self._meaning_of(word)) is None:
                return None
            raised = meaning.power(exponent)
            result = result.times(raised) if result else raised
        return result

    def _meaning_of(self, word: str) -> Meaning | None:
        """Return the meaning of a word, or `None` if it is unknown or ambiguous."""
        low = word.casefold()
        if found := self._symbols.get(word) or self._names.get(low):
            return found
        # A single letter in the wrong case is another unit, such as "C" or "H".
        symbols = self._in_any_case.get(low, set()) if len(word) > 1 else set()
        if word not in (low, word.upper()):
            # In "Mwh" somebody chose the case of the prefix; in "mwh" nobody did.
            symbols = {symbol for symbol in symbols if symbol[0] == word[0]} or symbols
        meanings = {self._symbols[symbol] for symbol in symbols}
        return meanings.pop() if len(meanings) == 1 else None

    def _add(self, unit: UnitWord, meaning: Meaning) -> None:
        """Add a unit, with its prefixes."""
        self._add_words(unit.symbols.split(), unit.names.split(), meaning)
        for prefix in PREFIXES if unit.prefixed else ():
            symbols = (
                f"{sign}{symbol}"
                for sign in prefix.symbols.split()
                for symbol in unit.symbols.split()
            )
            names = (f"{prefix.name}{name}" for name in unit.names.split())
            self._add_words(symbols, names, meaning.times(Meaning(prefix.size)))

    def _add_words(
        self, symbols: Iterable[str], names: Iterable[str], meaning: Meaning
    ) -> None:
        """Add words of one meaning; a known word keeps its own: "dB" is no byte."""
        for symbol in symbols:
            self._symbols.setdefault(symbol, meaning)
            self._in_any_case.setdefault(symbol.casefold(), set()).add(symbol)
        for name in names:
            self._names |= {name: meaning, f"{name}s": meaning}


def _plain(text: str) -> str:
    """Return a spelling in which "*" and the like are spaces, and m³ is "m3"."""
    plain = unicodedata.normalize("NFKC", text.translate(_CHARACTERS))
    plain = _EXPONENT_MARK.sub("", plain.replace("\N{MINUS SIGN}", "-"))
    for pattern, replacement in _REPLACEMENTS:
        plain = pattern.sub(replacement, plain)
    return _PRODUCT_MARK.sub(" ", plain)


def _factors(plain: str) -> Iterator[tuple[str, int]]:
    """Yield the words of a spelling with their exponents.

    What is in parentheses behind a division is divided by as a whole. A character that
    belongs to no unit is yielded as a word, which means nothing.
    """
    signs, sign = [1], 1
    for mark, word, exponent, unknown in _TOKEN.findall(plain):
        if mark == "/" or word.casefold() == "per":
            sign = -1
        elif mark == "(":
            signs.append(sign * signs[-1])
            sign = 1
        elif mark == ")" and len(signs) > 1:
            signs.pop()
        else:
            yield word or unknown or mark, int(exponent or 1) * sign * signs[-1]
            sign = 1
