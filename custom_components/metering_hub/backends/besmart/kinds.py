"""Learn from the data of signals what the server does not report: units and kinds."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from ...metering.inventory import KindQuestion
from ...metering.kind_judge import Evidence, judge_kind
from ...metering.model import Kind
from ..common.unit_quantities import is_energy
from ..common.units import unit_factor
from .batching import SignalBatcher
from .latest import LatestReader
from .memory import ServerMemory
from .models import DataQuery, SignalData, SignalId, SignalType
from .origins import Value, group_by_origin, merge_origins
from .signal_memory import KeptVerdict
from .signals import depends_on_values, known_signal, signal_unit
from .units import read_unit

_SPAN = timedelta(days=7)
JUDGED_EVERY = timedelta(days=1)
"""How often the values of a signal are judged again."""

ASKED_EVERY = timedelta(hours=6)
"""How often they are judged while its kind is in question."""

_HOUR = 3600.0


class KindDetector:
    """Detects the units and kinds of signals, and what is in question about them."""

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
        self._questions: dict[SignalId, KindQuestion] = {}
        self._asked_at: dict[SignalId, datetime] = {}

    async def detect(
        self,
        signals: Collection[SignalId],
        types: Mapping[int, SignalType],
        decided: Collection[SignalId],
    ) -> Mapping[SignalId, KindQuestion]:
        """Detect what is unknown, and return the questions that are left.

        The user has `decided` the kinds of some signals. The first unit of a signal is
        kept as long as its data can be converted to it. Raises BackendError.
        """
        await self._detect_units(signals)
        self._detect_words(signals, types)
        in_question = [
            signal
            for signal in signals
            if signal not in decided
            and self._memory.signals.worded(signal) is None
            and depends_on_values(
                signal.moid, types.get(signal.moid), self._unit(signal, types)
            )
        ]
        if due := [signal for signal in in_question if self._is_due(signal)]:
            await self._judge(due, types)
        for gone in self._questions.keys() - set(in_question):
            del self._questions[gone]
        return dict(self._questions)

    def _unit(self, signal: SignalId, types: Mapping[int, SignalType]) -> str | None:
        """Return the unit of a signal."""
        known = self._memory.signals.unit(signal)
        return signal_unit(signal.moid, types.get(signal.moid), known)

    async def _detect_units(self, signals: Collection[SignalId]) -> None:
        """Take the units of signals that were never polled from their latest values."""
        unknown = [
            signal
            for signal in signals
            if self._memory.signals.unit(signal) is None
            and self._memory.signals.worded(signal) is None
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
                self._memory.signals.set_unit(signal, unit)

    def _detect_words(
        self, signals: Collection[SignalId], types: Mapping[int, SignalType]
    ) -> None:
        """Note which signals have words as values, and no numbers.

        A single unreadable number is a word as well, so it takes more for a signal that
        has a number, or whose unit or type says that it has numbers.
        """
        for signal in signals:
            word, number = self._latest.word(signal), self._latest.value(signal)
            if word is None:
                if number is not None:
                    self._memory.signals.set_worded(signal, None)
                continue
            unit = self._unit(signal, types)
            if number is not None or is_energy(unit) or known_signal(signal.moid, unit):
                continue
            is_flag = isinstance(word.value, bool)
            self._memory.signals.set_worded(
                signal, Kind.FLAG if is_flag else Kind.STATE
            )

    def _is_due(self, signal: SignalId) -> bool:
        """Return True if the values of a signal have to be judged, again or at all."""
        now = self._clock()
        if (asked_at := self._asked_at.get(signal)) is not None:
            return now - asked_at >= ASKED_EVERY
        kept = self._memory.signals.verdict(signal)
        if kept is None or kept.confirmed_at is None:
            return True
        return now - kept.confirmed_at >= JUDGED_EVERY

    async def _judge(
        self, signals: Collection[SignalId], types: Mapping[int, SignalType]
    ) -> None:
        """Judge the values of signals during the last week."""
        now = self._clock()
        since, till = now - _SPAN, now
        queries = [DataQuery(signal=s, since=since, till=till) for s in signals]
        found = await self._batcher.read(queries)
        for signal in signals:
            if (data := found.data.get(signal)) is None:
                continue
            unit = self._unit(signal, types)
            values = await _values_of(data, unit, since, till)
            type_ = types.get(signal.moid)
            text = (type_ and type_.description) or ""
            self._conclude(signal, _hourly(values, min), _hourly(values, max), text)

    def _conclude(
        self,
        signal: SignalId,
        lows: Sequence[tuple[datetime, float]],
        highs: Sequence[tuple[datetime, float]],
        text: str,
    ) -> None:
        """Note what a signal is, or what is in question.

        What was believed stays until the user agrees, even if values contradict it.
        """
        kind = judge_kind(Evidence(lows=lows, highs=highs, text=text)).kind
        known = self._memory.signals.verdict(signal)
        believed = known.kind if known else kind
        if believed is not None:
            is_confirmed = kind in (believed, None)
            confirmed_at = self._clock() if is_confirmed else None
            self._memory.signals.set_verdict(
                signal, KeptVerdict(believed, confirmed_at)
            )
            if is_confirmed:
                self._questions.pop(signal, None)
                self._asked_at.pop(signal, None)
                return
        self._questions[signal] = KindQuestion(
            kind=believed or Kind.UNDECIDED, suggested=kind, week=lows
        )
        self._asked_at[signal] = self._clock()


async def _values_of(
    data: SignalData, unit: str | None, since: datetime, till: datetime
) -> Sequence[Value]:
    """Return the measured values in a unit, oldest first."""
    factor = unit_factor(read_unit(data.unit) or unit, unit)
    if factor is None:
        return ()
    found = await group_by_origin(data.samples, since.timestamp(), till.timestamp())
    values = merge_origins(found)
    return [(time, round(value * factor, 9)) for time, value in values]


def _hourly(
    values: Sequence[Value], choose: Callable[[float, float], float]
) -> Sequence[tuple[datetime, float]]:
    """Return the value of each hour that `choose` prefers, oldest first."""
    hours: dict[float, float] = {}
    for time, value in values:
        hour = time // _HOUR * _HOUR
        hours[hour] = choose(hours.get(hour, value), value)
    return [(datetime.fromtimestamp(hour, UTC), each) for hour, each in hours.items()]
