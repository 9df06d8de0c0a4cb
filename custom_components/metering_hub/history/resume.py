"""Plan where the import of each statistic resumes.

The recorder is the only memory of values.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from ..backends.common.times import whole_hour
from ..metering.model import Kind, Point
from ..metering.quality import MISSING, UNKNOWN
from .maths.rows import HOUR, Baseline, Row
from .maths.standing import Run, StandingRows, runs_of
from .quality.estimate_source import is_within_estimate
from .recorder_protocol import Recorder
from .series import lead_time
from .statistic import Statistic

DAY = timedelta(days=1)

SETTLED = timedelta(hours=3)
"""How long before the first change a row must have ended to be final: the meter behind
an electricity meter may be read an hour later than that one."""

KEPT_GAP = timedelta(hours=25)
"""The longest time from a base row to the first reading that is filled from the two.
After a longer one, the source has nothing that is better than what is recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumePlan:
    """The row from which a statistic is continued, and the recorded rows after it.

    Without `base`, everything is counted from the first reading, or from the first one
    after `asked`. `recorded` is oldest first, or `None` if all rows are written again
    regardless of what is recorded. Then `latest` is the start of the latest recorded
    row, and `runs` are the recorded hours. `codes` are those of the hours of a register
    from the base row on.
    """

    base: Row | None
    recorded: Sequence[Row] | None
    latest: datetime | None = None
    runs: Sequence[Run] = ()
    codes: bytes = b""
    asked: datetime | None = None

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
    def reads_from(self) -> datetime | None:
        """Return the moment to read from; `None` is the first reading there is."""
        return self.start or self.asked

    @property
    def is_continued(self) -> bool:
        """Return True if the recorded rows are kept and continued."""
        return self.base is not None and self.recorded is not None

    @property
    def news(self) -> datetime | None:
        """Return the start of the latest row, if recorded rows are compared."""
        return self.recorded[-1].start if self.base and self.recorded else None

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
        sound = [index for index in settled if self._is_sound(rows[index])]
        last = (sound or settled)[-1]
        return ResumePlan(
            base=rows[last],
            recorded=rows[last + 1 :],
            codes=self.codes[self._index(rows[last]) :],
        )

    def _is_sound(self, row: Row) -> bool:
        """Return True if the position at the end of a row stays whatever is read later.

        It does not within a long gap, or if the last reading before it came too early.
        """
        index = self._index(row)
        return index < len(self.codes) and not (
            self.codes[index] in (UNKNOWN, MISSING)
            or is_within_estimate(self.codes, index)
        )

    def _index(self, row: Row) -> int:
        """Return the index in the codes of the hour of a row after the base row."""
        return (row.start - self.base.start) // HOUR if self.base else 0


type Plans = Sequence[tuple[Point, ResumePlan]]


def group_by_start(plans: Plans) -> Sequence[Plans]:
    """Group points that resume from the same day, the longest import first.

    Points with gaps resume some hours before others. A pass for each of hundreds of
    them would request the same span again and again. Points with an amount a day or a
    month need readings from before that day, which the others do not.
    """
    groups: dict[tuple[date, int] | None, list[tuple[Point, ResumePlan]]] = {}
    for point, plan in plans:
        start = plan.reads_from
        key = (start.date(), -(lead_time(point) // DAY)) if start else None
        groups.setdefault(key, []).append((point, plan))
    return [groups[key] for key in sorted(groups, key=lambda key: (bool(key), key))]


async def plan_resume(
    recorder: Recorder, statistic: Statistic, window: timedelta
) -> ResumePlan:
    """Plan to compare the trailing window again, and to continue after it."""
    count = window // HOUR
    rows = await recorder.last_rows(statistic.statistic_id, count + 1)
    lacks_sum = any(_lacks_sum(row, statistic) for row in rows)
    if len(rows) <= count or lacks_sum:
        return ResumePlan(base=None, recorded=rows)
    return ResumePlan(base=rows[0], recorded=rows[1:])


async def with_earlier_rows(
    recorder: Recorder, statistic: Statistic, plan: ResumePlan, start: datetime
) -> ResumePlan:
    """Return a plan that compares the rows from `start` on, if there is one before it.

    Raises RecorderError and StoppingError.
    """
    if plan.start is None or plan.recorded is None:
        return plan
    rows = await recorder.rows_during(statistic.statistic_id, start - HOUR, plan.start)
    if not rows or rows[0].start != start - HOUR or _lacks_sum(rows[0], statistic):
        return plan
    return replace(plan, base=rows[0], recorded=[*rows[1:], *plan.recorded])


async def plan_reimport(
    recorder: Recorder, statistic: Statistic, start: datetime | None
) -> ResumePlan:
    """Plan to write all rows from `start` on again; `None` means all there are.

    A statistic that begins later is also read from `start` on: its first row was made
    of the first reading, so nothing before it is missing.
    """
    base = (
        await recorder.row_before(statistic.statistic_id, start)
        if start is not None
        else None
    )
    begin = base.start + HOUR if base else None
    latest = await _latest(recorder, statistic.statistic_id)
    is_late = start is not None and base is None and latest is not None
    return ResumePlan(
        base=base,
        recorded=None,
        latest=latest,
        runs=await recorder.runs(statistic.statistic_id, begin),
        asked=whole_hour(start) if is_late and start else None,
    )


async def plan_from_reading(
    recorder: Recorder,
    statistic: Statistic,
    point: Point,
    plan: ResumePlan,
    first: datetime,
) -> ResumePlan:
    """Return the plan for a source whose `first` reading is long after the base row.

    The source keeps less than Home Assistant. What is recorded before its first reading
    stays, and the sums go on from there.
    """
    gap = max(KEPT_GAP, 2 * (point.interval or HOUR))
    if plan.start is not None and first - plan.start <= gap:
        return plan
    if not plan.recorded and plan.latest is None:
        return plan
    hour = whole_hour(first)
    base = await recorder.row_before(statistic.statistic_id, hour)
    if base is not None and point.kind is not Kind.REGISTER and first > hour:
        # The source no longer has all of this hour.
        hour += HOUR
        base = await recorder.row_before(statistic.statistic_id, hour)
    if base is None or _lacks_sum(base, statistic):
        return plan
    recorded = plan.recorded and [row for row in plan.recorded if row.start >= hour]
    return replace(plan, base=base, recorded=recorded)


def _lacks_sum(row: Row, statistic: Statistic) -> bool:
    """Return True if a row cannot be continued."""
    return not statistic.is_measured and row.sum is None


async def _latest(recorder: Recorder, statistic_id: str) -> datetime | None:
    """Return the start of the latest recorded row of a statistic."""
    rows = await recorder.last_rows(statistic_id, 1)
    return rows[0].start if rows else None
