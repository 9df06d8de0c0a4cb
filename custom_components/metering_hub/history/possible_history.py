"""Read history in the units of the points, without readings of an impossible time."""

from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from homeassistant.util import dt as dt_util

from ..backends.base import Backend, HistoryChunk
from ..backends.common.bounds import BATCH_LIMIT, check_answer_count, time_limit
from ..metering.model import Point, Reading
from ..metering.possible_times import PossibleTimes
from ..metering.register_rules import Rejected
from ..metering.scaling import scaled_points, scaled_readings

LEAST_ADVANCE = timedelta(seconds=10)
"""A chunk has hundreds of readings of a meter, of which none sends more than one a
second."""

MOST_STANDING = 200
"""Chunks in a row that advance by less. Between two pages of telegrams there are some;
a server that stands still would be read for ever."""


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
    BackendError: EndlessError if the chunks do not advance in time, and TooSlowError if
    one takes longer than BATCH_LIMIT.
    """
    chunks = backend.history(points, start, end)
    factors = scaled_points(points)
    reached, standing = start, 0
    try:
        while (chunk := await _next_chunk(chunks)) is not None:
            has_advanced = chunk.until - reached >= LEAST_ADVANCE
            standing = 0 if has_advanced else standing + 1
            check_answer_count(standing, "a history that stands still", MOST_STANDING)
            reached = max(reached, chunk.until)
            now = dt_util.utcnow() + backend.clock_offset
            possible = PossibleTimes.until(now, earliest)
            yield _possible_chunk(_scaled_chunk(chunk, factors), possible, end)
    finally:
        if isinstance(chunks, AsyncGenerator):
            # It may be suspended with a partly read response.
            await chunks.aclose()


async def _next_chunk(chunks: AsyncIterator[HistoryChunk]) -> HistoryChunk | None:
    """Return the next chunk, or `None` at the end; raises BackendError."""
    async with time_limit(BATCH_LIMIT, "a chunk of history"):
        return await anext(chunks, None)


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
