"""What the backend keeps about a server over restarts.

Endpoints differ by edition (see `client`). Each is tried once, and a missing one is
remembered, so that a server does not receive futile requests all day.
"""

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

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


@dataclass(frozen=True, slots=True)
class ProbedSignals:
    """The signals found by probing a sensor, and when it was probed."""

    probed_at: datetime
    moids: frozenset[int]


@dataclass(frozen=True, slots=True)
class HistoryStart:
    """The time of the first sample, None without any, and when it was looked up."""

    found_at: datetime
    first: datetime | None


class ServerMemory:
    """Facts about a server that need not be requested again; nothing personal."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        """Initialize an empty memory."""
        self._clock = clock
        self._missing: dict[str, datetime] = {}
        self._answered: set[str] = set()
        self._not_found: dict[str, datetime] = {}
        self._probed: dict[SensorId, ProbedSignals] = {}
        self._units: dict[SignalId, str] = {}
        self._growing: dict[SignalId, bool] = {}
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

    def set_probed(self, sensor: SensorId, moids: frozenset[int]) -> ProbedSignals:
        """Note the signals found by probing a sensor now."""
        self._probed[sensor] = probed = ProbedSignals(self._clock(), moids)
        return probed

    def unit(self, signal: SignalId) -> str | None:
        """Return the unit of a signal's data, if known."""
        return self._units.get(signal)

    def set_unit(self, signal: SignalId, unit: str) -> None:
        """Note the unit of a signal's data."""
        self._units[signal] = unit

    def replace_unit(self, signal: SignalId, unit: str | None) -> None:
        """Replace the unit of a signal, which now measures something else."""
        self._growing.pop(signal, None)
        if unit is not None:
            self._units[signal] = unit

    def is_growing(self, signal: SignalId) -> bool | None:
        """Return True if the values of a signal never decrease, or None if unknown."""
        return self._growing.get(signal)

    def set_growing(self, signal: SignalId, is_growing: bool) -> None:
        """Note whether the values of a signal never decrease."""
        self._growing[signal] = is_growing

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
                str(sensor): {
                    "asked": probed.probed_at.timestamp(),
                    "moids": [*sorted(probed.moids)],
                }
                for sensor, probed in sorted(self._probed.items())
            },
            "units": {str(key): unit for key, unit in sorted(self._units.items())},
            "growing": {
                str(key): value for key, value in sorted(self._growing.items())
            },
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
        for text, value in as_object(memory.get("probed")).items():
            sensor, row = parse_sensor_id(text), as_object(value)
            probed_at, moids = from_epoch(row.get("asked")), row.get("moids")
            if sensor and probed_at and isinstance(moids, list):
                found = frozenset(m for each in moids if (m := as_integer(each)))
                self._probed[sensor] = ProbedSignals(probed_at, found)
        for signal, value in _by_signal(memory.get("units")):
            if (unit := as_text(value)) is not None:
                self._units[signal] = unit
        for signal, value in _by_signal(memory.get("growing")):
            if isinstance(value, bool):
                self._growing[signal] = value
        for signal, value in _by_signal(memory.get("beginnings")):
            row = as_object(value)
            if (found_at := from_epoch(row.get("asked"))) is not None:
                first = from_epoch(row.get("first"))
                self._history_starts[signal] = HistoryStart(found_at, first)
        self._refused |= _moments(memory.get("refused"))

    def forget_others(self, sensors: Collection[SensorId]) -> None:
        """Forget sensors that no longer exist."""
        for gone in self._probed.keys() - set(sensors):
            del self._probed[gone]
        for known in (self._units, self._growing, self._history_starts, self._refused):
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
