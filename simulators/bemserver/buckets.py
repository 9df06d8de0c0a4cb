"""Buckets of time as the server aligns them: whole, in a time zone, in local time.

The start is floored and the end is ceiled. Seconds, minutes and hours are aligned in
local time (since 1970) and then continue in equal steps; a boundary in the hour that is
skipped in spring makes the server fail. Days, weeks, months and years start at local
midnights.

Source: docs/wire/bemserver.md, Time series data and Server errors.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from simulators.times import epoch

type BucketUnit = Literal["second", "minute", "hour", "day", "week", "month", "year"]
UNITS = ("second", "minute", "hour", "day", "week", "month", "year")
FIXED = {"second": 1, "minute": 60, "hour": 3600}

_WALL_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # A wall clock has no zone.


class NonexistentTimeError(ValueError):
    """A bucket would start in the hour that the clocks skip."""


@dataclass(frozen=True, slots=True)
class Buckets:
    """The edges of buckets, one more than there are buckets, in seconds since 1970."""

    zone: ZoneInfo
    edges: tuple[int, ...]

    @property
    def starts(self) -> tuple[int, ...]:
        """Return the starts of the buckets."""
        return self.edges[:-1]

    @property
    def span(self) -> tuple[int, int]:
        """Return the first and the last edge."""
        return self.edges[0], self.edges[-1]


def cut(
    start: datetime, end: datetime, width: int, unit: str, zone: ZoneInfo
) -> Buckets:
    """Return whole buckets that cover [start, end); raise NonexistentTimeError."""
    low, high = start.astimezone(zone), end.astimezone(zone)
    if unit in FIXED:
        step = FIXED[unit] * width
        first, last = _round(low, step, up=False), _round(high, step, up=True)
        edges = [*range(first, last, step), last]
        return Buckets(zone, tuple(edges) if first < last else (first,))
    begin = _midnight(low, unit)
    edges = [epoch(begin)]
    while begin < high:
        begin = _next(begin, unit)
        edges.append(epoch(begin))
    return Buckets(zone, tuple(edges))


def _round(at: datetime, step: int, *, up: bool) -> int:
    """Return the local time rounded to a step, in seconds since 1970."""
    since = at.replace(tzinfo=None) - _WALL_EPOCH
    width = timedelta(seconds=step)
    count = -(-since // width) if up else since // width
    wall = (_WALL_EPOCH + count * width).replace(tzinfo=at.tzinfo, fold=at.fold)
    back = wall.astimezone(UTC).astimezone(at.tzinfo)
    if back.replace(tzinfo=None) != wall.replace(tzinfo=None):
        raise NonexistentTimeError(wall.isoformat())
    return epoch(wall)


def _midnight(at: datetime, unit: str) -> datetime:
    """Return the local midnight at which the day, week, month or year starts."""
    day = at.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if unit == "week":
        return day - timedelta(days=day.weekday())
    if unit == "month":
        return day.replace(day=1)
    return day.replace(month=1, day=1) if unit == "year" else day


def _next(at: datetime, unit: str) -> datetime:
    """Return the start of the next bucket in local time."""
    if unit in ("day", "week"):
        return at + timedelta(days=7 if unit == "week" else 1)
    if unit == "year":
        return at.replace(year=at.year + 1)
    return (at + timedelta(days=31)).replace(day=1)
