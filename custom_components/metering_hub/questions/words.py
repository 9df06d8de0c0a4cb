"""Say in the user's language how a series behaved, and what would be deleted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..errors import async_error_texts
from ..flow.point_settings import KIND_NAMES
from ..history.joining.plan import JoinPlan, JoinPlans
from ..history.maths.rows import HOUR
from ..history.recorder.recorded_hours import Extent
from ..metering.inventory import KindQuestion
from ..metering.model import Kind, Point
from ..metering.question_figures import figures_of

COPY = "copy_of_before"
NO_VALUES = "no_values"
OLDER_ADVANCE = "older_advance"
OLDER_COST = "older_cost"
OLDER_FALLS = "older_falls"
OLDER_GAP = "older_gap"
OLDER_HOURS = "older_hours"
OLDER_OWN = "older_own"
OLDER_SEAM = "older_seam"
OLDER_STATE = "older_state"
OLDER_UNIT = "older_unit"
NOTHING_RECORDED = "nothing_recorded"
RECORDED_HOURS = "recorded_hours"
ROWS_OF_OTHER_KIND = "rows_of_other_kind"
WEEK = "week_in_figures"

_DIGITS = 12
"""Significant digits of a value, so that a long meter reading is shown in full."""


@dataclass(frozen=True, slots=True)
class Words:
    """The texts that are parts of others."""

    _texts: Mapping[str, str]

    @classmethod
    async def async_load(cls, hass: HomeAssistant) -> Self:
        """Load the texts in Home Assistant's language."""
        language = hass.config.language
        common = await async_get_translations(hass, language, "common", {DOMAIN})
        selectors = await async_get_translations(hass, language, "selector", {DOMAIN})
        errors = await async_error_texts(hass)
        return cls({**common, **selectors, **errors})

    def _text(self, key: str, **values: str) -> str:
        """Return a text with its placeholders filled."""
        text = self._texts.get(f"component.{DOMAIN}.common.{key}", key)
        return text.format(**values)

    @property
    def of_copy(self) -> str:
        """Return the note in the name of a copy."""
        return self._text(COPY)

    def kind(self, kind: Kind | None) -> str:
        """Return the name of a kind; `None` is an undecided one."""
        name = kind or Kind.UNDECIDED
        key = f"component.{DOMAIN}.selector.{KIND_NAMES}.options.{name}"
        return self._texts.get(key, name)

    def week(self, question: KindQuestion | None, point: Point) -> str:
        """Return how the values of a point behaved in the last week.

        Of a question about recorded rows, it is what happens until the answer.
        """
        if question is not None and question.is_about_rows:
            return self._text(ROWS_OF_OTHER_KIND)
        figures = figures_of(question.week) if question else None
        if figures is None:
            return self._text(NO_VALUES)
        unit = f" {point.unit}" if point.unit else ""
        values = {
            name: f"{_number(getattr(figures, name))}{unit}"
            for name in ("first", "last", "lowest", "highest", "largest_fall")
        }
        counts = {name: str(getattr(figures, name)) for name in ("hours", "falls")}
        return self._text(WEEK, **values, **counts)

    def recorded(self, affected: Mapping[str, Extent]) -> str:
        """Return a list of what is recorded of a point, by statistic id."""
        lines = [
            self._text(
                RECORDED_HOURS,
                statistic=statistic_id,
                hours=str(extent.hours),
                first=dt_util.as_local(extent.first).date().isoformat(),
                last=dt_util.as_local(extent.last).date().isoformat(),
            )
            for statistic_id, extent in affected.items()
        ] or [self._text(NOTHING_RECORDED)]
        return _listed(lines)

    def joins(self, plans: JoinPlans, point: Point) -> str:
        """Return a list of what is joined to a point, and of both of its ends."""
        plan = plans.amounts
        before, after = plan.older.metadata["unit_of_measurement"], point.unit
        lines = [self._joined_hours(OLDER_HOURS, plan)]
        if plan.state is not None:
            lines.append(self._text(OLDER_STATE, state=_amount(plan.state, after)))
        lines.append(self._text(OLDER_SEAM, seam=_local_hour(plan.seam)))
        if plan.own_start is not None:
            lines.append(self._text(OLDER_OWN, state=_amount(plan.own_start, after)))
        lines.append(self._text(OLDER_GAP, hours=str(plan.gap // HOUR)))
        if plan.advance is not None and plan.gap:
            lines.append(
                self._text(OLDER_ADVANCE, advance=_amount(plan.advance, after))
            )
        if before != after:
            lines.append(
                self._text(OLDER_UNIT, before=before or "-", after=after or "-")
            )
        if plan.falls:
            lines.append(self._text(OLDER_FALLS, falls=str(plan.falls)))
        lines.append(
            self._joined_hours(OLDER_COST, plans.costs)
            if isinstance(plans.costs, JoinPlan)
            else self._text(plans.costs.value)
        )
        return _listed(lines)

    def _joined_hours(self, key: str, plan: JoinPlan) -> str:
        """Return which hours are joined, and their sum."""
        return self._text(
            key,
            statistic=plan.older.name,
            hours=str(plan.hours),
            first=_local_hour(plan.first),
            last=_local_hour(plan.last),
            total=_amount(plan.total, plan.older.statistic.unit),
        )


def _listed(lines: Iterable[str]) -> str:
    """Return lines as a list of its own, amid a text, for which blank lines are."""
    return "\n".join(["\n", *(f"- {line}" for line in lines), "\n"])


def _amount(value: float, unit: str | None) -> str:
    """Return a value with its unit."""
    return f"{_number(round(value, 3))} {unit or ''}".rstrip()


def _local_hour(moment: datetime) -> str:
    """Return an hour in Home Assistant's time zone."""
    return dt_util.as_local(moment).strftime("%Y-%m-%d %H:%M")


def _number(value: float) -> str:
    """Return a value without the noise of binary fractions."""
    return f"{value:.{_DIGITS}g}"
