"""Check the values of fields that are written together."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
import math
from types import MappingProxyType

from .inventory import SettingField, SettingGroup
from .model import Kind, Value

ON = "on"
OFF = "off"

_FLAGS: Mapping[str, bool] = MappingProxyType(
    {ON: True, OFF: False, "true": True, "false": False}
)


class SettingProblem(StrEnum):
    """Why a field cannot have a value; the names are those of translated errors."""

    NO_FLAG = "setting_no_flag"
    NO_NUMBER = "setting_no_number"
    NO_OPTION = "setting_no_option"
    NO_TEXT = "setting_no_text"
    OUT_OF_RANGE = "setting_out_of_range"
    WRONG_LENGTH = "setting_wrong_length"


def find_field(group: SettingGroup, name: str) -> SettingField | None:
    """Return the field with a key or, in any case of letters, a name."""
    wanted = name.casefold()
    for field in group.fields:
        if name == field.key or wanted == field.name.casefold():
            return field
    return None


def missing_fields(
    group: SettingGroup, given: Iterable[str]
) -> tuple[SettingField, ...]:
    """Return the required fields whose keys are not given."""
    keys = set(given)
    return tuple(
        field for field in group.fields if field.is_required and field.key not in keys
    )


def read_setting(field: SettingField, given: object) -> Value | SettingProblem:
    """Return the value that a user has given to a field, or what is wrong with it."""
    if field.kind is Kind.FLAG:
        return _read_flag(given)
    if field.kind is Kind.INSTANT:
        return _read_number(field, given)
    if field.options is not None:
        text = str(given)
        return text if text in field.options else SettingProblem.NO_OPTION
    if not isinstance(given, str):
        return SettingProblem.NO_TEXT
    limits = field.text
    if limits and not limits.shortest <= len(given) <= limits.longest:
        return SettingProblem.WRONG_LENGTH
    return given


def _read_flag(given: object) -> bool | SettingProblem:
    """Return a boolean, given as one or as a word."""
    if isinstance(given, str):
        return _FLAGS.get(given.strip().lower(), SettingProblem.NO_FLAG)
    return given if isinstance(given, bool) else SettingProblem.NO_FLAG


def _read_number(field: SettingField, given: object) -> float | SettingProblem:
    """Return a number within the limits of a field, given as one or as text."""
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        return SettingProblem.NO_NUMBER
    try:
        number = float(given)
    except ValueError, OverflowError:
        return SettingProblem.NO_NUMBER
    if not math.isfinite(number):
        return SettingProblem.NO_NUMBER
    limits = field.limits
    if limits and not limits.lowest <= number <= limits.highest:
        return SettingProblem.OUT_OF_RANGE
    return number
