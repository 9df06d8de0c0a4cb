"""Import the history of a config entry: resume, compare, and write what differs."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..backends.base import Backend, BackendSpec, HistoryChunk
from ..backends.common.concurrency import LoopYielder
from ..metering.model import Point
from .changes import ChangeTracker
from .costs import CostStatistics
from .maths.rows import HOUR
from .recorder import (
    StatisticWriter,
    WriteQueue,
    clear,
    ids_with_other_unit,
    last_rows,
    recorded_ids,
)
from .recorder_access import ended_at_stop, wait_until_stored
from .rejected import Rejections
from .resume import (
    Plans,
    ResumePlan,
    group_by_start,
    plan_reimport,
    plan_resume,
    with_costs,
)
from .series import CostSeries, Series, make_hours, split_chunk
from .statistic import Scope

MARGIN = timedelta(minutes=5)
"""How long before a baseline readings are needed, or one interval if that is longer."""

READINGS_AT_ONCE = 500
"""Readings that are processed without yielding, which takes a few milliseconds."""

FIXED_COST_ROWS = 10
"""The number of latest fixed costs, one per day, that are compared again."""

type Report = Callable[[datetime, datetime, int], None]
"""Called with the start of an import, the moment reached, and the rows written."""


@dataclass(frozen=True, slots=True)
class _Reimport:
    """A request to write all rows from `start` on again; `None` means all there are."""

    start: datetime | None


class Importer:
    """Import the history of one config entry, one run at a time."""

    def __init__(
        self, hass: HomeAssistant, backend: Backend, spec: BackendSpec
    ) -> None:
        """Initialize the importer."""
        self._hass = hass
        self._backend = backend
        self._window = spec.history_window
        self._lock = asyncio.Lock()
        self._changes = ChangeTracker(backend, self._find_start, spec.history_interval)
        self._costs = CostStatistics(hass, backend, spec)
        self._are_fixed_costs_due = False
        self.rejections = Rejections()

    async def clear(self, prefix: str) -> Sequence[str]:
        """Delete all statistics with a prefix; return their ids once they are deleted.

        The next run imports everything. Raises RecorderError and StoppingError.
        """
        async with ended_at_stop(self._hass), self._lock:
            await wait_until_stored(self._hass)
            statistic_ids = await recorded_ids(self._hass, prefix)
            await clear(self._hass, statistic_ids)
            self._reset()
            return statistic_ids

    def _reset(self) -> None:
        """Fetch and compare everything at the next run."""
        self._changes.reset()
        self._costs.expire()

    async def run(self, scope: Scope, report: Report) -> Mapping[str, int]:
        """Bring the statistics up to date; return the rows written by statistic id.

        Raises BackendError, RecorderError and StoppingError. What was written before
        stays, and the next run continues.
        """
        async with ended_at_stop(self._hass), self._lock:
            if await self._costs.refresh():
                # New prices change the costs even if no reading has changed.
                self._changes.reset()
            if await self._changes.is_unchanged(scope):
                return {}
            return await self._import(scope, report, None)

    async def reimport(
        self, scope: Scope, report: Report, start: datetime | None
    ) -> Mapping[str, int]:
        """Write all rows from `start` on again; return the rows by statistic id.

        Without `start`, all rows are written. Raises errors as `run` does.
        """
        async with ended_at_stop(self._hass), self._lock:
            self._reset()
            await self._costs.refresh()
            return await self._import(scope, report, _Reimport(start))

    async def _import(
        self, scope: Scope, report: Report, reimport: _Reimport | None
    ) -> Mapping[str, int]:
        """Import all points of a scope; return the rows written by statistic id."""
        await wait_until_stored(self._hass)
        self._changes.start_run(scope)
        written: dict[str, int] = {}
        for group in group_by_start(await self._plans(scope, reimport)):
            written |= await self._import_group(scope, group, report)
        if written or self._are_fixed_costs_due:
            # They stay due if they are refused, even if there is no new reading.
            self._are_fixed_costs_due = True
            written |= await self._import_fixed_costs(scope, reimport)
            self._are_fixed_costs_due = False
        self._changes.complete_run()
        return written

    async def _plans(self, scope: Scope, reimport: _Reimport | None) -> Plans:
        """Return the plan of each point; a changed unit requires a full re-import."""
        changed = await ids_with_other_unit(
            self._hass, [scope.statistic(point) for point in scope.points]
        )
        if changed:
            self._changes.reset()
            self._changes.start_run(scope)
        plans = []
        for point in scope.points:
            has_changed = scope.statistic(point).statistic_id in changed
            mode = _Reimport(None) if has_changed else reimport
            plans.append((point, await self._plan(scope, point, mode)))
        return plans

    async def _plan(
        self, scope: Scope, point: Point, reimport: _Reimport | None
    ) -> ResumePlan:
        """Return how a point and its costs are imported."""
        statistic = scope.statistic(point)
        plan = (
            await plan_reimport(self._hass, statistic, reimport.start)
            if reimport
            else await plan_resume(self._hass, statistic, self._window)
        )
        if (costs := self._costs.statistic(scope, point)) is not None:
            prices = self._costs.prices
            return await with_costs(self._hass, plan, costs, prices, point.key)
        return plan

    async def _import_group(
        self, scope: Scope, group: Plans, report: Report
    ) -> Mapping[str, int]:
        """Import points that resume from about the same moment in one pass.

        Returns the rows written by statistic id, or nothing if nothing is new.
        """
        points = [point for point, _ in group]
        starts = [plan.start for _, plan in group if plan.start]
        start = min(starts, default=None) or await self._find_start(scope, points)
        changes = await self._changes.find_changes(
            points, start, is_continued=all(plan.is_continued for _, plan in group)
        )
        if start is None or changes.since is None:
            return {}
        if (since := changes.since) > start:
            group = [(point, plan.narrowed(since)) for point, plan in group]
        # The position at a baseline may have been read shortly before it.
        first = min(
            plan.start - max(MARGIN, point.interval or MARGIN) if plan.start else start
            for point, plan in group
        )
        series = [self._make_series(scope, point, plan) for point, plan in group]
        await self._import_series(series, first, report)
        self._changes.keep_mark(points, changes)
        return {
            writer.statistic.statistic_id: writer.written
            for each in series
            for writer in each.writers
        }

    async def _import_series(
        self, series: Sequence[Series], start: datetime, report: Report
    ) -> None:
        """Read chunks from `start` on, and write rows as soon as they are final.

        An import that stops therefore keeps what it has read.
        """
        now = dt_util.utcnow()
        writers = [writer for each in series for writer in each.writers]
        points = [each.point for each in series]
        queue = WriteQueue(self._hass)
        history = self._backend.history(points, start, now)
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

    async def _find_start(
        self, scope: Scope, points: Sequence[Point]
    ) -> datetime | None:
        """Return the time of the first reading, or the start that the user chose."""
        first = await self._backend.history_start(points)
        if first is None:
            return None
        return max(first, scope.start) if scope.start else first

    def _make_series(self, scope: Scope, point: Point, plan: ResumePlan) -> Series:
        """Return the series of a point that resumes as planned."""
        cost = None
        costs = self._costs.statistic(scope, point)
        if costs is not None and plan.cost is not None:
            cost = CostSeries(
                StatisticWriter.of(costs, plan.cost.recorded, plan.start),
                self._costs.prices,
                plan.cost.before,
                plan.base.sum or 0.0 if plan.base else 0.0,
            )
        statistic = scope.statistic(point)
        return Series(
            point,
            make_hours(point, plan.baseline, is_trusted=point.key in scope.trusted),
            StatisticWriter.of(statistic, plan.recorded, plan.start),
            cost,
            self.rejections.start(point.key, plan.start),
        )

    async def _import_fixed_costs(
        self, scope: Scope, reimport: _Reimport | None
    ) -> Mapping[str, int]:
        """Write the fixed costs of each day, one row per local midnight."""
        if (statistic := self._costs.fixed_statistic(scope)) is None:
            return {}
        rows = await last_rows(self._hass, statistic.statistic_id, FIXED_COST_ROWS)
        is_continued = len(rows) == FIXED_COST_ROWS and not reimport
        base = rows[0] if is_continued else None
        start = (
            base.start + HOUR if base else await self._find_start(scope, scope.points)
        )
        if start is None:
            return {}
        before = base.sum if base and base.sum is not None else 0.0
        writer = StatisticWriter.of(statistic, None if reimport else rows)
        writer.add(self._costs.fixed_rows(start, dt_util.utcnow(), before))
        queue = WriteQueue(self._hass)
        await queue.write([writer])
        await queue.finish()
        return {statistic.statistic_id: writer.written}


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
