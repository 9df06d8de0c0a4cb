"""The fields of what a client sends, and what the server says if one is wrong.

The texts are those of Django's REST framework, as recorded from DSMR-reader v5.11.0.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from simulators.faults import Json, Row

_BAD_DAY = "Date has wrong format. Use one of these formats instead: YYYY-MM-DD."
_BAD_TIME = (
    "Datetime has wrong format. Use one of these formats instead: "
    "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
)


class RefusedError(Exception):
    """A row is not stored; `errors` are texts by field."""

    def __init__(self, errors: dict[str, Json]) -> None:
        """Initialize the error."""
        super().__init__()
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Field:
    """How a value is stored; `stored` raises ValueError with the server's text."""

    stored: Callable[[Json], Json]
    is_required: bool = False

    def of(self, name: str, values: Mapping[str, Json]) -> Json:
        """Return the value to store; raises ValueError."""
        value = values.get(name)
        if value is not None and value != "":
            return self.stored(value)
        if not self.is_required:
            return None
        if name in values:
            raise ValueError("This field may not be null.")
        raise ValueError("This field is required.")


def checked(values: Json, fields: Mapping[str, Field]) -> Row:
    """Return the fields as they are stored; unknown names are ignored.

    Raises RefusedError with the errors by field.
    """
    if not isinstance(values, dict):
        kind = {list: "list", str: "str", bool: "bool", int: "int", float: "float"}.get(
            type(values), "NoneType"
        )
        text = f"Invalid data. Expected a dictionary, but got {kind}."
        raise RefusedError({"non_field_errors": [text]})
    row: Row = {}
    errors: dict[str, Json] = {}
    for name, field in fields.items():
        try:
            row[name] = field.of(name, values)
        except ValueError as error:
            errors[name] = [str(error)]
    if errors:
        raise RefusedError(errors)
    return row


def stored_day(value: Json) -> str:
    """Return a day."""
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise ValueError(_BAD_DAY) from None


def stored_time(value: Json, zone: ZoneInfo) -> str:
    """Return a time with the server's offset; one without an offset is local."""
    try:
        time = datetime.fromisoformat(str(value))
    except ValueError:
        raise ValueError(_BAD_TIME) from None
    return time.replace(tzinfo=time.tzinfo or zone).astimezone(zone).isoformat()


def whole(value: Json, most: int) -> int:
    """Return a whole number that is not negative, and at most `most`."""
    try:
        number = int(str(value))
    except ValueError:
        raise ValueError("A valid integer is required.") from None
    if number < 0:
        raise ValueError("Ensure this value is greater than or equal to 0.")
    if number > most:
        raise ValueError(f"Ensure this value is less than or equal to {most}.")
    return number


def decimal(value: Json, digits: int, places: int) -> str:
    """Return a number with all of its decimals, unless it has too many digits."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise ValueError("A valid number is required.") from None
    if not number.is_finite():
        raise ValueError("A valid number is required.")
    found, exponent = number.as_tuple().digits, int(number.as_tuple().exponent)
    decimals = max(0, -exponent)
    whole = max(0, len(found) - decimals) + max(0, exponent)
    if max(len(found), decimals, whole) > digits:
        raise ValueError(
            f"Ensure that there are no more than {digits} digits in total."
        )
    if decimals > places:
        raise ValueError(f"Ensure that there are no more than {places} decimal places.")
    if whole > digits - places:
        raise ValueError(
            f"Ensure that there are no more than {digits - places} digits before the "
            "decimal point."
        )
    return f"{number:.{places}f}"
