"""The names that the device library gives to the usual entities.

Only these are translated: every other name was chosen by a user, or belongs to a model
that is not known. Source: docs/wire/milesight.md, Names and labels.
"""

from collections.abc import Mapping
from dataclasses import dataclass
import re

from ...metering.model import Kind, Point
from .library_classes import CLASS_NAMES
from .library_names import PLACEHOLDER, Form, KnownName
from .library_readings import READING_NAMES
from .library_settings import SETTING_NAMES

KNOWN_NAMES = (*READING_NAMES, *SETTING_NAMES)

KNOWN_SETTINGS = frozenset(
    {
        *("modbus_chn", "outside_temperature", "target_temperature"),
        *("target_temperature_target_temperature", "valve_opening", "valve_pulse"),
    }
)
"""The translation keys of numbers that always have a sensor of the same name beside
them, so that their own translated names say that they are settings."""

_NUMBER = re.compile(r"\d+")

_WRITABLE: Mapping[Kind, Form] = {
    Kind.INSTANT: Form.NUMBER,
    Kind.STATE: Form.SELECT,
    Kind.FLAG: Form.SWITCH,
}


@dataclass(frozen=True, slots=True)
class FoundName:
    """The translated name of a point."""

    key: str
    placeholders: Mapping[str, str]


def _numberless(identifier: str) -> str:
    """Return an identifier with "#" in the place of its numbers and placeholders."""
    return _NUMBER.sub("#", PLACEHOLDER.sub("#", identifier))


_BY_IDENTIFIER: Mapping[str, KnownName] = {
    _numberless(known.identifier): known for known in KNOWN_NAMES
}
_STATES: Mapping[str, frozenset[str]] = {
    known.key: known.states for known in KNOWN_NAMES
}


def form_of(point: Point) -> Form | None:
    """Return how a point is shown; `None` for a text that can be set."""
    if point.kind is Kind.ACTION:
        return Form.BUTTON
    if point.writable and (point.kind is not Kind.STATE or point.options is not None):
        return _WRITABLE.get(point.kind)
    if point.writable:
        return None
    return Form.BINARY_SENSOR if point.kind is Kind.FLAG else Form.SENSOR


def find_known_name(
    point: Point, identifier: str, server_name: str
) -> FoundName | None:
    """Return the translated name of a point, if the server's name is the default."""
    known = _BY_IDENTIFIER.get(_numberless(identifier))
    if known is None or form_of(point) not in known.forms:
        return None
    for pattern in known.patterns:
        if found := pattern.fullmatch(server_name):
            return FoundName(known.key, found.groupdict())
    return None


def class_name(point: Point, identifier: str, server_name: str) -> str | None:
    """Return the English name of a reading's device class, if it says everything."""
    if point.writable or point.kind is Kind.STATE:
        return None
    return next(
        (
            each.name
            for each in CLASS_NAMES
            if each.quantity is point.quantity
            and identifier in each.identifiers
            and server_name.casefold() in each.names
        ),
        None,
    )


def known_states(key: str | None) -> frozenset[str]:
    """Return the keys of the labels that are translated for a translation key."""
    return _STATES.get(key or "", frozenset())
