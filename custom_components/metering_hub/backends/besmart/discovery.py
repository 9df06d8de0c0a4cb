"""Find the sensors of an account and their signals.

Source: docs/wire/besmart.md, "Endpoints by edition" and "Sensors". The lists of
workspaces and sensors disappeared from the vendor's documentation in 2022, when the
states were added. If a server has neither, the user has to enter the sensors.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from ..errors import NotFoundError, PermissionDeniedError
from .batching import SignalBatcher
from .client import BesmartClient, InvalidRequestError
from .memory import ServerMemory
from .models import Data, DataQuery, Sensor, SensorId, SensorState, SignalId, SignalType
from .signal_data import group_by_origin
from .signals import KNOWN_SIGNALS

REFRESH_AFTER = timedelta(days=1)
PROBE_SPAN = timedelta(days=7)
PROBE_SPAN_PER_MINUTE = timedelta(days=1)
MOST_TYPES = 100
"""How many types a sensor is probed for; the server's list can be longer."""

_STATES, _ALL_STATES = "states", "states_of_all"
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSensors:
    """The sensors of an account; `is_complete` is true if the server listed them."""

    sensors: Mapping[SensorId, Sensor]
    moids: Mapping[SensorId, Collection[int]]
    states: Mapping[SensorId, Sequence[SensorState]]
    types: Mapping[int, SignalType]
    is_complete: bool

    @property
    def signals(self) -> list[SignalId]:
        """Return the signals of all sensors."""
        return [
            SignalId(sensor, moid)
            for sensor, moids in self.moids.items()
            for moid in moids
        ]


@dataclass(slots=True)
class _Cached[Value]:
    """An answer that is refreshed once a day."""

    fetched_at: datetime
    value: Value


class SensorFinder:
    """Finds sensors and their signals on every edition of the server."""

    def __init__(
        self,
        client: BesmartClient,
        batcher: SignalBatcher,
        memory: ServerMemory,
        clock: Callable[[], datetime],
        named: Sequence[SensorId] = (),
    ) -> None:
        """Initialize the finder; `named` are the sensors that the user entered."""
        self._client = client
        self._batcher = batcher
        self._memory = memory
        self._clock = clock
        self._named = named
        self._types: _Cached[dict[int, SignalType]] | None = None
        self._details: dict[SensorId, _Cached[Sensor]] = {}

    async def find(self) -> FoundSensors:
        """Return all sensors and signals; raises BackendError."""
        types = await self._signal_types()
        listed = await self._listed_sensors()
        all_states = await self._all_states()
        reported = {*listed, *(state.sensor for state in all_states)}
        sensors: dict[SensorId, Sensor] = {}
        states: dict[SensorId, Sequence[SensorState]] = {}
        moids: dict[SensorId, Collection[int]] = {}
        for sensor in sorted({*reported, *self._named}):
            sensors[sensor] = listed.get(sensor) or await self._sensor(sensor)
            own = [state for state in all_states if state.sensor == sensor]
            if not own and self._may_have_states(sensor):
                own = await self._states_of(sensor)
            states[sensor] = _oldest_first(own)
            moids[sensor] = await self._moids(sensor, states[sensor], types)
        self._memory.forget_others(sensors)
        return FoundSensors(
            sensors=sensors,
            moids=moids,
            states=states,
            types=types,
            is_complete=bool(reported),
        )

    async def exists(self, sensor: SensorId) -> bool:
        """Return True if the server has a sensor; raises BackendError.

        Not every edition can report a single sensor, so its states and its data are
        tried as well.
        """
        try:
            await self._client.sensor(sensor)
        except NotFoundError, PermissionDeniedError:
            if await self._states_of(sensor):
                return True
            moids = _candidates(await self._signal_types())
            return bool(await self._probe(sensor, moids))
        return True

    async def _signal_types(self) -> dict[int, SignalType]:
        """Return the types of signals by number."""
        if (cached := self._types) is None or self._is_old(cached.fetched_at):
            try:
                rows = await self._client.signal_types()
            except PermissionDeniedError:
                rows = []
            types = {row.moid: row for row in rows}
            self._types = cached = _Cached(self._clock(), types)
        return cached.value

    async def _listed_sensors(self) -> dict[SensorId, Sensor]:
        """Return the sensors in the lists of older editions."""
        clients = await self._optional("workspaces", self._client.workspace_clients)
        found: dict[SensorId, Sensor] = {}
        for client in sorted(set(clients)) or (None,):
            rows = await self._optional(
                "find", partial(self._client.sensors, client_cid=client)
            )
            found |= {sensor.id: sensor for sensor in rows}
        return found

    async def _all_states(self) -> list[SensorState]:
        """Return the states of all sensors, which editions before 0.35 refuse."""
        if self._memory.is_missing(_ALL_STATES):
            return []
        try:
            return await self._optional(_STATES, self._client.sensor_states)
        except InvalidRequestError:
            self._memory.set_missing(_ALL_STATES)
            return []

    async def _optional[Row](
        self, endpoint: str, request: Callable[[], Awaitable[list[Row]]]
    ) -> list[Row]:
        """Return a list; empty if the endpoint is missing or not permitted."""
        try:
            return await self._memory.request_optional(endpoint, request) or []
        except PermissionDeniedError:
            return []

    def _may_have_states(self, sensor: SensorId) -> bool:
        """Return True if a sensor can have states that are not in the list of all."""
        return self._memory.is_missing(_ALL_STATES) or sensor in self._named

    async def _states_of(self, sensor: SensorId) -> list[SensorState]:
        """Return the states of a single sensor."""
        if self._memory.is_missing(_STATES):
            return []
        try:
            return await self._client.sensor_states(sensor)
        except NotFoundError, PermissionDeniedError, InvalidRequestError:
            return []

    async def _sensor(self, sensor: SensorId) -> Sensor:
        """Return a sensor that is in no list, without a name if it is not reported."""
        cached = self._details.get(sensor)
        if cached is None or self._is_old(cached.fetched_at):
            nameless = Sensor(id=sensor, name=None, type_name=None)
            try:
                details = await self._client.sensor(sensor)
            except NotFoundError, PermissionDeniedError:
                details = None
            self._details[sensor] = cached = _Cached(self._clock(), details or nameless)
        return cached.value

    async def _moids(
        self,
        sensor: SensorId,
        states: Sequence[SensorState],
        types: Mapping[int, SignalType],
    ) -> Collection[int]:
        """Return the signals of a sensor: from its states, or those that have data."""
        if moids := {signal.moid for state in states for signal in state.signals}:
            return sorted(moids)
        probed = self._memory.probed(sensor)
        if probed is None or self._is_old(probed.probed_at):
            found = probed.moids if probed else frozenset()
            data = await self._probe(sensor, _candidates(types) - found)
            now = self._clock().timestamp()
            for signal, answer in data.items():
                values = await group_by_origin(answer.samples, 0, now)
                if any(values.values()):
                    found |= {signal.moid}
            probed = self._memory.set_probed(sensor, found)
        return sorted(probed.moids)

    async def _probe(self, sensor: SensorId, moids: Collection[int]) -> Data:
        """Return the data of the last days of those signals that exist."""
        now = self._clock()
        queries = []
        for moid in sorted(moids):
            is_fast = moid in KNOWN_SIGNALS and KNOWN_SIGNALS[moid].per_minute
            span = PROBE_SPAN_PER_MINUTE if is_fast else PROBE_SPAN
            queries.append(
                DataQuery(signal=SignalId(sensor, moid), since=now - span, till=now)
            )
        found = await self._batcher.probe(queries)
        return {
            signal: data
            for signal, data in found.data.items()
            if signal.sensor == sensor and signal.moid in moids
        }

    def _is_old(self, fetched_at: datetime) -> bool:
        """Return True if an answer has to be refreshed."""
        return self._clock() - fetched_at >= REFRESH_AFTER


def _candidates(types: Mapping[int, SignalType]) -> set[int]:
    """Return the signals that a sensor can have, with preference for known ones."""
    others = sorted(types.keys() - KNOWN_SIGNALS.keys())
    return {*KNOWN_SIGNALS, *others[: MOST_TYPES - len(KNOWN_SIGNALS)]}


def _oldest_first(states: Sequence[SensorState]) -> list[SensorState]:
    """Return states in order of time; a state without a start is the oldest."""
    return sorted(states, key=lambda state: state.since or _LONG_AGO)
