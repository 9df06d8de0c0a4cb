"""The history of series: hourly sums and means, and meter readings.

The server sums amounts and averages measured values by hour, and counts the values of
an hour: a sum of fewer than usual is the amount of a part of it. Meter readings are
read raw: the position at the end of an hour lies between the readings around it, and
the hour's highest position does not have a time. Amounts of intervals longer than an
hour are read raw as well, because they are spread over their hours.

All series are read one time span after the other, 50 series and 20,000 values per
request. The next span is requested while the current one is being imported.
"""

import asyncio
from collections.abc import (
    AsyncIterator,
    Coroutine,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from datetime import UTC, datetime, timedelta

from ...metering.model import PARTIAL, Point
from ...metering.quality import has_quality
from ...metering.reading_columns import ReadingColumns
from ..base import HistoryChunk
from ..common.concurrency import LoopYielder
from ..common.times import whole_hour
from ..errors import BackendError
from .batching import MAX_ROWS, SeriesBatcher
from .column_reader import ColumnReader
from .complete_hours import CompleteHours
from .data_states import DataStates
from .history_source import HOUR, Method, Source
from .partial_hours import PartialHours, PartialHoursFound
from .timeseries_client import Column, Columns, Span, TimeseriesClient, Width
from .value_cache import ValueCache

LONGEST_SPAN = timedelta(days=400)

MAX_READINGS = 20_000
"""Readings per chunk: about 4 MB."""

READINGS_AT_ONCE = 4000
"""Readings created before yielding to the event loop."""

type Period = tuple[datetime, datetime]


class HistoryReader:
    """Reads the stored values of series."""

    def __init__(
        self,
        batcher: SeriesBatcher,
        client: TimeseriesClient,
        states: DataStates,
        cache: ValueCache,
        complete: CompleteHours,
    ) -> None:
        """Initialize the reader."""
        self._columns = ColumnReader(batcher, client)
        self._states = states
        self._cache = cache
        self._complete = complete
        self._failing: set[int] = set()

    def is_failing(self, series_ids: Iterable[int]) -> bool:
        """Return True if the history of a series could not be read to the end."""
        return not self._failing.isdisjoint(series_ids)

    async def chunks(
        self,
        series: Mapping[Point, int],
        start: datetime,
        end: datetime,
        unknown: Mapping[int, BackendError],
    ) -> AsyncIterator[HistoryChunk]:
        """Yield all readings of series in [start, end]; see `Backend.history`.

        Series without a data state have no values and are left out. So are those of
        which it is `unknown` where they start: they count as failed. A series that
        fails is left out of the remaining chunks, because its readings after a gap
        would be taken for a continuation. Raises BackendError if all of them fail.
        """
        failed = {p.key: unknown[n] for p, n in series.items() if n in unknown}
        self._failing -= {*series.values()}
        self._failing |= {*unknown}
        sources = [
            source
            for point, number in series.items()
            if number not in unknown and (source := self._source(point, number))
        ]
        if failed and not sources:
            raise next(iter(failed.values()))
        period = start.astimezone(UTC), end.astimezone(UTC)
        reads = self._reads(sources, period, failed)
        ahead = _start_next(reads)
        try:
            while ahead is not None:
                chunk = await ahead
                ahead = _start_next(reads)
                yield chunk
        finally:
            if ahead is not None:
                ahead.cancel()
                await asyncio.gather(ahead, return_exceptions=True)

    def _source(self, point: Point, number: int) -> Source | None:
        """Return how a series is read; `None` without a data state."""
        if (state := self._states.of(number)) is None:
            return None
        interval = self._cache.expected_interval(number)
        return Source(point=point, series_id=number, state=state, interval=interval)

    def _reads(
        self, sources: Sequence[Source], period: Period, failed: dict[str, BackendError]
    ) -> Iterator[Coroutine[None, None, HistoryChunk]]:
        """Yield the reads of a period, one span after the other; see `_read`."""
        if not sources:
            return
        length = _length_of_spans(sources)
        partial_hours = PartialHours(self._columns, self._complete, *period, length)
        for start, end in _periods(*period, length):
            yield self._read(sources, start, end, failed, partial_hours)

    async def _read(
        self,
        sources: Sequence[Source],
        start: datetime,
        end: datetime,
        failed: dict[str, BackendError],
        partial_hours: PartialHours,
    ) -> HistoryChunk:
        """Return all readings in [start, end), and of raw values the one at `end`.

        Series that have `failed` are left out, and those that fail are added to them.
        """
        sources = [each for each in sources if each.point.key not in failed]
        readings: dict[str, ReadingColumns] = {}
        yielder = LoopYielder(READINGS_AT_ONCE)
        for method, state in dict.fromkeys(
            (each.method, each.state) for each in sources
        ):
            alike = [s for s in sources if s.method is method and s.state == state]
            if (span := _span(alike, method, start, end)) is None:
                continue
            # Counted before they are summed, values that arrive meanwhile do not make
            # the sum of a part look complete.
            partial, errors = await _find_partial(partial_hours, alike, method, span)
            tables, more_errors = await self._request(alike, method, span)
            errors |= more_errors
            for source in alike:
                number, key = source.series_id, source.point.key
                if (error := errors.get(number)) is not None:
                    failed[key] = error
                    self._failing.add(number)
                elif (columns := [each.get(number, {}) for each in tables])[0]:
                    readings[key] = _make_readings(columns, partial.get(number, ()))
                    await yielder.spend(len(columns) * len(columns[0]))
        if sources and all(each.point.key in failed for each in sources):
            raise failed[sources[0].point.key]
        reasons = {key: str(error) for key, error in failed.items()}
        return HistoryChunk(readings=readings, until=end, failed=reasons)

    async def _request(
        self, alike: Sequence[Source], method: Method, span: Span
    ) -> tuple[list[Columns], dict[int, BackendError]]:
        """Return a table per aggregation of sources with the same method and state.

        Also returns the errors of the series that the server has refused or left out.
        Raises BackendError if a whole batch fails.
        """
        by_id = {source.series_id: source for source in alike}
        if method is Method.RAW:
            length = span.end - span.start
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


async def _find_partial(
    partial_hours: PartialHours, alike: Sequence[Source], method: Method, span: Span
) -> PartialHoursFound:
    """Return the hours of sums that lack values, of points whose hours have a quality.

    Raises BackendError if a whole batch fails.
    """
    if method is not Method.SUMS:
        return {}, {}
    summed = [each.series_id for each in alike if has_quality(each.point)]
    return await partial_hours.find(summed, span)


def _start_next(
    reads: Iterator[Coroutine[None, None, HistoryChunk]],
) -> asyncio.Task[HistoryChunk] | None:
    """Start the next of these reads, if there is one."""
    read = next(reads, None)
    return None if read is None else asyncio.create_task(read)


def _make_readings(
    columns: Sequence[Column], partial: Iterable[float]
) -> ReadingColumns:
    """Return readings of values, or of means with their minima and maxima.

    `partial` are the times of sums that lack values.
    """
    values, *extremes = columns
    times = sorted(values)
    readings = ReadingColumns(times, [values[time] for time in times])
    readings.qualities = dict.fromkeys(partial, PARTIAL)
    if extremes:
        lowest, highest = extremes
        readings.extremes = [
            (lowest.get(time, values[time]), highest.get(time, values[time]))
            for time in times
        ]
    return readings


def _length_of_spans(sources: Sequence[Source]) -> timedelta:
    """Return the whole hours whose values fit into one chunk."""
    per_hour = [source.rows_in(HOUR) - 1 for source in sources] or [1.0]
    # One value more than these per series must not take a second request.
    readings = max(0, MAX_READINGS - len(sources))
    hours = min(readings / sum(per_hour), (MAX_ROWS - 1) / max(per_hour))
    return max(HOUR, min(LONGEST_SPAN, hours // 1 * HOUR))


def _periods(start: datetime, end: datetime, length: timedelta) -> Iterator[Period]:
    """Split a period at whole hours into parts of about this length."""
    while start < end:
        part_end = min(end, whole_hour(start) + length)
        yield start, part_end
        start = part_end


def _span(
    alike: Sequence[Source], method: Method, start: datetime, end: datetime
) -> Span | None:
    """Return the span to request of sources with the same state; `None` if empty."""
    if method is Method.RAW:
        # An interval that started earlier may extend into the span.
        start -= max(source.longest_interval for source in alike)
        # The server excludes the end, at which a meter reading is needed.
        end += timedelta(microseconds=1)
    elif (start := _next_whole_hour(start)) >= end:
        return None
    return Span(state=alike[0].state, start=start, end=end)


def _next_whole_hour(moment: datetime) -> datetime:
    """Return a moment if it is a whole hour, otherwise the next whole hour."""
    hour = whole_hour(moment)
    return hour if hour == moment else hour + HOUR
