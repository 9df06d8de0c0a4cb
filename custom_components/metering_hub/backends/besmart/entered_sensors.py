"""Sensors that the user enters: by their ids, or by the number on a bill or a meter.

Source: docs/wire/besmart.md, "Sensors" and "Sensor states". A number is looked up once
and then stored together with the id of its sensor. It is personal: it is in no log, no
exception and no path.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
import re
from typing import NamedTuple

from ..errors import NotFoundError
from .client import BesmartClient
from .models import Sensor, SensorId, SensorState, parse_sensor_id
from .sensor_lists import ONE_LIST_ERRORS

_WITH_NUMBER = re.compile(r"(?P<number>.+) \((?P<sensor>[0-9.]+)\)")
_LONGEST_NUMBER = 64
_MISTYPED_ID = re.compile(r"[0-9.,+-]*[.,+-][0-9.,+-]*")


class EnteredSensor(NamedTuple):
    """A sensor that the user has entered; `number` is the one on a bill or a meter."""

    id: SensorId
    number: str | None = None

    def __str__(self) -> str:
        """Return the text that is stored, and shown in the form."""
        return f"{self.number} ({self.id})" if self.number else str(self.id)


def parse_entered_sensor(text: str) -> EnteredSensor | None:
    """Parse an id, or a number whose sensor was looked up before."""
    if (sensor := parse_sensor_id(text)) is not None:
        return EnteredSensor(sensor)
    if (match := _WITH_NUMBER.fullmatch(text.strip())) is None:
        return None
    sensor = parse_sensor_id(match["sensor"])
    return EnteredSensor(sensor, match["number"]) if sensor else None


def can_be_number(text: str) -> bool:
    """Return True if a text can be a number of a meter or a supply point.

    They have letters and other characters, too, but look different from an id.
    """
    text = text.strip()
    return (
        any(character.isdecimal() for character in text)
        and len(text) <= _LONGEST_NUMBER
        and _MISTYPED_ID.fullmatch(text) is None
    )


class NumberLookup:
    """Finds the sensor with a number, wherever the edition of the server has it."""

    def __init__(self, client: BesmartClient) -> None:
        """Initialize the lookup."""
        self._client = client

    async def find(self, number: str) -> SensorId | None:
        """Return the only sensor with this number, if there is one.

        Raises BackendError for failures of the whole server.
        """
        number = number.strip()
        client = self._client
        searches: Sequence[Callable[[], Awaitable[set[SensorId]]]] = (
            partial(_ids, partial(client.external_sensors, [number])),
            partial(self._by_meter, number),
            partial(_ids, partial(client.numbered_sensors, number)),
            partial(_ids, partial(client.metered_sensors, number)),
        )
        for search in searches:
            try:
                found = await search()
            except (NotFoundError, *ONE_LIST_ERRORS):
                continue
            if len(found) == 1:
                return found.pop()
        return None

    async def _by_meter(self, meter: str) -> set[SensorId]:
        """Return the sensors at which a meter was installed, last if it was moved."""
        states = [
            state
            for state in await self._client.sensor_states()
            if state.meter_eid == meter
        ]
        return {max(states, key=_installed).sensor} if states else set()


async def _ids(request: Callable[[], Awaitable[Sequence[Sensor]]]) -> set[SensorId]:
    """Return the ids of the sensors that a request finds."""
    return {sensor.id for sensor in await request()}


def _installed(state: SensorState) -> float:
    """Return when a meter was installed, in seconds; 0 if that is unknown."""
    return state.since.timestamp() if state.since else 0.0
