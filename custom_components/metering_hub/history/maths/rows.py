"""Readings become hourly rows: pure functions, the same however the readings come.

`registers`, `amounts`, `instants` and `costs` share what is here. Within them a time is
a number of seconds since the epoch (UTC), which is exact to the microsecond and many
times faster than `datetime`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

HOUR = 3600.0
"""The length of an hour in seconds."""

DECIMALS = 6
"""Positions, amounts and sums are rounded to this many decimals. That is finer than any
meter, and lets a second run over the same readings give the very same numbers."""

NEVER = float("-inf")
FOREVER = float("inf")


class Row(NamedTuple):
    """One hour of a statistic; `start` is a whole hour, aware UTC.

    Registers and intervals have `state` (the position at the hour's end, or the hour's
    amount) and `sum` (running); measured values have `mean`, `min` and `max`.
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
"""A row as it is kept in numbers: the garbage collector lets go of a plain tuple."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """Where counting goes on: a row of before, and the end of its hour (aware UTC)."""

    end: datetime
    state: float
    sum: float


def exact(value: float) -> float:
    """Return a value as it is kept in a row."""
    return round(value, DECIMALS)


def hour_of(moment: float) -> float:
    """Return the start of the UTC hour that a moment lies in, in epoch seconds."""
    return moment // HOUR * HOUR


@lru_cache(maxsize=4096)
def utc(moment: float) -> datetime:
    """Return epoch seconds as aware UTC time: all points of an entry have the same."""
    return datetime.fromtimestamp(moment, UTC)


def until_now(rows: list[Row], now: datetime) -> list[Row]:
    """Return the rows without those of hours that start after `now`."""
    return [row for row in rows if row.start <= now]
