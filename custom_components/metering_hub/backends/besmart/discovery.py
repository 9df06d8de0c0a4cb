"""Find the sensors of an account and their signals.

Source: docs/wire/besmart.md, "Endpoints by edition" and "Sensors". The lists of
workspaces and sensors disappeared from the vendor's documentation in 2022, when the
states were added. No list has all sensors that an account can read, so the user can
enter others.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ..errors import NotFoundError, PermissionDeniedError
from .batching import SignalBatcher
from .client import BesmartClient
from .entered_sensors import EnteredSensor
from .memory import ServerMemory
from .models import Sensor, SensorId, SensorState, SignalId, SignalType
from .probing import SignalProber
from .sensor_details import Details, DetailsReader
from .sensor_lists import ListReader

REFRESH_AFTER = timedelta(days=1)

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSensors:
    """The sensors of an account, with their signals by the numbers of their types.

    A sensor that was not read yet has no entry in `sensors`. `shown` are the sensors
    that have signals, may still turn out to have some, or were entered by the user.
    `workspaces` are the names of workspaces by client.
    """

    sensors: Mapping[SensorId, Sensor]
    moids: Mapping[SensorId, Collection[int]]
    states: Mapping[SensorId, Sequence[SensorState]]
    types: Mapping[int, SignalType]
    shown: Collection[SensorId]
    workspaces: Mapping[int, str] = field(default_factory=dict)

    @property
    def signals(self) -> list[SignalId]:
        """Return the signals of all sensors."""
        return [
            SignalId(sensor, moid)
            for sensor, moids in self.moids.items()
            for moid in moids
        ]


@dataclass(slots=True)
class _CachedTypes:
    """The types of signals, which are refreshed once a day once there are some."""

    fetched_at: datetime
    types: Mapping[int, SignalType]


class SensorFinder:
    """Finds sensors and their signals on every edition of the server."""

    def __init__(
        self,
        client: BesmartClient,
        batcher: SignalBatcher,
        memory: ServerMemory,
        clock: Callable[[], datetime],
        entered: Sequence[EnteredSensor] = (),
    ) -> None:
        """Initialize the finder; `entered` are the sensors that the user entered."""
        self._client = client
        self._memory = memory
        self._clock = clock
        self._entered = {sensor.id: sensor.number for sensor in entered}
        self._lists = ListReader(client, memory)
        self._details = DetailsReader(client, self._lists, memory, clock, self._entered)
        self._prober = SignalProber(client, batcher, memory, clock)
        self._types: _CachedTypes | None = None

    @property
    def progress(self) -> float | None:
        """Return which share of the probing is done, while sensors are probed."""
        return self._prober.progress

    async def find(self) -> FoundSensors:
        """Return all sensors and signals; raises BackendError."""
        types = await self._signal_types()
        lists = await self._lists.read()
        listed = self._memory.listed
        kept = () if lists.is_whole else listed
        ids = sorted({*lists.sensors, *lists.states, *kept, *self._entered})
        if not ids and lists.failures:
            # The server has not said that there is nothing.
            raise lists.failures[0]
        details = await self._details.read(ids, lists)
        sensors = {**_sensors(details), **lists.sensors}
        states = {
            sensor: _oldest_first(
                lists.states.get(sensor)
                or (details[sensor].states if sensor in details else ())
            )
            for sensor in ids
        }
        unread = set(ids) if kept else self._details.unread(ids, lists)
        reported = {
            sensor: _reported_moids(own)
            or (listed.get(sensor, frozenset()) if sensor in unread else frozenset())
            for sensor, own in states.items()
        }
        unreported = {each: sensors.get(each) for each in ids if not reported[each]}
        self._memory.forget_others(ids)
        await self._prober.probe(unreported, types)
        moids = {each: self._moids(each, reported[each]) for each in ids}
        self._memory.set_listed(reported)
        return FoundSensors(
            sensors=sensors,
            moids=moids,
            states=states,
            types=types,
            shown=self._shown(moids, types),
            workspaces=lists.workspaces,
        )

    async def exists(self, sensor: SensorId) -> bool:
        """Return True if the server has a sensor; raises BackendError.

        Not every edition can report a single sensor, so the lists of the last
        inventory, its states and its data are tried as well.
        """
        if sensor in self._memory.listed:
            return True
        try:
            await self._client.sensor(sensor)
        except NotFoundError, PermissionDeniedError:
            if await self._details.states_of(sensor):
                return True
            return await self._prober.has_data(sensor, await self._signal_types())
        return True

    def _moids(self, sensor: SensorId, reported: Collection[int]) -> list[int]:
        """Return the signals of a sensor: the reported ones, or those with data."""
        probed = None if reported else self._memory.probed(sensor)
        return sorted(probed.moids if probed else reported)

    def _shown(
        self, moids: Mapping[SensorId, Collection[int]], types: Mapping[int, SignalType]
    ) -> frozenset[SensorId]:
        """Return the sensors without those that are known to have no signals."""
        return frozenset(
            sensor
            for sensor, signals in moids.items()
            if signals
            or sensor in self._entered
            or self._prober.is_pending(sensor, types)
        )

    async def _signal_types(self) -> Mapping[int, SignalType]:
        """Return the types of signals by number."""
        cached, now = self._types, self._clock()
        if not cached or not cached.types or now - cached.fetched_at >= REFRESH_AFTER:
            try:
                rows = await self._client.signal_types()
            except PermissionDeniedError:
                rows = []
            self._types = cached = _CachedTypes(now, {row.moid: row for row in rows})
        return cached.types


def _sensors(details: Mapping[SensorId, Details]) -> dict[SensorId, Sensor]:
    """Return the sensors that were read one by one."""
    return {key: each.sensor for key, each in details.items() if each.sensor}


def _reported_moids(states: Sequence[SensorState]) -> frozenset[int]:
    """Return the signals that the states of a sensor have."""
    return frozenset(signal.moid for state in states for signal in state.signals)


def _oldest_first(states: Sequence[SensorState]) -> list[SensorState]:
    """Return states in order of time; a state without a start is the oldest."""
    return sorted(states, key=lambda state: state.since or _LONG_AGO)
