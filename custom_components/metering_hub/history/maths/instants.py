"""The hours of a measured value: its mean over time, its lowest and its highest."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby, pairwise, repeat

from ...metering.model import Reading
from ...metering.reading_columns import ReadingColumns
from .rows import FOREVER, HOUR, NEVER, Row, exact, hour_of, until_now, utc

type Measured = tuple[float, float]
"""When something was measured, in epoch seconds, and its value."""


class InstantHours:
    """LoopYielder measured values into hourly rows, a chunk at a time."""

    def __init__(self, holds: timedelta = timedelta(minutes=5)) -> None:
        """Start; a value stands until the next one, but for no longer than `holds`."""
        self._holds = holds.total_seconds()
        self._values: dict[float, float] = {}
        self._summed: dict[float, Row] = {}
        self._before: Measured = (NEVER, 0.0)
        self._final_until = NEVER

    def add(self, readings: Iterable[Reading], until: datetime) -> list[Row]:
        """Return the hours that became final, oldest first, each only once.

        The readings of a chunk may come in any order and repeat each other, or those of
        earlier chunks; of two at the same time, the higher counts. After it, none that
        was measured before `until` (aware) comes. A reading that sums up a whole hour
        (`extremes`) is that hour's row as it stands.
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
                self._summed[hour_of(at)] = _summed_row(hour_of(at), value, extremes)
            else:
                self._values[at] = max(value, self._values.get(at, value))
        self._final_until = max(self._final_until, hour_of(until.timestamp()))
        final = sorted(
            (at, value) for at, value in self._values.items() if at < self._final_until
        )
        summed = [hour for hour in self._summed if hour < self._final_until]
        rows = self._merged(self._rows(final), summed)
        if final:
            self._before = final[-1]
        for at, _ in final:
            del self._values[at]
        for hour in summed:
            del self._summed[hour]
        return rows

    def rest(self, now: datetime) -> list[Row]:
        """Return the hours that are not final, as far as known; nothing changes.

        No row starts after `now` (aware UTC).
        """
        measured = self._rows(sorted(self._values.items()))
        return until_now(self._merged(measured, self._summed), now)

    def _merged(self, measured: list[Row], summed: Iterable[float]) -> list[Row]:
        """Return the rows of hours, oldest first; what the server summed up counts."""
        if not (rows := {hour: self._summed[hour] for hour in summed}):
            return measured
        rows = {row.start.timestamp(): row for row in measured} | rows
        return [rows[hour] for hour in sorted(rows)]

    def _rows(self, measured: list[Measured]) -> list[Row]:
        rows = []
        before = self._before
        for hour, in_hour in groupby(measured, key=lambda each: hour_of(each[0])):
            values = [*in_hour]
            rows.append(self._row(hour, before, values))
            before = values[-1]
        return rows

    def _row(self, hour: float, before: Measured, values: list[Measured]) -> Row:
        """Return the row of an hour that began `before` the first of its values."""
        held = values
        if hour - before[0] <= self._holds:
            held = [before, *values]
        total = duration = 0.0
        for (at, value), (next_at, _) in pairwise([*held, (FOREVER, 0.0)]):
            end = min(next_at, at + self._holds, hour + HOUR)
            seconds = max(0.0, end - max(at, hour))
            total += value * seconds
            duration += seconds
        in_hour = [value for _, value in values]
        mean = exact(total / duration)
        return Row(start=utc(hour), mean=mean, min=min(in_hour), max=max(in_hour))


def _summed_row(hour: float, mean: float, extremes: tuple[float, float]) -> Row:
    lowest, highest = extremes
    return Row(start=utc(hour), mean=exact(mean), min=lowest, max=highest)
