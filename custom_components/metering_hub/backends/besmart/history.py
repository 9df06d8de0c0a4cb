"""The past of signals: windows of at most a month, oldest first.

Of each moment, the corrected value counts, else the measured one, else an estimated or
calculated one (`samples.series`). Where a meter was exchanged, the registers of both
meters at that moment are readings, too, so that neither's energy is lost nor the
difference between the two counted.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import batched

from ...metering.model import Kind, Point, Reading
from ...metering.reading_columns import ReadingColumns
from ..base import HistoryChunk
from ..errors import BackendError
from .batching import SAMPLES_AT_ONCE, DataReader
from .discovery import Discovery
from .meter_exchanges import Exchange, find_exchanges, with_exchanges
from .models import DataQuery, SignalId
from .points import QUARTER, signal_of
from .samples import Value, by_origin, series
from .units import normal_unit, unit_factor

_MOMENT = timedelta(milliseconds=1)
"""The server's finest time. What was measured at the very end of a span may be outside
of it, which nobody says; so much later, it is inside."""

WINDOW = timedelta(days=31) - _MOMENT
NARROWEST = timedelta(hours=6)
_AT_ONCE = 2000


@dataclass(slots=True)
class _Series:
    """A point whose past is being read, and the exchanges of its meter to come."""

    point: Point
    signal: SignalId
    exchanges: list[Exchange]


@dataclass(slots=True)
class Past:
    """Reads the past, and notes the newest time seen of each signal.

    `failing` are the signals whose past could not be read to the end last time.
    """

    reader: DataReader
    newest: dict[SignalId, datetime] = field(default_factory=dict)
    failing: set[SignalId] = field(default_factory=set)

    async def chunks(
        self,
        points: Collection[Point],
        known: Discovery | None,
        start: datetime,
        end: datetime,
    ) -> AsyncIterator[HistoryChunk]:
        """Yield all readings in [start, end]; see Backend.history.

        A signal that fails while others do not is left out from there on: what comes
        after a gap must not be taken for its continuation.
        """
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        asked = [
            _Series(point, signal, find_exchanges(point, signal, known, start))
            for point, signal in _signals(points)
        ]
        self.failing -= {each.signal for each in asked}
        cursor, span = start, WINDOW
        while asked and cursor < end:
            until = min(cursor + span, end)
            readings, failures = await self._window(asked, cursor, until)
            if len(failures) == len(asked):
                raise next(iter(failures.values()))
            asked = [each for each in asked if each.signal not in failures]
            self.failing |= failures.keys()
            yield HistoryChunk(readings=readings, until=until)
            most = max(map(len, readings.values()), default=0)
            span = _next_span(until - cursor, most)
            cursor = until

    async def _window(
        self, asked: Sequence[_Series], start: datetime, end: datetime
    ) -> tuple[dict[str, Sequence[Reading]], Mapping[SignalId, BackendError]]:
        queries = [
            # An amount's time is its interval's end, so the last one ends later.
            DataQuery(
                signal=each.signal,
                since=start,
                till=end + _lag(each.point) + _MOMENT,
            )
            for each in asked
        ]
        found = await self.reader.read(queries)
        readings: dict[str, Sequence[Reading]] = {}
        for each, query in zip(asked, queries, strict=True):
            if (data := found.data.get(each.signal)) is None:
                continue
            # A value in a unit of another kind is none of this point.
            factor = unit_factor(
                normal_unit(data.unit) or each.point.unit, each.point.unit
            )
            if factor is None:
                continue
            since, till = query.since.timestamp(), query.till.timestamp()
            values = series(await by_origin(data.samples, since, till))
            self._note(each.signal, values)
            found_here = await _readings(each, values, factor, start, end)
            readings[each.point.key] = with_exchanges(found_here, each.exchanges, end)
        return readings, found.failures

    def _note(self, signal: SignalId, values: Sequence[Value]) -> None:
        if values:
            last = _utc(values[-1][0])
            self.newest[signal] = max(last, self.newest.get(signal, last))


def _signals(points: Collection[Point]) -> list[tuple[Point, SignalId]]:
    return [(p, signal) for p in points if (signal := signal_of(p)) is not None]


def _lag(point: Point) -> timedelta:
    return QUARTER if point.kind is Kind.INTERVAL else timedelta()


def _next_span(span: timedelta, samples: int) -> timedelta:
    """Return a span that brings answers of bearable length."""
    if samples > SAMPLES_AT_ONCE:
        return max(NARROWEST, span * (SAMPLES_AT_ONCE / samples))
    return WINDOW if samples < SAMPLES_AT_ONCE / 2 else span


async def _readings(
    each: _Series,
    values: Sequence[Value],
    factor: float,
    start: datetime,
    end: datetime,
) -> ReadingColumns:
    """Return the readings of a window, oldest first, made in slices.

    An amount's time is the start of its interval.
    """
    lag = _lag(each.point).total_seconds()
    first, last = start.timestamp(), end.timestamp()
    found = ReadingColumns(are_amounts=lag > 0)
    for part in batched(values, _AT_ONCE, strict=False):
        for at, value in part:
            if first <= at - lag <= last:
                found.add(at - lag, round(value * factor, 9))
        await asyncio.sleep(0)
    return found


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
