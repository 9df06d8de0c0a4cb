"""Finds the hours of which values are missing, although the server has a sum.

The server counts values, by hour or by day (docs/wire/bemserver.md, Time series data).
Counting by hour takes as many requests as the sums. Where the history is long, the
values of each day are counted first, which takes one request for 24 of sums, and only
spans with a day that lacks values are counted by hour.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..common.concurrency import LoopYielder
from ..errors import BackendError
from .column_reader import ColumnReader
from .complete_hours import CompleteHours
from .timeseries_client import Aggregation, Column, Columns, Span, Width

COUNTS_AT_ONCE = 4000
"""Counts examined before yielding to the event loop: about two milliseconds."""

DAYS_AT_ONCE = timedelta(days=400)

LONGEST_RECHECK = timedelta(days=7)
"""Shorter histories are counted by hour only: today always lacks values."""

type PartialHoursFound = tuple[dict[int, list[float]], dict[int, BackendError]]
"""Starts of partial hours (epoch seconds), and errors, by series."""


@dataclass(frozen=True, slots=True)
class _DayCounts:
    """The numbers of values of series by day, up to a moment."""

    until: datetime
    columns: Columns


class PartialHours:
    """Finds partial hours while a history is read, one span after the other."""

    def __init__(
        self,
        reader: ColumnReader,
        complete: CompleteHours,
        start: datetime,
        end: datetime,
        part: timedelta,
    ) -> None:
        """Initialize for a history in [start, end); `part` is the length of a span."""
        self._reader = reader
        self._complete = complete
        self._end = end
        self._ahead = min(24 * part, DAYS_AT_ONCE)
        self._counts_days = end - start > max(part, LONGEST_RECHECK)
        self._days: dict[int, _DayCounts] = {}

    async def find(self, series_ids: Sequence[int], span: Span) -> PartialHoursFound:
        """Return the hours in a span that have too few values, and failed series.

        Raises BackendError if the whole server fails.
        """
        asked = series_ids
        yielder = LoopYielder(COUNTS_AT_ONCE)
        if series_ids and self._counts_days:
            days = await self._day_counts(series_ids, span)
            asked = []
            for number in series_ids:
                # A series that is not in the answer is counted by hour.
                counts = days.get(number)
                if counts is None or self._may_lack_values(number, counts, span):
                    asked.append(number)
                await yielder.spend(len(counts or ()))
        if not asked:
            return {}, {}
        columns, failed = await self._reader.buckets(
            asked, span, Width.HOUR, Aggregation.COUNT
        )
        found: dict[int, list[float]] = {}
        for number, hours in columns.items():
            found[number] = self._complete.partial_hours(number, hours)
            await yielder.spend(len(hours))
        return found, failed

    def _may_lack_values(self, series_id: int, days: Column, span: Span) -> bool:
        """Return True if a series may lack values in a span."""
        start, end = span.start.timestamp(), span.end.timestamp()
        return self._complete.may_lack_values(series_id, days, start, end)

    async def _day_counts(self, series_ids: Sequence[int], span: Span) -> Columns:
        """Return the numbers of values by day, requested for many spans at once."""
        known = self._days.get(span.state)
        if known is None or known.until < span.end:
            until = max(span.end, min(span.start + self._ahead, self._end))
            columns, _ = await self._reader.buckets(
                series_ids, replace(span, end=until), Width.DAY, Aggregation.COUNT
            )
            known = self._days[span.state] = _DayCounts(until, columns)
        return known.columns
