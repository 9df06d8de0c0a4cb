"""Parse and convert moments, days and hours."""

from datetime import UTC, date, datetime, time, tzinfo
from functools import lru_cache

from .http import Json
from .parse import as_number

YEARS = range(1900, 2200)
"""The years of moments and days that are read. No meter, contract or login needs
others, and near the first and last ones of Python most computations overflow."""

EARLIEST_SECONDS = datetime(YEARS.start, 1, 1, tzinfo=UTC).timestamp()
LATEST_SECONDS = datetime(YEARS.stop, 1, 1, tzinfo=UTC).timestamp()
"""The moments at which `YEARS` begin and are over, in epoch seconds."""

_FIRST_DAY = date(YEARS.start, 1, 1)
_LAST_DAY = date(YEARS[-1], 12, 31)


def as_moment(value: Json) -> datetime | None:
    """Return an ISO 8601 moment with the offset that it is written with.

    A moment without an offset is ambiguous and is ignored, and so is one that is in
    none of the `YEARS`.
    """
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    is_usable = moment.tzinfo is not None and moment.year in YEARS
    return moment if is_usable else None


def as_utc_moment(value: Json) -> datetime | None:
    """Return an ISO 8601 moment in UTC; one without an offset is ignored."""
    moment = as_moment(value)
    return None if moment is None else moment.astimezone(UTC)


def as_day(value: Json) -> date | None:
    """Return an ISO 8601 date, such as 2026-03-29, of one of the `YEARS`."""
    day = _any_day(value)
    return day if day is not None and day.year in YEARS else None


def as_nearest_day(value: Json) -> date | None:
    """Return an ISO 8601 date, or the nearest one of the `YEARS`.

    A contract without an end has one in the year 9999.
    """
    day = _any_day(value)
    return None if day is None else min(max(day, _FIRST_DAY), _LAST_DAY)


def _any_day(value: Json) -> date | None:
    """Return an ISO 8601 date of any year."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def from_epoch(seconds: Json) -> datetime | None:
    """Return seconds since the epoch as a moment in UTC, of one of the `YEARS`."""
    number = as_number(seconds)
    if number is None or not EARLIEST_SECONDS <= number < LATEST_SECONDS:
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
