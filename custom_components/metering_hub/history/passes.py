"""One pass over points that are read together: read, compute, and write."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from datetime import datetime

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..backends.base import Backend, HistoryChunk
from ..backends.common.concurrency import LoopYielder
from .recorder import StatisticWriter, WriteQueue
from .series import Series, split_chunk

READINGS_AT_ONCE = 500
"""Readings that are processed without yielding, which takes a few milliseconds."""

type Report = Callable[[datetime, datetime, int], None]
"""Called with the start of an import, the moment reached, and the rows written."""


async def import_series(
    hass: HomeAssistant,
    backend: Backend,
    series: Sequence[Series],
    start: datetime,
    report: Report,
) -> None:
    """Read chunks from `start` on, and write rows as soon as they are final.

    An import that stops therefore keeps what it has read. Raises BackendError,
    RecorderError and StoppingError.
    """
    now = dt_util.utcnow()
    writers = [writer for each in series for writer in each.writers]
    points = [each.point for each in series]
    queue = WriteQueue(hass)
    history = backend.history(points, start, now)
    async with aclosing(_prefetched(history)) as chunks:
        async for chunk in chunks:
            await _add_chunk(series, chunk)
            await queue.write_full(writers)
            report(start, chunk.until, _rows_written(writers))
    for each in series:
        each.finish(now)
        await asyncio.sleep(0)
    await queue.write(writers)
    await queue.finish()
    report(start, now, _rows_written(writers))


async def _prefetched(
    chunks: AsyncIterator[HistoryChunk],
) -> AsyncGenerator[HistoryChunk]:
    """Yield chunks, and read the next one while the consumer processes one."""

    async def read() -> HistoryChunk | None:
        """Read the next chunk, or return `None` at the end."""
        return await anext(chunks, None)

    upcoming = asyncio.create_task(read())
    try:
        while (chunk := await upcoming) is not None:
            upcoming = asyncio.create_task(read())
            yield chunk
    finally:
        upcoming.cancel()
        await asyncio.gather(upcoming, return_exceptions=True)
        if isinstance(chunks, AsyncGenerator):
            # It may be suspended with a partly read response.
            await chunks.aclose()


async def _add_chunk(series: Sequence[Series], chunk: HistoryChunk) -> None:
    """Add a chunk to each series, and yield to the event loop in between."""
    yielder = LoopYielder(READINGS_AT_ONCE)
    for each in series:
        for part, until in split_chunk(
            chunk.readings.get(each.point.key, ()), chunk.until, READINGS_AT_ONCE
        ):
            each.add(part, until)
            await yielder.spend(len(part) + 1)
    await asyncio.sleep(0)


def _rows_written(writers: Sequence[StatisticWriter]) -> int:
    """Return the number of rows that all writers have written."""
    return sum(writer.written for writer in writers)
