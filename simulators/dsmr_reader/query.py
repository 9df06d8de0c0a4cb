"""Query strings as the server parses them: filters, order and pages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from simulators.faults import Json, Row

from .knobs import Language
from .wire import MESSAGES

DEFAULT_LIMIT = 25
_DATABASE_LIMIT = 2**63
_UNIX = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_SECOND = timedelta(seconds=1)

type Query = Mapping[str, Sequence[str]]


class FilterError(Exception):
    """One or more filters have values that the server refuses (400)."""

    def __init__(self, errors: dict[str, Json]) -> None:
        """Initialize with the messages per parameter."""
        super().__init__(errors)
        self.errors = errors


class WorkerError(Exception):
    """The numbers are too large for the server's database (500)."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """An inclusive range of keys: seconds since 1970 UTC, or days."""

    low: int = -(2**62)
    high: int = 2**62


def parse_query(raw: str) -> Query:
    """Split a raw query string; an unencoded plus is a space, as in forms."""
    return parse_qs(raw, keep_blank_values=True)


def last(query: Query, name: str) -> str:
    """Return the last value of a parameter, which is the one that counts."""
    return query.get(name, [""])[-1].strip()


def bounds(query: Query, field: str, parse: Callable[[str], tuple[int, int]]) -> Bounds:
    """Return the range of `field`, `field__gte` and `field__lte`.

    `parse` returns the key of a value rounded up and rounded down; other suffixes and
    unknown parameters are ignored, as on the server.
    """
    errors: dict[str, Json] = {}
    low, high = Bounds().low, Bounds().high
    for suffix, is_low, is_high in (("", 1, 1), ("__gte", 1, 0), ("__lte", 0, 1)):
        value = last(query, field + suffix)
        if not value:
            continue
        try:
            up, down = parse(value)
        except ValueError as error:
            errors[field + suffix] = [str(error)]
            continue
        low = max(low, up) if is_low else low
        high = min(high, down) if is_high else high
    if errors:
        raise FilterError(errors)
    return Bounds(low, high)


def parse_datetime(value: str, zone: ZoneInfo, language: Language) -> tuple[int, int]:
    """Return a date/time as seconds UTC, rounded up and down; naive is local.

    The server accepts ISO 8601 with or without an offset, and a date only; it refuses a
    naive time that the clock skips or repeats, and an epoch.

    Source: docs/wire/dsmr_reader.md, Times.
    """
    messages = MESSAGES[language]
    try:
        # Python also accepts compact dates, and some epochs look like one.
        moment = datetime.fromisoformat(value if value[4:5] == "-" else "")
    except ValueError:
        raise ValueError(messages["datetime"]) from None
    if moment.tzinfo is None:
        first, second = (moment.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
        if first.utcoffset() != second.utcoffset():
            text = messages["ambiguous"].format(value=moment, zone=zone.key)
            raise ValueError(text)
        moment = first
    elapsed = moment - _UNIX
    return -(-elapsed // _SECOND), elapsed // _SECOND


def parse_day(value: str, language: Language) -> tuple[int, int]:
    """Return a day (Y-m-d only) as an ordinal, twice."""
    try:
        ordinal = datetime.strptime(value, "%Y-%m-%d").date().toordinal()  # noqa: DTZ007
    except ValueError:
        raise ValueError(MESSAGES[language]["date"]) from None
    return ordinal, ordinal


def day_in(contract_day: date, limits: Bounds) -> bool:
    """Return True if a date lies in the range."""
    return limits.low <= contract_day.toordinal() <= limits.high


def ordering(query: Query, fields: Sequence[str]) -> tuple[str, bool]:
    """Return the field to order by, and True if descending.

    The first field is the default; unknown ones are skipped silently.
    """
    for part in last(query, "ordering").split(","):
        name = part.strip()
        if name.removeprefix("-") in fields:
            return name.removeprefix("-"), name.startswith("-")
    return fields[0], False


@dataclass(frozen=True, slots=True)
class Page:
    """The requested part of a list."""

    limit: int
    offset: int

    def slice(self, rows: Sequence[int]) -> Sequence[int]:
        """Return the rows of this page."""
        return rows[self.offset : self.offset + self.limit]

    def envelope(self, url: str, count: int, rows: list[Row]) -> Row:
        """Return the answer around the rows, with links made from the request's URL."""
        after, before = self.offset + self.limit, self.offset - self.limit
        more = after < count
        return {
            "count": count,
            "next": _link(url, self.limit, after) if more else None,
            "previous": _link(url, self.limit, before) if self.offset > 0 else None,
            "results": [*rows],
        }


def page(query: Query) -> Page:
    """Return the page; invalid numbers silently become the default.

    Source: docs/wire/dsmr_reader.md, Lists.
    """
    limit = _whole(last(query, "limit"), DEFAULT_LIMIT)
    size = limit if limit > 0 else DEFAULT_LIMIT
    offset = max(_whole(last(query, "offset"), 0), 0)
    if size + offset >= _DATABASE_LIMIT:
        raise WorkerError
    return Page(size, offset)


def _whole(value: str, default: int) -> int:
    """Return an integer, or the default if the text is not one."""
    try:
        return int(value)
    except ValueError:
        return default


def _link(url: str, limit: int, offset: int) -> str:
    """Return the URL of another page: parameters sorted, no offset of zero."""
    parts = urlsplit(url)
    query = dict(parse_qs(parts.query, keep_blank_values=True))
    query["limit"] = [str(limit)]
    query.pop("offset", None)
    if offset > 0:
        query["offset"] = [str(offset)]
    return urlunsplit(
        parts._replace(query=urlencode(sorted(query.items()), doseq=True))
    )
