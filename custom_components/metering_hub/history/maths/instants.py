"""Hourly rows of a measured value: its mean over time, its minimum and maximum.

They are those of Home Assistant's own recorder: a value is held until the next one, and
the value held at the start of an hour counts for its mean, minimum and maximum. An hour
without a reading has a row as long as the value before is held.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby, pairwise, repeat

from ...metering.model import Reading
from ...metering.reading_columns import ReadingColumns
from ...metering.register_rules import Rejected
from .rows import (
    FOREVER,
    HOUR,
    HOUR_SECONDS,
    NEVER,
    Row,
    as_datetime,
    hour_start,
    rounded,
    without_future,
)

type Measured = tuple[float, float]
"""The time of a measurement in epoch seconds, and its value."""

HELD_INTERVALS = 3
"""The number of intervals for which a value is held: after two missing readings, there
is no knowing what was measured."""


def hold_time(interval: timedelta | None) -> timedelta:
    """Return how long a value is held that is measured at an interval."""
    return HELD_INTERVALS * interval if interval else HOUR


class InstantHours:
    """Turn measured values into hourly rows, one chunk of readings at a time."""

    def __init__(self, interval: timedelta | None = None) -> None:
        """Initialize the hours of values that are measured at an interval, if known.

        To continue after a row, readings must be added from one `hold_time` before its
        end on.
        """
        self._holds = hold_time(interval).total_seconds()
        self._values: dict[float, float] = {}
        self._summarized: dict[float, Row] = {}
        self._before: Measured = (NEVER, 0.0)
        self._final_until = NEVER

    def add(self, readings: Iterable[Reading], until: datetime) -> list[Row]:
        """Add a chunk and return the hours that are now final, oldest first.

        The readings of a chunk may be in any order, and may repeat each other or those
        of earlier chunks; of two at the same time, the higher counts. No later chunk
        has a reading before `until` (aware). A reading that summarizes a whole hour
        (`extremes`) becomes the row of that hour unchanged.
        """
        columns = ReadingColumns.of(readings)
        for at, value, extremes in zip(
            columns.times,
            columns.values,
            columns.extremes or repeat(None),
            strict=False,
        ):
            if at < self._final_until:
                continue
            if extremes is not None:
                hour = hour_start(at)
                self._summarized[hour] = _summarized_row(hour, value, extremes)
            else:
                self._values[at] = max(value, self._values.get(at, value))
        begin = self._final_until
        self._final_until = max(begin, hour_start(until.timestamp()))
        return self._take_final(begin)

    def take_rejected(self) -> list[Rejected]:
        """Return no reading, because there is no rule for measured values."""
        return []

    def _take_final(self, begin: float) -> list[Row]:
        """Return the rows of the final hours from `begin` on, drop their readings."""
        final = sorted(
            (at, value) for at, value in self._values.items() if at < self._final_until
        )
        summarized = [hour for hour in self._summarized if hour < self._final_until]
        rows = self._merged(self._rows(final, begin, self._final_until), summarized)
        if final:
            self._before = final[-1]
        for at, _ in final:
            del self._values[at]
        for hour in summarized:
            del self._summarized[hour]
        return rows

    def open_hours(self, now: datetime) -> list[Row]:
        """Return provisional rows of the hours that are not final.

        No row starts after `now` (aware). Counting is not affected.
        """
        measured = self._rows(
            sorted(self._values.items()), self._final_until, now.timestamp()
        )
        return without_future(self._merged(measured, self._summarized), now)

    def _merged(self, measured: list[Row], summarized: Iterable[float]) -> list[Row]:
        """Return all rows, oldest first; summaries of the server take precedence."""
        if not (rows := {hour: self._summarized[hour] for hour in summarized}):
            return measured
        rows = {row.start.timestamp(): row for row in measured} | rows
        return [rows[hour] for hour in sorted(rows)]

    def _rows(self, measured: list[Measured], begin: float, end: float) -> list[Row]:
        """Return a row for each hour in which a value is measured or held.

        `begin` is the hour after the last one that is final already, and hours without
        a measurement are only known to be so if they start before `end`.
        """
        rows: list[Row] = []
        before = self._before
        for hour, in_hour in groupby(measured, key=lambda each: hour_start(each[0])):
            rows += self._held(before, begin, hour)
            values = [*in_hour]
            rows.append(self._row(hour, before, values))
            before, begin = values[-1], hour + HOUR_SECONDS
        return [*rows, *self._held(before, begin, end)]

    def _held(self, measured: Measured, begin: float, end: float) -> Iterator[Row]:
        """Yield a row for each hour in [begin, end) that a value is held into."""
        at, value = measured
        end = min(end, at + self._holds)
        while begin < end:
            yield Row(as_datetime(begin), mean=rounded(value), min=value, max=value)
            begin += HOUR_SECONDS

    def _row(self, hour: float, before: Measured, values: list[Measured]) -> Row:
        """Return the row of an hour from its values and the value `before` them."""
        if before[0] + self._holds > hour and values[0][0] > hour:
            values = [before, *values]
        total = duration = 0.0
        for (at, value), (next_at, _) in pairwise([*values, (FOREVER, 0.0)]):
            end = min(next_at, at + self._holds, hour + HOUR_SECONDS)
            seconds = end - max(at, hour)
            total += value * seconds
            duration += seconds
        counted = [value for _, value in values]
        return Row(
            start=as_datetime(hour),
            mean=rounded(total / duration),
            min=min(counted),
            max=max(counted),
        )


def _summarized_row(hour: float, mean: float, extremes: tuple[float, float]) -> Row:
    """Return the row of an hour that the server summarized."""
    lowest, highest = extremes
    return Row(start=as_datetime(hour), mean=rounded(mean), min=lowest, max=highest)
