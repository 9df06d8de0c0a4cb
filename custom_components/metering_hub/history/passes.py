"""One pass over points that are read together: read, compute, and write."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime

from homeassistant.util import dt as dt_util

from ..backends.base import Backend, HistoryChunk
from ..backends.common.concurrency import LoopYielder
from ..backends.errors import BackendError
from ..metering.model import Reading
from ..metering.quality import HourCodes
from .maths.rows import HOUR_SECONDS
from .memory import ImportMemory
from .planner import Planner
from .possible_history import possible_history
from .quality.memory import parts_before
from .recorder_protocol import Recorder
from .resume import Plans
from .series import Series, first_time, split_chunk
from .write_queue import WriteQueue
from .writer import StatisticWriter

READINGS_AT_ONCE = 1000
"""Readings that are processed without yielding, which takes a few milliseconds."""

CODES_AT_ONCE = 24 * 366
"""Hours whose codes are kept without yielding, which takes a few milliseconds."""

SAVE_INTERVAL = 30.0
"""Seconds after which the memory is told again how far the pass has come."""

type Report = Callable[[datetime, datetime, int], None]
"""Called with the start of an import, the moment reached, and the rows written."""


class Pass:
    """Import points that resume from about the same moment.

    `failed` maps the points that could not be read to the error. What was read of them
    before is kept.
    """

    def __init__(
        self,
        recorder: Recorder,
        planner: Planner,
        memory: ImportMemory,
        group: Plans,
        earliest: datetime,
    ) -> None:
        """Initialize a pass; a reading before `earliest` is not the first one."""
        self._recorder = recorder
        self._planner = planner
        self._memory = memory
        self._group = group
        self._earliest = earliest
        self._series: dict[str, Series] = {}
        self._saved = asyncio.get_running_loop().time()
        self.failed: dict[str, BackendError] = {}

    @property
    def writers(self) -> Sequence[StatisticWriter]:
        """Return the writers of all statistics."""
        return [series.writer for series in self._series.values()]

    @property
    def stepped(self) -> Mapping[str, set[datetime]]:
        """Return by statistic id the hours in which a higher register begins."""
        return {
            series.writer.statistic.statistic_id: series.stepped
            for series in self._series.values()
            if series.stepped
        }

    @property
    def exchanged(self) -> Mapping[str, float]:
        """Return by point key when the newest register replaced another one."""
        return {
            key: moment
            for key, series in self._series.items()
            if (moment := series.exchanged) is not None
        }

    @property
    def without_readings(self) -> set[str]:
        """Return the keys of the points that have neither readings nor rows."""
        keys = {point.key for point, _ in self._group}
        return keys - self._series.keys() - self.failed.keys()

    async def read(self, backend: Backend, start: datetime, report: Report) -> None:
        """Read chunks from `start` on, and write rows as soon as they are final.

        An import that stops therefore keeps what it has read. Raises BackendError,
        RecorderError and StoppingError.
        """
        now = dt_util.utcnow()
        # Comparing recorded rows is not shown as progress.
        news = max(start, min(plan.news or start for _, plan in self._group))
        queue = WriteQueue(self._recorder)
        points = [point for point, _ in self._group]
        history = possible_history(backend, self._earliest, points, start, now)
        async with aclosing(_prefetched(history)) as chunks:
            async for chunk in chunks:
                await self._add_chunk(chunk)
                await queue.write_full(self.writers)
                await self._save()
                report(news, chunk.until, _rows_written(self.writers))
        await self._finish(now)
        await queue.write(self.writers)
        await queue.finish()
        await self.keep_qualities(are_stored=True)
        if any(plan.base is None or plan.recorded is None for _, plan in self._group):
            # Estimates follow from what was measured, which a crash would forget.
            await self._planner.qualities.async_save()
        keys = {point.key for point, _ in self._group}
        await self._memory.async_complete(*(keys - self.failed.keys()))
        report(news, now, _rows_written(self.writers))

    async def _add_chunk(self, chunk: HistoryChunk) -> None:
        """Add a chunk to each series, and yield to the event loop in between."""
        self.failed = {**chunk.failed, **self.failed}
        yielder = LoopYielder(READINGS_AT_ONCE)
        for index, (point, _) in enumerate(self._group):
            readings = chunk.readings.get(point.key, ())
            if point.key in self.failed or not await self._begin(index, readings):
                continue
            await self._series[point.key].prepare(chunk.until)
            for part, until in split_chunk(readings, chunk.until, READINGS_AT_ONCE):
                self._series[point.key].add(part, until)
                await yielder.spend(len(part) + 1)
            impossible = chunk.rejected.get(point.key, ())
            self._series[point.key].rejections.add(impossible, chunk.until.timestamp())
        await asyncio.sleep(0)

    async def _begin(self, index: int, readings: Sequence[Reading]) -> bool:
        """Begin the series of a point with its first reading; return True if it has."""
        point, plan = self._group[index]
        if point.key in self._series:
            return True
        since = self._earliest
        if (wanted := self._planner.since(plan)) is not None:
            since = max(since, wanted)
        if (first := first_time(readings, since)) is None:
            return False
        series = await self._planner.make_series(point, plan, first)
        self._series[point.key] = series
        return True

    async def _finish(self, now: datetime) -> None:
        """Add the provisional rows of all points that did not fail."""
        for point, plan in self._group:
            if point.key in self.failed:
                continue
            if point.key not in self._series and (plan.base or plan.recorded):
                series = await self._planner.make_series(point, plan, None)
                self._series[point.key] = series
            if point.key in self._series:
                await self._series[point.key].finish(now)
            await asyncio.sleep(0)

    async def keep_qualities(self, *, are_stored: bool = False) -> None:
        """Keep the qualities of the hours whose rows are stored, or all if they are."""
        qualities = self._planner.qualities
        for key, series in self._series.items():
            taken = series.take_codes(are_stored=are_stored)
            computed, later = parts_before(taken, series.rows_end)
            for each in computed:
                for index in range(0, len(each.codes), CODES_AT_ONCE):
                    start = each.start + index * HOUR_SECONDS
                    codes = each.codes[index : index + CODES_AT_ONCE]
                    qualities.put(key, [HourCodes(start, codes)])
                    await asyncio.sleep(0)
            qualities.fill(key, later)

    async def _save(self) -> None:
        """Remember from time to time how far re-imports have come."""
        for series in self._series.values():
            series.note_stored()
        if asyncio.get_running_loop().time() - self._saved < SAVE_INTERVAL:
            return
        self._saved = asyncio.get_running_loop().time()
        await self.keep_qualities()
        await self._planner.qualities.async_save()
        await self._memory.async_reach(
            {
                key: series.reached
                for key, series in self._series.items()
                if series.reached is not None
            }
        )


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


def _rows_written(writers: Sequence[StatisticWriter]) -> int:
    """Return the number of rows that all writers have written."""
    return sum(writer.written for writer in writers)
