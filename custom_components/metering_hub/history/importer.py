"""Import the past of an entry's points: resume, compare, write what differs."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..backends.base import Backend, BackendSpec
from ..model import Point
from .hourly import Row
from .money import Money
from .plan import Plan, money_before, plan_anew, plan_resume
from .recorded import HOUR, clear, last_rows, recorded_ids, relabelled, settle, write
from .statistic import Scope, Statistic
from .track import MoneyTrack, Track, Writer, make_hours

MARGIN = timedelta(minutes=5)
"""How far before an hour its position may have been read, at least."""

MAX_ROWS = 2000
"""Rows per recorder call and between two waits: more would hold the event loop, and
flood the recorder's queue."""

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
        self._marks: dict[frozenset[str], object] = {}
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
        self._marks.clear()
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
            await settle(self._hass)
            if anew:
                self._forget()
            if await self._money.refresh():
                # Other prices make other costs, also where the readings are the same.
                self._marks.clear()
            statistics = [scope.statistic(point) for point in scope.points]
            changed = await relabelled(self._hass, statistics)
            if changed:
                self._marks.clear()
            plans = [
                (
                    point,
                    await self._plan(scope, point, True, None)
                    if statistic.statistic_id in changed
                    else await self._plan(scope, point, anew, anew_from),
                )
                for point, statistic in zip(scope.points, statistics, strict=True)
            ]
            written: dict[str, int] = {}
            for group in _by_resume(plans):
                written |= await self._import_group(scope, group, report)
            if written:
                written |= await self._import_fixed_cost(scope, anew)
            return written

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
            before = await money_before(
                self._hass, money, plan.base, self._money.prices, point.key
            )
            if before is None:
                return replace(plan, base=None)
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
        if start is None:
            return {}
        key = frozenset(point.key for point in points)
        changes = await self._backend.history_changes(
            points, start, self._marks.get(key)
        )
        if changes.since is None:
            self._marks[key] = changes.mark
            return {}
        plans = [
            (point, plan.narrowed(changes.since) if changes.since > start else plan)
            for point, plan in group
        ]
        tracks = [await self._track(scope, point, plan) for point, plan in plans]
        # Counting that goes on needs what stands at its start, read just before it.
        first = min(
            plan.resume - max(MARGIN, point.interval or MARGIN)
            if plan.resume
            else start
            for point, plan in plans
        )
        await self._walk(tracks, first, report)
        self._marks[key] = changes.mark
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
        async for chunk in self._backend.history(points, start, now):
            for track in tracks:
                track.add(chunk.readings.get(track.point.key, ()), chunk.until)
            if any(len(writer.pending) >= MAX_ROWS for writer in writers):
                await self._write(writers)
            report(start, chunk.until, sum(writer.written for writer in writers))
            # A long import must leave room for everything else.
            await asyncio.sleep(0)
        for track in tracks:
            track.finish(now)
        await self._write(writers)
        report(start, now, sum(writer.written for writer in writers))

    async def _write(self, writers: Collection[Writer]) -> None:
        """Write what is pending, and wait until the recorder has it."""
        for writer in writers:
            for index in range(0, len(writer.pending), MAX_ROWS):
                rows = writer.pending[index : index + MAX_ROWS]
                write(self._hass, writer.statistic, rows)
                writer.written += len(rows)
                await asyncio.sleep(0)
            writer.pending = []
        await settle(self._hass)

    async def _beginning(
        self, scope: Scope, points: Sequence[Point]
    ) -> datetime | None:
        """Return where the import starts: the first reading, or what a person said."""
        first = await self._backend.history_start(points)
        if first is None:
            return None
        return max(first, scope.start) if scope.start else first

    async def _track(self, scope: Scope, point: Point, plan: Plan) -> Track:
        return Track(
            point,
            make_hours(point, plan.baseline),
            _writer(scope.statistic(point), plan.recorded, plan.resume),
            await self._money_track(scope, point, plan),
        )

    async def _money_track(
        self, scope: Scope, point: Point, plan: Plan
    ) -> MoneyTrack | None:
        statistic = self._money.statistic(scope, point)
        if statistic is None:
            return None
        before = await money_before(
            self._hass, statistic, plan.base, self._money.prices, point.key
        )
        recorded = (
            None
            if plan.recorded is None
            else await last_rows(
                self._hass, statistic.statistic_id, len(plan.recorded) + 1
            )
        )
        return MoneyTrack(
            _writer(statistic, recorded, plan.resume),
            self._money.prices,
            before or 0.0,
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
        await self._write([writer])
        return {statistic.statistic_id: writer.written}


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
