"""Import the history of a config entry: resume, compare, and write what differs."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..backends.base import Backend, BackendSpec
from ..backends.errors import ONE_ENDPOINT_ERRORS, BackendError
from ..metering.model import Point
from ..metering.register_run import WINDOW_SECONDS
from .audit import AuditReport, audit, subjects_of
from .audit_memory import AuditMemory
from .changes import ChangeTracker
from .cost_backlog import CostBacklog
from .costs import CostStatistics
from .maths.rows import HOUR
from .memory import ImportMemory
from .outcome import Outcome
from .passes import Pass, Report
from .planner import Planner
from .quality_memory import QualityMemory
from .recorder import WriteQueue, clear, last_rows, recorded_ids, row_before
from .recorder_access import ended_at_stop, wait_until_stored
from .rejected import Rejections
from .resume import Plans, group_by_start
from .series import lead_time
from .statistic import FIXED_COST_KEY, Scope
from .unit_change import convert_changed_units
from .writer import StatisticWriter

LONG_WINDOW = timedelta(seconds=WINDOW_SECONDS)
"""How far back late or corrected readings are expected once a day: as far as the rules
decide by hindsight."""

FIXED_COST_ROWS = 10
"""The number of latest fixed costs, one per day, that are compared again."""


class Importer:
    """Import the history of one config entry, one run at a time."""

    def __init__(
        self, hass: HomeAssistant, entry_id: str, backend: Backend, spec: BackendSpec
    ) -> None:
        """Initialize the importer."""
        self._hass = hass
        self._backend = backend
        self._spec = spec
        self._lock = asyncio.Lock()
        self._memory = ImportMemory(hass, entry_id)
        self._changes = ChangeTracker(backend, self.find_start, spec.history_interval)
        self._costs = CostStatistics(hass, backend, spec)
        self._backlog = CostBacklog(hass, self._costs)
        self._are_fixed_costs_due = False
        self._stepped = defaultdict[str, set[datetime]](set)
        self.rejections = Rejections()
        self.qualities = QualityMemory(hass, entry_id)

    async def clear(self, prefix: str) -> Sequence[str]:
        """Delete all statistics with a prefix; return their ids once they are deleted.

        The next run imports everything. Raises RecorderError and StoppingError.
        """
        async with ended_at_stop(self._hass), self._lock:
            await wait_until_stored(self._hass)
            statistic_ids = await recorded_ids(self._hass, prefix)
            await clear(self._hass, statistic_ids)
            await self._memory.async_clear()
            await self.qualities.async_load()
            await self.qualities.async_clear()
            self._reset()
            return statistic_ids

    def _reset(self) -> None:
        """Fetch and compare everything at the next run."""
        self._changes.reset()
        self._costs.expire()

    async def run(self, scope: Scope, report: Report) -> Outcome:
        """Bring the statistics up to date, and go on with unfinished re-imports.

        Raises BackendError, RecorderError and StoppingError. What was written before
        stays, and the next run continues.
        """
        async with ended_at_stop(self._hass), self._lock:
            await self._memory.async_load()
            await self.qualities.async_load()
            is_long = self._memory.is_comparison_due(dt_util.utcnow())
            keys = _keys(scope) & self._memory.unfinished.keys()
            if await self._costs.refresh() or keys:
                # New prices change the costs even if no reading has changed.
                self._changes.reset()
            elif not is_long and await self._changes.is_unchanged(scope):
                return Outcome()
            return await self._import(scope, report, is_long=is_long)

    async def reimport(
        self, scope: Scope, report: Report, start: datetime | None
    ) -> Outcome:
        """Write all rows from `start` on again; without it, all that the source has.

        Raises errors as `run` does. Whatever ends it, the next run goes on.
        """
        async with ended_at_stop(self._hass), self._lock:
            await self._memory.async_load()
            await self.qualities.async_load()
            await self._memory.async_begin(dict.fromkeys(_keys(scope), start))
            self._reset()
            await self._costs.refresh()
            return await self._import(scope, report, is_long=False)

    def take_stepped(self) -> Mapping[str, set[datetime]]:
        """Return by statistic id the hours in which a higher register begins.

        They are those of the imports since the last call.
        """
        stepped, self._stepped = self._stepped, defaultdict(set)
        return stepped

    async def audit(
        self, scope: Scope, memory: AuditMemory, *, is_complete: bool
    ) -> AuditReport:
        """Audit the statistics of a scope; raises RecorderError and StoppingError."""
        async with ended_at_stop(self._hass), self._lock:
            await wait_until_stored(self._hass)
            subjects = subjects_of(scope, self._costs)
            return await audit(self._hass, subjects, memory, is_complete=is_complete)

    async def _import(self, scope: Scope, report: Report, *, is_long: bool) -> Outcome:
        """Import all points of a scope; with `is_long`, compare the long window."""
        began = dt_util.utcnow()
        await wait_until_stored(self._hass)
        await self._convert_units(scope)
        self._changes.start_run(scope, is_long=is_long)
        window = self._spec.history_window
        if is_long:
            window = max(window, LONG_WINDOW)
        outcome = Outcome()
        outcome.written |= await self._backlog.price(scope)
        planner = Planner(
            self._hass,
            scope,
            self._costs,
            self._memory.unfinished,
            window,
            self.rejections,
            self.qualities,
        )
        await self._import_groups(planner, report, outcome)
        self._are_fixed_costs_due |= FIXED_COST_KEY in self._memory.unfinished
        if outcome.written or self._are_fixed_costs_due:
            # They stay due if they are refused, even if there is no new reading.
            self._are_fixed_costs_due = True
            await self._import_fixed_costs(scope, outcome)
            await self._memory.async_complete(FIXED_COST_KEY)
            self._are_fixed_costs_due = False
        if not outcome.failed:
            self._changes.complete_run()
            if is_long:
                await self._memory.async_compared(began)
        return outcome

    async def _import_groups(
        self, planner: Planner, report: Report, outcome: Outcome
    ) -> None:
        """Import all points; the failure of a group does not keep others from theirs.

        Raises BackendError if all groups fail.
        """
        groups = group_by_start(await planner.plans())
        failures: list[BackendError] = []
        for group in groups:
            try:
                await self._import_group(planner, group, report, outcome)
            except ONE_ENDPOINT_ERRORS as err:
                failures.append(err)
                outcome.failed |= {point.key: str(err) for point, _ in group}
        if failures and len(failures) == len(groups):
            raise failures[0]

    async def _convert_units(self, scope: Scope) -> None:
        """Convert the rows of points whose unit changed, and import them again."""
        keys = {scope.statistic(each).statistic_id: each.key for each in scope.points}
        changed = await convert_changed_units(
            self._hass, [scope.statistic(point) for point in scope.points]
        )
        if changed:
            self._changes.reset()
            await self._memory.async_begin({keys[each]: None for each in changed})

    async def _import_group(
        self, planner: Planner, group: Plans, report: Report, outcome: Outcome
    ) -> None:
        """Import points that resume from about the same moment in one pass."""
        points = [point for point, _ in group]
        starts = [plan.start for _, plan in group if plan.start]
        start = min(starts, default=None) or await self.find_start(
            planner.scope, points
        )
        changes = await self._changes.find_changes(
            points, start, is_continued=all(plan.is_continued for _, plan in group)
        )
        if start is None or changes.since is None:
            if start is None:
                outcome.without_readings |= {point.key for point in points}
            await self._memory.async_complete(*(point.key for point in points))
            return
        if (since := changes.since) > start:
            group = [(point, plan.narrowed(since)) for point, plan in group]
        # The position at a baseline may have been read shortly before it.
        first = min(
            plan.start - lead_time(point) if plan.start else start
            for point, plan in group
        )
        run = Pass(self._hass, planner, self._memory, group, self._spec.earliest)
        try:
            await run.read(self._backend, first, report)
        finally:
            # Some rows may be written even if the pass has failed.
            await run.keep_qualities()
            for statistic_id, hours in run.stepped.items():
                self._stepped[statistic_id] |= hours
        if not run.failed:
            self._changes.keep_mark(points, changes)
        outcome.failed |= run.failed
        outcome.without_readings |= run.without_readings
        outcome.written |= {
            writer.statistic.statistic_id: writer.written for writer in run.writers
        }

    async def find_start(
        self, scope: Scope, points: Sequence[Point]
    ) -> datetime | None:
        """Return the time of the first reading, or the start that the user chose."""
        first = await self._backend.history_start(points)
        if first is None:
            return None
        return max(first, scope.start) if scope.start else first

    async def _import_fixed_costs(self, scope: Scope, outcome: Outcome) -> None:
        """Write the fixed costs of each day, one row per local midnight."""
        if (statistic := self._costs.fixed_statistic(scope)) is None:
            return
        is_again = FIXED_COST_KEY in self._memory.unfinished
        rows = await last_rows(self._hass, statistic.statistic_id, FIXED_COST_ROWS)
        base = rows[0] if len(rows) == FIXED_COST_ROWS and not is_again else None
        start = (
            base.start + HOUR if base else await self.find_start(scope, scope.points)
        )
        if start is None:
            return
        if base is None:
            # The source may keep less than what is recorded.
            base = await row_before(self._hass, statistic.statistic_id, start)
        before = base.sum if base and base.sum is not None else 0.0
        writer = StatisticWriter.of(
            statistic,
            None if is_again else rows,
            latest=rows[-1].start if rows else None,
        )
        writer.add(self._costs.fixed_rows(start, dt_util.utcnow(), before))
        queue = WriteQueue(self._hass)
        await queue.write([writer])
        await queue.finish()
        outcome.written[statistic.statistic_id] = writer.written


def _keys(scope: Scope) -> set[str]:
    """Return the keys of all that is imported: the points and the fixed costs."""
    return {FIXED_COST_KEY, *(point.key for point in scope.points)}
