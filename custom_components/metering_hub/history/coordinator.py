"""When history is imported: once Home Assistant has started, then again and again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.helpers.start import async_at_started
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util

from ..backends.base import BackendSpec
from ..backends.errors import BackendError
from ..const import CONF_HISTORY_START, DOMAIN, LOGGER
from ..coordinator import BackendCoordinator, InventoryCoordinator
from ..identifiers import platform_of, point_unique_id
from ..metering.model import Point
from .importer import Importer
from .statistic import (
    COMPENSATION_SUFFIX,
    COST_SUFFIX,
    FIXED_COST_KEY,
    Scope,
    statistic_prefix,
)

REPORT_FAILURE_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the import is: percent, the moment reached, rows written, and state.

    `state` is one of "waiting", "importing", "up_to_date" and "failed".
    """

    percent: float | None = None
    reached: datetime | None = None
    rows: int = 0
    state: str = "waiting"


class HistoryCoordinator(BackendCoordinator[Progress]):
    """Imports the history of an entry in the background; never fails its set-up."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        inventory: InventoryCoordinator,
        spec: BackendSpec,
    ) -> None:
        """Prepare; nothing is imported before Home Assistant has started."""
        super().__init__(
            hass,
            entry,
            inventory.backend,
            subject="history",
            interval=spec.history_interval,
            always_update=False,
        )
        self.data = Progress()
        self.prefix = statistic_prefix(entry, spec)
        self._inventory = inventory
        self._importer = Importer(hass, inventory.backend, spec)
        self._failing_since: datetime | None = None

    @callback
    def async_start(self) -> None:
        """Import as soon as Home Assistant has started, and keep on doing so."""
        entry = self.config_entry

        @callback
        def begin(hass: HomeAssistant) -> None:
            entry.async_create_background_task(
                hass, self.async_refresh(), f"{self.name} import"
            )

        # Someone must listen, or the next import would never be scheduled.
        entry.async_on_unload(self.async_add_listener(lambda: None))
        entry.async_on_unload(async_at_started(self.hass, begin))

    @property
    def points(self) -> Mapping[str, Point]:
        """Return the chosen points that have a past, by key."""
        return {
            key: point
            for key, point in self._inventory.data.points.items()
            if point.has_history
        }

    @override
    async def _fetch(self) -> Progress:
        """Import what is new; raises BackendError."""
        try:
            written = await self._importer.run(await self._scope(), self._report)
        except BackendError as err:
            self._set_progress(replace(self.data, state="failed"))
            self._note_failure(str(err))
            raise
        self._note_success()
        if self.data.state == "importing":
            LOGGER.info("%s: up to date after %d rows", self.name, self.data.rows)
        return _up_to_date(sum(written.values()))

    async def import_anew(self, start: datetime | None) -> dict[str, int]:
        """Write everything from `start` on anew; return the rows by statistic id.

        Raises BackendError.
        """
        began = start or self._start_option()
        try:
            written = await self._importer.run(
                await self._scope(), self._report, anew=True, anew_from=began
            )
        except BackendError:
            self._set_progress(replace(self.data, state="failed"))
            raise
        self._set_progress(_up_to_date(sum(written.values())))
        return written

    async def clear(self) -> Sequence[str]:
        """Delete all statistics of the entry; return their ids once they are gone."""
        cleared = await self._importer.clear(self.prefix)
        self._set_progress(Progress())
        return cleared

    def _report(self, start: datetime, reached: datetime, rows: int) -> None:
        """Show how far an import is that takes long."""
        now = dt_util.utcnow()
        if now - start < timedelta(days=7):
            return
        if self.data.state != "importing":
            LOGGER.info("%s: importing from %s on", self.name, start.date())
        share = (reached - start) / max(now - start, timedelta(seconds=1))
        self._set_progress(
            Progress(
                percent=round(min(max(share, 0.0), 1.0) * 100, 1),
                reached=reached.replace(minute=0, second=0, microsecond=0),
                rows=rows,
                state="importing",
            )
        )

    @callback
    def _set_progress(self, progress: Progress) -> None:
        if progress != self.data:
            self.data = progress
            self.async_update_listeners()

    def _note_failure(self, reason: str) -> None:
        """Tell a person when the import has failed for a whole day."""
        now = dt_util.utcnow()
        self._failing_since = self._failing_since or now
        if now - self._failing_since >= REPORT_FAILURE_AFTER:
            ir.async_create_issue(
                self.hass,
                DOMAIN,
                history_issue_id(self.config_entry),
                is_fixable=False,
                severity=ir.IssueSeverity.WARNING,
                translation_key="history_failed",
                translation_placeholders={
                    "title": self.config_entry.title,
                    "reason": reason,
                },
            )

    def _note_success(self) -> None:
        self._failing_since = None
        ir.async_delete_issue(self.hass, DOMAIN, history_issue_id(self.config_entry))

    def _start_option(self) -> datetime | None:
        """Return the day from which a person wants history, as a moment."""
        day = self.config_entry.options.get(CONF_HISTORY_START)
        return _local_midnight(day, self.backend.time_zone) if day else None

    def _is_wanted(self, point: Point) -> bool:
        """Tell whether a point's past is to be imported.

        What is not shown unasked is imported once somebody shows it: servers have
        thousands of series, each with years of history.
        """
        entity = self._entity(point)
        return point.enabled_default or (entity is not None and not entity.disabled)

    def _entity(self, point: Point) -> er.RegistryEntry | None:
        registry = er.async_get(self.hass)
        entity_id = registry.async_get_entity_id(
            platform_of(point), DOMAIN, point_unique_id(self.config_entry, point.key)
        )
        return registry.async_get(entity_id) if entity_id else None

    async def _scope(self) -> Scope:
        points = [point for point in self.points.values() if self._is_wanted(point)]
        return Scope(
            points=points,
            prefix=self.prefix,
            names=await self._names(points),
            start=self._start_option(),
        )

    async def _names(self, points: list[Point]) -> dict[str, str]:
        """Return the statistics' names, as a person named device and entity."""
        texts = await async_get_translations(
            self.hass, self.hass.config.language, "common", {DOMAIN}
        )
        names = {
            key: texts.get(f"component.{DOMAIN}.common.{key}", key)
            for key in (COST_SUFFIX, COMPENSATION_SUFFIX, FIXED_COST_KEY)
        }
        for point in points:
            names[point.key] = point.name or point.key
            if (entity := self._entity(point)) is not None:
                names[point.key] = er.async_get_full_entity_name(self.hass, entity)
        fixed = f"{self.config_entry.title} {names[FIXED_COST_KEY]}"
        return {**names, FIXED_COST_KEY: fixed}


def _up_to_date(rows: int) -> Progress:
    return Progress(
        percent=100.0,
        reached=dt_util.utcnow().replace(minute=0, second=0, microsecond=0),
        rows=rows,
        state="up_to_date",
    )


def _local_midnight(day: str, zone: tzinfo) -> datetime:
    """Return the start of a day that a person named, where the server is."""
    return datetime.combine(date.fromisoformat(day), time(), zone).astimezone(UTC)


def history_issue_id(entry: ConfigEntry) -> str:
    """Return the id of the Repairs card about an import that keeps failing."""
    return f"history_failed_{entry.entry_id}"
