"""Import the history of a config entry: resume, compare, and write what differs."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..backends.base import Backend, BackendSpec
from ..backends.common.bounds import START_LIMIT, time_limit
from ..backends.errors import ONE_ENDPOINT_ERRORS, BackendError
from ..errors.stopping import ended_at_stop
from ..metering.model import Point
from ..prices.price_book import PriceBook
from .audit.audit import AuditReport, audit, subjects_of
from .audit.memory import AuditMemory
from .changes import ChangeTracker
from .comparison import CONTESTED_FOR, LONG_WINDOW, DailyComparison, Look
from .comparison_memory import ComparisonMemory
from .memory import ImportMemory
from .outcome import Outcome
from .passes import Pass, Report
from .planner import Planner
from .quality.memory import QualityMemory
from .recorded_factors import RecordedFactors
from .recorder.access import wait_until_stored
from .recorder.recorder import adjust_sums, clear, recorded_ids
from .recorder.rescaling import rescale
from .recorder.sensor_hours import sensor_hours
from .recorder.statistic_names import rename_statistics
from .recorder.unit_change import convert_changed_units
from .rejected import Rejections
from .repricing import PricingReport, Repricer
from .resume import Plans, group_by_start
from .series import lead_time
from .statistic import Scope, statistic_prefix
from .summing import Summing


class Importer:
    """Import the history of one config entry, one run at a time."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        backend: Backend,
        spec: BackendSpec,
        report_pricing: PricingReport,
    ) -> None:
        """Initialize the importer."""
        entry_id = entry.entry_id
        self._hass = hass
        self._backend = backend
        self._spec = spec
        self._lock = asyncio.Lock()
        self._named: tuple[Mapping[str, str], list[str]] = {}, []
        self._memory = ImportMemory(hass, entry_id)
        self._prefix = statistic_prefix(entry, spec)
        self._factors = RecordedFactors(hass, self._prefix)
        self._changes = ChangeTracker(backend, self.find_start, spec.history_interval)
        compared = ComparisonMemory(hass, entry_id)
        self._comparison = DailyComparison(backend, spec, compared)
        self.book = PriceBook(hass, entry, backend, spec, sensor_hours)
        self._repricer = Repricer(hass, entry_id, self.book, report_pricing)
        self._summing = Summing(hass)
        self._stepped = defaultdict[str, set[datetime]](set)
        self._exchanged: dict[str, float] = {}
        self.rejections = Rejections()
        self.qualities = QualityMemory(hass, entry_id)

    @property
    def is_busy(self) -> bool:
        """Return True if something is read, written or priced at present."""
        return self._lock.locked()

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """Let no import run in the body, which raises StoppingError at a stop."""
        async with ended_at_stop(self._hass), self._lock:
            yield

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
            await self._comparison.forget()
            await self._repricer.clear()
            self._summing.compare_all()
            self._reset()
            return statistic_ids

    def _reset(self) -> None:
        """Fetch and compare everything at the next run."""
        self._changes.reset()
        self.book.expire()

    async def run(self, scope: Scope, report: Report) -> Outcome:
        """Bring the statistics up to date, and go on with unfinished re-imports.

        Raises BackendError, RecorderError and StoppingError. What was written before
        stays, and the next run continues.
        """
        async with ended_at_stop(self._hass), self._lock:
            await self._memory.async_load()
            await self.qualities.async_load()
            await self._rename(scope)
            now = dt_util.utcnow()
            contested = self.rejections.contested(now - CONTESTED_FOR)
            look = await self._comparison.look(scope.points, contested, now)
            await self.book.refresh()
            outcome = Outcome()
            try:
                outcome = await self._import_news(scope, report)
                if look is not None:
                    await self._compare(scope, look, outcome)
            except BackendError:
                # Prices may have changed, and what was read until then has costs.
                await self._derive(scope, outcome)
                raise
            await self._derive(scope, outcome)
            return outcome

    async def _rename(self, scope: Scope) -> None:
        """Rename the recorded statistics, if names may have changed since the last run.

        Raises RecorderError and StoppingError.
        """
        # To name thousands of statistics takes much longer than to compare these.
        named = scope.names, [point.key for point in scope.points]
        if named != self._named:
            await rename_statistics(self._hass, scope.statistic_names)
            self._named = named

    async def _import_news(self, scope: Scope, report: Report) -> Outcome:
        """Import what is new since the last run, and in the trailing window."""
        if _keys(scope) & self._memory.unfinished.keys():
            self._changes.reset()
        elif await self._changes.is_unchanged(scope):
            return Outcome()
        return await self._import(scope, report)

    async def reimport(
        self,
        scope: Scope,
        report: Report,
        start: datetime | None,
        keys: Collection[str] | None = None,
    ) -> Outcome:
        """Write all rows from `start` on again; without it, all that the source has.

        With `keys`, only those of some points are. Raises errors as `run` does.
        Whatever ends it, the next run goes on.
        """
        part = scope
        if keys is not None:
            points = [point for point in scope.points if point.key in keys]
            part = replace(scope, points=points)
        async with ended_at_stop(self._hass), self._lock:
            await self._memory.async_load()
            await self.qualities.async_load()
            await self._memory.async_begin(dict.fromkeys(_keys(part), start))
            self._reset()
            await self.book.refresh()
            outcome = await self._import(part, report)
            # The fixed costs depend on all points.
            await self._derive(scope, outcome)
            return outcome

    async def price(self, scope: Scope, again: Collection[str] = ()) -> Outcome:
        """Price what is recorded by the present tariffs, without asking the server.

        The costs of the keys in `again` are all compared. Raises errors as `run` does.
        """
        async with ended_at_stop(self._hass), self._lock:
            if self.book.is_outdated or not self.book.is_refreshed:
                await self.book.refresh()
            await self._repricer.request(scope, again)
            outcome = Outcome()
            await self._derive(scope, outcome)
            return outcome

    async def _derive(self, scope: Scope, outcome: Outcome) -> None:
        """Add up and price what was recorded, as far as that is due."""
        for statistic_id, rows in (await self._summing.add_up(scope)).items():
            outcome.add_written(statistic_id, rows)
        for statistic_id, rows in (await self._repricer.price(scope)).items():
            outcome.add_written(statistic_id, rows)

    @property
    def awaits_prices(self) -> bool:
        """Return True if the prices of some recorded hours may become known."""
        return self._repricer.awaits_prices

    @property
    def unpriced(self) -> Mapping[str, int]:
        """Return how many recent hours with an amount have no price, by point key."""
        return self._repricer.unpriced

    async def adjust(
        self, statistic_id: str, changes: Mapping[datetime, float]
    ) -> None:
        """Add to the sums of a point from some hours on; the next run prices them.

        Raises RecorderError and StoppingError.
        """
        async with ended_at_stop(self._hass), self._lock:
            self._summing.compare_all()
            await self._repricer.request_key(statistic_id.removeprefix(self._prefix))
            await adjust_sums(self._hass, statistic_id, changes)

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

    def take_price_change(self) -> datetime | None:
        """Return from when on prices differ from those before the last call, if any."""
        return self.book.take_change()

    async def audit(
        self, scope: Scope, memory: AuditMemory, *, is_complete: bool
    ) -> AuditReport:
        """Audit the statistics of a scope; raises RecorderError and StoppingError."""
        async with ended_at_stop(self._hass), self._lock:
            await wait_until_stored(self._hass)
            subjects = subjects_of(scope, self.book.prices)
            return await audit(self._hass, subjects, memory, is_complete=is_complete)

    async def _import(self, scope: Scope, report: Report) -> Outcome:
        """Import all points of a scope."""
        await wait_until_stored(self._hass)
        outcome = Outcome(converted=await self._convert_units(scope))
        self._changes.start_run(scope)
        # If this run is cut off, the costs of what it wrote are compared all the same.
        unfinished = _keys(scope) & self._memory.unfinished.keys()
        await self._repricer.request(scope, unfinished)
        planner = self._planner(scope, self._spec.history_window)
        await self._import_groups(planner, report, outcome)
        if not outcome.failed:
            self._changes.complete_run()
        return outcome

    def _planner(self, scope: Scope, window: timedelta) -> Planner:
        """Return the planner of a run that compares the trailing `window`."""
        return Planner(
            self._hass,
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
            await wait_until_stored(self._hass)
        plans = await planner.plans()
        narrowed = [(point, plan.narrowed(since[point.key])) for point, plan in plans]
        failed: set[str] = set()
        for group in group_by_start(narrowed):
            keys = {point.key for point, _ in group}
            try:
                await self._read_group(planner, group, _show_nothing, outcome)
            except ONE_ENDPOINT_ERRORS as err:
                outcome.failed |= dict.fromkeys(keys, err)
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
                outcome.failed |= {point.key: err for point, _ in group}
        if failures and len(failures) == len(groups):
            raise failures[0]

    async def _convert_units(self, scope: Scope) -> set[str]:
        """Convert the rows of points whose unit or factor changed; return their keys.

        They are imported again.
        """
        keys = {scope.statistic(each).statistic_id: each.key for each in scope.points}
        rescalings = await self._factors.async_begin(scope)
        await self._begin_again({keys[each] for each in rescalings})
        await rescale(self._hass, rescalings)
        await self._factors.async_finish(scope)
        changed = await convert_changed_units(
            self._hass,
            [scope.statistic(point) for point in scope.points],
            {each for each, key in keys.items() if key in scope.relabelled},
        )
        await self._begin_again({keys[each] for each in changed})
        return {keys[each] for each in changed.union(rescalings)}

    async def _begin_again(self, keys: Collection[str]) -> None:
        """Import all of some points again, also if this run is cut off."""
        if keys:
            self._changes.reset()
            self._summing.compare_all()
            await self._memory.async_begin(dict.fromkeys(keys))

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
        run = Pass(self._hass, planner, self._memory, group, self._spec.earliest)
        try:
            await run.read(self._backend, first, _adding(report, outcome.rows))
        finally:
            # Some rows may be written even if the pass has failed.
            self._repricer.note(run.writers)
            self._summing.note(run.writers)
            await run.keep_qualities()
            for statistic_id, hours in run.stepped.items():
                self._stepped[statistic_id] |= hours
            self._exchanged |= run.exchanged
        outcome.failed |= run.failed
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
