"""Hourly rows of a measured value: its mean over time, its minimum and maximum."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby, pairwise, repeat

from ...metering.model import Reading
from ...metering.reading_columns import ReadingColumns
from ...metering.register_rules import Rejected
from .rows import (
    FOREVER,
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


class InstantHours:
    """Turn measured values into hourly rows, one chunk of readings at a time."""

    def __init__(self, holds: timedelta = timedelta(minutes=5)) -> None:
        """Initialize the hours.

        A value is valid until the next one, but no longer than `holds`.
        """
        self._holds = holds.total_seconds()
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
        self._final_until = max(self._final_until, hour_start(until.timestamp()))
        return self._take_final()

    def _take_final(self) -> list[Row]:
        """Return the rows of the hours that are now final, and drop their readings."""
        final = sorted(
            (at, value) for at, value in self._values.items() if at < self._final_until
        )
        summarized = [hour for hour in self._summarized if hour < self._final_until]
        rows = self._merged(self._rows(final), summarized)
        if final:
            self._before = final[-1]
        for at, _ in final:
            del self._values[at]
        for hour in summarized:
            del self._summarized[hour]
        return rows

    def take_rejected(self) -> list[Rejected]:
        """Return the readings that were rejected since the last call."""
        return []

    def open_hours(self, now: datetime) -> list[Row]:
        """Return provisional rows of the hours that are not final.

        No row starts after `now` (aware). Counting is not affected.
        """
        measured = self._rows(sorted(self._values.items()))
        return without_future(self._merged(measured, self._summarized), now)

    def _merged(self, measured: list[Row], summarized: Iterable[float]) -> list[Row]:
        """Return all rows, oldest first; summaries of the server take precedence."""
        if not (rows := {hour: self._summarized[hour] for hour in summarized}):
            return measured
        rows = {row.start.timestamp(): row for row in measured} | rows
        return [rows[hour] for hour in sorted(rows)]

    def _rows(self, measured: list[Measured]) -> list[Row]:
        """Return a row for each hour that has a measurement."""
        rows = []
        before = self._before
        for hour, in_hour in groupby(measured, key=lambda each: hour_start(each[0])):
            values = [*in_hour]
            rows.append(self._row(hour, before, values))
            before = values[-1]
        return rows

    def _row(self, hour: float, before: Measured, values: list[Measured]) -> Row:
        """Return the row of an hour from its values and the value `before` them."""
        valid = values
        if hour - before[0] <= self._holds:
            valid = [before, *values]
        total = duration = 0.0
        for (at, value), (next_at, _) in pairwise([*valid, (FOREVER, 0.0)]):
            end = min(next_at, at + self._holds, hour + HOUR_SECONDS)
            seconds = max(0.0, end - max(at, hour))
            total += value * seconds
            duration += seconds
        in_hour = [value for _, value in values]
        return Row(
            start=as_datetime(hour),
            mean=rounded(total / duration),
            min=min(in_hour),
            max=max(in_hour),
        )


def _summarized_row(hour: float, mean: float, extremes: tuple[float, float]) -> Row:
    """Return the row of an hour that the server summarized."""
    lowest, highest = extremes
    return Row(start=as_datetime(hour), mean=rounded(mean), min=lowest, max=highest)
