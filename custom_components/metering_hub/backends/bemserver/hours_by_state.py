"""The hours of a series, each in the best data state that has values of it."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

from ...metering.model import PARTIAL
from ...metering.reading_columns import ReadingColumns
from .complete_hours import HOUR_SECONDS
from .timeseries_client import Column


class HoursByState:
    """Collects the values of a series in a span, from the best state to the worst.

    Times are epoch seconds, and there is a column for each aggregation.
    """

    def __init__(self, start: datetime, end: datetime) -> None:
        """Initialize for the hours in [start, end)."""
        self._span = start, end
        self._first = int(start.timestamp() // HOUR_SECONDS)
        self._end = int(-(-end.timestamp() // HOUR_SECONDS))
        self._columns: Sequence[Column] = ()
        self._partial: set[float] = set()

    def __len__(self) -> int:
        """Return the number of values."""
        return sum(len(column) for column in self._columns)

    def add(self, columns: Sequence[Column], partial: Iterable[float]) -> None:
        """Add the values of the next state; `partial` are the hours that lack some."""
        if not self._columns or not self._columns[0]:
            self._columns, self._partial = columns, {*partial}
            return
        covered = self._covered()
        new = {at for at in columns[0] if at // HOUR_SECONDS not in covered}
        hours = {at // HOUR_SECONDS for at in new}
        self._columns = [
            {at: v for at, v in old.items() if at // HOUR_SECONDS not in hours}
            | {at: value for at, value in more.items() if at in new}
            for old, more in zip(self._columns, columns, strict=True)
        ]
        kept = {at for at in self._partial if at // HOUR_SECONDS not in hours}
        self._partial = kept | {at for at in partial if at // HOUR_SECONDS in hours}

    def lacking(self) -> tuple[datetime, datetime] | None:
        """Return from the first to the last hour that lacks values, if there is one."""
        if not self._columns:
            return self._span
        lacking = {*range(self._first, self._end)}.difference(self._covered())
        if not lacking:
            return None
        first, end = (
            datetime.fromtimestamp(hour * HOUR_SECONDS, UTC)
            for hour in (min(lacking), max(lacking) + 1)
        )
        return max(first, self._span[0]), min(end, self._span[1])

    def readings(self) -> ReadingColumns | None:
        """Return the values as readings, or means with their minima and maxima."""
        if not self._columns or not self._columns[0]:
            return None
        values, *extremes = self._columns
        times = sorted(values)
        readings = ReadingColumns(times, [values[time] for time in times])
        readings.qualities = dict.fromkeys(sorted(self._partial), PARTIAL)
        if extremes:
            lowest, highest = extremes
            readings.extremes = [
                (lowest.get(time, values[time]), highest.get(time, values[time]))
                for time in times
            ]
        return readings

    def _covered(self) -> Collection[int]:
        """Return the hours, counted from 1970, that need no values of other states.

        Where a state begins or ends within an hour, it has only a part of it.
        """
        column = self._columns[0] if self._columns else {}
        covered = {int(at // HOUR_SECONDS) for at in column}
        edges = [
            hour
            for hour in (int(at // HOUR_SECONDS) for at in self._partial)
            if (hour > self._first and hour - 1 not in covered)
            or (hour + 1 < self._end and hour + 1 not in covered)
        ]
        return covered.difference(edges)
