"""What the backend keeps about single signals over restarts."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ...metering.model import Kind
from ..common.http import Json
from ..common.parse import as_object, as_text
from ..common.times import from_epoch
from .models import SensorId, SignalId, parse_signal_id

REFUSED_FOR = timedelta(days=1)
"""How long a signal is left out because of which a whole batch is refused."""

_WORDED = (Kind.STATE, Kind.FLAG)


@dataclass(frozen=True, slots=True)
class HistoryStart:
    """The time of the first sample, None without any, and when it was looked up."""

    found_at: datetime
    first: datetime | None


@dataclass(frozen=True, slots=True)
class KeptVerdict:
    """What the values of a signal were judged to be: positions or amounts.

    `confirmed_at` is when they were found to be so last; None if later values
    contradict it, or for the judgement of an earlier version.
    """

    kind: Kind
    confirmed_at: datetime | None


class SignalMemory:
    """Facts about signals that need not be requested again; nothing personal."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        """Initialize an empty memory."""
        self._clock = clock
        self._units: dict[SignalId, str] = {}
        self._verdicts: dict[SignalId, KeptVerdict] = {}
        self._worded: dict[SignalId, Kind] = {}
        self._history_starts: dict[SignalId, HistoryStart] = {}
        self._refused: dict[SignalId, datetime] = {}

    @property
    def are_all_answered(self) -> bool:
        """Return True if no signal is refused."""
        return not self._refused

    def is_refused(self, signal: SignalId) -> bool:
        """Return True if the server refused a signal less than a day ago."""
        since = self._refused.get(signal)
        return since is not None and self._clock() - since < REFUSED_FOR

    def was_refused(self, signal: SignalId) -> bool:
        """Return True if the server has not answered for a signal since its refusal."""
        return signal in self._refused

    def set_refused(self, signal: SignalId) -> None:
        """Note that the server refuses a signal now."""
        self._refused[signal] = self._clock()

    def clear_refused(self, signal: SignalId) -> None:
        """Note that the server answers for a signal."""
        self._refused.pop(signal, None)

    def unit(self, signal: SignalId) -> str | None:
        """Return the unit of a signal's data, if known."""
        return self._units.get(signal)

    def set_unit(self, signal: SignalId, unit: str) -> None:
        """Note the unit of a signal's data."""
        self._units[signal] = unit

    def replace_unit(self, signal: SignalId, unit: str | None) -> None:
        """Replace the unit of a signal, which now measures something else."""
        self._verdicts.pop(signal, None)
        if unit is not None:
            self._units[signal] = unit

    def verdict(self, signal: SignalId) -> KeptVerdict | None:
        """Return what the values of a signal were judged to be, if they were."""
        return self._verdicts.get(signal)

    def set_verdict(self, signal: SignalId, verdict: KeptVerdict) -> None:
        """Note what the values of a signal were judged to be."""
        self._verdicts[signal] = verdict

    def worded(self, signal: SignalId) -> Kind | None:
        """Return STATE or FLAG if the values of a signal are words."""
        return self._worded.get(signal)

    def set_worded(self, signal: SignalId, kind: Kind | None) -> None:
        """Note the kind of a signal whose values are words; None if they are not."""
        if kind is None:
            self._worded.pop(signal, None)
        else:
            self._worded[signal] = kind

    def history_start(self, signal: SignalId) -> HistoryStart | None:
        """Return when the history of a signal starts, if it was looked up."""
        return self._history_starts.get(signal)

    def set_history_start(self, signal: SignalId, first: datetime | None) -> None:
        """Note the first sample of a signal, as found now."""
        self._history_starts[signal] = HistoryStart(self._clock(), first)

    def remember(self) -> dict[str, Json]:
        """Return everything as JSON, in a stable order."""
        return {
            "units": {str(key): unit for key, unit in sorted(self._units.items())},
            **self._kinds_as_json(),
            "beginnings": {
                str(signal): {
                    "asked": start.found_at.timestamp(),
                    "first": None if start.first is None else start.first.timestamp(),
                }
                for signal, start in sorted(self._history_starts.items())
            },
            "refused": {
                str(signal): since.timestamp()
                for signal, since in sorted(self._refused.items())
            },
        }

    def _kinds_as_json(self) -> dict[str, Json]:
        """Return what the values of signals were found to be."""
        return {
            "growing": {
                str(signal): verdict.kind is Kind.REGISTER
                for signal, verdict in sorted(self._verdicts.items())
            },
            "confirmed": {
                str(signal): verdict.confirmed_at.timestamp()
                for signal, verdict in sorted(self._verdicts.items())
                if verdict.confirmed_at is not None
            },
            "worded": {str(key): kind for key, kind in sorted(self._worded.items())},
        }

    def restore(self, memory: Mapping[str, Json]) -> None:
        """Restore what was remembered; unreadable parts are ignored."""
        for signal, value in _by_signal(memory.get("units")):
            if (unit := as_text(value)) is not None:
                self._units[signal] = unit
        self._restore_kinds(memory)
        for signal, value in _by_signal(memory.get("beginnings")):
            row = as_object(value)
            if (found_at := from_epoch(row.get("asked"))) is not None:
                first = from_epoch(row.get("first"))
                self._history_starts[signal] = HistoryStart(found_at, first)
        self._refused |= _moments(memory.get("refused"))

    def _restore_kinds(self, memory: Mapping[str, Json]) -> None:
        """Restore what the values of signals were found to be."""
        confirmed = as_object(memory.get("confirmed"))
        for signal, value in _by_signal(memory.get("growing")):
            if isinstance(value, bool):
                kind = Kind.REGISTER if value else Kind.INTERVAL
                confirmed_at = from_epoch(confirmed.get(str(signal)))
                self._verdicts[signal] = KeptVerdict(kind, confirmed_at)
        for signal, value in _by_signal(memory.get("worded")):
            if value in _WORDED:
                self._worded[signal] = Kind(value)

    def forget_others(self, sensors: Collection[SensorId]) -> None:
        """Forget the signals of sensors that no longer exist."""
        for known in (
            self._units,
            self._verdicts,
            self._worded,
            self._history_starts,
            self._refused,
        ):
            for signal in [each for each in known if each.sensor not in sensors]:
                del known[signal]


def _by_signal(value: Json) -> Iterator[tuple[SignalId, Json]]:
    """Yield the entries of a JSON object whose keys are signals."""
    for text, each in as_object(value).items():
        if (signal := parse_signal_id(text)) is not None:
            yield signal, each


def _moments(value: Json) -> dict[SignalId, datetime]:
    """Return the moments in a JSON object whose keys are signals."""
    return {
        signal: moment
        for signal, each in _by_signal(value)
        if (moment := from_epoch(each)) is not None
    }
