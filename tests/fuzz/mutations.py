"""Mutate the answers of servers: values, fields, rows, and the bytes themselves."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
import json
from random import Random
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


DEEP = "[" * 3000 + "]" * 3000

STRANGE_TEXTS = (
    *("", " ", "\x00", "a\x00b", "\ud800", "name \udfff", "\u202eecap", "\x1b[31mred"),
    *("x" * 300, "y" * 200_000, "\n\n", "+", "#", "a/+/b", "null", "NaN", "Infinity"),
    *("1,5", "1_000", "\u0663", "1e400", "-1e400", "9" * 5000, "0x10", "-0", "1.2.3"),
    *("9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "9999-12-31", "0001-01-01"),
    *("2026-11-21T00:00:00", "2026-02-30T00:00:00Z", "10000-01-01T00:00:00Z"),
    *("2199-12-31T23:59:59+00:00", "1900-01-01T00:00:00Z", "2026-11-21T24:00:00Z"),
    *("true", "{}", "[]", "Europe/Nowhere", "../../etc/passwd", "kWh\u00b2/m\u00b3"),
    *("\ufeffname", "\ufffe", "e\u0301" * 200, "{0}{name}%s", "<script>", "a.b.c.d"),
)
STRANGE_NUMBERS: tuple[Json, ...] = (
    *(0, -1, 1, -0.0, 2**31, 2**53 + 1, 2**63 - 1, 2**63, 2**64, -(2**64), 10**30),
    *(1e15, 1e100, 1e308, -1e308, 5e-324, 253402300799, 253402300799999, -62135596800),
    *(4102444800000, 1.5, 0.1, 1e-300, 32503680000),
)
RAW = ("1e400", "-1e400", "NaN", "-Infinity", "9" * 5000, '"\\ud800"', DEEP, '"\x01"')


@dataclass(slots=True)
class Mutator:
    """Mutates the bodies of one example; `log` tells what was done, to report it."""

    random: Random
    log: list[str]

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
        return _dump(root[0])[:MOST_BYTES]

    def _mutate_bytes(self, body: bytes, name: str) -> bytes:
        """Cut, flip, repeat or replace bytes."""
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
        places = list(_places(root))
        container, key = self.random.choice(places[:1] if len(places) < 2 else places)
        # A typed view: the key always fits its container.
        holder = cast("dict[str | int, Json]", container)
        old = holder[key]
        way, new = self._other(old)
        self.log.append(f"{name}: {key!r}: {way}")
        if way == "drop" and container is not root:
            del holder[key]
        elif way == "repeat" and isinstance(container, list):
            container.insert(int(key), deepcopy(old))
        elif way == "rename" and isinstance(container, dict):
            container[str(new)[:1000]] = container.pop(str(key))
        else:
            holder[key] = new

    def _other(self, old: Json) -> tuple[str, Json]:
        """Return what is done, and a value that takes the place of another."""
        random = self.random
        way = random.choice(
            ("drop", "repeat", "rename", *("text", "number", "raw") * 3, "type", "null")
        )
        new: Json = None
        if way in ("text", "rename"):
            new = random.choice(STRANGE_TEXTS)
            if isinstance(old, str) and random.random() < 0.3:
                new = old + new
        elif way == "number":
            new = random.choice(STRANGE_NUMBERS)
            if isinstance(old, str):
                new = random.choice((new, str(new)))
        elif way == "raw":
            new = cast("Json", Raw(random.choice(RAW)))
        elif way == "type":
            new = random.choice(_OTHER_TYPES)(old)
        return way, new


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
    while waiting and len(found) < 20_000:
        container = waiting.pop()
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
        name = f"@raw{len(raw)}@"
        raw[name] = each.text
        return name

    text = json.dumps(value, default=token)
    for name, each in raw.items():
        text = text.replace(f'"{name}"', each)
    return text.encode()
