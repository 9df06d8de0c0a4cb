"""Import history once Home Assistant has started, and regularly from then on."""

import asyncio
from collections.abc import Collection, Coroutine, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util

from ..backends.base import BackendSpec, Capability
from ..backends.common.bounds import BATCH_LIMIT, time_limit
from ..backends.common.times import whole_hour
from ..backends.errors import ONE_ENDPOINT_ERRORS, BackendError
from ..const import LOGGER
from ..coordinator import BackendCoordinator, InventoryCoordinator
from ..errors import (
    HistoryError,
    IncompleteError,
    NoDatabaseError,
    RecorderError,
    RecorderMigratingError,
    StoppingError,
    UnloadedError,
    async_error_text,
    async_error_texts,
    error_text,
)
from ..failures.failures import Failures
from ..failures.kinds import ACCESS, DATABASE, HISTORY, NO_DATABASE
from ..metering.inventory import KindQuestion
from ..metering.model import Kind, Point
from ..metering.scaling import UNSCALED, scaled_points
from ..prices.price_book import PriceBook
from .audit.auditor import Auditor
from .importer import Importer
from .joining.joiner import Joiner
from .news.events import HistoryEvents
from .news.news import HistoryNews
from .outcome import Outcome
from .pricer import Pricer
from .progress import REPORT_PROGRESS_FROM, Progress
from .quality.memory import QualityMemory
from .quality.report import QualityReporter
from .recorded_kinds import kind_questions
from .recorder.access import running_recorder
from .rejected import Rejections
from .scope import make_scope
from .settings_memory import Setting, SettingsMemory
from .statistic import Scope, statistic_prefix
from .warnings.validator import Validator

SUBJECT = "history"


@callback
def forget_failures(failures: Failures) -> None:
    """Resolve the issues of an entry whose history the user does not want."""
    for kind in (ACCESS, DATABASE, HISTORY, NO_DATABASE):
        failures.clear(kind, SUBJECT)


class HistoryCoordinator(BackendCoordinator[Progress]):
    """Import the history of a config entry in the background.

    A failing import does not fail the set-up of the config entry.
    """

    failure_kind = HISTORY
    _is_long_import = False
    _names: Mapping[str, str] = {}
    """The names of the points by key, as of the last import."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        inventory: InventoryCoordinator,
        spec: BackendSpec,
    ) -> None:
        """Initialize the coordinator; `async_start` starts the imports."""
        super().__init__(
            hass,
            entry,
            inventory.backend,
            inventory.failures,
            subject=SUBJECT,
            interval=spec.history_interval,
            always_update=False,
        )
        self.data = Progress()
        self.questions: Mapping[str, KindQuestion] = {}
        """Why points are left out: their recorded rows are of another kind."""
        self.prefix = statistic_prefix(entry, spec)
        self._inventory = inventory
        self._spec = spec
        self._importer = Importer(
            hass, entry, inventory.backend, spec, self._report_pricing
        )
        self.joiner = Joiner(hass, self._importer, self.prefix)
        self._pricer = Pricer(hass, entry, self._importer, self)
        self._settings = SettingsMemory(hass, entry.entry_id)
        self._reporter = QualityReporter(self.qualities)
        self.auditor = Auditor(hass, entry, self._importer)
        interval = spec.history_interval
        self._news = HistoryNews(
            hass, entry.entry_id, self._importer, self.qualities, interval
        )
        self.validator = Validator(
            hass, entry, self.qualities, self._day_totals, self._news.warn
        )

    @callback
    @override
    def _note_success(self) -> None:
        """Note that the user has access; parts of the import may have failed."""
        self._worked_at = dt_util.utcnow()
        self.failures.clear(ACCESS, SUBJECT)

    @callback
    def async_start(self) -> None:
        """Import once Home Assistant has started, and regularly from then on."""
        entry = self.config_entry

        @callback
        def import_in_background(hass: HomeAssistant) -> None:
            """Start the first import, which schedules the next one."""
            entry.async_create_background_task(
                hass, self.async_refresh(), f"{self.name} import"
            )

        # Without a listener the next import would not be scheduled.
        entry.async_on_unload(self.async_add_listener(lambda: None))
        entry.async_on_unload(async_at_started(self.hass, import_in_background))
        entry.async_on_unload(self.qualities.async_close)
        self._pricer.async_start()

    @callback
    def async_show_priced(self, progress: Progress) -> None:
        """Show the progress after recorded hours were priced.

        Listeners are also told if no row was written: costs may be deleted.
        """
        self.failures.clear(DATABASE, SUBJECT)
        self._news.tell_price_change()
        self.data = self._with_reports(progress)
        self.async_update_listeners()

    @property
    def price_book(self) -> PriceBook:
        """Return the prices of the entry, as of the last import."""
        return self._importer.book

    @property
    def is_busy(self) -> bool:
        """Return True if something is read, written or priced at present."""
        return self._importer.is_busy

    @property
    def qualities(self) -> QualityMemory:
        """Return the qualities of the hours; an import or the user of it loads them."""
        return self._importer.qualities

    @property
    def rejections(self) -> Rejections:
        """Return the readings that were rejected or held since the start."""
        return self._importer.rejections

    @property
    def points(self) -> Mapping[str, Point]:
        """Return the selected points that have history, by key."""
        return {
            key: point
            for key, point in self._inventory.data.points.items()
            if point.has_history and point.kind is not Kind.UNDECIDED
        }

    @property
    def events(self) -> HistoryEvents:
        """Return the events of the entry's history and data."""
        return self._news.events

    @override
    async def _fetch(self) -> Progress:
        """Import what is new; raises BackendError and HistoryError."""
        await self._require_recorder()
        await self.joiner.async_recover()
        scope = await self.async_answered_scope()
        await self.qualities.async_load()
        await self._news.async_begin(scope)
        try:
            outcome = await self._import(scope)
        except (BackendError, HistoryError) as err:
            await self._report_quality(scope)
            await self.async_fail(err)
            raise
        self.failures.clear(DATABASE, SUBJECT)
        if outcome.failed:
            await self._report_failures(outcome, scope)
        else:
            self.failures.clear(HISTORY, SUBJECT)
            if self._is_long_import:
                rows = outcome.rows
                LOGGER.info("%s: up to date, %d rows written", self.name, rows)
        await self._report_quality(scope)
        progress = self._with_reports(self._done(outcome, scope))
        await self._news.async_tell(scope, outcome, progress.quality)
        return progress

    async def _require_recorder(self) -> None:
        """Show that nothing can be recorded; raises RecorderError and StoppingError."""
        try:
            running_recorder(self.hass)
        except RecorderError as err:
            await self.async_fail(err)
            raise
        self.failures.clear(NO_DATABASE, SUBJECT)

    async def _import(self, scope: Scope) -> Outcome:
        """Import what is new, audit it, and look for odd hours, as far as each is due.

        Raises BackendError and HistoryError.
        """
        uncoded = [key for key in scope.coded_names if self.qualities.span(key) is None]
        self._is_long_import = False
        again = await self._import_with_changed_settings(scope)
        await self.auditor.async_prepare(scope, uncoded)
        outcome = await self._importer.run(scope, self._report)
        for statistic_id, rows in again.items():
            outcome.add_written(statistic_id, rows)
        if self._is_long_import:
            self.auditor.async_request(is_complete=True)
        if not outcome.failed:
            await self.auditor.async_follow(scope, self._report)
            await self.validator.async_follow(
                scope, self.backend.time_zone, self.auditor.report
            )
        return outcome

    async def _day_totals(
        self, points: Collection[Point], start: datetime, end: datetime
    ) -> Mapping[str, Mapping[date, float]]:
        """Return the server's own totals of days, if it has any.

        Raises BackendError unless only these cannot be read.
        """
        if Capability.DAY_TOTALS not in self._spec.capabilities:
            return {}
        try:
            async with time_limit(BATCH_LIMIT, "the totals of days"):
                totals = await self.backend.day_totals(points, start, end)
        except ONE_ENDPOINT_ERRORS as err:
            LOGGER.debug("%s: the days' totals are missing: %s", self.name, err)
            return {}
        factors = scaled_points(points)
        return {
            key: {day: total * factor for day, total in days.items()}
            for key, days in totals.items()
            for factor in (factors.get(key, UNSCALED),)
        }

    async def _import_with_changed_settings(self, scope: Scope) -> Mapping[str, int]:
        """Import all of the points again whose settings the user has changed.

        Returns the rows written by statistic id. Raises BackendError and HistoryError;
        the next import then tries again.
        """
        keys = [point.key for point in scope.points]
        if changed := await self._settings.async_changed(keys, scope.settings):
            outcome = await self._importer.reimport(
                scope, self._report, scope.start, changed
            )
            await self._settings.async_keep(changed, scope.settings)
            return outcome.written
        return {}

    async def _report_quality(self, scope: Scope) -> None:
        """Report the quality of the hours, if that may have changed."""
        await self._reporter.async_refresh(scope.meter_names, dt_util.utcnow())

    async def reimport(self, start: datetime | None) -> Outcome:
        """Write everything from `start` on again; return what was done.

        Without `start`, the import starts at the day that the user chose, or at the
        first reading. What it cannot finish, the next import does. Raises BackendError
        and HistoryError, also if a part failed.
        """
        scope = await self.async_answered_scope()
        try:
            outcome = await self._until_unload(
                self._importer.reimport(scope, self._report, start or scope.start)
            )
        except (BackendError, HistoryError) as err:
            await self.async_fail(err)
            raise
        self.failures.clear(DATABASE, SUBJECT)
        self.auditor.async_request(is_complete=True)
        await self._report_quality(scope)
        self.async_show(self._done(outcome, scope))
        if outcome.failed:
            raise IncompleteError(
                outcome.describe_failures(scope.names, str),
                outcome.failed_names(scope.names),
            )
        return outcome

    async def _until_unload(self, work: Coroutine[None, None, Outcome]) -> Outcome:
        """Return the outcome of an import, which ends when the entry is unloaded.

        Otherwise the import of an action would go on beside that of the reloaded entry.
        """
        task = self.config_entry.async_create_background_task(
            self.hass, work, f"{self.name} import"
        )
        try:
            return await task
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if current is None or current.cancelling():
                raise
            raise UnloadedError("the entry was unloaded") from None

    async def clear(self) -> Sequence[str]:
        """Delete all statistics of the config entry; return their ids once deleted.

        Raises HistoryError.
        """
        cleared = await self._importer.clear(self.prefix)
        self.questions = {}
        await self._report_quality(await self.scope())
        self.async_show(Progress())
        return cleared

    def _report(self, start: datetime, reached: datetime, rows: int) -> None:
        """Show the progress of a long import."""
        now = dt_util.utcnow()
        if now - start < REPORT_PROGRESS_FROM:
            return
        if not self._is_long_import:
            LOGGER.info("%s: importing from %s on", self.name, start.date())
        self._is_long_import = True
        share = (reached - start) / (now - start)
        self.async_show(
            Progress(
                percent=round(min(max(share, 0.0), 1.0) * 100, 1),
                reached=whole_hour(reached),
                rows=rows,
                state="importing",
                left_out=self.data.left_out,
            )
        )

    def _report_pricing(
        self, start: datetime, share: float, reached: datetime, rows: int
    ) -> None:
        """Show how far all costs are."""
        self._pricer.report(start, share, reached, rows)

    def _with_reports(self, progress: Progress) -> Progress:
        """Return the progress with what was rejected, audited and coded until now."""
        names = self._names
        return replace(
            progress,
            unpriced={
                names.get(key, key): hours
                for key, hours in self._importer.unpriced.items()
            },
            rejected=self._importer.rejections.report(),
            audit=self.auditor.summary,
            quality=self._reporter.report,
        )

    @callback
    def async_show(self, progress: Progress) -> None:
        """Set the progress, and notify listeners if it changed."""
        progress = self._with_reports(progress)
        if progress != self.data:
            self.data = progress
            self.async_update_listeners()

    async def async_fail(self, err: BackendError | HistoryError) -> None:
        """Show that an import failed, unless it was ended by a stop."""
        if isinstance(err, StoppingError):
            return
        reason = await async_error_text(self.hass, err)
        self._news.fail(reason)
        if isinstance(err, NoDatabaseError):
            self.async_show(replace(self.data, state="no_database"))
            self.failures.report(NO_DATABASE, SUBJECT, reason)
            return
        self.async_show(replace(self.data, state="failed"))
        if isinstance(err, RecorderError) and not isinstance(
            err, RecorderMigratingError
        ):
            self.failures.report(DATABASE, SUBJECT, reason)

    async def _report_failures(self, outcome: Outcome, scope: Scope) -> None:
        """Tell which points failed and why, in Home Assistant's language."""
        failures = outcome.describe_failures(scope.names, str)
        LOGGER.debug("%s: %s", self.name, failures)
        texts = await async_error_texts(self.hass)
        reason = outcome.describe_failures(scope.names, partial(error_text, texts))
        self._news.fail(reason)
        self.failures.report(HISTORY, SUBJECT, reason)

    async def scope(self) -> Scope:
        """Return the points to import, with the names of their statistics."""
        scope = await make_scope(
            self.hass,
            self.config_entry,
            [*self.points.values()],
            prefix=self.prefix,
            zone=self.backend.time_zone,
        )
        self._names = scope.names
        before = await self._settings.async_imported_with(Setting.CHOSEN_UNIT)
        return replace(scope, relabelled=before | scope.settings[Setting.CHOSEN_UNIT])

    async def async_answered_scope(self) -> Scope:
        """Return the scope without the points whose rows are of another kind.

        The user is asked what to do with them. Raises RecorderError and StoppingError.
        """
        scope = await self.scope()
        try:
            questions = await kind_questions(self.hass, scope)
        except HistoryError as err:
            await self.async_fail(err)
            raise
        self._ask(questions, scope.names)
        answered = [point for point in scope.points if point.key not in questions]
        return replace(scope, points=answered)

    @callback
    def _ask(
        self, questions: Mapping[str, KindQuestion], names: Mapping[str, str]
    ) -> None:
        """Ask about points, whose names are by key, and show that they are left out."""
        self.questions = questions
        left_out = tuple(sorted(names[key] for key in questions))
        self.async_show(replace(self.data, left_out=left_out))

    def _done(self, outcome: Outcome, scope: Scope) -> Progress:
        """Return the progress of an import of a scope that has ended.

        Points that failed or are left out are not done.
        """
        failed = len(outcome.failed)
        left = failed + len(self.questions)
        points = max(len(scope.points), failed) + len(self.questions)
        return Progress(
            percent=round((1 - left / max(points, 1)) * 100, 1),
            reached=whole_hour(dt_util.utcnow()),
            rows=outcome.rows,
            state="incomplete" if left else "up_to_date",
            failed=failed,
            left_out=self.data.left_out,
        )
