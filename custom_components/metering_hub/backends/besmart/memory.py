"""What the backend keeps about a server over restarts.

Endpoints differ by edition (see `client`). Each is tried once, and a missing one is
remembered, so that a server does not receive futile requests all day.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..common.http import Json
from ..common.parse import as_integer, as_object, as_text
from ..common.times import from_epoch
from ..errors import NotFoundError
from .models import SensorId, parse_sensor_id
from .signal_memory import SignalMemory

MISSING_FOR = timedelta(days=7)
"""How long before a missing endpoint is tried again: the server can be updated."""

GONE_AFTER = timedelta(hours=1)
"""How long an endpoint that has answered before fails before it counts as missing."""


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
        self.signals = SignalMemory(clock)

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
            **self.signals.remember(),
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
        self.signals.restore(memory)

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
        self.signals.forget_others(sensors)


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
