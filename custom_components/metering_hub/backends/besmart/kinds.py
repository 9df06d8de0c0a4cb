"""Learn from the data of signals what the server does not report: units and kinds."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

from .batching import SignalBatcher
from .latest import LatestReader
from .memory import ServerMemory
from .models import DataQuery, SignalId, SignalType
from .signal_data import group_by_origin, is_growing, merge_origins
from .signals import is_register, signal_unit
from .units import read_unit

_SPAN = timedelta(days=7)
_SHORTEST_SPAN = timedelta(days=1)
"""The amounts of a whole day do not only grow."""


class KindDetector:
    """Detects the units of signals, and whether they are registers."""

    def __init__(
        self,
        latest: LatestReader,
        batcher: SignalBatcher,
        memory: ServerMemory,
        clock: Callable[[], datetime],
    ) -> None:
        """Initialize the detector; it stores its results in the memory."""
        self._latest = latest
        self._batcher = batcher
        self._memory = memory
        self._clock = clock

    async def detect(
        self, signals: Collection[SignalId], types: Mapping[int, SignalType]
    ) -> None:
        """Detect what is unknown about signals; raises BackendError.

        The first unit of a signal is kept as long as its data can be converted to it.
        """
        await self._detect_units(signals)
        undecided = [
            each for each in signals if self._is_undecided(each, types.get(each.moid))
        ]
        if undecided:
            await self._detect_growth(undecided)

    async def _detect_units(self, signals: Collection[SignalId]) -> None:
        """Take the units of signals that were never polled from their latest values."""
        unknown = [
            signal
            for signal in signals
            if self._memory.unit(signal) is None
            and self._latest.polled_at(signal) is None
        ]
        if not unknown:
            return
        failures = await self._latest.poll(unknown)
        if failures and len(failures) == len(signals):
            # Kinds and units would be guesses that the next inventory contradicts.
            raise next(iter(failures.values()))
        for signal in unknown:
            value = self._latest.value(signal)
            if value is not None and (unit := read_unit(value.unit)):
                self._memory.set_unit(signal, unit)

    def _is_undecided(self, signal: SignalId, type_: SignalType | None) -> bool:
        """Return True if it is unknown whether a signal is a register."""
        unit = signal_unit(signal.moid, type_, self._memory.unit(signal))
        growing = self._memory.is_growing(signal)
        return is_register(signal.moid, type_, unit, growing) is None

    async def _detect_growth(self, signals: Collection[SignalId]) -> None:
        """Check in the data of a week whether the values of signals only grow."""
        now = self._clock()
        since, till = now - _SPAN, now
        queries = [DataQuery(signal=s, since=since, till=till) for s in signals]
        found = await self._batcher.read(queries)
        for signal in signals:
            if data := found.data.get(signal):
                values = await group_by_origin(
                    data.samples, since.timestamp(), till.timestamp()
                )
                growing = is_growing(
                    merge_origins(values), _SHORTEST_SPAN.total_seconds()
                )
                if growing is not None:
                    self._memory.set_growing(signal, growing)
