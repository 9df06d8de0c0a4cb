"""The newest values: from a window before now, which is widened where it is empty.

There is no endpoint for the newest value (../shared/wire/besmart.md, "Signal data").
Meters send every 15 minutes, and late. So a signal is asked for two hours, or as far
back as its last known value, which may have been corrected or deleted meanwhile. Only
a signal of which nothing is known is looked for further back, and if in vain, not
again for a while.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from ..common.concurrency import LoopYielder
from ..errors import BackendError
from .batching import DataReader, Found
from .models import DataQuery, SignalData, SignalId
from .samples import AT_ONCE, Value, by_origin, newest, series

HOURS = timedelta(hours=2)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)
SEARCH_AGAIN = timedelta(hours=1)


class Measured(NamedTuple):
    """A value in a unit, which is as the server spells it, and when it was measured.

    `since` is the local midnight from which an amount is added up.
    """

    time: datetime
    value: float
    unit: str | None
    since: datetime | None = None


class _Taken(NamedTuple):
    """Data that were looked at, the span of their samples, and what was asked then.

    Times are epoch seconds. `midnight` is `None` where nothing was added up.
    """

    data: SignalData
    oldest: float
    newest: float
    till: float
    midnight: datetime | None

    def says_all_of(
        self, query: DataQuery, data: SignalData | None, midnight: datetime | None
    ) -> bool:
        """Tell whether the same data would say the same to another question."""
        return (
            data is self.data
            and midnight == self.midnight
            and query.since.timestamp() <= self.oldest
            and self.newest <= self.till <= query.till.timestamp()
        )


class Newest:
    """Keeps the newest value of each signal, and today's amount of some."""

    def __init__(
        self,
        reader: DataReader,
        clock: Callable[[], datetime],
        midnight: Callable[[datetime], datetime],
    ) -> None:
        """Start without knowing anything; `midnight` gives the one before a moment."""
        self._reader = reader
        self._clock = clock
        self._midnight = midnight
        self._searched: dict[SignalId, datetime] = {}
        self._taken: dict[SignalId, _Taken] = {}
        self.values: dict[SignalId, Measured] = {}
        self.amounts: dict[SignalId, Measured] = {}
        self.asked: dict[SignalId, datetime] = {}

    def now(self) -> datetime:
        """Return the time."""
        return self._clock()

    async def poll(
        self, signals: Collection[SignalId], summed: Collection[SignalId] = ()
    ) -> Mapping[SignalId, BackendError]:
        """Ask for the newest values of signals, and today's amount of the `summed`.

        Returns the failures of single signals; raises BackendError for the others.
        """
        now = self._clock()
        queries = [
            DataQuery(signal=each, since=self._since(each, now, summed), till=now)
            for each in signals
        ]
        found = await self._reader.read(queries)
        await self._take(queries, found, summed)
        failures = dict(found.failures)
        for span in (DAY, WEEK):
            missing = [
                DataQuery(signal=each, since=now - span, till=now)
                for each in signals
                if each not in failures and self._is_worth_a_search(each, now)
            ]
            if missing:
                found = await self._reader.read(missing)
                await self._take(missing, found, ())
                failures |= found.failures
        for signal in signals:
            if signal not in self.values and self._is_worth_a_search(signal, now):
                self._searched[signal] = now
        return failures

    def _since(
        self, signal: SignalId, now: datetime, summed: Collection[SignalId]
    ) -> datetime:
        since = now - HOURS
        if (known := self.values.get(signal)) is not None:
            since = max(now - DAY, min(since, known.time))
        return min(since, self._midnight(now)) if signal in summed else since

    def _is_worth_a_search(self, signal: SignalId, now: datetime) -> bool:
        searched = self._searched.get(signal)
        return signal not in self.values and (
            searched is None or now - searched >= SEARCH_AGAIN
        )

    async def _take(
        self, queries: Collection[DataQuery], found: Found, summed: Collection[SignalId]
    ) -> None:
        yielder = LoopYielder(AT_ONCE)
        for query in queries:
            signal = query.signal
            if signal in found.failures:
                continue
            self.asked[signal] = query.till
            data = found.data.get(signal)
            midnight = self._midnight(query.till) if signal in summed else None
            taken = self._taken.pop(signal, None)
            if taken is not None and taken.says_all_of(query, data, midnight):
                self._taken[signal] = taken
                continue
            samples = data.samples if data else ()
            unit = data.unit if data else None
            since, till = query.since.timestamp(), query.till.timestamp()
            values = await by_origin(samples, since, till, yielder)
            if data is not None and (span := data.samples.span()) is not None:
                self._taken[signal] = _Taken(data, *span, till, midnight)
            if (value := newest(values)) is not None:
                self.values[signal] = Measured(_utc(value[0]), value[1], unit)
            elif (known := self.values.get(signal)) and known.time >= query.since:
                # The window covers the known value, but it is not there any more.
                del self.values[signal]
            if midnight is not None:
                self._sum_up(signal, midnight, series(values), unit)

    def _sum_up(
        self,
        signal: SignalId,
        midnight: datetime,
        values: Collection[Value],
        unit: str | None,
    ) -> None:
        """Add up the intervals that ended since midnight; their time is their end."""
        today = [value for value in values if value[0] > midnight.timestamp()]
        self.amounts.pop(signal, None)
        if today:
            self.amounts[signal] = Measured(
                since=midnight,
                time=_utc(today[-1][0]),
                value=round(sum(value for _, value in today), 9),
                unit=unit,
            )


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
