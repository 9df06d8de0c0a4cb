"""Parse request bodies (pages, orders, ids) and split lists into pages.

Source: docs/wire/milesight.md, JSON.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from simulators.faults import Json

from .wire import server_error

type Body = Mapping[str, Json]

_ROWS_AT_ONCE = 100
# Jackson's maximum for an int, which is what the page numbers are.
_MAX_INT = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Page:
    """The requested page; `number` counts from 1."""

    size: int
    number: int

    @property
    def start(self) -> int:
        """Return the index of its first row."""
        return (self.number - 1) * self.size


class PastEnd(Enum):
    """What a page past the end of a list is."""

    NO_ROWS = "no rows, but the right total"
    NOTHING = "no rows, and a total of 0"
    FIRST_PAGE = "page 1 again"


_NOTHING: Json = {"page_size": 0, "page_number": 1, "total": 0, "content": []}


def page(body: Body) -> Page:
    """Return the requested page; raise ApiError 500 if it is impossible."""
    size, number = _int(body, "page_size", 10), _int(body, "page_number", 1)
    if number < 1:
        raise server_error("Page index must not be less than zero")
    if size < 1:
        raise server_error("Page size must not be less than one")
    return Page(size, number)


async def paged[T](
    rows: Sequence[T],
    wanted: Page,
    make: Callable[[T], Json],
    *,
    past_end: PastEnd = PastEnd.NO_ROWS,
) -> Json:
    """Return a page object; long ones are built without blocking the event loop."""
    is_past_end = wanted.start >= len(rows)
    if not len(rows) or (is_past_end and past_end is PastEnd.NOTHING):
        return _NOTHING
    if is_past_end and past_end is PastEnd.FIRST_PAGE:
        wanted = replace(wanted, number=1)
    content: list[Json] = []
    for index in range(wanted.start, min(wanted.start + wanted.size, len(rows))):
        content.append(make(rows[index]))
        if len(content) % _ROWS_AT_ONCE == 0:
            await asyncio.sleep(0)
    return {
        "page_size": wanted.size,
        "page_number": wanted.number,
        "total": len(rows),
        "content": content,
    }


def ordered[T](
    rows: Iterable[T],
    body: Body,
    keys: Mapping[str, Callable[[T], str | int]],
    default: str = "id",
) -> list[T]:
    """Return the rows in the order of `sorts`, or by descending `default`."""
    result = sorted(rows, key=keys[default], reverse=True)
    sorts = body.get("sorts")
    for sort in reversed(sorts if isinstance(sorts, list) else []):
        name = sort.get("property") if isinstance(sort, dict) else None
        direction = sort.get("direction") if isinstance(sort, dict) else None
        key = keys.get(_snake(str(name)))
        if key is None:
            raise server_error(f"No property '{name}' found")
        result.sort(key=key, reverse=str(direction or "ASC").upper() == "DESC")
    return result


def ids(value: Json) -> list[str]:
    """Return ids, which may be sent as strings or as numbers."""
    items = value if isinstance(value, list) else [value]
    return [str(item) for item in items if isinstance(item, (str, int))]


def texts(body: Body, name: str) -> list[str] | None:
    """Return a list of strings; None if it is missing or empty."""
    value = body.get(name)
    found = ids(value) if value is not None else []
    return found or None


def enums(body: Body, name: str, known: Iterable[str]) -> list[str] | None:
    """Return enum values, in any case; raise ApiError 500 for unknown ones."""
    found = texts(body, name)
    if found is None:
        return None
    upper = [item.upper() for item in found]
    unknown = set(upper) - set(known)
    if unknown:
        raise server_error(
            f"JSON parse error: Cannot deserialize value of {name}: {unknown.pop()}"
        )
    return upper


def instant(body: Body, name: str) -> int | None:
    """Return epoch milliseconds; None if missing; raise ApiError 500 for other text."""
    value = body.get(name)
    if value is None or isinstance(value, bool):
        return None
    try:
        return int(value) if isinstance(value, (int, str, float)) else None
    except ValueError:
        raise server_error(f"JSON parse error: {name} is no number") from None


def _int(body: Body, name: str, default: int) -> int:
    """Return an integer, or the default if it is missing; raise ApiError 500."""
    value = body.get(name)
    if value is None:
        return default
    try:
        number = int(value) if isinstance(value, (int, str)) else None
    except ValueError:
        number = None
    if number is None or abs(number) > _MAX_INT:
        raise server_error(f"JSON parse error: {name} is no int")
    return number


def _snake(name: str) -> str:
    """Return a camelCase name in snake_case."""
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name)
