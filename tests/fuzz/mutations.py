"""Mutate the answers of servers: values, fields, rows, and the bytes themselves.

Answers have thousands of rows, but few fields, so most mutations choose a field first:
then one of its values, or all of them. Most of the time, the new value fits what the
field is for: another moment for a moment, another number for a number.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
import json
from random import Random
import re
from typing import cast

type Json = dict[str, Json] | list[Json] | str | int | float | bool | None
type Place = tuple[dict[str, Json] | list[Json], str | int]
"""A container of JSON, and the name or index of a value in it."""

MOST_BYTES = 1024 * 1024
"""An answer does not become longer, so that the simulators stay fast."""


class Raw:
    """What stands in the bytes of JSON as it is, because it cannot be dumped."""

    def __init__(self, text: str) -> None:
        """Initialize with the text in the place of a value."""
        self.text = text

    def __str__(self) -> str:
        """Return the text."""
        return self.text


DEEP = "[" * 3000 + "]" * 3000

STRANGE_MOMENTS = (
    *("9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "9999-12-31", "0001-01-01"),
    *("9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00Z", "9999-12-31 23:59:59+0000"),
    *("2026-11-21T00:00:00", "2026-02-30T00:00:00Z", "10000-01-01T00:00:00Z"),
    *("2199-12-31T23:59:59+00:00", "1900-01-01T00:00:00Z", "2026-11-21T24:00:00Z"),
)
BAD_CHARACTERS = (
    *("\ud800", "name \udfff", "\x00", "a\x00b", "\u202eecap", "\x1b[31mred", "\ufffe"),
    *("\ufeffname", "\x85", "\udc00\ud800"),
)
STRANGE_TEXTS = (
    *("", " ", "x" * 300, "y" * 200_000, "\n\n", "+", "#", "a/+/b", "null", "NaN"),
    *("1,5", "1_000", "\u0663", "1e400", "-1e400", "9" * 5000, "0x10", "-0", "1.2.3"),
    *("true", "{}", "[]", "Europe/Nowhere", "../../etc/passwd", "kWh\u00b2/m\u00b3"),
    *("e\u0301" * 200, "{0}{name}%s", "<script>", "a.b.c.d", "Infinity"),
    *BAD_CHARACTERS,
    *STRANGE_MOMENTS,
)
STRANGE_NUMBERS: tuple[Json, ...] = (
    *(0, -1, 1, -0.0, 2**31, 2**53 + 1, 2**63 - 1, 2**63, 2**64, -(2**64), 10**30),
    *(1e15, 1e100, 1e308, -1e308, 5e-324, 253402300799, 253402300799999, -62135596800),
    *(4102444800000, 1.5, 0.1, 1e-300, 32503680000),
)
STRANGE_EPOCHS: tuple[Json, ...] = (
    *(253402300799, 253402300799999, -62135596800, -62135596800000, 10**18, -1, 0),
    *(4102444800000, 32503680000, 2**63, 1e308),
)
RAW = (
    *("1e400", "-1e400", "NaN", "-Infinity", "9" * 5000, '"\\ud800"', '"\x01"'),
    *('"a\\u0000b"', '"\\udfffx"', "1e-400", "-0", DEEP),
)
RAW_NUMBERS = ("1e400", "-1e400", "NaN", "-Infinity", "9" * 5000)

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d")
_NUMBER = re.compile(r"-?\d+([.,]\d+)?")
_EPOCHS = 1e9


@dataclass(slots=True)
class Mutator:
    """Mutates the bodies of one example; `log` tells what was done, to report it."""

    random: Random
    log: list[str]
    is_json: bool = True
    """False as soon as a body is no JSON any more, or too deep."""

    def mutate(self, body: bytes, name: str) -> bytes:
        """Return another body; `name` says in the log whose it is."""
        chosen = self.random.random()
        if chosen < 0.08 or not body:
            return self._mutate_bytes(body, name)
        try:
            value: Json = json.loads(body)
        except ValueError:
            return self._mutate_bytes(body, name)
        root: list[Json] = [value]
        for _ in range(self.random.choice((1, 1, 1, 2, 5, 30))):
            self._mutate_one(root, name)
        changed = _dump(root[0])
        self.is_json &= len(changed) <= MOST_BYTES
        return changed[:MOST_BYTES]

    def _mutate_bytes(self, body: bytes, name: str) -> bytes:
        """Cut, flip, repeat or replace bytes."""
        self.is_json = False
        random, length = self.random, len(body)
        at = random.randrange(length + 1)
        ways: tuple[Callable[[], bytes], ...] = (
            lambda: body[:at],
            lambda: body[:at] + bytes([random.randrange(256)]) + body[at + 1 :],
            lambda: body[:at] + b"\xff\xfe" + body[at:],
            lambda: (body[:at] + body[at // 2 :])[:MOST_BYTES],
            DEEP.encode,
            lambda: b"",
            lambda: b"null",
            lambda: b"[]",
            lambda: b"{}",
            lambda: b'"text"',
            lambda: b"\xef\xbb\xbf" + body,
        )
        way = random.randrange(len(ways))
        self.log.append(f"{name}: bytes, way {way}, at {at}")
        return ways[way]()

    def _mutate_one(self, root: list[Json], name: str) -> None:
        """Change a value, a field or a row somewhere in a tree."""
        places = _places(root)
        fields: dict[str | int, list[Place]] = {}
        for container, key in places:
            fields.setdefault(key if isinstance(key, str) else 0, []).append(
                (container, key)
            )
        chosen = fields[self.random.choice(list(fields))]
        first = self.random.choice(chosen)
        way = self.random.choice(WAYS)
        new = self._other(way, _value(first))
        is_small = isinstance(new, Raw | str | int | float) and len(str(new)) < 300
        if self.random.random() < 0.6 or not is_small:
            chosen = [first]
        self.log.append(
            f"{name}: {chosen[0][1]!r} ({len(chosen)}): {way} {str(new)[:60]!r}"
        )
        # From the end, so that dropped and repeated rows do not move the others.
        for container, key in reversed(chosen):
            _change(container, key, way, new, is_root=container is root)

    def _other(self, way: str, old: Json) -> Json:
        """Return a value that takes the place of another."""
        random = self.random
        if way == "fitting":
            return self._fitting(old)
        if way in ("text", "rename"):
            new = random.choice(STRANGE_TEXTS)
            is_added = isinstance(old, str) and random.random() < 0.3
            return f"{old}{new}" if is_added else new
        if way == "number":
            return random.choice(STRANGE_NUMBERS)
        if way == "raw":
            return self._raw(random.choice(RAW))
        return random.choice(_OTHER_TYPES)(old) if way == "type" else None

    def _fitting(self, old: Json) -> Json:
        """Return a strange value of the kind of another."""
        random = self.random
        if isinstance(old, bool) or not isinstance(old, str | int | float):
            return random.choice(_OTHER_TYPES)(old)
        if isinstance(old, str):
            if _MOMENT.match(old):
                return random.choice(STRANGE_MOMENTS)
            if _NUMBER.fullmatch(old):
                return random.choice((*map(str, STRANGE_NUMBERS), *RAW_NUMBERS))
            strange = random.choice((*BAD_CHARACTERS, "+", "#"))
            at = random.randrange(len(old) + 1)
            return f"{old[:at]}{strange}{old[at:]}"
        if abs(old) >= _EPOCHS and random.random() < 0.6:
            return random.choice(STRANGE_EPOCHS)
        if random.random() < 0.5:
            return self._raw(random.choice(RAW_NUMBERS))
        return random.choice(STRANGE_NUMBERS)

    def _raw(self, text: str) -> Json:
        """Return what stands in the bytes as it is."""
        self.is_json &= text is not DEEP
        return cast("Json", Raw(text))


def _value(place: Place) -> Json:
    """Return what is in a place."""
    container, key = place
    return cast("dict[str | int, Json]", container)[key]


WAYS = (
    *("drop", "repeat", "rename", "type", "null", "text", "text", "number", "raw"),
    *("fitting",) * 9,
)


def _change(
    container: dict[str, Json] | list[Json],
    key: str | int,
    way: str,
    new: Json,
    *,
    is_root: bool,
) -> None:
    """Change a place of a tree."""
    # A typed view: the key always fits its container.
    holder = cast("dict[str | int, Json]", container)
    if way == "drop" and not is_root:
        del holder[key]
    elif way == "repeat" and isinstance(container, list) and not is_root:
        container.insert(int(key), deepcopy(container[int(key)]))
    elif way == "rename" and isinstance(container, dict):
        container[str(new)[:1000]] = container.pop(str(key))
    else:
        holder[key] = new


_OTHER_TYPES: tuple[Callable[[Json], Json], ...] = (
    lambda old: [old],
    lambda old: {"value": old},
    lambda old: [],
    lambda old: {},
    lambda old: True,
    lambda old: [None, old, [], {}],
    lambda old: [old] * 50,
    lambda old: str(old)[:1000],
    lambda old: {str(old)[:50]: old},
    lambda old: [list(old.values())] if isinstance(old, dict) else [[old]],
)


def _places(root: list[Json]) -> list[Place]:
    """Return all places in a tree; those of long lists are thinned out."""
    found: list[Place] = []
    waiting: list[dict[str, Json] | list[Json]] = [root]
    # A mutation may have put one container into several places.
    seen: set[int] = set()
    while waiting and len(found) < 20_000:
        container = waiting.pop()
        if id(container) in seen:
            continue
        seen.add(id(container))
        items = (
            list(container.items())
            if isinstance(container, dict)
            else list(enumerate(container))
        )
        for key, value in items:
            found.append((container, key))
            if isinstance(value, dict | list):
                waiting.append(value)
    return found


def _dump(value: Json) -> bytes:
    """Return JSON, with what `Raw` holds in its place."""
    raw: dict[str, str] = {}

    def token(each: object) -> str:
        """Return a placeholder of a raw text."""
        assert isinstance(each, Raw)
        return raw.setdefault(each.text, f"@raw{len(raw)}@")

    text = json.dumps(value, default=token)
    for each, name in raw.items():
        text = text.replace(f'"{name}"', each)
    return text.encode()
