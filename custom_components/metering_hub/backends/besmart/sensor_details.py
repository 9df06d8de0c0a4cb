"""Read what the lists of a server do not have about a sensor, one by one.

Newer editions have no list with the names of sensors, and editions before 0.35 none of
all states. A sensor is read when it is new, and later as often as a bounded number of
requests permits.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ..errors import NotFoundError
from .client import BesmartClient
from .memory import ServerMemory
from .models import Sensor, SensorId, SensorState
from .sensor_lists import ONE_LIST_ERRORS, ListReader, SensorLists

READ_AGAIN_AFTER = timedelta(days=1)
KNOWN_AT_ONCE = 25
"""How many sensors of earlier runs are read at once."""

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What was read about a sensor; `sensor` is None as long as that is nothing."""

    read_at: datetime
    sensor: Sensor | None
    states: Sequence[SensorState]


class DetailsReader:
    """Reads single sensors and their states, and keeps them for a day."""

    def __init__(
        self,
        client: BesmartClient,
        lists: ListReader,
        memory: ServerMemory,
        clock: Callable[[], datetime],
        numbers: Mapping[SensorId, str | None],
    ) -> None:
        """Initialize with the sensors that the user entered, and their numbers."""
        self._client = client
        self._lists = lists
        self._memory = memory
        self._clock = clock
        self._numbers = numbers
        self._known: dict[SensorId, Details] = {}

    async def read(
        self, sensors: Iterable[SensorId], lists: SensorLists
    ) -> Mapping[SensorId, Details]:
        """Return what is known about the sensors that the lists lack something of."""
        lacking = [each for each in sensors if self._lacks(each, lists)]
        self._known = {
            each: self._known[each] for each in lacking if each in self._known
        }
        new = [each for each in lacking if each not in self._memory.listed]
        old = sorted(set(lacking).difference(new), key=self._read_at)
        for sensor in (*new, *old[:KNOWN_AT_ONCE]):
            if self._clock() - self._read_at(sensor) >= READ_AGAIN_AFTER:
                self._known[sensor] = await self._read(sensor, lists)
        return self._known

    def unread(self, sensors: Iterable[SensorId], lists: SensorLists) -> set[SensorId]:
        """Return the sensors that the lists lack something of, and that wait for it."""
        return {
            each
            for each in sensors
            if each not in self._known and self._lacks(each, lists)
        }

    async def states_of(self, sensor: SensorId) -> list[SensorState]:
        """Return the states of a single sensor."""
        if not self._lists.has_states:
            return []
        try:
            return await self._client.sensor_states(sensor)
        except (NotFoundError, *ONE_LIST_ERRORS):
            return []

    def _read_at(self, sensor: SensorId) -> datetime:
        """Return when a sensor was read."""
        known = self._known.get(sensor)
        return known.read_at if known else _LONG_AGO

    def _lacks(self, sensor: SensorId, lists: SensorLists) -> bool:
        """Return True if a sensor has to be read on its own."""
        return sensor not in lists.sensors or self._may_have_states(sensor, lists)

    def _may_have_states(self, sensor: SensorId, lists: SensorLists) -> bool:
        """Return True if a sensor can have states that are not in the list of all."""
        return sensor not in lists.states and (
            not self._lists.has_states_of_all or sensor in self._numbers
        )

    async def _read(self, sensor: SensorId, lists: SensorLists) -> Details:
        """Read a sensor, and its states if they can be in no list."""
        before = self._known.get(sensor)
        states: Sequence[SensorState] = ()
        if self._may_have_states(sensor, lists):
            states = await self.states_of(sensor) or (before.states if before else ())
        details = lists.sensors.get(sensor)
        if details is None:
            details = await self._sensor(sensor) or (before.sensor if before else None)
        return Details(read_at=self._clock(), sensor=details, states=states)

    async def _sensor(self, sensor: SensorId) -> Sensor | None:
        """Return a sensor, without a name if the edition cannot report it.

        A known sensor must not lose its name because the server fails.
        """
        nameless = Sensor(id=sensor, name=None, type_name=None)
        try:
            return await self._client.sensor(sensor)
        except NotFoundError:
            number = self._numbers.get(sensor)
            named = await self._numbered(sensor, number) if number else None
            return named or nameless
        except ONE_LIST_ERRORS:
            return None if sensor in self._memory.listed else nameless

    async def _numbered(self, sensor: SensorId, number: str) -> Sensor | None:
        """Return a sensor by its external number, if the edition can look it up."""
        try:
            found = await self._client.external_sensors([number])
        except (NotFoundError, *ONE_LIST_ERRORS):
            return None
        return next((each for each in found if each.id == sensor), None)
