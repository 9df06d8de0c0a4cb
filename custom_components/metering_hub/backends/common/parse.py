"""Parse single JSON values; an invalid value is `None` and never an exception.

The functions accept any JSON, so that an invalid value does not cost its neighbors.
`json_text` has already cleaned the texts; here they get the length that is useful.
"""

from decimal import Decimal, InvalidOperation
import re

from .http import Json

MOST_CHARACTERS = 255
"""Longer names are cut: no state and no name of a statistic can be longer."""

MOST_OF_WHOLE = 64 * 1024
"""Characters of the longest text that is of no use in part; telegrams have 2,000."""

LARGEST = 1e100
"""Larger numbers are none: no meter shows them, and computing with them overflows."""

_INTEGERS = range(-(2**63), 2**63)
"""Larger integers fit into no file of Home Assistant; no server has such an id."""

_LONGEST_NUMBER = 100
"""Characters; a number with thousands of them takes long, and no server means it."""

_BREAKS = re.compile(r"[\t\n\r\u2028\u2029]+")


def as_object(value: Json) -> dict[str, Json]:
    """Return a JSON object, or an empty one for any other value."""
    return value if isinstance(value, dict) else {}


def as_objects(value: Json) -> list[dict[str, Json]]:
    """Return the objects of a JSON list; other items are ignored."""
    if not isinstance(value, list):
        return []
    return [item for item in value if isinstance(item, dict)]


def as_text(value: Json, most: int = MOST_CHARACTERS) -> str | None:
    """Return a text that is not blank, in one line, and cut if it is too long."""
    if not isinstance(value, str) or not value.strip():
        return None
    text = value if value.isprintable() else _BREAKS.sub(" ", value)
    return text if len(text) <= most else f"{text[: most - 1]}\N{HORIZONTAL ELLIPSIS}"


def as_whole_text(value: Json, most: int = MOST_OF_WHOLE) -> str | None:
    """Return a text that is not blank unchanged, unless it is absurdly long.

    This is for what is compared, sent back or parsed: keys, tokens, telegrams.
    """
    if not isinstance(value, str) or len(value) > most:
        return None
    return value if value.strip() else None


def as_decimal(value: Json) -> Decimal | None:
    """Return a finite number given as a number or as text ("0.07", "0,07")."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, int) and abs(value) > LARGEST:
        return None
    text = str(value).strip()
    if isinstance(value, str) and not _is_plain_number(text):
        return None
    if "," in text:
        # Localized numbers group thousands by points and have a decimal comma.
        whole, _, fraction = text.rpartition(",")
        text = f"{whole.replace('.', '')}.{fraction}"
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    # Arithmetic with a number such as "1e999999999" may never finish.
    return number if number.is_finite() and abs(float(number)) <= LARGEST else None


def as_number(value: Json) -> float | None:
    """Return a finite number given as a number or as text, as a float.

    This is much faster than `as_decimal`, which it uses for localized text only.
    """
    if isinstance(value, float):
        return value if abs(value) <= LARGEST else None
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value) if abs(value) <= LARGEST else None
    if not isinstance(value, str) or not _is_plain_number(value):
        return None
    try:
        number = float(value)
    except ValueError:
        localized = as_decimal(value)
        return None if localized is None else float(localized)
    return number if abs(number) <= LARGEST else None


def as_integer(value: Json) -> int | None:
    """Return an integer of at most 64 bits, given as a number or as text."""
    if type(value) is int:
        return value if value in _INTEGERS else None
    number = as_decimal(value)
    if number is None or number != int(number):
        return None
    return int(number) if int(number) in _INTEGERS else None


def _is_plain_number(text: str) -> bool:
    """Return True if a text is short and has no digits but 0 to 9.

    Python also takes digits of other scripts and underscores between them, which no
    server sends for a number.
    """
    return len(text) <= _LONGEST_NUMBER and text.isascii() and "_" not in text
