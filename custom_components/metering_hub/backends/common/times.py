"""Parse and convert moments, days and hours."""

from datetime import UTC, date, datetime, time, tzinfo
from functools import lru_cache

from .http import Json
from .parse import as_number

_EARLIEST = datetime(1, 1, 2, tzinfo=UTC).timestamp()
_LATEST = datetime(9999, 12, 30, tzinfo=UTC).timestamp()
"""One day is left at both ends, so that conversion to any time zone is possible."""


def as_moment(value: Json) -> datetime | None:
    """Return an ISO 8601 moment with the offset that it is written with.

    A moment without an offset is ambiguous and is ignored.
    """
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        moment.astimezone(UTC)
    except ValueError, OverflowError:
        return None
    return moment if moment.tzinfo is not None else None


def as_utc_moment(value: Json) -> datetime | None:
    """Return an ISO 8601 moment in UTC; one without an offset is ignored."""
    moment = as_moment(value)
    return None if moment is None else moment.astimezone(UTC)


def as_day(value: Json) -> date | None:
    """Return an ISO 8601 date, such as 2026-03-29."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def from_epoch(seconds: Json) -> datetime | None:
    """Return seconds since the epoch as a moment in UTC, if it can be represented."""
    number = as_number(seconds)
    if number is None or not _EARLIEST <= number <= _LATEST:
        return None
    return datetime.fromtimestamp(number, UTC)


def utc_text(moment: datetime) -> str:
    """Return an aware moment as ISO 8601 in UTC with the suffix "Z"."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def whole_hour(moment: datetime) -> datetime:
    """Return the start of a moment's hour, in the moment's own time zone."""
    return moment.replace(minute=0, second=0, microsecond=0)


@lru_cache(maxsize=256)
def local_midnight(day: date, zone: tzinfo) -> datetime:
    """Return the start of a local day, in UTC.

    `day` is a date, or an aware moment within the day.
    """
    if isinstance(day, datetime):
        day = day.astimezone(zone).date()
    return datetime.combine(day, time(), zone).astimezone(UTC)
