"""Import the readings of points as rows: resume, compare, and write what differs.

This is what an import does with the server, the recorder and its memories. What needs
more of Home Assistant, such as prices and its stop, is around it in `importer.py`.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from homeassistant.util import dt as dt_util

from ..backends.base import Backend, BackendSpec
from ..backends.common.bounds import START_LIMIT, time_limit
from ..backends.errors import ONE_ENDPOINT_ERRORS, BackendError
from ..metering.model import Point
from .changes import ChangeTracker
from .comparison import CONTESTED_FOR, LONG_WINDOW, DailyComparison, Look
from .comparison_memory import ComparisonMemory
from .memory import ImportMemory
from .outcome import Outcome
from .passes import Pass, Report
from .planner import Planner
from .quality.memory import QualityMemory
from .recorder_protocol import Recorder
from .rejected import Rejections
from .resume import Plans, group_by_start
from .series import lead_time
from .statistic import Scope
from .writer import StatisticWriter

type Prepare = Callable[[Scope], Awaitable[set[str]]]
"""Prepare recorded rows; returns the keys of the points whose rows were converted."""

type NoteWriters = Callable[[Sequence[StatisticWriter]], None]
"""Called with the writers of points after they were read, completely or not."""


class PointImporter:
    """Import the points of one config entry. Only one method may run at a time."""

    def __init__(
        self,
        recorder: Recorder,
        backend: Backend,
        spec: BackendSpec,
        memories: tuple[ImportMemory, ComparisonMemory, QualityMemory],
        prepare: Prepare,
        note_writers: NoteWriters,
    ) -> None:
        """Initialize the importer; nothing is loaded yet."""
        self._recorder = recorder
        self._backend = backend
        self._spec = spec
        self._memory, compared, self.qualities = memories
        self._prepare = prepare
        self._note_writers = note_writers
        self._changes = ChangeTracker(backend, self.find_start, spec.history_interval)
        self._comparison = DailyComparison(backend, spec, compared)
        self._stepped = defaultdict[str, set[datetime]](set)
        self._exchanged: dict[str, float] = {}
        self.rejections = Rejections()

    async def load(self) -> None:
        """Load what is remembered, once."""
        await self._memory.async_load()
        await self.qualities.async_load()

    def unfinished(self, scope: Scope) -> set[str]:
        """Return the keys of the points of a scope that are still imported again."""
        return _keys(scope) & self._memory.unfinished.keys()

    async def forget(self) -> None:
        """Forget everything, because the statistics are deleted."""
        await self._memory.async_clear()
        await self.qualities.async_load()
        await self.qualities.async_clear()
        await self._comparison.forget()
        self._changes.reset()

    async def update(self, scope: Scope, report: Report) -> Outcome:
        """Bring the rows up to date, and go on with unfinished re-imports.

        Raises BackendError, RecorderError and StoppingError. What was written before
        stays, and the next run continues.
        """
        now = dt_util.utcnow()
        contested = self.rejections.contested(now - CONTESTED_FOR)
        look = await self._comparison.look(scope.points, contested, now)
        outcome = await self._import_news(scope, report)
        if look is not None:
            await self._compare(scope, look, outcome)
        return outcome

    async def import_all(self, scope: Scope, report: Report) -> Outcome:
        """Import all points of a scope; raises errors as `update` does."""
        await self._recorder.wait_until_stored()
        outcome = Outcome(converted=await self._prepare(scope))
        self._changes.start_run(scope)
        planner = self._planner(scope, self._spec.history_window)
        await self._import_groups(planner, report, outcome)
        if not outcome.failed:
            self._changes.complete_run()
        return outcome

    async def begin_again(self, starts: Mapping[str, datetime | None]) -> None:
        """Import points again from moments on, also if the next run is cut off."""
        self._changes.reset()
        await self._memory.async_begin(starts)

    def take_stepped(self) -> Mapping[str, set[datetime]]:
        """Return by statistic id the hours in which a higher register begins.

        They are those of the imports since the last call.
        """
        stepped, self._stepped = self._stepped, defaultdict(set)
        return stepped

    def take_exchanged(self) -> Mapping[str, float]:
        """Return by point key when the newest register replaced another one.

        They are those that the imports since the last call have read (epoch seconds).
        """
        exchanged, self._exchanged = self._exchanged, {}
        return exchanged

    async def _import_news(self, scope: Scope, report: Report) -> Outcome:
        """Import what is new since the last run, and in the trailing window."""
        if self.unfinished(scope):
            self._changes.reset()
        elif await self._changes.is_unchanged(scope):
            return Outcome()
        return await self.import_all(scope, report)

    def _planner(self, scope: Scope, window: timedelta) -> Planner:
        """Return the planner of a run that compares the trailing `window`."""
        return Planner(
            self._recorder,
            scope,
            self._memory.unfinished,
            window,
            self.rejections,
            self.qualities,
        )

    async def _compare(self, scope: Scope, look: Look, outcome: Outcome) -> None:
        """Read points again that may have changed before the trailing window.

        Those that were just imported from their first reading on are up to date.
        """
        since = {k: at for k, at in look.since.items() if k not in outcome.complete}
        points = [point for point in scope.points if point.key in since]
        planner = self._planner(replace(scope, points=points), LONG_WINDOW)
        if points:
            await self._recorder.wait_until_stored()
        plans = await planner.plans()
        narrowed = [(point, plan.narrowed(since[point.key])) for point, plan in plans]
        failed: set[str] = set()
        for group in group_by_start(narrowed):
            keys = {point.key for point, _ in group}
            try:
                await self._read_group(planner, group, _show_nothing, outcome)
            except ONE_ENDPOINT_ERRORS as err:
                outcome.fail(dict.fromkeys(keys, err))
            failed |= keys & outcome.failed.keys()
        is_all = outcome.complete >= {point.key for point in scope.points}
        await self._comparison.keep(look, failed, is_all=is_all)

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
                outcome.fail({point.key: err for point, _ in group})
        if failures and len(failures) == len(groups):
            raise failures[0]

    async def _import_group(
        self, planner: Planner, group: Plans, report: Report, outcome: Outcome
    ) -> None:
        """Import points that resume from about the same moment in one pass."""
        points = [point for point, _ in group]
        starts = [plan.reads_from for _, plan in group if plan.reads_from]
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
        if not await self._read_group(planner, group, report, outcome, start):
            self._changes.keep_mark(points, changes)

    async def _read_group(
        self,
        planner: Planner,
        group: Plans,
        report: Report,
        outcome: Outcome,
        start: datetime | None = None,
    ) -> Mapping[str, BackendError]:
        """Read and write points in one pass; return those that failed with the error.

        Points without a recorded row begin at `start`, or at their first reading.
        """
        points = [point for point, _ in group]
        if start is None and any(plan.start is None for _, plan in group):
            start = await self.find_start(planner.scope, points)
        if (first := _first_needed(group, start)) is None:
            return {}
        run = Pass(self._recorder, planner, self._memory, group, self._spec.earliest)
        try:
            await run.read(self._backend, first, _adding(report, outcome.rows))
        finally:
            # Some rows may be written even if the pass has failed.
            self._note_writers(run.writers)
            await run.keep_qualities()
            for statistic_id, hours in run.stepped.items():
                self._stepped[statistic_id] |= hours
            self._exchanged |= run.exchanged
        outcome.fail(run.failed)
        outcome.without_readings |= run.without_readings
        outcome.complete |= {
            point.key
            for point, plan in group
            if plan.base is None and point.key not in run.failed
        }
        for writer in run.writers:
            outcome.add_written(writer.statistic.statistic_id, writer.written)
        return run.failed

    async def find_start(
        self, scope: Scope, points: Sequence[Point]
    ) -> datetime | None:
        """Return the time of the first reading, or the start that the user chose."""
        async with time_limit(START_LIMIT, "the start of a history"):
            first = await self._backend.history_start(points)
        if first is None:
            return None
        return max(first, scope.start) if scope.start else first


def _first_needed(group: Plans, start: datetime | None) -> datetime | None:
    """Return from when on readings are needed; points without a row need `start`.

    The position at a baseline may have been read shortly before it.
    """
    starts = [
        plan.start - lead_time(point) if plan.start else start for point, plan in group
    ]
    return min((each for each in starts if each is not None), default=None)


def _adding(report: Report, written: int) -> Report:
    """Return a report that adds the rows that other groups have written before."""
    return lambda start, reached, rows: report(start, reached, written + rows)


def _show_nothing(_start: datetime, _reached: datetime, _rows: int) -> None:
    """Show no progress: what is read again was imported before."""


def _keys(scope: Scope) -> set[str]:
    """Return the keys of all points that are imported."""
    return {point.key for point in scope.points}
