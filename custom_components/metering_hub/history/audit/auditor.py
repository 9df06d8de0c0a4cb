"""Decide when to audit, repair what is wrong, and report what cannot be repaired."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_track_time_change
from homeassistant.helpers.storage import Store

from ...backends.common.http import Json
from ...const import DOMAIN, LOGGER
from ...identifiers import log_name
from ...memory import CheckedStore
from ..importer import Importer
from ..maths.rows import HOUR
from ..passes import Report
from ..recorder.recorder import recorded_ids
from ..statistic import Scope
from .audit import RULES_VERSION, STEPS, AuditReport, span_of
from .check_queries import FaultKind
from .faults import Faults, are_known, repaired_spans, reported_faults
from .memory import AuditMemory, AuditSummary, Span

_VERSION = 1
_HOUR = 3
"""The local hour in which entries are audited each night."""

SHOWN = 3
"""How many statistics the repair issue names."""


class Auditor:
    """Audit the statistics of a config entry, between its imports.

    `report` is the result of the last audit, and `left` are the faults that the server
    could not repair.
    """

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, importer: Importer):
        """Initialize the auditor; nothing is loaded yet."""
        self._hass = hass
        self._entry = entry
        self._importer = importer
        self._store: Store[dict[str, Json]] = CheckedStore(
            hass, _VERSION, _store_key(entry.entry_id)
        )
        self._is_loaded = False
        self._is_due = False
        self._is_complete_due = False
        self.memory = AuditMemory()
        self.report: AuditReport | None = None
        self.left: Faults = {}

    @property
    def summary(self) -> AuditSummary:
        """Return what is shown of the audits."""
        return AuditSummary(
            hours=self.report.hours if self.report else None,
            repaired=self.memory.repaired,
            newest_repair=self.memory.newest_repair,
        )

    @callback
    def async_request(self, *, is_complete: bool) -> None:
        """Audit after the next import: all rows, or those since the last audit."""
        self._is_due = True
        self._is_complete_due |= is_complete

    async def async_prepare(self, scope: Scope, uncoded: Collection[str]) -> None:
        """Load the memory once, and note what the coming import imports entirely.

        The qualities of the `uncoded` points were lost, or never known. If they have
        rows, they are imported again. Raises RecorderError and StoppingError.
        """
        if not self._is_loaded:
            memory = AuditMemory.from_json(await self._store.async_load())
            self.memory = memory.having_lost(uncoded)
            self._is_loaded = True
            if not self.memory.is_clean:
                self.async_request(is_complete=True)
            await self._remember(replace(self.memory, is_clean=False))
            self._follow_time()
        if unknown := [
            point for point in scope.points if point.key not in self.memory.versions
        ]:
            recorded = set(await recorded_ids(self._hass, scope.prefix))
            new = [
                point.key
                for point in unknown
                if scope.statistic(point).statistic_id not in recorded
            ]
            if new:
                await self._remember(self.memory.having_imported(new, RULES_VERSION))

    @callback
    def _follow_time(self) -> None:
        """Audit each night, and note when Home Assistant stops or unloads the entry."""

        @callback
        def request(_now: datetime) -> None:
            """Request an audit of what is new."""
            self.async_request(is_complete=False)

        async def end(_event: Event | None = None) -> None:
            """Note whether nothing was interrupted or has to be found again."""
            is_clean = not self.left and not self._is_complete_due
            await self._remember(replace(self.memory, is_clean=is_clean))

        entry = self._entry
        # The entries of a home take turns.
        minute, second = divmod(sum(entry.entry_id.encode()) % 3600, 60)
        entry.async_on_unload(end)
        entry.async_on_unload(
            self._hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, end)
        )
        entry.async_on_unload(
            async_track_time_change(self._hass, request, _HOUR, minute, second)
        )

    async def async_follow(self, scope: Scope, progress: Report) -> None:
        """Import again what older rules imported, and audit if that is due.

        Raises BackendError, RecorderError and StoppingError. What was not done stays
        due.
        """
        outdated = {
            point.key
            for point in scope.points
            if self.memory.versions.get(point.key, 0) < RULES_VERSION
        }
        if outdated:
            LOGGER.info(
                "%s: importing %d statistics again under new rules",
                log_name(self._entry),
                len(outdated),
            )
            outcome = await self._importer.reimport(scope, progress, None, outdated)
            keys = outdated - outcome.failed.keys()
            await self._remember(self.memory.having_imported(keys, RULES_VERSION))
            self.async_request(is_complete=True)
        if self._is_due:
            await self._audit(scope, progress)
            self._is_due = self._is_complete_due = False

    async def _audit(self, scope: Scope, progress: Report) -> None:
        """Audit, import again what is wrong, and audit that once more."""
        await self._keep_stepped()
        report = await self._importer.audit(
            scope, self.memory, is_complete=self._is_complete_due
        )
        memory = self.memory
        left: Faults = {}
        if report.faults and not are_known(report.faults, self.left):
            await self._import_again(scope, report, progress)
            await self._keep_stepped()
            again = await self._importer.audit(scope, self.memory, is_complete=True)
            repaired = repaired_spans(report.faults, again.faults)
            settled = await self._settled(scope, again.faults)
            memory = self.memory.having_repaired(repaired).keeping(settled)
            left = reported_faults(again.faults, memory)
        elif not self._is_complete_due:
            left = self.left
        self.report, self.left = report, left
        await self._remember(memory.having_audited(report.last))
        self._report_left()

    async def _keep_stepped(self) -> None:
        """Keep the hours in which the imports have seen a higher register begin."""
        spans = {
            statistic_id: [Span(hour, hour + HOUR) for hour in hours]
            for statistic_id, hours in self._importer.take_stepped().items()
        }
        await self._remember(self.memory.keeping(spans))

    async def _import_again(
        self, scope: Scope, report: AuditReport, progress: Report
    ) -> None:
        """Import points with faults again from before the first one; price costs."""
        first = min(fault.start for each in report.faults.values() for fault in each)
        LOGGER.warning(
            "%s: %d statistics have wrong hours since %s and are written again",
            log_name(self._entry),
            len(report.faults),
            first.isoformat(),
        )
        if report.starts:
            await self._importer.reimport(
                scope, progress, min(report.starts.values()), report.starts
            )
        if report.unsound_costs:
            await self._importer.price(scope, report.unsound_costs)

    async def _settled(
        self, scope: Scope, faults: Faults
    ) -> Mapping[str, Sequence[Span]]:
        """Return the hours in which the server's own readings contradict the sum.

        They are those of a new register that stands higher. The import has just read
        them again, unless they are older than what the server has.
        """
        settled = {}
        for point in scope.points:
            statistic_id = scope.statistic(point).statistic_id
            spans = [
                span_of(fault)
                for fault in faults.get(statistic_id, ())
                if fault.kind is FaultKind.CONTRADICTION
            ]
            if spans and (first := await self._importer.find_start(scope, [point])):
                settled[statistic_id] = [span for span in spans if span.start >= first]
        return settled

    async def async_keep(self) -> None:
        """Never report the faults that are left again."""
        spans = {
            statistic_id: [span_of(fault) for fault in faults]
            for statistic_id, faults in self.left.items()
        }
        self.left = {}
        await self._remember(self.memory.keeping(spans))
        self._report_left()

    async def async_clear(self) -> None:
        """Let the sums not change in the hours that are left, and keep that.

        Raises RecorderError and StoppingError.
        """
        for statistic_id, faults in self.left.items():
            changes = {
                fault.start: -fault.change
                for fault in faults
                if fault.change is not None and fault.kind in STEPS
            }
            await self._importer.adjust(statistic_id, changes)
        await self.async_keep()

    @callback
    def _report_left(self) -> None:
        """Create the repair issue about the faults that are left, or delete it."""
        issue_id = faults_issue_id(self._entry.entry_id)
        if not self.left:
            ir.async_delete_issue(self._hass, DOMAIN, issue_id)
            return
        faults = [fault for each in self.left.values() for fault in each]
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            issue_id,
            is_fixable=True,
            severity=ir.IssueSeverity.WARNING,
            translation_key="history_faults",
            translation_placeholders={
                "title": self._entry.title,
                "count": str(len(faults)),
                "first": min(fault.start for fault in faults).date().isoformat(),
                "statistics": ", ".join(sorted(self.left)[:SHOWN]),
            },
            data={"entry_id": self._entry.entry_id},
        )

    async def _remember(self, memory: AuditMemory) -> None:
        """Save the memory if it has changed."""
        if memory != self.memory:
            self.memory = memory
            await self._store.async_save(memory.as_json())


def faults_issue_id(entry_id: str) -> str:
    """Return the id of the repair issue about faults that cannot be repaired."""
    return f"history_faults_{entry_id}"


def _store_key(entry_id: str) -> str:
    """Return the name of the file of an entry."""
    return f"{DOMAIN}.{entry_id}.audit"


async def async_remove_audit(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Delete the memory and the repair issue of an entry that is removed."""
    store: Store[dict[str, Json]] = CheckedStore(
        hass, _VERSION, _store_key(entry.entry_id)
    )
    await store.async_remove()
    ir.async_delete_issue(hass, DOMAIN, faults_issue_id(entry.entry_id))
