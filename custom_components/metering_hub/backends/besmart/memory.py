"""What the backend keeps about a server over restarts.

Endpoints differ by edition (see `client`). Each is tried once, and a missing one is
remembered, so that a server does not receive futile requests all day.
"""

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ...metering.model import Kind
from ..common.http import Json
from ..common.parse import as_integer, as_object, as_text
from ..common.times import from_epoch
from ..errors import NotFoundError
from .models import SensorId, SignalId, parse_sensor_id, parse_signal_id

MISSING_FOR = timedelta(days=7)
"""How long before a missing endpoint is tried again: the server can be updated."""

REFUSED_FOR = timedelta(days=1)
"""How long a signal is left out because of which a whole batch is refused."""

GONE_AFTER = timedelta(hours=1)
"""How long an endpoint that has answered before fails before it counts as missing."""

_WORDED = (Kind.STATE, Kind.FLAG)


@dataclass(frozen=True, slots=True)
class ProbedSignals:
    """The signals found by probing a sensor, and what is known to be absent.

    `probed_at` is when the likely types were last begun to be probed, and
    `all_probed_at` when all of them were. Of the absent ones, `silent` are those that
    exist, but had no data. `widened` counts how often the span was extended because the
    sensor had no data at all.
    """

    probed_at: datetime
    moids: frozenset[int] = frozenset()
    absent: frozenset[int] = frozenset()
    silent: frozenset[int] = frozenset()
    all_probed_at: datetime | None = None
    widened: int = 0


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


class ServerMemory:
    """Facts about a server that need not be requested again; nothing personal."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        """Initialize an empty memory."""
        self._clock = clock
        self._missing: dict[str, datetime] = {}
        self._answered: set[str] = set()
        self._not_found: dict[str, datetime] = {}
        self._probed: dict[SensorId, ProbedSignals] = {}
        self._listed: dict[SensorId, frozenset[int]] = {}
        self.last_probe: datetime | None = None
        self._units: dict[SignalId, str] = {}
        self._verdicts: dict[SignalId, KeptVerdict] = {}
        self._worded: dict[SignalId, Kind] = {}
        self._history_starts: dict[SignalId, HistoryStart] = {}
        self._refused: dict[SignalId, datetime] = {}

    async def request_optional[Answer](
        self, endpoint: str, request: Callable[[], Awaitable[Answer]]
    ) -> Answer | None:
        """Request an endpoint that not every server has; return None if it is missing.

        Raises the errors of `request`: also NotFoundError if the endpoint has answered
        before, because a server that is updated or restarted may find nothing.
        """
        if self.is_missing(endpoint):
            return None
        try:
            answer = await request()
        except NotFoundError:
            now = self._clock()
            since = self._not_found.setdefault(endpoint, now)
            if endpoint in self._answered and now - since < GONE_AFTER:
                raise
            self._answered.discard(endpoint)
            self.set_missing(endpoint)
            return None
        self._answered.add(endpoint)
        self._not_found.pop(endpoint, None)
        return answer

    def is_missing(self, endpoint: str) -> bool:
        """Return True if an endpoint was found missing recently."""
        since = self._missing.get(endpoint)
        return since is not None and self._clock() - since < MISSING_FOR

    def set_missing(self, endpoint: str) -> None:
        """Note that an endpoint is missing now."""
        self._missing[endpoint] = self._clock()

    def has_answered(self, endpoint: str) -> bool:
        """Return True if an endpoint has answered, and was not missing since."""
        return endpoint in self._answered

    def note_answer(self, endpoint: str) -> None:
        """Note that an endpoint has answered."""
        self._answered.add(endpoint)

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

    def probed(self, sensor: SensorId) -> ProbedSignals | None:
        """Return the signals found by probing a sensor, if it was probed."""
        return self._probed.get(sensor)

    def set_probed(self, sensor: SensorId, probed: ProbedSignals) -> None:
        """Note what probing a sensor has found."""
        self._probed[sensor] = probed

    @property
    def listed(self) -> Mapping[SensorId, frozenset[int]]:
        """Return the sensors that the server last listed, and their signals."""
        return self._listed

    def set_listed(self, signals: Mapping[SensorId, Collection[int]]) -> None:
        """Note the sensors that the server lists now, and their signals."""
        self._listed = {sensor: frozenset(each) for sensor, each in signals.items()}

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
        """Return everything as JSON, in a stable order.

        The names of the keys are those of earlier versions, which have to be readable.
        """
        return {
            "lacking": {
                endpoint: since.timestamp()
                for endpoint, since in sorted(self._missing.items())
            },
            "answered": [*sorted(self._answered)],
            "probed": {
                str(sensor): _probed_as_json(probed)
                for sensor, probed in sorted(self._probed.items())
            },
            "last_probe": _timestamp(self.last_probe),
            "listed": {
                str(sensor): [*sorted(moids)]
                for sensor, moids in sorted(self._listed.items())
            },
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
        self._missing |= {
            endpoint: since
            for endpoint, value in as_object(memory.get("lacking")).items()
            if (since := from_epoch(value)) is not None
        }
        answered = memory.get("answered")
        if isinstance(answered, list):
            self._answered |= {text for each in answered if (text := as_text(each))}
        self._restore_sensors(memory)
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

    def _restore_sensors(self, memory: Mapping[str, Json]) -> None:
        """Restore what was remembered of sensors."""
        for text, value in as_object(memory.get("probed")).items():
            sensor, probed = parse_sensor_id(text), _parse_probed(as_object(value))
            if sensor and probed:
                self._probed[sensor] = probed
        self.last_probe = from_epoch(memory.get("last_probe"))
        for text, value in as_object(memory.get("listed")).items():
            if (sensor := parse_sensor_id(text)) is not None:
                self._listed[sensor] = _parse_moids(value)

    def forget_others(self, sensors: Collection[SensorId]) -> None:
        """Forget sensors that no longer exist."""
        for gone in self._probed.keys() - set(sensors):
            del self._probed[gone]
        for known in (
            self._units,
            self._verdicts,
            self._worded,
            self._history_starts,
            self._refused,
        ):
            for signal in [each for each in known if each.sensor not in sensors]:
                del known[signal]


def _timestamp(moment: datetime | None) -> float | None:
    """Return a moment in epoch seconds, if there is one."""
    return None if moment is None else moment.timestamp()


def _probed_as_json(probed: ProbedSignals) -> dict[str, Json]:
    """Return what probing a sensor has found as JSON."""
    return {
        "asked": probed.probed_at.timestamp(),
        "moids": [*sorted(probed.moids)],
        "absent": [*sorted(probed.absent)],
        "silent": [*sorted(probed.silent)],
        "all_asked": _timestamp(probed.all_probed_at),
        "widened": probed.widened,
    }


def _parse_probed(row: Mapping[str, Json]) -> ProbedSignals | None:
    """Parse what probing a sensor has found; earlier versions noted less."""
    probed_at = from_epoch(row.get("asked"))
    if probed_at is None or not isinstance(row.get("moids"), list):
        return None
    return ProbedSignals(
        probed_at,
        moids=_parse_moids(row["moids"]),
        absent=_parse_moids(row.get("absent")),
        silent=_parse_moids(row.get("silent")),
        all_probed_at=from_epoch(row.get("all_asked")),
        widened=max(0, as_integer(row.get("widened")) or 0),
    )


def _parse_moids(value: Json) -> frozenset[int]:
    """Parse a list of numbers of signal types."""
    numbers = value if isinstance(value, list) else []
    return frozenset(moid for each in numbers if (moid := as_integer(each)))


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
