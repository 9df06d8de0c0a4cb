"""A point's past as columns of bare numbers, without an object for each reading.

Garbage collection stops everything, the event loop too, for as long as it takes to look
at all objects. Numbers are none to it, so that years of them cost it nothing.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from math import isfinite
from typing import overload, override

from .model import Reading, Value

type Extremes = tuple[float, float] | None
"""The lowest and highest value of the hour that a reading sums up, if it does."""


class ReadingColumns(Sequence[Reading]):
    """Readings of one point that say a number each; one is made when it is looked at.

    `times` are epoch seconds, `values` finite numbers. `extremes` is empty where no
    reading sums up an hour, else as long as they are. `are_amounts` says that they
    cover spans which begin at their times.
    """

    __slots__ = ("are_amounts", "extremes", "times", "values")

    def __init__(
        self,
        times: list[float] | None = None,
        values: list[float] | None = None,
        extremes: list[Extremes] | None = None,
        *,
        are_amounts: bool = False,
    ) -> None:
        """Take over columns of the same length, or start without any reading."""
        self.times = [] if times is None else times
        self.values = [] if values is None else values
        self.extremes = [] if extremes is None else extremes
        self.are_amounts = are_amounts

    @classmethod
    def of(cls, readings: Iterable[Reading]) -> ReadingColumns:
        """Return those of some readings that say a number, in their order."""
        if isinstance(readings, ReadingColumns):
            return readings
        found = cls()
        extremes: list[Extremes] = []
        for reading in readings:
            if (value := number(reading.value)) is not None:
                found.add(reading.time.timestamp(), value)
                extremes.append(reading.extremes)
        if any(extremes):
            found.extremes = extremes
        return found

    def add(self, time: float, value: float) -> None:
        """Add a reading to columns without extremes."""
        self.times.append(time)
        self.values.append(value)

    @property
    def is_in_order(self) -> bool:
        """Tell whether none is older than the one before."""
        return self.times == sorted(self.times)

    @override
    def __len__(self) -> int:
        """Return how many readings there are."""
        return len(self.times)

    @overload
    def __getitem__(self, index: int) -> Reading: ...

    @overload
    def __getitem__(self, index: slice) -> ReadingColumns: ...

    @override
    def __getitem__(self, index: int | slice) -> Reading | ReadingColumns:
        """Return a reading, or some of them as columns."""
        if isinstance(index, slice):
            return ReadingColumns(
                self.times[index],
                self.values[index],
                self.extremes[index],
                are_amounts=self.are_amounts,
            )
        time = datetime.fromtimestamp(self.times[index], UTC)
        return Reading(
            time=time,
            value=self.values[index],
            since=time if self.are_amounts else None,
            extremes=self.extremes[index] if self.extremes else None,
        )


def number(value: Value | None) -> float | None:
    """Return a reading's value if it is a number; text, flags and NaN are none."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if isfinite(value) else None
    return None
