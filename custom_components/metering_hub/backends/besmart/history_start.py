"""When a signal's past begins: nothing tells, so it is looked for backwards.

Windows before now get longer, from a month to a year, until two years in a row have
nothing. What was found is remembered.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ..errors import ProtocolError
from .batching import DataReader
from .memory import Beginning, Knowledge
from .models import DataQuery, SignalId
from .samples import first_time

YEAR = timedelta(days=365)
EMPTY_YEARS = 2
_FIRST_SPAN = timedelta(days=31)
_SHORTEST_SPAN = timedelta(days=1)
_MOST_SAMPLES = 100_000
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_KNOWN_FOR = timedelta(days=30)
_NOTHING_KNOWN_FOR = timedelta(hours=6)


@dataclass(slots=True)
class BeginningFinder:
    """Looks for first samples; raises what the reader raises."""

    reader: DataReader
    knowledge: Knowledge
    clock: Callable[[], datetime]

    async def first(self, signals: Collection[SignalId]) -> datetime | None:
        """Return when the first sample of any of these signals was measured.

        What is remembered of a signal is a moment before which it has none: signals
        of a meter begin together, and each is only looked for before the others.
        """
        now = self.clock()
        known = [self._known(each, now) for each in signals]
        found = min((each.first for each in known if each and each.first), default=None)
        for signal in signals:
            if self._known(signal, now) is None:
                earlier = await self._search(signal, found or now, is_first=not found)
                found = earlier or found
                self.knowledge.beginnings[signal] = Beginning(now, found)
        return found

    def _known(self, signal: SignalId, now: datetime) -> Beginning | None:
        known = self.knowledge.beginnings.get(signal)
        if known is None:
            return None
        lasts = _KNOWN_FOR if known.first else _NOTHING_KNOWN_FOR
        return known if now - known.asked < lasts else None

    async def _search(
        self, signal: SignalId, end: datetime, *, is_first: bool
    ) -> datetime | None:
        """Return the time of the first sample before `end`."""
        first: datetime | None = None
        longest = self.reader.step(signal) * _MOST_SAMPLES
        span = _FIRST_SPAN if is_first else YEAR
        empty = timedelta()
        while empty < EMPTY_YEARS * YEAR and end > _EARLIEST:
            since = end - min(span, longest)
            query = DataQuery(signal=signal, since=since, till=end)
            found = await self.reader.read([query])
            if (failure := found.failures.get(signal)) is not None:
                if isinstance(failure, ProtocolError) and end - since > _SHORTEST_SPAN:
                    longest = (end - since) / 2
                    continue
                raise failure
            if (data := found.data.get(signal)) is None:
                return None
            at = first_time(data.samples, since.timestamp(), end.timestamp())
            if at is not None:
                first = datetime.fromtimestamp(at, UTC)
                empty = timedelta()
            elif span >= YEAR:
                empty += end - since
            end, span = since, min(2 * span, YEAR)
        return first
