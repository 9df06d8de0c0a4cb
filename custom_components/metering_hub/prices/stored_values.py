"""Read values from the data of a config subentry, which somebody may have edited.

A value that is missing is `None`. One of another type raises ValueError, or
OverflowError if no number or time can be as large.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo

from ..backends.common.parse import LARGEST

type Stored = Mapping[str, object]
"""The data of a subentry, or of one of its rules."""


def read_number(data: Stored, name: str) -> float | None:
    """Return a stored number, which may be a text."""
    match data.get(name):
        case None:
            return None
        # In Python, True and False are whole numbers.
        case int() | float() | str() as value if not isinstance(value, bool):
            number = float(value)
        case _:
            raise ValueError(name)
    # Sums of finite numbers overflow, too.
    if not abs(number) <= LARGEST:
        raise ValueError(name)
    return number


def read_needed_number(data: Stored, name: str) -> float:
    """Return a stored number that must be there."""
    if (number := read_number(data, name)) is None:
        raise ValueError(name)
    return number


def read_flag(data: Stored, name: str) -> bool:
    """Return True if something stored is on; what is missing is off."""
    value = data.get(name)
    if value is not None and not isinstance(value, bool):
        raise ValueError(name)
    return bool(value)


def read_text(data: Stored, name: str) -> str | None:
    """Return a stored text; an empty one is missing."""
    value = data.get(name)
    if value is not None and not isinstance(value, str):
        raise ValueError(name)
    return value or None


def read_needed_text(data: Stored, name: str) -> str:
    """Return a stored text that must be there."""
    if (text := read_text(data, name)) is None:
        raise ValueError(name)
    return text


def read_moment(data: Stored, name: str, zone: tzinfo) -> datetime | None:
    """Return a stored full hour of local time, or a local day, in UTC.

    Of the two hours that are called the same when clocks are put back, it is the first.
    An hour that is left out when they are put forward is the one after it.
    """
    if (text := read_text(data, name)) is None:
        return None
    wall = datetime.fromisoformat(text)
    if wall.tzinfo is not None or wall.minute or wall.second or wall.microsecond:
        raise ValueError(name)
    return wall.replace(tzinfo=zone).astimezone(UTC)


def read_list(data: Stored, name: str) -> list[object]:
    """Return a stored list; one that is missing is empty."""
    match data.get(name):
        case None:
            return []
        case list() | tuple() as values:
            return [*values]
        case _:
            raise ValueError(name)


def read_texts(data: Stored, name: str) -> list[str]:
    """Return a stored list of texts."""
    values = read_list(data, name)
    found = [each for each in values if isinstance(each, str)]
    if len(found) < len(values):
        raise ValueError(name)
    return found


def read_rules(data: Stored, name: str) -> list[Stored]:
    """Return a stored list of mappings."""
    values = read_list(data, name)
    found = [each for each in values if isinstance(each, Mapping)]
    if len(found) < len(values):
        raise ValueError(name)
    return found
