"""Import the past of an entry's points: resume, compare, write what differs."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..backends.base import Backend, BackendSpec, Capability
from ..model import Point, PricePeriod, Role
from .costs import fixed_cost_rows
from .hourly import Row
from .plan import Plan, money_before, plan_anew, plan_resume
from .recorded import HOUR, clear, last_rows, recorded_ids, settle, write
from .statistic import (
    COMPENSATION_SUFFIX,
    COST_SUFFIX,
    FIXED_COST_KEY,
    Statistic,
    money_statistic,
    point_statistic,
)
from .track import MoneyTrack, Track, Writer, make_hours

MARGIN = timedelta(minutes=5)
"""How far before an hour its position may have been read."""

MAX_ROWS = 2000
"""Rows per recorder call and between two waits: more would hold the event loop, and
flood the recorder's queue."""

PRICES_FROM = dt_util.utc_from_timestamp(946_684_800)
PRICES_MAX_AGE = timedelta(hours=1)
FIXED_COST_ROWS = 10

type Report = Callable[[datetime, datetime, int], None]
"""Told of progress: the start, the moment reached, and the rows written so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What to import: the points, and what their statistics are called."""

    points: Sequence[Point]
    prefix: str
    names: Mapping[str, str]
    start: datetime | None


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
        self._prices: Sequence[PricePeriod] = ()
        self._prices_read: datetime | None = None

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
        self._prices_read = None

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
            await self._read_prices()
            plans = [
                (point, await self._plan(scope, point, anew, anew_from))
                for point in scope.points
            ]
            written: dict[str, int] = {}
            for group in _by_resume(plans):
                written |= await self._import_group(scope, group, report)
            if written:
                written |= await self._import_fixed_cost(scope, anew)
                await settle(self._hass)
            return written

    async def _plan(
        self, scope: Scope, point: Point, anew: bool, anew_from: datetime | None
    ) -> Plan:
        statistic = self._statistic(scope, point)
        plan = (
            await plan_anew(self._hass, statistic, anew_from)
            if anew
            else await plan_resume(self._hass, statistic, self._spec.history_window)
        )
        if (money := self._money_statistic(scope, point)) is not None:
            before = await money_before(
                self._hass, money, plan.base, self._prices, point.key
            )
            if before is None:
                return replace(plan, base=None)
        return plan

    async def _import_group(
        self, scope: Scope, group: Sequence[tuple[Point, Plan]], report: Report
    ) -> dict[str, int]:
        """Import points that go on from the same moment, in one pass.

        Returns the rows written by statistic id; nothing where the server has nothing
        new.
        """
        points = [point for point, _ in group]
        start = group[0][1].resume or await self._beginning(scope, points)
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
        # Counting that goes on needs the position at its start, read just before it.
        first = min(plan.resume - MARGIN if plan.resume else start for _, plan in plans)
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
        for writer in writers:
            for index in range(0, len(writer.pending), MAX_ROWS):
                rows = writer.pending[index : index + MAX_ROWS]
                write(self._hass, writer.statistic, rows)
                writer.written += len(rows)
                await asyncio.sleep(0)
            if writer.pending:
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
            _writer(self._statistic(scope, point), plan.recorded, plan.resume),
            await self._money_track(scope, point, plan),
        )

    async def _money_track(
        self, scope: Scope, point: Point, plan: Plan
    ) -> MoneyTrack | None:
        statistic = self._money_statistic(scope, point)
        if statistic is None:
            return None
        before = await money_before(
            self._hass, statistic, plan.base, self._prices, point.key
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
            self._prices,
            before or 0.0,
            plan.base.sum or 0.0 if plan.base else 0.0,
        )

    def _statistic(self, scope: Scope, point: Point) -> Statistic:
        return point_statistic(scope.prefix, point, scope.names[point.key])

    def _money_statistic(self, scope: Scope, point: Point) -> Statistic | None:
        """Return the statistic of what a register costs, where prices are known."""
        currency = self._currency()
        if currency is None or not any(
            point.key in period.prices for period in self._prices
        ):
            return None
        is_income = point.role is Role.GRID_RETURNED
        suffix = COMPENSATION_SUFFIX if is_income else COST_SUFFIX
        name = f"{scope.names[point.key]} ({scope.names[suffix]})"
        return money_statistic(scope.prefix, f"{point.key}_{suffix}", name, currency)

    def _currency(self) -> str | None:
        """Return the currency of the prices, if it is also Home Assistant's."""
        currency = self._spec.currency
        return currency if currency == self._hass.config.currency else None

    async def _read_prices(self) -> None:
        if Capability.PRICES not in self._spec.capabilities:
            return
        now = dt_util.utcnow()
        read = self._prices_read
        if read is None or now - read >= PRICES_MAX_AGE:
            prices = await self._backend.prices(PRICES_FROM, now + timedelta(days=1))
            if prices != self._prices:
                # Other prices make other costs, also where the readings are the same.
                self._marks.clear()
            self._prices, self._prices_read = prices, now

    async def _import_fixed_cost(self, scope: Scope, anew: bool) -> dict[str, int]:
        """Write what is due every day, one row at each local midnight."""
        currency = self._currency()
        if currency is None or not any(
            period.fixed_daily is not None for period in self._prices
        ):
            return {}
        name = scope.names[FIXED_COST_KEY]
        statistic = money_statistic(scope.prefix, FIXED_COST_KEY, name, currency)
        rows = await last_rows(self._hass, statistic.statistic_id, FIXED_COST_ROWS)
        resume = rows[0] if len(rows) == FIXED_COST_ROWS and not anew else None
        start = (
            resume.start + HOUR
            if resume
            else await self._beginning(scope, scope.points)
        )
        if start is None:
            return {}
        writer = _writer(statistic, None if anew else rows, None)
        before = resume.sum if resume and resume.sum is not None else 0.0
        zone = self._backend.time_zone
        now = dt_util.utcnow()
        writer.take(fixed_cost_rows(self._prices, start, now, before, zone))
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
    """Group points that go on from the same moment, the longest way first."""
    groups: dict[datetime | None, list[tuple[Point, Plan]]] = {}
    for point, plan in plans:
        groups.setdefault(plan.resume, []).append((point, plan))
    return [groups[key] for key in sorted(groups, key=lambda k: (k is not None, k))]
