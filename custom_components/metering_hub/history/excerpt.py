"""A piece of a point's past, as an answer to a person's question."""

from datetime import datetime

from homeassistant.util.json import JsonValueType

from ..backends.base import Backend
from ..metering.model import Point, Value
from .series import make_hours

MAX_READINGS = 50_000
"""More than this would hold up Home Assistant, and nobody reads it."""

type Excerpt = list[JsonValueType]


async def raw_excerpt(
    backend: Backend, point: Point, start: datetime, end: datetime
) -> Excerpt | None:
    """Return the readings in [start, end), oldest first; `None` where too many."""
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
    return value.isoformat() if isinstance(value, datetime) else value


async def hourly_excerpt(
    backend: Backend, point: Point, start: datetime, end: datetime
) -> Excerpt | None:
    """Return the hours in [start, end), oldest first, with what changed in each."""
    hours = make_hours(point, None)
    rows = []
    async for chunk in backend.history([point], start, end):
        rows += hours.add(chunk.readings.get(point.key, ()), chunk.until)
        if len(rows) > MAX_READINGS:
            return None
    rows += hours.rest(end)
    found: Excerpt = []
    before = 0.0
    for row in rows:
        hour: dict[str, JsonValueType] = {"start": row.start.isoformat()}
        if row.sum is not None:
            hour |= {"state": row.state, "change": round(row.sum - before, 6)}
            before = row.sum
        else:
            hour |= {"mean": row.mean, "min": row.min, "max": row.max}
        found.append(hour)
    return found
