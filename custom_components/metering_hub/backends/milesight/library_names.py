"""What is known about the names of an entity of the device library.

Source: docs/wire/milesight.md, Names and labels.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
import re

PLACEHOLDER = re.compile(r"\{(\w+)\}")
_NOT_IN_KEYS = re.compile(r"[^a-z0-9]+")


class Form(StrEnum):
    """How a point is shown, which decides where the translation of its name is.

    The values are the letters by which the tables name them.
    """

    SENSOR = "S"
    BINARY_SENSOR = "B"
    NUMBER = "N"
    SWITCH = "W"
    SELECT = "L"
    BUTTON = "U"


@dataclass(frozen=True)
class KnownName:
    """An entity of the device library.

    `identifier` is its identifier, and `names` are the names that it has by default;
    both may have the placeholders of the translated name in the place of numbers.
    `states` are the keys of its labels that are translated.
    """

    identifier: str
    names: tuple[str, ...]
    forms: frozenset[Form]
    states: frozenset[str]

    @cached_property
    def key(self) -> str:
        """Return the translation key."""
        plain = PLACEHOLDER.sub("", self.identifier)
        return _NOT_IN_KEYS.sub("_", plain).strip("_")

    @cached_property
    def patterns(self) -> tuple[re.Pattern[str], ...]:
        """Return the patterns of the default names."""
        return tuple(map(_compiled, self.names))


def _compiled(name: str) -> re.Pattern[str]:
    """Return the pattern of a default name, in which numbers are placeholders."""
    parts = PLACEHOLDER.split(name)
    texts = [
        rf"(?P<{part}>\d+)" if number % 2 else re.escape(part)
        for number, part in enumerate(parts)
    ]
    return re.compile("".join(texts), re.IGNORECASE)


def known(
    names: Mapping[str, tuple[str, ...]], *, forms: str, states: str = ""
) -> Iterator[KnownName]:
    """Yield the entities with these default names, which are by identifier.

    `forms` are letters, and `states` words.
    """
    for identifier, defaults in names.items():
        yield KnownName(
            identifier, defaults, frozenset(map(Form, forms)), frozenset(states.split())
        )
