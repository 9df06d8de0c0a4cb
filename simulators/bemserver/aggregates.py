"""Count, sum, extremes, mean and standard deviation of points."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from operator import mul

from .buckets import Buckets
from .store import Chunk, Value

FUNCTIONS = ("avg", "sum", "min", "max", "count")


@dataclass(slots=True)
class Tally:
    """The aggregates of a number of values, in integers of their source."""

    count: int = 0
    total: Value = 0
    squares: Value = 0
    low: Value = 0
    high: Value = 0

    def add(self, values: Sequence[Value]) -> None:
        """Add some values, at least one."""
        low, high = min(values), max(values)
        self.low = min(self.low, low) if self.count else low
        self.high = max(self.high, high) if self.count else high
        self.count += len(values)
        self.total += sum(values)

    def add_squares(self, values: Sequence[Value]) -> None:
        """Add the squares of values, which only the standard deviation needs."""
        self.squares += sum(map(mul, values, values, strict=True))

    def result(self, function: str, scale: int) -> float | int | None:
        """Return one of FUNCTIONS in the unit of the series; None without values."""
        if function == "count":
            return self.count
        if not self.count:
            return None
        if function == "avg":
            return self.total / (self.count * scale)
        amounts = {"sum": self.total, "min": self.low, "max": self.high}
        return amounts[function] / scale

    def spread(self, scale: int) -> float | None:
        """Return the sample standard deviation; None for fewer than two values."""
        if self.count < 2:
            return None
        rest = self.squares * self.count - self.total * self.total
        return sqrt(max(rest, 0) / (self.count * (self.count - 1))) / scale


class Tallies:
    """One tally per bucket, filled with points in the order of their time."""

    def __init__(self, buckets: Buckets) -> None:
        """Initialize with empty buckets."""
        self.tallies = [Tally() for _ in buckets.starts]
        self._edges = buckets.edges
        self._index = 0

    def add(self, chunk: Chunk) -> None:
        """Add points, all of which lie in the buckets."""
        times, values = chunk
        position = 0
        while position < len(times):
            when = times[position]
            if when >= self._edges[self._index + 1]:
                later = bisect_left(self._edges, when + 1, self._index + 1)
                self._index = later - 1
            upto = bisect_left(times, self._edges[self._index + 1], position)
            self.tallies[self._index].add(values[position:upto])
            position = upto
