"""Finds out which sensors there are, and which signals they have.

Source: ../shared/wire/besmart.md, "Endpoint life time" and "Sensors / workspaces". The
lists of workspaces and sensors left the vendor's documentation in 2022, those of states
came then. A server that has neither leaves it to a person to name the sensors.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from ..errors import NotFoundError, PermissionDeniedError, ProtocolError
from .batching import DataReader
from .client import BesmartClient
from .memory import Knowledge, Probed
from .models import Data, DataQuery, Sensor, SensorId, SensorState, SignalId, SignalType
from .samples import by_origin
from .units import KNOWN

ASK_AGAIN = timedelta(days=1)
PROBE_SPAN = timedelta(days=7)
PROBE_SPAN_PER_MINUTE = timedelta(days=1)
MOST_TYPES = 100
"""Types that a sensor is probed for; a server's whole list may be longer."""

_STATES, _ALL_STATES = "states", "states_of_all"
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """What a server has; `is_complete` says that it named its sensors by itself."""

    sensors: Mapping[SensorId, Sensor]
    moids: Mapping[SensorId, Collection[int]]
    states: Mapping[SensorId, Sequence[SensorState]]
    types: Mapping[int, SignalType]
    is_complete: bool


@dataclass(slots=True)
class _Cached[Value]:
    """Something that is asked again once a day."""

    asked: datetime
    value: Value


@dataclass(slots=True)
class Explorer:
    """Asks for sensors and signals; `named` are those that a person named."""

    client: BesmartClient
    reader: DataReader
    knowledge: Knowledge
    clock: Callable[[], datetime]
    named: Sequence[SensorId] = ()
    _types: _Cached[dict[int, SignalType]] | None = None
    _infos: dict[SensorId, _Cached[Sensor]] = field(default_factory=dict)

    async def explore(self) -> Discovery:
        """Return what there is now; raises BackendError."""
        types = await self._signal_types()
        listed = await self._listed()
        all_states = await self._all_states()
        found = {*listed, *(state.sensor for state in all_states)}
        sensors: dict[SensorId, Sensor] = {}
        states: dict[SensorId, Sequence[SensorState]] = {}
        moids: dict[SensorId, Collection[int]] = {}
        for sensor in sorted({*found, *self.named}):
            sensors[sensor] = listed.get(sensor) or await self._info(sensor)
            own = [state for state in all_states if state.sensor == sensor]
            if not own and self._may_have_states(sensor):
                own = await self._states_of(sensor)
            states[sensor] = _in_order(own)
            moids[sensor] = await self._moids(sensor, states[sensor], types)
        self.knowledge.forget_others(sensors)
        return Discovery(
            sensors=sensors,
            moids=moids,
            states=states,
            types=types,
            is_complete=bool(found),
        )

    async def exists(self, sensor: SensorId) -> bool:
        """Tell whether the server knows a sensor; raises BackendError.

        Not every edition can be asked for a sensor, so that states and data are asked
        as well before it is said to be unknown.
        """
        try:
            await self.client.sensor(sensor)
        except NotFoundError, PermissionDeniedError:
            if await self._states_of(sensor):
                return True
            moids = self._candidates(await self._signal_types())
            return bool(await self._probe(sensor, moids))
        return True

    async def _signal_types(self) -> dict[int, SignalType]:
        if (known := self._types) is None or self._is_old(known.asked):
            try:
                rows = await self.client.signal_types()
            except NotFoundError, PermissionDeniedError:
                rows = []
            types = {row.moid: row for row in rows}
            self._types = known = _Cached(self.clock(), types)
        return known.value

    async def _listed(self) -> dict[SensorId, Sensor]:
        """Return the sensors that the lists of the older editions name."""
        workspaces = await self._allowed("workspaces", self.client.workspaces)
        clients = sorted({each.client_cid for each in workspaces if each.client_cid})
        found: dict[SensorId, Sensor] = {}
        for client in clients or (None,):
            rows = await self._allowed(
                "find", partial(self.client.find_sensors, client_cid=client)
            )
            found |= {sensor.id: sensor for sensor in rows}
        return found

    async def _all_states(self) -> list[SensorState]:
        """Return the states of all sensors, which editions before 0.35 do not give."""
        if self.knowledge.lacks(_ALL_STATES):
            return []
        try:
            return await self._allowed(_STATES, self.client.states)
        except ProtocolError:
            self.knowledge.lacking[_ALL_STATES] = self.clock()
            return []

    async def _allowed[Row](
        self, name: str, ask: Callable[[], Awaitable[list[Row]]]
    ) -> list[Row]:
        """Return a list; none where the server lacks it or does not give it away."""
        try:
            return await self.knowledge.attempt(name, ask) or []
        except PermissionDeniedError:
            return []

    def _may_have_states(self, sensor: SensorId) -> bool:
        """Tell whether a sensor may have states that the list of all does not have."""
        return self.knowledge.lacks(_ALL_STATES) or sensor in self.named

    async def _states_of(self, sensor: SensorId) -> list[SensorState]:
        """Return the states of a sensor that the states of all do not have."""
        if self.knowledge.lacks(_STATES):
            return []
        try:
            return await self.client.states(sensor)
        except NotFoundError, PermissionDeniedError, ProtocolError:
            return []

    async def _info(self, sensor: SensorId) -> Sensor:
        """Return what a sensor that no list has is called, if the server tells."""
        known = self._infos.get(sensor)
        if known is None or self._is_old(known.asked):
            nameless = Sensor(id=sensor, name=None, type_name=None)
            try:
                info = await self.client.sensor(sensor)
            except NotFoundError, PermissionDeniedError:
                info = None
            self._infos[sensor] = known = _Cached(self.clock(), info or nameless)
        return known.value

    async def _moids(
        self,
        sensor: SensorId,
        states: Sequence[SensorState],
        types: Mapping[int, SignalType],
    ) -> Collection[int]:
        """Return the signals of a sensor: by its states, else those that have data."""
        if moids := {signal.moid for state in states for signal in state.signals}:
            return sorted(moids)
        probed = self.knowledge.probed.get(sensor)
        if probed is None or self._is_old(probed.asked):
            found = probed.moids if probed else frozenset()
            data = await self._probe(sensor, self._candidates(types) - found)
            for signal, answer in data.items():
                values = await by_origin(answer.samples, 0, self.clock().timestamp())
                if any(values.values()):
                    found |= {signal.moid}
            probed = Probed(self.clock(), found)
            self.knowledge.probed[sensor] = probed
        return sorted(probed.moids)

    def _candidates(self, types: Mapping[int, SignalType]) -> set[int]:
        """Return the signals that a sensor may have: first those that are known."""
        others = sorted(types.keys() - KNOWN.keys())
        return {*KNOWN, *others[: MOST_TYPES - len(KNOWN)]}

    async def _probe(self, sensor: SensorId, moids: Collection[int]) -> Data:
        """Return the data of the last days of those signals that are there."""
        now = self.clock()
        queries = []
        for moid in sorted(moids):
            is_fast = moid in KNOWN and KNOWN[moid].per_minute
            span = PROBE_SPAN_PER_MINUTE if is_fast else PROBE_SPAN
            queries.append(
                DataQuery(signal=SignalId(sensor, moid), since=now - span, till=now)
            )
        found = await self.reader.read(queries)
        return {
            signal: data
            for signal, data in found.data.items()
            if signal.sensor == sensor and signal.moid in moids
        }

    def _is_old(self, asked: datetime) -> bool:
        return self.clock() - asked >= ASK_AGAIN


def _in_order(states: Sequence[SensorState]) -> list[SensorState]:
    """Return states oldest first; one without a beginning is the oldest."""
    return sorted(states, key=lambda state: state.since or _LONG_AGO)
