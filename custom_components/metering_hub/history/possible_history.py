"""Read history without readings that cannot have been measured at their time."""

from collections.abc import AsyncGenerator, Collection, Sequence
from dataclasses import replace
from datetime import datetime

from homeassistant.util import dt as dt_util

from ..backends.base import Backend, HistoryChunk
from ..metering.model import Point, Reading
from ..metering.possible_times import PossibleTimes
from ..metering.register_rules import Rejected


async def possible_history(
    backend: Backend,
    earliest: datetime,
    points: Collection[Point],
    start: datetime,
    end: datetime,
) -> AsyncGenerator[HistoryChunk]:
    """Yield the chunks of a backend's history with possible readings only.

    `earliest` is that of the backend's spec. The readings that are missing are in
    `HistoryChunk.rejected`. No chunk claims to be complete beyond `end`. Raises
    BackendError.
    """
    chunks = backend.history(points, start, end)
    try:
        async for chunk in chunks:
            now = dt_util.utcnow() + backend.clock_offset
            possible = PossibleTimes.until(now, earliest)
            yield _possible_chunk(chunk, possible, end)
    finally:
        if isinstance(chunks, AsyncGenerator):
            # It may be suspended with a partly read response.
            await chunks.aclose()


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
