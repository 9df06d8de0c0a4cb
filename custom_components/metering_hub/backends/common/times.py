"""Moments, days and hours as the servers write them and as the recorder needs them."""

from datetime import UTC, date, datetime, time, tzinfo
from functools import lru_cache

from .http import Json
from .parse import as_number

_EARLIEST = datetime(1, 1, 2, tzinfo=UTC).timestamp()
_LATEST = datetime(9999, 12, 30, tzinfo=UTC).timestamp()
"""A day is left at both ends, so that every time zone can show what is between."""


def as_moment(value: Json) -> datetime | None:
    """Return an ISO 8601 moment in the offset it was written with.

    A moment without an offset is ambiguous and therefore ignored.
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
    """Return a day that is written as 2026-03-29."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def from_epoch(seconds: Json) -> datetime | None:
    """Return epoch seconds as a moment in UTC, or `None` outside the calendar."""
    number = as_number(seconds)
    if number is None or not _EARLIEST <= number <= _LATEST:
        return None
    return datetime.fromtimestamp(number, UTC)


def utc_text(moment: datetime) -> str:
    """Return an aware moment as ISO 8601 in UTC, ending in "Z"."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def whole_hour(moment: datetime) -> datetime:
    """Return the start of the hour that contains a moment, in the moment's own zone."""
    return moment.replace(minute=0, second=0, microsecond=0)


@lru_cache(maxsize=256)
def local_midnight(day: date, zone: tzinfo) -> datetime:
    """Return the UTC moment at which a local day begins.

    `day` is a date, or an aware moment within the day.
    """
    if isinstance(day, datetime):
        day = day.astimezone(zone).date()
    return datetime.combine(day, time(), zone).astimezone(UTC)
