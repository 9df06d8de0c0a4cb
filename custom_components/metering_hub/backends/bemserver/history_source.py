"""A point with its series, and how the history of it is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from ...metering.model import Kind, Point
from .timeseries_client import Aggregation

HOUR = timedelta(hours=1)


class Method(Enum):
    """How the history of a point is read; the values are the server's aggregations."""

    SUMS = (Aggregation.SUM,)
    MEANS = (Aggregation.MEAN, Aggregation.MIN, Aggregation.MAX)
    RAW = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A point, its series, and about how often the series has a value.

    `begins` are the times of the first values by data state, the best state first.
    `newest` is that of the newest value, if no worse state has a newer one.
    """

    point: Point
    series_id: int
    begins: Mapping[int, datetime]
    interval: timedelta
    newest: datetime | None = None

    @property
    def method(self) -> Method:
        """Return how the history is read."""
        if self.point.kind is Kind.INSTANT:
            return Method.MEANS
        if self.point.kind is Kind.INTERVAL and self.point.interval is None:
            return Method.SUMS
        return Method.RAW

    def rows_in(self, length: timedelta) -> float:
        """Return how many values an answer has for a span of this length."""
        return length / (self.interval if self.method is Method.RAW else HOUR) + 1

    @property
    def longest_interval(self) -> timedelta:
        """Return how long an interval can be; a day can have 25 hours."""
        return self.point.interval + HOUR if self.point.interval else timedelta()

    def may_have(self, state: int, start: datetime, end: datetime) -> bool:
        """Return True if a state may have values in [start, end) that better ones lack.

        After the newest value, no state has any.
        """
        is_best = state == next(iter(self.begins))
        if not is_best and self.newest is not None and start > self.newest:
            return False
        return self.begins[state] < end
