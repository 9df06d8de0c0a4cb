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
from .entity_rows import EntityRow, ValueType
from .flags import FLAGS, Flag, as_flag, enum_key
from .points import STATUS
from .sources import Source

_ONLINE: Mapping[str, bool] = {"ONLINE": True, "OFFLINE": False}
_MAX_TEXT_LENGTH = 255
"""The longest state that Home Assistant accepts."""


def as_online(value: Json) -> bool | None:
    """Return True for the status ONLINE, False for OFFLINE."""
    return _ONLINE.get(value.upper()) if isinstance(value, str) else None


def _as_flag(entity: EntityRow, flag: Flag, value: Json) -> bool | None:
    """Return True for the value that means "on", False for the one that means "off"."""
    key = enum_key(entity, value)
    return key == flag.on if key in (flag.on, flag.off) else None


def _as_label(entity: EntityRow, value: Json) -> str | None:
    """Return the label of a value of an enum, or the value if it has none."""
    key = enum_key(entity, value)
    return None if key is None else entity.labels.get(key) or _as_state_text(key)


def _as_state_text(value: Json) -> str | None:
    """Return a text or number as text that Home Assistant accepts as a state."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = str(value)
    return text if text.strip() and len(text) <= _MAX_TEXT_LENGTH else None


def _hide(_value: Json) -> None:
    """Return nothing, because a secret is never kept."""


def value_parser(source: Source) -> Callable[[Json], Value | None]:
    """Return the function that converts a wire value to the value of a point."""
    entity, kind = source.entity, source.point.kind
    if source.point.text is not None and source.point.text.is_secret:
        return _hide
    if kind is Kind.FLAG:
        if source.flag is not None:
            return partial(_as_flag, entity, source.flag)
        is_status = entity.key.endswith(f".{STATUS}")
        return as_online if is_status else as_flag
    if kind is Kind.STATE:
        return partial(_as_label, entity) if entity.labels else _as_state_text
    return as_number


_ENUM_TYPES: Mapping[ValueType, Callable[[str], Json]] = {
    ValueType.LONG: int,
    ValueType.DOUBLE: float,
    ValueType.BOOLEAN: FLAGS.get,
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
        flag = source.flag
        return bool(value) if flag is None else enum_value(entity, flag.key_of(value))
    number = float(str(value))
    if entity.value_type is not ValueType.LONG:
        return number
    if not number.is_integer():
        raise ValueError("the value must be a whole number")
    return int(number)
