"""Beaver IoT's values as those of points; one that makes no sense is `None`.

Source: ../shared/wire/milesight.md §6. A LONG is a text in histories and, before 1.2.2,
everywhere; `advanced-search` gives texts only.
"""

from collections.abc import Callable, Mapping
from functools import partial
from math import isfinite

from ...metering.model import Kind, Value
from ..common.http import Json
from .catalogue import Source
from .models import EntityRow, ValueType
from .points import STATUS

_FLAGS: Mapping[str, bool] = {"true": True, "false": False}
_ONLINE: Mapping[str, bool] = {"ONLINE": True, "OFFLINE": False}
_LONGEST_TEXT = 255
"""Home Assistant takes no longer state."""


def as_number(value: Json) -> float | None:
    """Return a finite number, given as one or as text; made for many rows."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        number = float(value)
    except ValueError, OverflowError:
        return None
    return number if isfinite(number) else None


def as_flag(value: Json) -> bool | None:
    """Return true or false, given as such or as text."""
    if isinstance(value, str):
        return _FLAGS.get(value.strip().lower())
    return value if isinstance(value, bool) else None


def as_online(value: Json) -> bool | None:
    """Return whether a status says ONLINE."""
    return _ONLINE.get(value.upper()) if isinstance(value, str) else None


def _as_label(entity: EntityRow, value: Json) -> str | None:
    """Return the word for a value of an enum, whose keys are texts for all types."""
    if isinstance(value, bool):
        key = str(value).lower()
    elif isinstance(value, float) and value.is_integer():
        key = str(int(value))
    elif isinstance(value, int | str):
        key = str(value)
    else:
        return None
    return entity.labels.get(key)


def _as_text(value: Json) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = str(value)
    return text if text.strip() and len(text) <= _LONGEST_TEXT else None


def reader_of(source: Source) -> Callable[[Json], Value | None]:
    """Return what tells what a value on the wire means for a point."""
    entity, kind = source.entity, source.point.kind
    if kind is Kind.FLAG:
        is_status = entity.key.endswith(f".{STATUS}")
        return as_online if is_status else as_flag
    if kind is Kind.STATE:
        return partial(_as_label, entity) if entity.labels else _as_text
    return as_number


def value_of(source: Source, value: Json) -> Value | None:
    """Return what a value on the wire means for a point."""
    return reader_of(source)(value)


_WRITTEN: Mapping[ValueType, Callable[[str], Json]] = {
    ValueType.LONG: int,
    ValueType.DOUBLE: float,
    ValueType.BOOLEAN: _FLAGS.get,
    ValueType.STRING: str,
}


def typed(entity: EntityRow, key: str) -> Json:
    """Return the key of an enum as the type that the server checks for.

    Raises ValueError for a key that is none of that type.
    """
    make = _WRITTEN.get(entity.value_type)
    return key if make is None else make(key)


def wire_value(source: Source, value: Value) -> Json:
    """Return what to write so that a point gets a value.

    Raises ValueError for what the point cannot be.
    """
    entity = source.entity
    if source.point.kind is Kind.STATE:
        for key, label in entity.labels.items():
            if label == value:
                return typed(entity, key)
        raise ValueError("not one of the choices")
    if source.point.kind is Kind.FLAG:
        return bool(value)
    number = float(str(value))
    if entity.value_type is not ValueType.LONG:
        return number
    if not number.is_integer():
        raise ValueError("not a whole number")
    return int(number)
