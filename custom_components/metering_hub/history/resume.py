"""Plan where the import of each statistic resumes; the recorder is the only memory."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from homeassistant.core import HomeAssistant

from ..metering.model import Kind, Point
from .maths.rows import HOUR, Baseline, Row
from .maths.standing import Run, StandingRows, runs_of
from .recorded_hours import recorded_runs
from .recorder import last_rows, row_before
from .statistic import Statistic

SETTLED = timedelta(hours=3)
"""How long before the first change a row must have ended to be final: the meter behind
an electricity meter may be read an hour later than that one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostPlan:
    """The recorded costs of a register, and the running cost at its base row.

    `recorded` is as in `ResumePlan`, but may start before the base row.
    """

    recorded: Sequence[Row] | None
    before: float

    def rebased(self, base: Row) -> CostPlan:
        """Return the plan for a later base row of the register."""
        before = _sum_at(self.recorded or (), base)
        return self if before is None else replace(self, before=before)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumePlan:
    """The row from which a statistic is continued, and the recorded rows after it.

    Without `base`, everything is counted from the first reading. `recorded` is oldest
    first, or `None` if all rows are written again regardless of what is recorded.
    `runs` are their hours in that case. `cost` is `None` if there are no prices.
    """

    base: Row | None
    recorded: Sequence[Row] | None
    cost: CostPlan | None = None
    runs: Sequence[Run] = ()

    def standing(self, kind: Kind) -> StandingRows | None:
        """Return what adds the hours that were deleted at the source, if a sum has any.

        A measured value cannot be unset, so its rows are left.
        """
        runs = self.runs if self.recorded is None else runs_of(self.recorded)
        if kind is Kind.INSTANT or not runs:
            return None
        is_register = kind is Kind.REGISTER
        return StandingRows(self.base, runs, is_register=is_register)

    @property
    def start(self) -> datetime | None:
        """Return the moment from which readings are needed (a whole hour, UTC)."""
        return self.base.start + HOUR if self.base else None

    @property
    def is_continued(self) -> bool:
        """Return True if the recorded rows are kept and continued."""
        return self.base is not None and self.recorded is not None

    @property
    def baseline(self) -> Baseline | None:
        """Return the base row as the baseline of the hourly rows."""
        if self.base is None or self.base.sum is None or self.base.state is None:
            return None
        return Baseline(
            end=self.base.start + HOUR, state=self.base.state, sum=self.base.sum
        )

    def narrowed(self, since: datetime) -> ResumePlan:
        """Return the plan for changes from `since` on only."""
        if self.base is None or self.recorded is None:
            return self
        rows = [self.base, *self.recorded]
        settled = [
            index
            for index, row in enumerate(rows)
            if row.start + HOUR <= since - SETTLED
        ]
        if not settled:
            return self
        base = rows[settled[-1]]
        return ResumePlan(
            base=base,
            recorded=rows[settled[-1] + 1 :],
            cost=self.cost and self.cost.rebased(base),
        )


type Plans = Sequence[tuple[Point, ResumePlan]]


def group_by_start(plans: Plans) -> Sequence[Plans]:
    """Group points that resume from the same day, the longest import first.

    Points with gaps resume some hours before others. A pass for each of hundreds of
    them would request the same span again and again.
    """
    groups: dict[date | None, list[tuple[Point, ResumePlan]]] = {}
    for point, plan in plans:
        groups.setdefault(plan.start and plan.start.date(), []).append((point, plan))
    return [groups[day] for day in sorted(groups, key=lambda day: (bool(day), day))]


async def plan_resume(
    hass: HomeAssistant, statistic: Statistic, window: timedelta
) -> ResumePlan:
    """Plan to compare the trailing window again, and to continue after it."""
    count = window // HOUR
    rows = await last_rows(hass, statistic.statistic_id, count + 1)
    lacks_sum = not statistic.is_measured and any(row.sum is None for row in rows)
    if len(rows) <= count or lacks_sum:
        return ResumePlan(base=None, recorded=rows)
    return ResumePlan(base=rows[0], recorded=rows[1:])


async def plan_reimport(
    hass: HomeAssistant, statistic: Statistic, start: datetime | None
) -> ResumePlan:
    """Plan to write all rows from `start` on again; `None` means all there are."""
    base = (
        await row_before(hass, statistic.statistic_id, start)
        if start is not None
        else None
    )
    begin = base.start + HOUR if base else None
    runs = await recorded_runs(hass, statistic.statistic_id, begin)
    return ResumePlan(base=base, recorded=None, runs=runs)


async def with_costs(
    hass: HomeAssistant, plan: ResumePlan, statistic: Statistic
) -> ResumePlan:
    """Return the plan of a register together with that of its cost `statistic`."""
    recorded: Sequence[Row] | None = None
    if plan.recorded is not None:
        # Costs have at most as many rows as the register, so these include its base.
        count = len(plan.recorded) + 1
        recorded = await last_rows(hass, statistic.statistic_id, count)
    before = await _cost_before(hass, statistic, plan.base, recorded or ())
    return replace(plan, cost=CostPlan(recorded=recorded, before=before))


async def _cost_before(
    hass: HomeAssistant,
    statistic: Statistic,
    base: Row | None,
    recorded: Sequence[Row],
) -> float:
    """Return the running cost at the end of a register's base row."""
    if base is None:
        return 0.0
    if (known := _sum_at(recorded, base)) is not None:
        return known
    row = await row_before(hass, statistic.statistic_id, base.start + HOUR)
    return (row and row.sum) or 0.0


def _sum_at(rows: Sequence[Row], base: Row) -> float | None:
    """Return the sum of the last of these rows that is not after the base row."""
    before = (row.sum for row in reversed(rows) if row.start <= base.start)
    return next(before, None)
