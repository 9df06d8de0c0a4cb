"""Hourly rows of a register, whose sums always equal differences of meter positions.

The position at a whole hour is the reading at it, or lies on the straight line between
the readings around it. The sum over any span with known ends is therefore the
difference of the meter positions at its ends.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import datetime
from math import floor, nextafter

from ...metering.model import Reading
from ...metering.quality import UNKNOWN, HourCodes
from ...metering.reading_columns import ReadingColumns
from ...metering.register_line import RegisterLine
from ...metering.register_marks import (
    Mark,
    marks_of,
    marks_of_columns,
    sorted_marks,
    split_repeated,
)
from ...metering.register_rules import Rejected
from .estimates import Estimator
from .hour_counter import HourCounter
from .rows import FOREVER, HOUR_SECONDS, NEVER, Baseline, Row, rounded, without_future


class RegisterHours:
    """Turn the readings of a register into hourly rows, one chunk at a time."""

    def __init__(
        self,
        baseline: Baseline | None = None,
        line: RegisterLine | None = None,
        estimator: Estimator | None = None,
        baseline_code: int = UNKNOWN,
    ) -> None:
        """Initialize counting after a baseline, or from a sum of 0 on.

        `line` applies the rules for this register; it must be without a reading.
        `estimator` shares the advance in gaps of more than 2 hours; without one they
        are straight lines. `baseline_code` is the code of the hour that the baseline
        ends. What was read in that hour is added, too, as far as it is known.
        """
        self._line = line or RegisterLine()
        self._counter = HourCounter(self._line, baseline, estimator, baseline_code)
        self._baseline_end = baseline.end.timestamp() if baseline else NEVER
        self._waiting: list[Mark] = []
        self._until = NEVER
        self._rejected: list[Rejected] = []
        if baseline:
            # The reading at the end of the baseline is already counted.
            self._until = nextafter(self._baseline_end, FOREVER)
            self._line.resume(self._baseline_end, rounded(baseline.state))

    def add(self, readings: Iterable[Reading], until: datetime) -> list[Row]:
        """Add a chunk and return the hours that are now final, oldest first.

        The readings of a chunk may be in any order, and may repeat each other or those
        of earlier chunks. No later chunk has a reading before `until` (aware).
        """
        # The readings of a second are judged together, so a part of them waits.
        start, self._until = self._until, max(self._until, floor(until.timestamp()))
        if not isinstance(readings, ReadingColumns):
            self._add_marks(marks_of(readings), start)
        elif not self._add_many(readings, start):
            self._add_marks(marks_of_columns(readings), start)
        return self._counter.final_rows(self._until)

    @property
    def has_long_gaps(self) -> bool:
        """Return True if readings that are not final are more than 2 hours apart."""
        return self._counter.has_long_gaps(self._waiting)

    def open_hours(self, now: datetime) -> list[Row]:
        """Return provisional rows of the hours that are not final.

        The hour of the latest reading ends with that reading. No row starts after `now`
        (aware). No readings can be added after this.
        """
        waiting, self._waiting = self._waiting, []
        self._read(waiting)
        return without_future(self._counter.open_rows(now.timestamp()), now)

    def take_qualities(self) -> list[HourCodes]:
        """Return the codes of the hours returned since the last call, oldest first.

        Only hours that are over have one.
        """
        return self._counter.take_qualities()

    def take_rejected(self) -> list[Rejected]:
        """Return the readings that were rejected since the last call."""
        repeated, self._rejected = self._rejected, []
        return repeated + self._line.take_rejected()

    @property
    def held(self) -> list[Rejected]:
        """Return the readings of which nothing has decided yet what they mean."""
        return self._line.held

    @property
    def stepped(self) -> set[datetime]:
        """Return the hours in which the position does not rise like the sum."""
        return self._counter.stepped

    @property
    def exchanged(self) -> float | None:
        """Return when the newest register began that replaced another one, if any did.

        An exchange is known for as long as hindsight may change the rows after it, 30
        days. A step up that may turn out to be usual is none yet.
        """
        began = (run.first.at for run in self._line.runs[1:] if not run.is_doubtful)
        return max(began, default=None)

    def _add_many(self, columns: ReadingColumns, start: float) -> bool:
        """Add the readings in columns at once; return False if they need a closer look.

        While a meter only counts up, few of its readings affect a row.
        """
        times, values, stored = columns.times, columns.values, columns.stored
        if (
            not times
            or times[0] < start
            or columns.qualities
            or not columns.is_in_order
            or values != sorted(values)
            or stored != sorted(stored)
            or not self._joins_waiting(columns)
        ):
            return False
        ready = bisect_left(times, self._until)
        late = ready < len(times)
        counted = columns[:ready] if late else columns
        if not self._line.add_many(counted, _hour_edges(times, ready)):
            return False
        if late:
            self._waiting = [*marks_of_columns(columns[ready:])]
        return True

    def _joins_waiting(self, columns: ReadingColumns) -> bool:
        """Return True if columns follow the readings that wait, which are then read.

        A page may repeat the last reading of the one before.
        """
        if not self._waiting:
            return True
        at, position = columns.times[0], rounded(columns.values[0])
        if self._waiting[-1].at > at or any(
            floor(mark.at) == floor(at) and mark.position != position
            for mark in self._waiting
        ):
            return False
        self._read(mark for mark in self._waiting if mark.at < at)
        self._waiting = []
        return True

    def _add_marks(self, arrived: Iterable[Mark], start: float) -> None:
        """Add readings from `start` on; those from `until` on wait for earlier ones."""
        known = set(self._waiting)
        for mark in arrived:
            if mark.at >= start:
                known.add(mark)
            elif mark.at <= self._baseline_end:
                self._counter.note_lead(mark)
        marks = sorted_marks(known)
        ready = bisect_left(marks, self._until, key=lambda mark: mark.at)
        self._waiting = marks[ready:]
        self._read(marks[:ready])

    def _read(self, marks: Iterable[Mark]) -> None:
        """Add readings in order of time to the line."""
        counting, repeated = split_repeated(marks)
        self._rejected += repeated
        for mark in counting:
            self._line.add(mark)


def _hour_edges(times: list[float], end: int) -> list[int]:
    """Return the indexes in times[:end] of the first and last reading of each hour."""
    edges: list[int] = []
    first = 0
    while first < end:
        hour_end = -(-times[first] // HOUR_SECONDS) * HOUR_SECONDS
        following = bisect_right(times, hour_end, first, end)
        edges.append(first)
        if following - 1 > first:
            edges.append(following - 1)
        first = following
    return edges
