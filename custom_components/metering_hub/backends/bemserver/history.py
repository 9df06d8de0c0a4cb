"""The past of series: hours that the server sums up, and positions as they were read.

Amounts are summed by the hour, measured values averaged, on the server. Positions are
read raw: what a meter showed at the end of an hour lies between the readings around it,
and an hour's highest position does not say when it was read. Amounts of intervals that
are longer than an hour are read raw, too, to be spread over their hours.

Of each span, all series are asked for, 50 and 20,000 values at a time; while a span is
being written, the next one is on its way.
"""

import asyncio
from collections.abc import (
    AsyncIterator,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import partial

from ...metering.model import Kind, Point
from ...metering.reading_columns import ReadingColumns
from ..base import HistoryChunk, Memory
from ..common.concurrency import LoopYielder
from ..common.http import Json
from ..common.parse import as_integer, as_object
from ..common.times import as_moment
from ..errors import BackendError
from .batching import MAX_ROWS, SeriesAsker, id_chunks
from .csv_table import Cells, Column, read_table
from .data_states import States
from .timeseries_client import Aggregation, PointsClient, Span, Width

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LONGEST_SPAN = timedelta(days=400)

MAX_READINGS = 20_000
"""Readings per chunk: about 4 MB."""

READINGS_AT_ONCE = 4000
"""Readings that are made of numbers before others have their turn."""

type Readings = dict[str, ReadingColumns]
type Extremes = Sequence[Column]
"""The values of a series, or its means, lowest and highest values."""


class Way(Enum):
    """How the past of a point is read."""

    SUMMED = "summed"
    MEASURED = "measured"
    RAW = "raw"


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A point whose past is read; `interval` is about how often it has a value."""

    point: Point
    series_id: int
    state: int
    interval: timedelta

    @property
    def way(self) -> Way:
        """Return how it is read."""
        if self.point.kind is Kind.INSTANT:
            return Way.MEASURED
        if self.point.kind is Kind.INTERVAL and self.point.interval is None:
            return Way.SUMMED
        return Way.RAW

    def rows(self, length: timedelta) -> float:
        """Return how many values an answer has for a span of this length."""
        return length / (self.interval if self.way is Way.RAW else HOUR) + 1


class HistoryReader:
    """Reads the past of series."""

    def __init__(self, asker: SeriesAsker, points: PointsClient) -> None:
        """Prepare."""
        self._asker = asker
        self._points = points

    async def chunks(
        self, pasts: Sequence[Past], start: datetime, end: datetime
    ) -> AsyncIterator[HistoryChunk]:
        """Yield all readings in [start, end], span by span; see Backend.history."""
        spans = list(_spans(pasts, start.astimezone(UTC), end.astimezone(UTC)))
        ahead: asyncio.Task[Readings] | None = None
        try:
            for index, span in enumerate(spans):
                current = ahead or asyncio.create_task(self._read(pasts, *span))
                ahead = current
                readings = await current
                ahead = (
                    asyncio.create_task(self._read(pasts, *spans[index + 1]))
                    if index + 1 < len(spans)
                    else None
                )
                yield HistoryChunk(readings=readings, until=span[1])
        finally:
            if ahead is not None:
                ahead.cancel()
                await asyncio.gather(ahead, return_exceptions=True)

    async def _read(
        self, pasts: Sequence[Past], start: datetime, end: datetime
    ) -> Readings:
        """Return all readings in [start, end), by point key."""
        readings: Readings = {}
        yielder = LoopYielder(READINGS_AT_ONCE)
        for way, state in {(past.way, past.state): None for past in pasts}:
            some = [p for p in pasts if p.way is way and p.state == state]
            for past, cells in await self._cells(some, way, start, end):
                readings[past.point.key] = _as_readings(cells)
                await yielder.spend(len(cells) * len(cells[0]))
        return readings

    async def _cells(
        self, pasts: Sequence[Past], way: Way, start: datetime, end: datetime
    ) -> list[tuple[Past, Extremes]]:
        """Return the values of points that are read the same way, in the same state."""
        by_id = {past.series_id: past for past in pasts}
        if way is Way.RAW:
            # An interval that began before may reach into what is asked for.
            start -= max((_reach(past.point) for past in pasts), default=timedelta())
            # The server leaves out what was read at the end itself.
            end += timedelta(microseconds=1)
        elif (start := _next_hour(start)) >= end:
            return []
        span = Span(state=pasts[0].state, start=start, end=end)
        chunks = id_chunks(
            by_id,
            length=self._points.length(span),
            rows=lambda number: by_id[number].rows(end - start),
        )
        found: list[Cells] = []
        for aggregation in _AGGREGATIONS[way]:
            parts, failed = await self._asker.ask(
                chunks, partial(self._table, span=span, aggregation=aggregation)
            )
            for number, error in failed.items():
                # A gap in what is read would be a gap in what is written, for good.
                if number not in self._asker.refused:
                    raise error
            found.append({n: column for part in parts for n, column in part.items()})
        return [
            (past, [cells.get(number, {}) for cells in found])
            for number, past in by_id.items()
            if number in found[0]
        ]

    async def _table(
        self, ids: Sequence[int], span: Span, aggregation: Aggregation | None
    ) -> Cells:
        if aggregation is None:
            return await read_table(await self._points.values_csv(ids, span))
        return await read_table(
            await self._points.buckets_csv(ids, span, Width.HOUR, aggregation)
        )


_AGGREGATIONS: Mapping[Way, tuple[Aggregation | None, ...]] = {
    Way.RAW: (None,),
    Way.SUMMED: (Aggregation.SUM,),
    Way.MEASURED: (Aggregation.AVERAGE, Aggregation.LOWEST, Aggregation.HIGHEST),
}


def _as_readings(cells: Extremes) -> ReadingColumns:
    """Return readings of a column of values, or of means with lowest and highest."""
    values, *extremes = cells
    times = sorted(values)
    readings = ReadingColumns(times, [values[time] for time in times])
    if extremes:
        lowest, highest = extremes
        readings.extremes = [
            (lowest.get(time, values[time]), highest.get(time, values[time]))
            for time in times
        ]
    return readings


def _spans(
    pasts: Sequence[Past], start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Yield spans that end at whole hours, and are as long as answers may be."""
    if not pasts or end <= start:
        return
    per_hour = [past.rows(HOUR) - 1 for past in pasts]
    hours = min(MAX_READINGS / sum(per_hour), MAX_ROWS / max(per_hour))
    length = max(HOUR, min(LONGEST_SPAN, hours // 1 * HOUR))
    edge = start
    while edge < end:
        following = min(end, edge.replace(minute=0, second=0, microsecond=0) + length)
        yield edge, following
        edge = following


def _reach(point: Point) -> timedelta:
    """Return how long an interval of a point may be; a day may have 25 hours."""
    return point.interval + HOUR if point.interval else timedelta()


def _next_hour(moment: datetime) -> datetime:
    hour = moment.replace(minute=0, second=0, microsecond=0)
    return hour if hour == moment else hour + HOUR


class Beginnings:
    """Remembers when each series began, which costs the server its whole history."""

    def __init__(
        self, asker: SeriesAsker, points: PointsClient, states: States
    ) -> None:
        """Start knowing nothing."""
        self._asker = asker
        self._points = points
        self._states = states
        self._first: dict[int, datetime] = {}
        self._empty: dict[int, datetime] = {}

    async def find(self, series_ids: Iterable[int], now: datetime) -> None:
        """Ask for what is not known; again after a day where there was nothing."""
        open_ = [
            number
            for number in series_ids
            if number not in self._first
            and now - self._empty.get(number, now - DAY) >= DAY
        ]
        found: dict[int, datetime] = {}
        failed: dict[int, BackendError] = {}
        for state in self._states.order:
            rest = [
                number
                for number in open_
                if number not in found
                and number not in failed
                and self._states.of(number) in (None, state)
            ]
            span = Span(state=state, start=now, end=now)
            parts, lost = await self._asker.ask(
                id_chunks(rest, length=self._points.length(span)),
                partial(self._points.first_times, state=state),
            )
            times = {number: time for part in parts for number, time in part.items()}
            self._states.learn(times, state)
            found |= times
            failed |= lost
        self._first |= found
        for number in open_:
            if number not in found and number not in failed:
                self._empty[number] = now

    def first(self, series_ids: Iterable[int]) -> datetime | None:
        """Return the hour of the first value of any of these series."""
        times = [self._first[n] for n in series_ids if n in self._first]
        first = min(times, default=None)
        return first and first.replace(minute=0, second=0, microsecond=0)

    def keep(self, series_ids: Collection[int]) -> None:
        """Forget series that no longer exist."""
        self._first = {n: at for n, at in self._first.items() if n in series_ids}
        self._empty = {n: at for n, at in self._empty.items() if n in series_ids}

    def restore(self, memory: Memory) -> None:
        """Take over what `remember` returned before a restart."""
        for label, text in as_object(memory.get("first")).items():
            number, time = as_integer(label), as_moment(text)
            if number is not None and time is not None:
                self._first[number] = time.astimezone(UTC)

    def remember(self) -> dict[str, Json]:
        """Return when each series began."""
        return {"first": {str(n): time.isoformat() for n, time in self._first.items()}}
