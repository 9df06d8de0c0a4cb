"""Read single values out of JSON without ever failing: unreadable means `None`.

One bad value may cost that value only, so these functions take anything at all.
"""

from decimal import Decimal, InvalidOperation
from math import isfinite

from .http import Json

_LARGEST = 2**1023
"""Whole numbers from here on have no float."""


def as_object(value: Json) -> dict[str, Json]:
    """Return a JSON object as it is, and an empty one for everything else."""
    return value if isinstance(value, dict) else {}


def as_objects(value: Json) -> list[dict[str, Json]]:
    """Return the objects of a JSON list, leaving out what is none."""
    if not isinstance(value, list):
        return []
    return [item for item in value if isinstance(item, dict)]


def as_text(value: Json) -> str | None:
    """Return a text that says something."""
    return value if isinstance(value, str) and value.strip() else None


def as_decimal(value: Json) -> Decimal | None:
    """Return a finite number, given as a number or as text ("0.07", "0,07")."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = str(value).strip()
    if "," in text:
        # Localised answers group thousands by points and end in a decimal comma.
        whole, _, fraction = text.rpartition(",")
        text = f"{whole.replace('.', '')}.{fraction}"
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    # Beyond a float's range ("1e999999999"), any arithmetic may take for ever.
    return number if number.is_finite() and isfinite(float(number)) else None


def as_number(value: Json) -> float | None:
    """Return a finite number, given as a number or as text, as a float.

    Much faster than `as_decimal`, because most values need no decimal arithmetic.
    """
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value) if abs(value) < _LARGEST else None
    if not isinstance(value, str):
        return None
    try:
        number = float(value)
    except ValueError:
        localised = as_decimal(value)
        return None if localised is None else float(localised)
    return number if isfinite(number) else None


def as_integer(value: Json) -> int | None:
    """Return a whole number, given as a number or as text."""
    if type(value) is int and abs(value) < _LARGEST:
        return value
    number = as_decimal(value)
    return int(number) if number is not None and number == int(number) else None
