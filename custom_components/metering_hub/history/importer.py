"""Import the past of an entry's points: resume, compare, write what differs."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..backends.base import Backend, BackendSpec, HistoryChunk
from ..backends.common.concurrency import LoopYielder
from ..metering.model import Point
from .changes import News
from .maths.rows import Row
from .money import Money
from .recorder import (
    HOUR,
    RecorderQueue,
    clear,
    last_rows,
    recorded_ids,
    relabelled,
    settle,
)
from .resume import Plan, plan_anew, plan_resume, with_money
from .series import MoneyTrack, Track, Writer, make_hours, parts
from .statistic import Scope, Statistic

MARGIN = timedelta(minutes=5)
"""How far before an hour its position may have been read, at least."""

READINGS_AT_ONCE = 500
"""Readings between two turns of others, which takes a few milliseconds."""

FIXED_COST_ROWS = 10

type Report = Callable[[datetime, datetime, int], None]
"""Told of progress: the start, the moment reached, and the rows written so far."""


class Importer:
    """Imports one entry's history; runs one at a time."""

    def __init__(
        self, hass: HomeAssistant, backend: Backend, spec: BackendSpec
    ) -> None:
        """Prepare; nothing is read before `run`."""
        self._hass = hass
        self._backend = backend
        self._spec = spec
        self._lock = asyncio.Lock()
        self._news = News(backend, self._beginning)
        self._money = Money(hass, backend, spec)

    async def clear(self, prefix: str) -> Sequence[str]:
        """Delete all statistics of a prefix; return their ids once they are gone.

        The next run imports from the beginning.
        """
        async with self._lock:
            await settle(self._hass)
            statistic_ids = await recorded_ids(self._hass, prefix)
            await clear(self._hass, statistic_ids)
            self._forget()
            return statistic_ids

    def _forget(self) -> None:
        """Look at everything again."""
        self._news.forget()
        self._money.forget()

    async def run(
        self,
        scope: Scope,
        report: Report,
        *,
        anew: bool = False,
        anew_from: datetime | None = None,
    ) -> dict[str, int]:
        """Bring the statistics up to date; return the rows written, by statistic id.

        `anew` writes everything again, from `anew_from` on if given. Raises
        BackendError; what was written until then stays, and the next run goes on.
        """
        async with self._lock:
            if anew:
                self._forget()
            if await self._money.refresh():
                # Other prices make other costs, also where the readings are the same.
                self._news.forget()
            if not anew and await self._news.is_none(scope):
                return {}
            await settle(self._hass)
            self._news.begin(scope)
            written: dict[str, int] = {}
            for group in _by_resume(await self._plans(scope, anew, anew_from)):
                written |= await self._import_group(scope, group, report)
            if written:
                written |= await self._import_fixed_cost(scope, anew)
            self._news.complete()
            return written

    async def _plans(
        self, scope: Scope, anew: bool, anew_from: datetime | None
    ) -> list[tuple[Point, Plan]]:
        """Return how each point goes on; anew where its unit has become another one."""
        statistics = [scope.statistic(point) for point in scope.points]
        changed = await relabelled(self._hass, statistics)
        if changed:
            self._news.forget()
            self._news.begin(scope)
        return [
            (
                point,
                await self._plan(scope, point, True, None)
                if statistic.statistic_id in changed
                else await self._plan(scope, point, anew, anew_from),
            )
            for point, statistic in zip(scope.points, statistics, strict=True)
        ]

    async def _plan(
        self, scope: Scope, point: Point, anew: bool, anew_from: datetime | None
    ) -> Plan:
        statistic = scope.statistic(point)
        plan = (
            await plan_anew(self._hass, statistic, anew_from)
            if anew
            else await plan_resume(self._hass, statistic, self._spec.history_window)
        )
        if (money := self._money.statistic(scope, point)) is not None:
            prices = self._money.prices
            return await with_money(self._hass, plan, money, prices, point.key)
        return plan

    async def _import_group(
        self, scope: Scope, group: Sequence[tuple[Point, Plan]], report: Report
    ) -> dict[str, int]:
        """Import points that go on from about the same moment, in one pass.

        Returns the rows written by statistic id; nothing where the server has nothing
        new.
        """
        points = [point for point, _ in group]
        resumes = [plan.resume for _, plan in group if plan.resume]
        start = min(resumes, default=None) or await self._beginning(scope, points)
        changes = await self._news.changes(
            points,
            start,
            resumed=all(plan.is_continued for _, plan in group),
        )
        if start is None or changes.since is None:
            return {}
        plans = [
            (point, plan.narrowed(changes.since) if changes.since > start else plan)
            for point, plan in group
        ]
        tracks = [self._track(scope, point, plan) for point, plan in plans]
        # Counting that goes on needs what stands at its start, read just before it.
        first = min(
            plan.resume - max(MARGIN, point.interval or MARGIN)
            if plan.resume
            else start
            for point, plan in plans
        )
        await self._walk(tracks, first, report)
        self._news.done(points, changes)
        return {
            writer.statistic.statistic_id: writer.written
            for track in tracks
            for writer in track.writers
        }

    async def _walk(
        self, tracks: Sequence[Track], start: datetime, report: Report
    ) -> None:
        """Read forward in time; write as rows come, so that a stop loses nothing."""
        now = dt_util.utcnow()
        writers = [writer for track in tracks for writer in track.writers]
        points = [track.point for track in tracks]
        queue = RecorderQueue(self._hass)
        async with aclosing(
            _ahead(self._backend.history(points, start, now))
        ) as chunks:
            async for chunk in chunks:
                await _take(tracks, chunk)
                await queue.put_full(writers)
                report(start, chunk.until, sum(writer.written for writer in writers))
        for track in tracks:
            track.finish(now)
            await asyncio.sleep(0)
        await queue.put(writers)
        await queue.settle()
        report(start, now, sum(writer.written for writer in writers))

    async def _beginning(
        self, scope: Scope, points: Sequence[Point]
    ) -> datetime | None:
        """Return where the import starts: the first reading, or what a person said."""
        first = await self._backend.history_start(points)
        if first is None:
            return None
        return max(first, scope.start) if scope.start else first

    def _track(self, scope: Scope, point: Point, plan: Plan) -> Track:
        return Track(
            point,
            make_hours(point, plan.baseline),
            _writer(scope.statistic(point), plan.recorded, plan.resume),
            self._money_track(scope, point, plan),
        )

    def _money_track(self, scope: Scope, point: Point, plan: Plan) -> MoneyTrack | None:
        statistic = self._money.statistic(scope, point)
        if statistic is None or plan.money is None:
            return None
        return MoneyTrack(
            _writer(statistic, plan.money.recorded, plan.resume),
            self._money.prices,
            plan.money.before,
            plan.base.sum or 0.0 if plan.base else 0.0,
        )

    async def _import_fixed_cost(self, scope: Scope, anew: bool) -> dict[str, int]:
        """Write what is due every day, one row at each local midnight."""
        if (statistic := self._money.fixed_statistic(scope)) is None:
            return {}
        rows = await last_rows(self._hass, statistic.statistic_id, FIXED_COST_ROWS)
        resume = rows[0] if len(rows) == FIXED_COST_ROWS and not anew else None
        start = (
            resume.start + HOUR
            if resume
            else await self._beginning(scope, scope.points)
        )
        if start is None:
            return {}
        before = resume.sum if resume and resume.sum is not None else 0.0
        writer = _writer(statistic, None if anew else rows, None)
        writer.take(self._money.fixed_rows(start, dt_util.utcnow(), before))
        queue = RecorderQueue(self._hass)
        await queue.put([writer])
        await queue.settle()
        return {statistic.statistic_id: writer.written}


async def _ahead(
    chunks: AsyncIterator[HistoryChunk],
) -> AsyncGenerator[HistoryChunk]:
    """Yield chunks; while one is dealt with, the next is on its way."""

    async def read() -> HistoryChunk | None:
        return await anext(chunks, None)

    coming = asyncio.create_task(read())
    try:
        while (chunk := await coming) is not None:
            coming = asyncio.create_task(read())
            yield chunk
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
        if isinstance(chunks, AsyncGenerator):
            # It may wait between two requests, with an answer half read.
            await chunks.aclose()


async def _take(tracks: Sequence[Track], chunk: HistoryChunk) -> None:
    """Give each track its readings; others have their turn in between."""
    yielder = LoopYielder(READINGS_AT_ONCE)
    for track in tracks:
        for part, until in parts(
            chunk.readings.get(track.point.key, ()), chunk.until, READINGS_AT_ONCE
        ):
            track.add(part, until)
            await yielder.spend(len(part) + 1)
    # A long import must leave room for everything else.
    await asyncio.sleep(0)


def _writer(
    statistic: Statistic, recorded: Sequence[Row] | None, start: datetime | None
) -> Writer:
    by_start = None if recorded is None else {row.start: row for row in recorded}
    return Writer(statistic, by_start, start)


def _by_resume(
    plans: Sequence[tuple[Point, Plan]],
) -> list[list[tuple[Point, Plan]]]:
    """Group points that go on from the same day, the longest way first.

    Points with gaps go on from some hours earlier than others; a walk of its own for
    each of hundreds of them would ask the server for the same span as often.
    """
    groups: dict[datetime | None, list[tuple[Point, Plan]]] = {}
    for point, plan in plans:
        day = plan.resume and plan.resume.replace(hour=0, minute=0, second=0)
        groups.setdefault(day, []).append((point, plan))
    return [groups[key] for key in sorted(groups, key=lambda k: (k is not None, k))]
