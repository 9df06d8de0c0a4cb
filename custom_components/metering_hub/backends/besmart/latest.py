"""The latest values, read from a window before now that grows while it is empty.

There is no endpoint for the latest value (source: docs/wire/besmart.md, "Latest
values"). Meters send every 15 minutes, and late, so the window is two hours long, or
reaches back to the last known value, which can have been corrected or deleted since.
Signals without any known value are searched for further back, but only once an hour.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

from ..common.concurrency import LoopYielder
from ..common.times import local_midnight
from ..errors import BackendError
from .batch_result import BatchResult
from .batching import SignalBatcher
from .models import DataQuery, SignalData, SignalId
from .origins import (
    MEASURED,
    SELECTED_PER_TURN,
    Value,
    ValuesByOrigin,
    group_by_origin,
    latest_value,
    merge_origins,
)
from .samples import Samples, Word

WINDOW = timedelta(hours=2)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)
SEARCH_INTERVAL = timedelta(hours=1)


class Measured(NamedTuple):
    """A value with its time and its unit in the server's spelling.

    `since` is the local midnight from which an amount is summed up.
    """

    time: datetime
    value: float
    unit: str | None
    since: datetime | None = None


class Stated(NamedTuple):
    """A value that is not a number, with its time."""

    time: datetime
    value: Word


class _Evaluated(NamedTuple):
    """Data that was evaluated, the span of its samples, and the query's parameters.

    Times are epoch seconds. `midnight` is None if no amount was summed up.
    """

    data: SignalData
    oldest: float
    latest: float
    till: float
    midnight: datetime | None

    def is_valid_for(
        self, query: DataQuery, data: SignalData | None, midnight: datetime | None
    ) -> bool:
        """Return True if evaluating data for a query would give the same result."""
        return (
            data is self.data
            and midnight == self.midnight
            and query.since.timestamp() <= self.oldest
            and self.latest <= self.till <= query.till.timestamp()
        )


class LatestReader:
    """Reads the latest value of each signal, and today's amount of some."""

    def __init__(
        self, batcher: SignalBatcher, clock: Callable[[], datetime], zone: tzinfo
    ) -> None:
        """Initialize the reader; days begin at midnight in `zone`."""
        self._batcher = batcher
        self._clock = clock
        self._zone = zone
        self._values: dict[SignalId, Measured] = {}
        self._words: dict[SignalId, Stated] = {}
        self._amounts: dict[SignalId, Measured] = {}
        self._polled_at: dict[SignalId, datetime] = {}
        self._searched_at: dict[SignalId, datetime] = {}
        self._evaluated: dict[SignalId, _Evaluated] = {}

    def value(self, signal: SignalId) -> Measured | None:
        """Return the latest number of a signal."""
        return self._values.get(signal)

    def word(self, signal: SignalId) -> Stated | None:
        """Return the latest value of a signal that is not a number."""
        return self._words.get(signal)

    def amount(self, signal: SignalId) -> Measured | None:
        """Return today's amount of a signal."""
        return self._amounts.get(signal)

    def polled_at(self, signal: SignalId) -> datetime | None:
        """Return when a signal was last read without an error."""
        return self._polled_at.get(signal)

    async def poll(
        self, signals: Collection[SignalId], summed: Collection[SignalId] = ()
    ) -> Mapping[SignalId, BackendError]:
        """Read the latest values of signals, and today's amounts of the `summed` ones.

        Returns the errors of single signals; raises BackendError for all others.
        """
        now = self._clock()
        queries = [
            DataQuery(signal=each, since=self._since(each, now, summed), till=now)
            for each in signals
        ]
        found = await self._batcher.read(queries)
        await self._evaluate(queries, found, summed)
        failures = dict(found.failures)
        for span in (DAY, WEEK):
            missing = [
                DataQuery(signal=each, since=now - span, till=now)
                for each in signals
                if each not in failures and self._is_search_due(each, now)
            ]
            if missing:
                found = await self._batcher.read(missing)
                await self._evaluate(missing, found, ())
                failures |= found.failures
        for signal in signals:
            if signal not in failures and self._is_search_due(signal, now):
                self._searched_at[signal] = now
        return failures

    def _since(
        self, signal: SignalId, now: datetime, summed: Collection[SignalId]
    ) -> datetime:
        """Return the start of a signal's window."""
        since = now - WINDOW
        if (known := self._values.get(signal) or self._words.get(signal)) is not None:
            since = max(now - DAY, min(since, known.time))
        return min(since, self._midnight(now)) if signal in summed else since

    def _midnight(self, moment: datetime) -> datetime:
        """Return the local midnight before a moment, in UTC."""
        return local_midnight(moment, self._zone)

    def _is_search_due(self, signal: SignalId, now: datetime) -> bool:
        """Return True if a signal has no value and was not searched for recently."""
        if signal in self._values or signal in self._words:
            return False
        searched_at = self._searched_at.get(signal)
        return searched_at is None or now - searched_at >= SEARCH_INTERVAL

    async def _evaluate(
        self,
        queries: Collection[DataQuery],
        found: BatchResult,
        summed: Collection[SignalId],
    ) -> None:
        """Update values and amounts with the answers of queries."""
        yielder = LoopYielder(SELECTED_PER_TURN)
        for query in queries:
            signal = query.signal
            if signal in found.failures:
                continue
            self._polled_at[signal] = query.till
            data = found.data.get(signal)
            midnight = self._midnight(query.till) if signal in summed else None
            evaluated = self._evaluated.pop(signal, None)
            if evaluated and evaluated.is_valid_for(query, data, midnight):
                self._evaluated[signal] = evaluated
                continue
            await self._evaluate_data(query, data, midnight, yielder)
            if data is not None and (span := data.samples.span()) is not None:
                till = query.till.timestamp()
                self._evaluated[signal] = _Evaluated(data, *span, till, midnight)

    async def _evaluate_data(
        self,
        query: DataQuery,
        data: SignalData | None,
        midnight: datetime | None,
        yielder: LoopYielder,
    ) -> None:
        """Update the value of a signal, and its amount since midnight if given."""
        signal = query.signal
        samples = data.samples if data else Samples()
        unit = data.unit if data else None
        since, till = query.since.timestamp(), query.till.timestamp()
        plain = samples.last_of(MEASURED) if midnight is None else None
        if plain is not None and since <= plain[0] <= till:
            self._values[signal] = _measured(plain, unit)
            _forget_deleted(self._words, query)
            return
        values = await group_by_origin(samples, since, till, yielder)
        if (latest := latest_value(values)) is not None:
            self._values[signal] = _measured(latest, unit)
        else:
            _forget_deleted(self._values, query)
        words: ValuesByOrigin[Word] = await group_by_origin(
            samples.words(), since, till, yielder
        )
        if (word := latest_value(words)) is not None:
            time = datetime.fromtimestamp(word[0], UTC)
            self._words[signal] = Stated(time, word[1])
        else:
            _forget_deleted(self._words, query)
        if midnight is not None:
            self._sum_up(signal, midnight, merge_origins(values), unit)

    def _sum_up(
        self,
        signal: SignalId,
        midnight: datetime,
        values: Collection[Value],
        unit: str | None,
    ) -> None:
        """Sum up the intervals that ended after midnight; their time is their end."""
        today = [value for value in values if value[0] > midnight.timestamp()]
        self._amounts.pop(signal, None)
        if today:
            self._amounts[signal] = Measured(
                since=midnight,
                time=datetime.fromtimestamp(today[-1][0], UTC),
                value=round(sum(value for _, value in today), 9),
                unit=unit,
            )


def _measured(value: Value, unit: str | None) -> Measured:
    """Return a value with its unit."""
    return Measured(datetime.fromtimestamp(value[0], UTC), value[1], unit)


def _forget_deleted[Known: (Measured, Stated)](
    known: dict[SignalId, Known], query: DataQuery
) -> None:
    """Forget the value of a signal if the empty window of a query covers its time."""
    value = known.get(query.signal)
    if value is not None and value.time >= query.since:
        del known[query.signal]
