"""Look at the recorded hours once a day, and warn of those that look odd."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from ...backends.common.times import whole_hour
from ...const import DOMAIN, LOGGER
from ...identifiers import log_name
from ...metering.data_quality import DataQuality
from ...metering.model import Kind, Point, Role
from ...metering.quality import UNKNOWN
from ..audit.audit import AuditReport
from ..maths.checked_hours import (
    NO_ROW,
    CheckedSpan,
    DataWarning,
    MeterHours,
    complete_days,
)
from ..maths.rows import HOUR, Row
from ..maths.warnings import find_warnings
from ..quality.memory import QualityMemory
from ..recorder.recorder import rows_during
from ..statistic import Scope
from .issue import async_report_repeated, warnings_issue_id
from .memory import WarningMemory

CHECKED = timedelta(days=35)
"""How far back hours are looked at: the days that are compared, and a week."""


type FindDayTotals = Callable[
    [Collection[Point], datetime, datetime],
    Awaitable[Mapping[str, Mapping[date, float]]],
]
"""Find what the server itself says of the days in [start, end], by point key."""


class Validator:
    """Warn of odd hours of a config entry, after each audit and after a start.

    `report` are the warnings of the last 35 days, newest first, or None before they
    were looked for, and `disabled` the rules that the user does not want.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        qualities: QualityMemory,
        find_day_totals: FindDayTotals,
        on_warnings: Callable[[Sequence[DataWarning]], None],
    ) -> None:
        """Initialize the validator; `on_warnings` is called with each warning once."""
        self._find_day_totals = find_day_totals
        self._hass = hass
        self._entry = entry
        self._qualities = qualities
        self._on_warnings = on_warnings
        self._memory = WarningMemory(hass, entry.entry_id)
        self._followed: AuditReport | None = None
        self.report: Sequence[DataWarning] | None = None
        self.disabled = DataQuality.of(entry.options).disabled

    async def async_follow(
        self,
        scope: Scope,
        zone: tzinfo,
        audited: AuditReport | None,
    ) -> None:
        """Look at the hours if there was an audit since, or none was looked at yet.

        `zone` is that of the server's days. Raises BackendError, RecorderError and
        StoppingError; the next call then tries again.
        """
        if self.report is not None and audited is self._followed:
            return
        now = whole_hour(dt_util.utcnow())
        span = await self._read(scope, zone, now)
        # The rules look at all hours several times, which takes longer than 10 ms.
        found = await self._hass.async_add_executor_job(
            find_warnings, span, self.disabled
        )
        new = await self._memory.async_take_new(found, now - CHECKED)
        self.report, self._followed = found, audited
        if new:
            name = log_name(self._entry)
            LOGGER.info("%s: %d new warnings of odd hours", name, len(new))
            self._on_warnings(new)
        await async_report_repeated(self._hass, self._entry, found, scope.names)

    async def _read(
        self,
        scope: Scope,
        zone: tzinfo,
        end: datetime,
    ) -> CheckedSpan:
        """Return the recorded hours before `end`, one query per statistic."""
        start = end - CHECKED
        first, last = start.timestamp(), end.timestamp()
        meters, powers = {}, {}
        for point in scope.meters:
            rows = await self._rows(scope, point, start, end)
            codes = self._qualities.codes(point.key, first, last)
            meters[point.key] = MeterHours(
                point=point, amounts=_changes(rows, start, end), codes=codes
            )
        for point in scope.points:
            if point.role is Role.GRID_POWER and point.kind is Kind.INSTANT:
                rows = await self._rows(scope, point, start, end)
                means = _means(rows, start, end)
                powers[point.key] = MeterHours(
                    point=point, amounts=means, codes=bytes([UNKNOWN]) * len(means)
                )
        return CheckedSpan(
            start=first,
            days=[*complete_days(first, last, zone)],
            latitude=self._hass.config.latitude,
            meters=meters,
            powers=powers,
            day_totals=await self._find_day_totals(scope.points, start, end),
        )

    async def _rows(
        self, scope: Scope, point: Point, start: datetime, end: datetime
    ) -> Sequence[Row]:
        """Return the rows of a point, and the one before them."""
        statistic_id = scope.statistic(point).statistic_id
        return await rows_during(self._hass, statistic_id, start - HOUR, end)


def _changes(rows: Sequence[Row], start: datetime, end: datetime) -> list[float]:
    """Return by how much the sum changes in each hour of [start, end).

    The change from a row that is not that of the hour before is no hour's amount.
    """
    changes = [NO_ROW] * ((end - start) // HOUR)
    before: Row | None = None
    for row in rows:
        if (
            before is not None
            and before.sum is not None
            and row.sum is not None
            and row.start - before.start == HOUR
        ):
            changes[(row.start - start) // HOUR] = row.sum - before.sum
        before = row
    return changes


def _means(rows: Sequence[Row], start: datetime, end: datetime) -> list[float]:
    """Return the mean of each hour of [start, end)."""
    means = [NO_ROW] * ((end - start) // HOUR)
    for row in rows:
        if row.mean is not None and row.start >= start:
            means[(row.start - start) // HOUR] = row.mean
    return means


async def async_remove_validator(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Delete the memory and the repair issue of an entry that is removed."""
    await WarningMemory(hass, entry.entry_id).async_remove()
    ir.async_delete_issue(hass, DOMAIN, warnings_issue_id(entry))
