"""The history of series: hourly sums and means, and meter readings.

The server sums amounts and averages measured values by hour, and counts the values of
an hour: a sum of fewer than usual is the amount of a part of it. Meter readings are
read raw: the position at the end of an hour lies between the readings around it, and
the hour's highest position does not have a time. Amounts of intervals longer than an
hour are read raw as well, because they are spread over their hours.

All series are read one time span after the other, 50 series and 20,000 values per
request. The next span is requested while the current one is being imported. Of a series
with several data states, the best one is read first, and then the next one from the
first to the last hour that lacks values.
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

from ...metering.model import Point
from ...metering.reading_columns import ReadingColumns
from ..base import HistoryChunk
from ..common.times import whole_hour
from ..errors import BackendError
from .batching import MAX_ROWS, SeriesBatcher
from .column_reader import ColumnReader
from .complete_hours import CompleteHours
from .data_states import DataStates
from .history_source import HOUR, Method, Source
from .history_start import HistoryStarts
from .partial_hours import PartialHours
from .span_reader import SpanReader
from .timeseries_client import TimeseriesClient
from .value_cache import ValueCache

LONGEST_SPAN = timedelta(days=400)

MAX_READINGS = 20_000
"""Readings per chunk: about 4 MB."""

LONG_INTERVAL = timedelta(days=2)
"""Series with longer intervals than this are read apart from those with shorter ones.
"""

type Period = tuple[datetime, datetime]


class HistoryReader:
    """Reads the stored values of series."""

    def __init__(
        self,
        batcher: SeriesBatcher,
        client: TimeseriesClient,
        states: DataStates,
        cache: ValueCache,
        starts: HistoryStarts,
        complete: CompleteHours,
    ) -> None:
        """Initialize the reader."""
        self._columns = ColumnReader(batcher, client)
        self._states = states
        self._cache = cache
        self._starts = starts
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
        if not (states := self._states.all_of(number)):
            return None
        cached = self._cache.latest(number)
        is_best = cached is not None and self._states.order[cached.rank] == states[0]
        return Source(
            point=point,
            series_id=number,
            begins={each: self._starts.first_in(number, each) for each in states},
            interval=self._cache.expected_interval(number),
            newest=cached.time if cached is not None and is_best else None,
        )

    def _reads(
        self, sources: Sequence[Source], period: Period, failed: dict[str, BackendError]
    ) -> Iterator[Coroutine[None, None, HistoryChunk]]:
        """Yield the reads of a period, one span after the other; see `_read`."""
        if not sources:
            return
        length = _length_of_spans(sources)
        partial_hours = PartialHours(self._columns, self._complete, *period, length)
        reader = SpanReader(self._columns, self._states, partial_hours)
        for start, end in _periods(*period, length):
            # What began before a later span was read with the one before it.
            groups = _group(sources, start, is_first=start == period[0])
            yield self._read(reader, groups, end, failed)

    async def _read(
        self,
        reader: SpanReader,
        groups: Sequence[tuple[datetime, Sequence[Source]]],
        end: datetime,
        failed: dict[str, BackendError],
    ) -> HistoryChunk:
        """Return all readings of groups, each from its start to an end.

        Series that have `failed` are left out, and those that fail are added to them.
        Raises BackendError if all of them fail.
        """
        readings: dict[str, ReadingColumns] = {}
        error: BackendError | None = None
        for start, group in groups:
            alike = [each for each in group if each.point.key not in failed]
            if not alike or start >= end:
                continue
            found, errors = await reader.read(alike, start, end)
            for source in alike:
                number, key = source.series_id, source.point.key
                if number in errors:
                    error = failed[key] = errors[number]
                    self._failing.add(number)
                elif number in found:
                    readings[key] = found[number]
        if error and all(s.point.key in failed for _, group in groups for s in group):
            raise error
        return HistoryChunk(readings=readings, until=end, failed={**failed})


def _start_next(
    reads: Iterator[Coroutine[None, None, HistoryChunk]],
) -> asyncio.Task[HistoryChunk] | None:
    """Start the next of these reads, if there is one."""
    read = next(reads, None)
    return None if read is None else asyncio.create_task(read)


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


def _group(
    sources: Sequence[Source], start: datetime, *, is_first: bool
) -> list[tuple[datetime, Sequence[Source]]]:
    """Return sources that are read alike, with the moment to read them from.

    Before the first span, an interval may have begun that extends into it: sources with
    long ones do not make the others be read from there.
    """
    groups: dict[tuple[Method, bool, bool], list[Source]] = {}
    for source in sources:
        has_lead = is_first and source.longest_interval > timedelta()
        is_long = has_lead and source.longest_interval > LONG_INTERVAL
        groups.setdefault((source.method, has_lead, is_long), []).append(source)
    found: list[tuple[datetime, Sequence[Source]]] = []
    for (method, has_lead, _), alike in groups.items():
        begin = start if method is Method.RAW else _next_whole_hour(start)
        if has_lead:
            begin -= max(source.longest_interval for source in alike)
        found.append((begin, alike))
    return found


def _next_whole_hour(moment: datetime) -> datetime:
    """Return a moment if it is a whole hour, otherwise the next whole hour."""
    hour = whole_hour(moment)
    return hour if hour == moment else hour + HOUR
