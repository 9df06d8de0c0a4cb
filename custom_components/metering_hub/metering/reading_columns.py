"""Readings of one point as columns of numbers, without an object per reading.

A garbage collection visits every object and blocks the event loop meanwhile. Floats are
not tracked, so years of readings in columns do not make collections any longer.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import compress
from math import isfinite
from typing import overload, override

from .model import Reading, Value

type Extremes = tuple[float, float] | None
"""The lowest and highest value of the hour that a reading summarizes, if it does."""


class ReadingColumns(Sequence[Reading]):
    """Numeric readings of one point; `Reading` objects are made on access.

    `times` are epoch seconds and `values` finite numbers. `extremes` is empty if no
    reading summarizes an hour, and `stored` if no row number is known; otherwise they
    are as long as the other columns. `qualities` holds the qualities that are set, by
    time. `are_amounts` is True if each value is the amount of an interval that starts
    at its time.
    """

    __slots__ = (
        "_is_known_in_order",
        "are_amounts",
        "extremes",
        "qualities",
        "stored",
        "times",
        "values",
    )

    def __init__(
        self,
        times: list[float] | None = None,
        values: list[float] | None = None,
        extremes: list[Extremes] | None = None,
        *,
        are_amounts: bool = False,
    ) -> None:
        """Initialize the readings from columns of equal length, or without readings."""
        self.times = [] if times is None else times
        self.values = [] if values is None else values
        self.extremes = [] if extremes is None else extremes
        self.stored: list[int] = []
        self.qualities: dict[float, str] = {}
        self.are_amounts = are_amounts
        self._is_known_in_order = False

    @classmethod
    def of(cls, readings: Iterable[Reading]) -> ReadingColumns:
        """Return the numeric readings among these as columns, in the same order."""
        if isinstance(readings, ReadingColumns):
            return readings
        columns = cls()
        extremes: list[Extremes] = []
        stored: list[int] = []
        for reading in readings:
            if (value := number(reading.value)) is None:
                continue
            time = reading.time.timestamp()
            columns.add(time, value)
            extremes.append(reading.extremes)
            if reading.stored is not None:
                stored.append(reading.stored)
            if reading.quality is not None:
                columns.qualities[time] = reading.quality
        if any(extremes):
            columns.extremes = extremes
        if len(stored) == len(columns):
            columns.stored = stored
        return columns

    def add(self, time: float, value: float) -> None:
        """Append a reading; only for columns without extremes."""
        self.times.append(time)
        self.values.append(value)
        self._is_known_in_order = False

    @property
    def is_in_order(self) -> bool:
        """Return True if no reading is older than the one before it.

        Slices of columns that are in order are not examined again.
        """
        if not self._is_known_in_order:
            self._is_known_in_order = self.times == sorted(self.times)
        return self._is_known_in_order

    def selected(self, are_wanted: Sequence[bool]) -> ReadingColumns:
        """Return the wanted readings as columns, in the same order."""
        chosen = ReadingColumns(
            [*compress(self.times, are_wanted)],
            [*compress(self.values, are_wanted)],
            [*compress(self.extremes, are_wanted)],
            are_amounts=self.are_amounts,
        )
        chosen.stored = [*compress(self.stored, are_wanted)]
        chosen.qualities = self.qualities
        return chosen

    @override
    def __len__(self) -> int:
        """Return the number of readings."""
        return len(self.times)

    @overload
    def __getitem__(self, index: int) -> Reading: ...

    @overload
    def __getitem__(self, index: slice) -> ReadingColumns: ...

    @override
    def __getitem__(self, index: int | slice) -> Reading | ReadingColumns:
        """Return one reading, or a slice of the readings as columns."""
        if isinstance(index, slice):
            part = ReadingColumns(
                self.times[index],
                self.values[index],
                self.extremes[index],
                are_amounts=self.are_amounts,
            )
            part.stored = self.stored[index]
            part.qualities = self.qualities
            is_forward = index.step is None or index.step > 0
            part._is_known_in_order = is_forward and self._is_known_in_order
            return part
        time = datetime.fromtimestamp(self.times[index], UTC)
        return Reading(
            time=time,
            value=self.values[index],
            since=time if self.are_amounts else None,
            extremes=self.extremes[index] if self.extremes else None,
            quality=self.qualities.get(self.times[index]),
            stored=self.stored[index] if self.stored else None,
        )


def number(value: Value | None) -> float | None:
    """Return the value of a reading as a float, or `None` if it is not a finite number.

    Texts, flags and NaN are not numbers.
    """
    # `int | float` would be put together again for each of millions of values.
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if isfinite(value) else None
