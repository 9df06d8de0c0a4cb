"""Parse single JSON values; an invalid value is `None` and never an exception.

The functions accept any JSON, so that an invalid value does not cost its neighbors.
"""

from decimal import Decimal, InvalidOperation
from math import isfinite

from .http import Json

_FLOAT_LIMIT = 2**1023
"""Larger integers may overflow when they are converted to float."""


def as_object(value: Json) -> dict[str, Json]:
    """Return a JSON object, or an empty one for any other value."""
    return value if isinstance(value, dict) else {}


def as_objects(value: Json) -> list[dict[str, Json]]:
    """Return the objects of a JSON list; other items are ignored."""
    if not isinstance(value, list):
        return []
    return [item for item in value if isinstance(item, dict)]


def as_text(value: Json) -> str | None:
    """Return a text that is not blank."""
    return value if isinstance(value, str) and value.strip() else None


def as_decimal(value: Json) -> Decimal | None:
    """Return a finite number given as a number or as text ("0.07", "0,07")."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = str(value).strip()
    if "," in text:
        # Localized numbers group thousands by points and have a decimal comma.
        whole, _, fraction = text.rpartition(",")
        text = f"{whole.replace('.', '')}.{fraction}"
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    # Arithmetic with a number such as "1e999999999" may never finish.
    return number if number.is_finite() and isfinite(float(number)) else None


def as_number(value: Json) -> float | None:
    """Return a finite number given as a number or as text, as a float.

    This is much faster than `as_decimal`, which it uses for localized text only.
    """
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value) if abs(value) < _FLOAT_LIMIT else None
    if not isinstance(value, str):
        return None
    try:
        number = float(value)
    except ValueError:
        localized = as_decimal(value)
        return None if localized is None else float(localized)
    return number if isfinite(number) else None


def as_integer(value: Json) -> int | None:
    """Return an integer given as a number or as text."""
    if type(value) is int and abs(value) < _FLOAT_LIMIT:
        return value
    number = as_decimal(value)
    return int(number) if number is not None and number == int(number) else None
