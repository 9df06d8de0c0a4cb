"""Find when the history of a signal starts, by searching backwards from now.

No endpoint reports it. The windows double from a month to a year, until two years in a
row are empty. Results are remembered.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from ..base import EARLIEST
from ..common.bounds import check_answer_count
from ..errors import ONE_ENDPOINT_ERRORS, BackendError, ProtocolError
from .batching import SignalBatcher
from .memory import ServerMemory
from .models import DataQuery, SignalId
from .origins import first_time
from .signal_memory import HistoryStart

YEAR = timedelta(days=365)
EMPTY_YEARS = 2
_FIRST_WINDOW = timedelta(days=31)
_DAY = timedelta(days=1)
_MOST_STEPS = 250
"""Windows of one search: twice what a signal of every minute needs since 2005."""
_MOST_SAMPLES = 100_000
_VALID_FOR = timedelta(days=30)
_EMPTY_VALID_FOR = timedelta(hours=6)


class HistoryStartFinder:
    """Finds the first samples of signals."""

    def __init__(
        self,
        batcher: SignalBatcher,
        memory: ServerMemory,
        clock: Callable[[], datetime],
    ) -> None:
        """Initialize the finder; it stores its results in the memory."""
        self._batcher = batcher
        self._memory = memory
        self._clock = clock
        self._unknown: dict[SignalId, BackendError] = {}

    def take_unknown(
        self, signals: Collection[SignalId]
    ) -> Mapping[SignalId, BackendError]:
        """Return the signals whose start could not be found, and forget them.

        An import that does not know where such a signal starts must leave it out.
        """
        taken = [signal for signal in signals if signal in self._unknown]
        return {signal: self._unknown.pop(signal) for signal in taken}

    async def find(self, signals: Collection[SignalId]) -> datetime | None:
        """Return when the first sample of any signal was measured.

        Raises BackendError if none was found, and the server did not answer for all.

        The signals of a home start together, so one is searched for, and the others
        only where they have samples before its start. The remembered start of a signal
        is therefore only a moment before which it has no samples.
        """
        now = self._clock()
        known = [self._known(each, now) for each in signals]
        found = min((each.first for each in known if each and each.first), default=None)
        self.take_unknown(signals)
        waiting = [each for each in signals if self._known(each, now) is None]
        if waiting and found is None:
            found = await self._start_of(waiting.pop(0), now, None)
        while waiting:
            earlier = await self._with_earlier(waiting, found or now)
            for signal in waiting:
                if signal not in earlier and signal not in self._unknown:
                    self._memory.signals.set_history_start(signal, found)
            waiting = earlier
            if waiting:
                found = await self._start_of(waiting.pop(0), found or now, found)
        if found is None:
            for error in self.take_unknown(signals).values():
                raise error
        return found

    async def _start_of(
        self, signal: SignalId, end: datetime, found: datetime | None
    ) -> datetime | None:
        """Return the first sample of a signal before `end`, or else what was found."""
        try:
            earlier = await self._search(signal, end, is_first=found is None)
        except ONE_ENDPOINT_ERRORS as err:
            self._unknown[signal] = err
            return found
        self._memory.signals.set_history_start(signal, earlier or found)
        return earlier or found

    async def _with_earlier(
        self, signals: Sequence[SignalId], end: datetime
    ) -> list[SignalId]:
        """Return the signals that may have samples before `end`, by two batches.

        The first is about one day, in which a signal that starts earlier has samples.
        The second proves of the others that there is none, so its answer is short.
        """
        earlier: list[SignalId] = []
        left = list(signals)
        for since, till in ((end - _DAY, end), (end - EMPTY_YEARS * YEAR, end - _DAY)):
            queries = [
                DataQuery(signal=each, since=since, till=till, is_short=True)
                for each in left
            ]
            found = await self._batcher.read_once(queries)
            left = []
            for query in queries:
                signal = query.signal
                failure = found.failures.get(signal)
                if failure is None:
                    has_samples = first_time(
                        found.data[signal].samples, since.timestamp(), till.timestamp()
                    )
                    (left if has_samples is None else earlier).append(signal)
                elif isinstance(failure, ProtocolError):
                    # The answer was probably too long, so it was not empty.
                    earlier.append(signal)
                else:
                    self._unknown[signal] = failure
        return earlier

    def _known(self, signal: SignalId, now: datetime) -> HistoryStart | None:
        """Return the remembered start of a signal, unless it is outdated."""
        known = self._memory.signals.history_start(signal)
        if known is None:
            return None
        valid_for = _VALID_FOR if known.first else _EMPTY_VALID_FOR
        return known if now - known.found_at < valid_for else None

    async def _search(
        self, signal: SignalId, end: datetime, *, is_first: bool
    ) -> datetime | None:
        """Return the time of the first sample before `end`; raises BackendError.

        That is EndlessError if the server refuses all but the shortest windows.
        """
        first: datetime | None = None
        longest = self._batcher.step(signal) * _MOST_SAMPLES
        window = _FIRST_WINDOW if is_first else YEAR
        empty, steps = timedelta(), 0
        while empty < EMPTY_YEARS * YEAR and end > EARLIEST:
            since = max(end - min(window, longest), EARLIEST)
            query = DataQuery(signal=signal, since=since, till=end)
            steps += 1
            check_answer_count(steps, "the search for the first sample", _MOST_STEPS)
            found = await self._batcher.read_once([query])
            if (failure := found.failures.get(signal)) is not None:
                can_shorten = end - since > _DAY
                if isinstance(failure, ProtocolError) and can_shorten:
                    # The answer was probably too long.
                    longest = (end - since) / 2
                    continue
                raise failure
            time = first_time(
                found.data[signal].samples, since.timestamp(), end.timestamp()
            )
            if time is not None:
                first = datetime.fromtimestamp(time, UTC)
                empty = timedelta()
            elif window >= YEAR:
                empty += end - since
            end, window = since, min(2 * window, YEAR)
        return first
