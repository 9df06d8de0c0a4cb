"""Read history in the units of the points, without readings of an impossible time."""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from homeassistant.util import dt as dt_util

from ..backends.base import Backend, HistoryChunk
from ..metering.model import Point, Reading
from ..metering.possible_times import PossibleTimes
from ..metering.register_rules import Rejected
from ..metering.scaling import scaled_points, scaled_readings


async def possible_history(
    backend: Backend,
    earliest: datetime,
    points: Collection[Point],
    start: datetime,
    end: datetime,
) -> AsyncGenerator[HistoryChunk]:
    """Yield the chunks of a backend's history with possible readings only.

    Their values are multiplied by the factors of the points.
    `earliest` is that of the backend's spec. The readings that are missing are in
    `HistoryChunk.rejected`. No chunk claims to be complete beyond `end`. Raises
    BackendError.
    """
    chunks = backend.history(points, start, end)
    factors = scaled_points(points)
    try:
        async for chunk in chunks:
            now = dt_util.utcnow() + backend.clock_offset
            possible = PossibleTimes.until(now, earliest)
            yield _possible_chunk(_scaled_chunk(chunk, factors), possible, end)
    finally:
        if isinstance(chunks, AsyncGenerator):
            # It may be suspended with a partly read response.
            await chunks.aclose()


def _scaled_chunk(chunk: HistoryChunk, factors: Mapping[str, float]) -> HistoryChunk:
    """Return a chunk with the readings of some points times their factors."""
    if factors.keys().isdisjoint(chunk.readings):
        return chunk
    readings = {
        key: scaled_readings(found, factors[key]) if key in factors else found
        for key, found in chunk.readings.items()
    }
    return replace(chunk, readings=readings)


def _possible_chunk(
    chunk: HistoryChunk, possible: PossibleTimes, end: datetime
) -> HistoryChunk:
    """Return a chunk without its impossible readings, or the chunk itself."""
    readings: dict[str, Sequence[Reading]] = {}
    rejected: dict[str, Sequence[Rejected]] = {}
    for key, found in chunk.readings.items():
        readings[key], lost = possible.split(found)
        if lost:
            rejected[key] = lost
    if not rejected and chunk.until <= end:
        return chunk
    return replace(
        chunk, readings=readings, rejected=rejected, until=min(chunk.until, end)
    )
