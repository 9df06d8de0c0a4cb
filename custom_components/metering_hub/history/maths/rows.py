"""Hourly rows, and the time and rounding helpers shared by all kinds of points.

The functions in this package are pure, and their results do not depend on how readings
are split into chunks. Within it a time is epoch seconds (UTC), which are exact to the
microsecond and many times faster than `datetime`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from ...metering.register_marks import DECIMALS

HOUR = timedelta(hours=1)
HOUR_SECONDS = 3600.0

TOLERANCE = 1e-4
"""How much a change of the sum may differ: each is a difference of rounded numbers."""

NEVER = float("-inf")
"""A moment before every reading."""

FOREVER = float("inf")
"""A moment after every reading."""


class Row(NamedTuple):
    """One hour of a statistic; `start` is a whole hour in UTC.

    Rows of registers and intervals have `state` (the position at the end of the hour,
    or the amount of the hour) and the running `sum`. Rows of instants have `mean`,
    `min` and `max`.
    """

    start: datetime
    state: float | None = None
    sum: float | None = None
    mean: float | None = None
    min: float | None = None
    max: float | None = None


type Cells = tuple[
    datetime, float | None, float | None, float | None, float | None, float | None
]
"""The cells of a row as a plain tuple, which garbage collection stops tracking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The row from which counting continues; `end` is the end of its hour in UTC."""

    end: datetime
    state: float
    sum: float


def rounded(value: float) -> float:
    """Return a value with the decimals of a row, which are those of a position.

    Importing the same readings again therefore gives identical rows.
    """
    return round(value, DECIMALS)


def hour_start(moment: float) -> float:
    """Return the start of the UTC hour that contains a moment, both epoch seconds."""
    return moment // HOUR_SECONDS * HOUR_SECONDS


@lru_cache(maxsize=4096)
def as_datetime(moment: float) -> datetime:
    """Return epoch seconds as a moment in UTC.

    Cached, and without the checks of `backends.common.times.from_epoch`, because all
    points of a config entry have rows for the same hours.
    """
    return datetime.fromtimestamp(moment, UTC)


def without_future(rows: list[Row], now: datetime) -> list[Row]:
    """Return the rows except those of hours that start after `now`."""
    return [row for row in rows if row.start <= now]
