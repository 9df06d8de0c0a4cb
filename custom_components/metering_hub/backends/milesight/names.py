"""The names of points, from those that the server gives to entities.

Source: docs/wire/milesight.md, Entities.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
import re

from ..common.concurrency import LoopYielder
from .entity_rows import EntityRow
from .known_names import KNOWN_SETTINGS, FoundName, class_name, find_known_name
from .sources import Source
from .state_words import with_state_keys

LONGEST = 60
"""The most characters of a name: more do not fit beside a value."""

_MEASURED_SETTING = "measured_setting"
"""The translation key of numbers that have a sensor beside them."""

_LONGEST_SETTING = LONGEST - 15
"""The most characters of the name of a setting, without the word for it."""

_POINTS_AT_ONCE = 50
"""How many points are named before other tasks get the event loop."""

_WORD = re.compile(r"[^\W_]+(?:\.\d+)?")
_BETWEEN_PARTS = re.compile(r"[._#@\s-]+")
_INVISIBLE = re.compile("[\N{ZERO WIDTH SPACE}\N{ZERO WIDTH NO-BREAK SPACE}]")
_LOOSE_BRACKETS = re.compile(r"\(\W*\)")
_BRACKETS = re.compile(r"[()]")
_PUNCTUATION = " ,;:/-_"
_LAST_WORDS = 3
_MOST_CANDIDATES = 5
_WORDS_THAT_STAND_ALONE = 4

_FILLERS = (
    *("settings", "setting", "config", "configuration", "parameters", "information"),
    *("status", "data", "the", "of", "to", "for", "mode", "and"),
)
"""Words that a long name can do without, the most dispensable first."""


async def with_names(
    sources: Mapping[str, Source], entities: Iterable[EntityRow]
) -> dict[str, Source]:
    """Return the sources with the names of their points, unique on their devices.

    What is known has a translated name, or that of its device class; everything else
    keeps the words of the server, each of them once. The options of a choice become
    keys of translations as far as they are known.
    """
    yielder = LoopYielder(_POINTS_AT_ONCE)
    parents = await _parent_names(entities, yielder)
    named: dict[str, Source] = {}
    devices: dict[str, list[Source]] = {}
    for source in sources.values():
        devices.setdefault(source.point.device_key, []).append(source)
    for each in devices.values():
        readings = _readings(each)
        settings = [s for s in each if s.point.writable and s.entity.id in readings]
        chosen = await _unique_names(
            [source for source in each if source not in settings], parents, yielder
        )
        taken = Counter(name.casefold() for name in chosen.values())
        for source in each:
            await yielder.spend(1)
            with_name = _with_name(source, chosen.get(source.point.key), taken)
            named[source.point.key] = with_state_keys(with_name)
        for source in settings:
            name = chosen[readings[source.entity.id]]
            named[source.point.key] = _as_setting(source, name)
    return {key: named[key] for key in sources}


def _readings(sources: Iterable[Source]) -> dict[str, str]:
    """Return the keys of the sensors of what can be set, by the ids of the entities."""
    return {
        source.entity.id: source.point.key
        for source in sources
        if source.entity.is_writable and not source.point.writable
    }


def _as_setting(source: Source, name: str) -> Source:
    """Return the source of a number whose sensor has this name.

    The number says that it is the setting, because both are on the same device.
    """
    point = source.point
    known = _known_name(source)
    if known is not None and known.key in KNOWN_SETTINGS:
        key, placeholders = known.key, known.placeholders
    else:
        key, placeholders = (
            _MEASURED_SETTING,
            {"name": _shortened(name, _LONGEST_SETTING)},
        )
    point = replace(point, name=None, translation_key=key, placeholders=placeholders)
    return replace(source, point=point)


def _known_name(source: Source) -> FoundName | None:
    """Return the translated name of a point, unless its name is a user's own."""
    if source.entity.is_customized:
        return None
    server_name = _clean(source.entity.name or "")
    return find_known_name(source.point, source.identifier, server_name)


def _with_name(source: Source, name: str | None, taken: Counter[str]) -> Source:
    """Return a source with the best name that its point can have.

    `taken` is how often each name occurs on the device; a class names only one point.
    A point that already has a translated name has no other.
    """
    point, entity = source.point, source.entity
    if name is None:
        return source
    by_class = (
        None
        if entity.is_customized
        else class_name(point, source.identifier, _clean(entity.name or ""))
    )
    if by_class is not None and taken[by_class.casefold()] == (
        1 if by_class.casefold() == name.casefold() else 0
    ):
        taken[by_class.casefold()] = 2
        point = replace(point, name=by_class, has_class_name=True)
    elif known := _known_name(source):
        point = replace(
            point,
            name=None,
            translation_key=known.key,
            placeholders=known.placeholders,
        )
    else:
        point = replace(point, name=name)
    return replace(source, point=point)


async def _parent_names(
    entities: Iterable[EntityRow], yielder: LoopYielder
) -> dict[str, str]:
    """Return the names of all entities with children, by key.

    In nearly all of them the server's name is one child's, which says nothing about
    the others, so the name is then made of the identifier.
    """
    names: dict[str, str] = {}
    of_children: dict[str, set[str]] = {}
    for entity in entities:
        await yielder.spend(1)
        names[entity.key] = name = _clean(entity.name or "")
        of_children.setdefault(entity.key.rpartition(".")[0], set()).add(name)
    parents: dict[str, str] = {}
    for key, children in of_children.items():
        if key in names:
            is_own = names[key] and names[key] not in children
            parents[key] = names[key] if is_own else _in_words(key.rpartition(".")[2])
    return parents


async def _unique_names(
    sources: Sequence[Source], parents: Mapping[str, str], yielder: LoopYielder
) -> dict[str, str]:
    """Return a name for each point of a device, by key; no two are the same.

    Points with the same name get a longer one, and at last a number.
    """
    options = {
        source.point.key: _candidates(source, parents)
        for source in sorted(sources, key=attrgetter("entity.key"))
        if source.point.name is not None
    }
    names: dict[str, str] = {}
    for key, candidates in options.items():
        await yielder.spend(1)
        names[key] = next(candidates)
    for _ in range(_MOST_CANDIDATES):
        used = Counter(name.casefold() for name in names.values())
        for key, name in names.items():
            if used[name.casefold()] > 1:
                names[key] = next(options[key], name)
    return dict(_numbered(names))


def _numbered(names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield names by key, with a number behind those that occurred before."""
    used, last = set[str](), Counter[str]()
    for key, name in names.items():
        unique = name
        while unique.casefold() in used:
            # The search goes on where it ended for the last one of that name.
            last[name] += 1
            unique = f"{_shortened(name, LONGEST - 5)} {last[name] + 1}"
        used.add(unique.casefold())
        yield key, unique


def _candidates(source: Source, parents: Mapping[str, str]) -> Iterator[str]:
    """Yield at most `_MOST_CANDIDATES` names of a point, the best one first."""
    words = _in_words(source.identifier)
    own = _without_repeats(_clean(source.entity.name or "")) or words
    parent = parents.get(source.entity.key.rpartition(".")[0])
    if parent is None or _says_parent(own, f"{parent} {words.rpartition(' ')[0]}"):
        yield _shortened(own)
    if parent is not None:
        yield _shortened(_without_repeats(f"{parent} {own}"))
    yield _shortened(_without_repeats(words))
    yield _shortened(_without_repeats(words, keeps_last=True))
    yield _shortened(_without_repeats(f"{own} {words}"))


def _says_parent(name: str, parent: str) -> bool:
    """Return True if the name of a child also says what its parent is."""
    is_long = "(" in name or len(name.split()) >= _WORDS_THAT_STAND_ALONE
    return is_long or not _words(parent).isdisjoint(_words(name))


def _clean(name: str) -> str:
    """Return a name without invisible characters and with blanks where they belong."""
    if name.isalpha():
        return name
    spaced = _INVISIBLE.sub("", name).replace("(", " (").replace(")", ") ")
    return " ".join(spaced.split()).replace("( ", "(").replace(" )", ")")


def _in_words(identifier: str) -> str:
    """Return an identifier in words, such as "Alarm config" of "alarm_config"."""
    words = _BETWEEN_PARTS.sub(" ", identifier).strip()
    return f"{words[:1].upper()}{words[1:]}"


def _words(text: str) -> frozenset[str]:
    """Return the words of a text, without regard to case."""
    return frozenset(word.casefold() for word in _WORD.findall(text))


def _without_repeats(name: str, *, keeps_last: bool = False) -> str:
    """Return a name in which each word occurs only once; numbers may be repeated.

    This is the first time, or the last one.
    """
    words = [
        each
        for each in _WORD.finditer(name)
        if not each[0].replace(".", "").isdecimal()
    ]
    seen, repeats = set[str](), list[tuple[int, int]]()
    for each in reversed(words) if keeps_last else words:
        word = each[0].casefold()
        if word in seen:
            repeats.append(each.span())
        seen.add(word)
    rest = name
    for start, end in sorted(repeats, reverse=True):
        rest = f"{rest[:start]}{rest[end:]}"
    return _tidied(rest) if repeats else name


def _tidied(name: str) -> str:
    """Return a name without what is left of the words that were taken out of it."""
    tidy = _clean(_LOOSE_BRACKETS.sub(" ", name)).strip(_PUNCTUATION)
    return f"{tidy[:1].upper()}{tidy[1:]}"


def _shortened(name: str, longest: int = LONGEST) -> str:
    """Return a name of at most `longest` characters.

    Words that say little go first, then those in the middle, because the last ones tell
    the children of an entity apart.
    """
    for filler in _FILLERS:
        if len(name) <= longest:
            return name
        name = _tidied(re.sub(rf"(?i)\b{filler}\b", " ", name))
    if len(name) <= longest:
        return name
    words = _BRACKETS.sub(" ", name).split()
    while len(short := " ".join(words)) > longest and len(words) > _LAST_WORDS + 1:
        del words[-_LAST_WORDS - 1]
    return short[:longest].strip(_PUNCTUATION)
