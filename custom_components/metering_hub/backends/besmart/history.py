"""The history of signals, read in windows of at most a month, oldest first.

For each time, the corrected value counts, or else the measured one. Estimated and
calculated ones fill the gaps between those, so each window is read with what is around
it. When a meter was exchanged, the registers of both meters at
that moment are readings as well. This way no energy of either meter is lost, and the
difference between the two registers is not counted.
"""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import batched

from ...metering.model import ESTIMATED, NEW_REGISTER, Kind, Point, Reading
from ...metering.reading_columns import ReadingColumns
from ..base import HistoryChunk
from ..common.concurrency import LoopYielder
from ..common.units import unit_factor
from ..errors import BackendError
from .batching import SAMPLES_PER_REQUEST, SignalBatcher
from .const import MILLISECOND, QUARTER
from .discovery import FoundSensors
from .meter_exchanges import MeterExchange, find_exchanges
from .models import DataQuery, SignalId
from .origins import MARGIN, Value, estimated_times, group_by_origin, merge_origins
from .points import signal_of
from .units import read_unit

WINDOW = timedelta(days=31) - 2 * MARGIN - QUARTER - MILLISECOND
"""With what is around it, a window is a request for at most a month. No sample is at
its end, where it would belong to two windows."""

SHORTEST_WINDOW = timedelta(hours=6)

MAX_SAMPLES = 200_000
"""About how many samples of all signals together a window holds: what is made of them
takes some tens of megabytes."""

SHORTEST_OF_MANY = timedelta(days=1)
"""However many signals there are, windows are not shorter on their account, because
each is read with what is around it."""
MOST_GROWTH = 4
"""How many times as long as the last window the next one is at most, because samples
are not spread evenly."""

_READINGS_PER_TURN = 2000


@dataclass(slots=True)
class _Series:
    """A point whose history is being read, and the meter exchanges still to come."""

    point: Point
    signal: SignalId
    exchanges: list[MeterExchange]

    @property
    def lag(self) -> timedelta:
        """Return how long after its start the server stamps an interval."""
        return QUARTER if self.point.kind is Kind.INTERVAL else timedelta()


class HistoryReader:
    """Reads history, and notes the latest time that it has read of each signal."""

    def __init__(self, batcher: SignalBatcher, clock: Callable[[], datetime]) -> None:
        """Initialize the reader."""
        self._batcher = batcher
        self._clock = clock
        self._latest_times: dict[SignalId, datetime] = {}
        self._failing: set[SignalId] = set()

    def latest_time(self, signal: SignalId) -> datetime | None:
        """Return the time of the latest reading that was read of a signal."""
        return self._latest_times.get(signal)

    def is_failing(self, signal: SignalId) -> bool:
        """Return True if the history of a signal could not be read to the end."""
        return signal in self._failing

    async def chunks(
        self,
        points: Collection[Point],
        found: FoundSensors | None,
        start: datetime,
        end: datetime,
        unknown: Mapping[SignalId, BackendError],
    ) -> AsyncIterator[HistoryChunk]:
        """Yield all readings in [start, end], as `Backend.history` does.

        If some signals fail, they are left out of the remaining chunks, because their
        readings after a gap would be taken for a continuation. So are signals of which
        it is `unknown` where they start. Raises BackendError if all of them fail.
        """
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        remaining = [
            _Series(point, signal, find_exchanges(point, signal, found, start))
            for point in points
            if (signal := signal_of(point)) is not None
        ]
        self._failing -= {each.signal for each in remaining}
        failed: dict[str, BackendError] = {}
        remaining = self._without(remaining, unknown, failed)
        cursor, window = start, self._first_window(remaining)
        while remaining and cursor < end:
            until = min(cursor + window, end)
            readings, failures = await self._read_window(remaining, cursor, until)
            remaining = self._without(remaining, failures, failed)
            yield HistoryChunk(readings=readings, until=until, failed={**failed})
            window = _next_window(until - cursor, [*map(len, readings.values())])
            cursor = until

    def _first_window(self, series: Sequence[_Series]) -> timedelta:
        """Return a window of which all samples together fit into memory."""
        # A step is longer than a quarter of an hour only where that has been seen.
        steps = [self._batcher.step(each.signal) for each in series]
        a_day = sum(timedelta(days=1) / step for step in steps)
        fitting = timedelta(days=1) * (MAX_SAMPLES / max(a_day, 1))
        return min(max(fitting, SHORTEST_OF_MANY), WINDOW)

    def _without(
        self,
        series: Sequence[_Series],
        failures: Mapping[SignalId, BackendError],
        failed: dict[str, BackendError],
    ) -> list[_Series]:
        """Return the series that have not failed, and add the others to `failed`.

        Raises BackendError if all of them have.
        """
        if series and len(failures) == len(series):
            raise next(iter(failures.values()))
        self._failing |= failures.keys()
        failed |= {
            each.point.key: failures[each.signal]
            for each in series
            if each.signal in failures
        }
        return [each for each in series if each.signal not in failures]

    async def _read_window(
        self, remaining: Sequence[_Series], start: datetime, end: datetime
    ) -> tuple[dict[str, Sequence[Reading]], Mapping[SignalId, BackendError]]:
        """Return the readings of a window by point key, and the errors of signals."""
        # What is around the newest values would be predictions.
        last = min(end + MARGIN, max(end, self._clock()))
        queries = [
            DataQuery(signal=each.signal, since=start - MARGIN, till=last + each.lag)
            for each in remaining
        ]
        found = await self._batcher.read(queries)
        readings: dict[str, Sequence[Reading]] = {}
        yielder = LoopYielder(_READINGS_PER_TURN)
        for each, query in zip(remaining, queries, strict=True):
            if (data := found.data.get(each.signal)) is None:
                continue
            unit = read_unit(data.unit) or each.point.read_unit
            if (factor := unit_factor(unit, each.point.read_unit)) is None:
                # The signal measures something else now, which is not this point.
                continue
            since, till = query.since.timestamp(), query.till.timestamp()
            by_origin = await group_by_origin(data.samples, since, till)
            values = merge_origins(by_origin)
            columns = ReadingColumns(are_amounts=each.lag > timedelta())
            for part in batched(values, _READINGS_PER_TURN, strict=False):
                _add_readings(columns, part, each.lag, factor, start, end)
                await yielder.spend(len(part))
            self._note_latest(each, columns)
            if each.point.kind in (Kind.REGISTER, Kind.INTERVAL):
                lag = each.lag.total_seconds()
                times = estimated_times(by_origin, values)
                estimated = (time - lag for time in times)
                columns.qualities = dict.fromkeys(estimated, ESTIMATED)
            readings[each.point.key] = _insert_exchanges(columns, each.exchanges, end)
        return readings, found.failures

    def _note_latest(self, series: _Series, columns: ReadingColumns) -> None:
        """Note the server's time of the latest of some readings."""
        if columns.times:
            last = datetime.fromtimestamp(columns.times[-1], UTC) + series.lag
            known = self._latest_times.get(series.signal, last)
            self._latest_times[series.signal] = max(last, known)


def _next_window(window: timedelta, samples: Sequence[int]) -> timedelta:
    """Return a window for which answers have a reasonable size.

    `samples` are the numbers of samples of the signals in the last window.
    """
    longest = window * MOST_GROWTH
    if most := max(samples, default=0):
        longest = min(longest, window * (SAMPLES_PER_REQUEST / most))
        fitting = window * (MAX_SAMPLES / sum(samples))
        longest = min(longest, max(fitting, SHORTEST_OF_MANY))
    return min(max(longest, SHORTEST_WINDOW), WINDOW)


def _add_readings(
    columns: ReadingColumns,
    values: Sequence[Value],
    lag: timedelta,
    factor: float,
    start: datetime,
    end: datetime,
) -> None:
    """Add the readings in [start, end]; their time is the start of their interval."""
    first, last, seconds = start.timestamp(), end.timestamp(), lag.total_seconds()
    for time, value in values:
        if first <= time - seconds <= last:
            columns.add(time - seconds, round(value * factor, 9))


def _insert_exchanges(
    readings: Sequence[Reading], exchanges: list[MeterExchange], end: datetime
) -> Sequence[Reading]:
    """Insert the readings of meter exchanges up to `end`, and remove these exchanges.

    If the first position of a new meter is unknown, counting restarts at its first
    reading. Without such a reading, the exchange is left for the next window.
    """
    while exchanges and exchanges[0].at <= end:
        exchange = exchanges[0]
        before = [each for each in readings if each.time < exchange.at]
        after = [each for each in readings if each.time >= exchange.at]
        if exchange.new is not None:
            after = [each for each in after if each.time > exchange.at]
            first = Reading(time=exchange.at, value=exchange.new, quality=NEW_REGISTER)
            after.insert(0, first)
        elif after:
            after[0] = replace(after[0], quality=NEW_REGISTER)
        else:
            return readings
        if exchange.old is not None:
            before.append(Reading(time=exchange.at - MILLISECOND, value=exchange.old))
        readings = before + after
        del exchanges[0]
    return readings
