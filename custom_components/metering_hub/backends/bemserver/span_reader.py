"""Reads a span of the history of series, each hour in the best data state."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from ...metering.quality import has_quality
from ...metering.reading_columns import ReadingColumns
from ..common.concurrency import LoopYielder
from ..errors import BackendError
from .batching import make_windows
from .column_reader import ColumnReader
from .data_states import DataStates
from .history_source import HOUR, Method, Source
from .hours_by_state import HoursByState
from .partial_hours import PartialHours, PartialHoursFound
from .timeseries_client import Columns, Span, Width

READINGS_AT_ONCE = 4000
"""Readings created before yielding to the event loop."""

MAX_SURPLUS = 48.0
"""Values per series that were not asked for, because others lack more hours."""

type Errors = dict[int, BackendError]


class SpanReader:
    """Reads spans of one history after the other, of sources that are read alike."""

    def __init__(
        self, columns: ColumnReader, states: DataStates, partial_hours: PartialHours
    ) -> None:
        """Initialize the reader."""
        self._columns = columns
        self._states = states
        self._partial_hours = partial_hours

    async def read(
        self, alike: Sequence[Source], start: datetime, end: datetime
    ) -> tuple[dict[int, ReadingColumns], Errors]:
        """Return the readings in [start, end), and the errors, by series.

        A series with an error in one of its states has no readings, because they would
        have gaps. Raises BackendError if the whole server fails.
        """
        failed: Errors = {}
        hours = {each.series_id: HoursByState(start, end) for each in alike}
        for state in self._states.order:
            for sources, span in self._windows(alike, hours, state):
                known = [each for each in sources if each.series_id not in failed]
                if known:
                    failed |= await self._add(hours, known, span)
        readings: dict[int, ReadingColumns] = {}
        yielder = LoopYielder(READINGS_AT_ONCE)
        for number, found in hours.items():
            if number not in failed and (columns := found.readings()) is not None:
                readings[number] = columns
            await yielder.spend(len(found))
        return readings, failed

    def _windows(
        self, alike: Sequence[Source], hours: Mapping[int, HoursByState], state: int
    ) -> list[tuple[list[Source], Span]]:
        """Return which sources lack hours that a state may have, and from when to when.

        Sources are together if they lack about the same hours.
        """
        by_id = {each.series_id: each for each in alike}
        is_raw = alike[0].method is Method.RAW
        lacking: dict[int, tuple[datetime, datetime]] = {}
        for number, source in by_id.items():
            if state not in source.begins:
                continue
            period = hours[number].lacking()
            if period is not None and source.may_have(state, *period):
                lacking[number] = period
        windows = make_windows(
            {number: start for number, (start, _) in lacking.items()},
            lambda number: by_id[number].interval if is_raw else HOUR,
            MAX_SURPLUS,
            len(lacking),
        )
        found: list[tuple[list[Source], Span]] = []
        for numbers in windows:
            end = max(lacking[number][1] for number in numbers)
            # The server excludes the end, at which a meter reading is needed.
            end += timedelta(microseconds=1) if is_raw else timedelta()
            span = Span(state=state, start=lacking[numbers[0]][0], end=end)
            found.append(([by_id[number] for number in numbers], span))
        return found

    async def _add(
        self, hours: Mapping[int, HoursByState], sources: Sequence[Source], span: Span
    ) -> Errors:
        """Add the values of sources in one state; return the errors by series."""
        # Counted before they are summed, values that arrive meanwhile do not make the
        # sum of a part look complete.
        partial, failed = await self._find_partial(sources, span)
        tables, errors = await self._request(sources, span)
        failed |= errors
        yielder = LoopYielder(READINGS_AT_ONCE)
        for source in sources:
            number = source.series_id
            if number not in failed:
                columns = [table.get(number, {}) for table in tables]
                hours[number].add(columns, partial.get(number, ()))
                await yielder.spend(len(columns[0]))
        return failed

    async def _find_partial(
        self, sources: Sequence[Source], span: Span
    ) -> PartialHoursFound:
        """Return the hours of sums that lack values, of points with qualities."""
        summed = [
            each.series_id
            for each in sources
            if each.method is Method.SUMS and has_quality(each.point)
        ]
        return await self._partial_hours.find(summed, span) if summed else ({}, {})

    async def _request(
        self, sources: Sequence[Source], span: Span
    ) -> tuple[list[Columns], Errors]:
        """Return a table per aggregation, and the errors by series."""
        by_id = {source.series_id: source for source in sources}
        length = span.end - span.start
        method = sources[0].method
        if method is Method.RAW:
            table, errors = await self._columns.values(
                by_id, span, lambda number: by_id[number].rows_in(length)
            )
            return [table], errors
        tables: list[Columns] = []
        errors = {}
        for aggregation in method.value:
            table, failed = await self._columns.buckets(
                by_id, span, Width.HOUR, aggregation
            )
            tables.append(table)
            errors |= failed
        return tables, errors
