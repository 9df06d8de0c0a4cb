"""What a server returns of a point if it is asked in its own terms."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Origin(StrEnum):
    """How a server came by a value."""

    MEASURED = "measured"
    PREDICTED = "predicted"
    CALCULATED = "calculated"
    ESTIMATED = "estimated"
    CORRECTED = "corrected"


class Aggregate(StrEnum):
    """What a server makes of all values of an interval."""

    LAST = "last"
    LOWEST = "min"
    HIGHEST = "max"
    MEAN = "mean"
    SUM = "sum"
    COUNT = "count"
    """How often each value occurs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerQuery:
    """What is asked of a server, about [start, end).

    The values are those of intervals of so many `minutes`, and in the unit with the
    number `unit`, if those are given. No `origins` are all of them. Data that are
    `is_raw` are not processed by the server. `has_earlier` includes values that were
    acquired again later. With an `aggregate`, that of each interval is asked for, or
    that of all of [start, end) without intervals.
    """

    start: datetime
    end: datetime
    minutes: int | None = None
    unit: int | None = None
    origins: frozenset[Origin] = frozenset()
    is_raw: bool = False
    has_earlier: bool = False
    aggregate: Aggregate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSample:
    """A value as a server returns it: `None` if it was deleted.

    `acquired` is when the server got it, `bounds` are the lowest and the highest value
    that were thought possible of a prediction. `count` is how often the value occurs in
    the interval that begins at `time`.
    """

    time: datetime
    value: float | str | bool | None
    origin: Origin | None = None
    acquired: datetime | None = None
    bounds: tuple[float, float] | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerData:
    """A page of values, oldest first, in the unit as the server spells it.

    `following` is the start of the next page, or `None` after the last one.
    """

    unit: str | None
    samples: Sequence[ServerSample]
    following: datetime | None = None
