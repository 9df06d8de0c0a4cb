"""Convert Beaver IoT's values to those of points and back.

A value that cannot be converted becomes `None`. LONG values are text in histories and,
before 1.2.2, everywhere; advanced-search returns nothing but text.
Source: docs/wire/milesight.md, Latest values, History and Control.
"""

from collections.abc import Callable, Mapping
from functools import partial

from ...metering.model import Kind, Value
from ..common.http import Json
from ..common.parse import as_number
from .catalogue import Source
from .models import EntityRow, ValueType
from .points import STATUS

_FLAGS: Mapping[str, bool] = {"true": True, "false": False}
_ONLINE: Mapping[str, bool] = {"ONLINE": True, "OFFLINE": False}
_MAX_TEXT_LENGTH = 255
"""The longest state that Home Assistant accepts."""


def as_flag(value: Json) -> bool | None:
    """Return a boolean, given as one or as text."""
    if isinstance(value, str):
        return _FLAGS.get(value.strip().lower())
    return value if isinstance(value, bool) else None


def as_online(value: Json) -> bool | None:
    """Return True for the status ONLINE, False for OFFLINE."""
    return _ONLINE.get(value.upper()) if isinstance(value, str) else None


def _as_label(entity: EntityRow, value: Json) -> str | None:
    """Return the label of a value of an enum."""
    if isinstance(value, bool):
        key = str(value).lower()
    elif isinstance(value, float) and value.is_integer():
        key = str(int(value))
    elif isinstance(value, int | str):
        key = str(value)
    else:
        return None
    return entity.labels.get(key)


def _as_state_text(value: Json) -> str | None:
    """Return a text or number as text that Home Assistant accepts as a state."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = str(value)
    return text if text.strip() and len(text) <= _MAX_TEXT_LENGTH else None


def value_parser(source: Source) -> Callable[[Json], Value | None]:
    """Return the function that converts a wire value to the value of a point."""
    entity, kind = source.entity, source.point.kind
    if kind is Kind.FLAG:
        is_status = entity.key.endswith(f".{STATUS}")
        return as_online if is_status else as_flag
    if kind is Kind.STATE:
        return partial(_as_label, entity) if entity.labels else _as_state_text
    return as_number


_ENUM_TYPES: Mapping[ValueType, Callable[[str], Json]] = {
    ValueType.LONG: int,
    ValueType.DOUBLE: float,
    ValueType.BOOLEAN: _FLAGS.get,
    ValueType.STRING: str,
}


def enum_value(entity: EntityRow, key: str) -> Json:
    """Return the key of an enum, always text, in the type that the server expects.

    Raises ValueError if the key cannot be converted.
    """
    convert = _ENUM_TYPES.get(entity.value_type)
    return key if convert is None else convert(key)


def wire_value(source: Source, value: Value) -> Json:
    """Return the wire value that sets a point to `value`.

    Raises ValueError if the point cannot have that value.
    """
    entity = source.entity
    if source.point.kind is Kind.STATE:
        for key, label in entity.labels.items():
            if label == value:
                return enum_value(entity, key)
        raise ValueError("the value is not one of the options")
    if source.point.kind is Kind.FLAG:
        return bool(value)
    number = float(str(value))
    if entity.value_type is not ValueType.LONG:
        return number
    if not number.is_integer():
        raise ValueError("the value must be a whole number")
    return int(number)
