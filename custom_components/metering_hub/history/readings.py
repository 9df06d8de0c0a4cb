"""Read the stored readings of a point, for the action `get_history`."""

from datetime import datetime

from homeassistant.util.json import JsonValueType

from ..backends.base import Backend
from ..metering.model import Point, Value
from .maths.rows import rounded
from .series import make_hours

MAX_READINGS = 50_000
"""The most readings of a response; more would block Home Assistant for too long."""

type ResponseRows = list[JsonValueType]


async def raw_readings(
    backend: Backend, point: Point, start: datetime, end: datetime
) -> ResponseRows | None:
    """Return the readings in [start, end), oldest first; `None` if there are too many.

    Raises BackendError.
    """
    found: dict[datetime, Value] = {}
    async for chunk in backend.history([point], start, end):
        found |= {
            reading.time: reading.value
            for reading in chunk.readings.get(point.key, ())
            if start <= reading.time < end
        }
        if len(found) > MAX_READINGS:
            return None
    return [
        {"time": time.isoformat(), "value": _as_json(found[time])}
        for time in sorted(found)
    ]


def _as_json(value: Value) -> JsonValueType:
    """Return the value of a reading as JSON, with moments in ISO 8601."""
    return value.isoformat() if isinstance(value, datetime) else value


async def hourly_readings(
    backend: Backend, point: Point, start: datetime, end: datetime
) -> ResponseRows | None:
    """Return the hours in [start, end), oldest first; `None` if there are too many.

    Each hour has a state and a change, or a mean, minimum and maximum. Raises
    BackendError.
    """
    hours = make_hours(point, None)
    rows = []
    async for chunk in backend.history([point], start, end):
        rows += hours.add(chunk.readings.get(point.key, ()), chunk.until)
        if len(rows) > MAX_READINGS:
            return None
    rows += hours.open_hours(end)
    response: ResponseRows = []
    before = 0.0
    for row in rows:
        hour: dict[str, JsonValueType] = {"start": row.start.isoformat()}
        if row.sum is not None:
            hour |= {"state": row.state, "change": rounded(row.sum - before)}
            before = row.sum
        else:
            hour |= {"mean": row.mean, "min": row.min, "max": row.max}
        response.append(hour)
    return response
