"""Audit the recorded statistics of a config entry, which needs no server."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from homeassistant.core import HomeAssistant

from ...metering.model import Kind, Point, PricePeriod
from ..costs import CostStatistics
from ..maths.rows import HOUR
from ..statistic import FIXED_COST_KEY, Scope
from .check_queries import Content, FaultKind
from .memory import AuditMemory, Span
from .recorder_checks import Fault, check_rows

RULES_VERSION = 3
"""The version of the rules that turn readings into rows. Rows that older rules made may
look sound and be wrong. A change that makes other rows of the same readings raises the
version, and each statistic is then imported again once."""

REWRITTEN = timedelta(days=31)
"""How long before the last audited row rows are audited again: imports rewrite them."""


STEPS = frozenset({FaultKind.NEGATIVE, FaultKind.CONTRADICTION})
"""The faults in which the sum changes by a wrong amount."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A statistic to audit.

    `key` is that of the point, or of the fixed costs, that has to be imported again if
    there is a fault. `has_every_hour` is True if a missing hour is one; if there are
    `prices`, only if it has a price.
    """

    statistic_id: str
    key: str
    content: Content
    has_every_hour: bool = False
    prices: Sequence[PricePeriod] | None = None

    def has_hour_in(self, hole: Span) -> bool:
        """Return True if any hour of a hole must have a row."""
        if self.prices is None:
            return self.has_every_hour
        return self.has_every_hour and any(
            self.key in period.prices
            and period.start <= hole.end - HOUR
            and hole.start < period.end
            for period in self.prices
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What an audit has found; maps are by statistic id, and faults in order of time.

    `hours` is the number of rows that were checked. `unjudged` are missing hours of
    statistics of which only the server knows whether it has values there, and
    `without_rows` the statistics of which there is nothing to check. `last` is the
    start of the last row of each other statistic. `starts` is from where each key of
    a `Subject` with faults is imported again.
    """

    hours: int = 0
    faults: Mapping[str, Sequence[Fault]] = field(default_factory=dict)
    unjudged: Mapping[str, Sequence[Fault]] = field(default_factory=dict)
    without_rows: Sequence[str] = ()
    last: Mapping[str, datetime] = field(default_factory=dict)
    starts: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def statistics(self) -> int:
        """Return the number of statistics that were checked."""
        return len(self.last)


async def audit(
    hass: HomeAssistant,
    subjects: Sequence[Subject],
    memory: AuditMemory,
    *,
    is_complete: bool,
) -> AuditReport:
    """Audit all rows, or those that may have changed since the last audit.

    Faults that the user keeps are left out. Raises RecorderError and StoppingError.
    """
    hours = 0
    faults, unjudged = {}, {}
    without_rows, last = [], {}
    for subject in subjects:
        statistic_id = subject.statistic_id
        audited = None if is_complete else memory.audited.get(statistic_id)
        since = None if audited is None else audited - REWRITTEN
        checked = await check_rows(hass, statistic_id, subject.content, since)
        if checked.last is None:
            without_rows.append(statistic_id)
            continue
        hours += checked.rows
        last[statistic_id] = checked.last
        found = without_kept(memory, statistic_id, checked.faults)
        wrong, open_ = _judge(subject, found)
        if wrong:
            faults[statistic_id] = wrong
        if open_:
            unjudged[statistic_id] = open_
    return AuditReport(
        hours=hours,
        faults=faults,
        unjudged=unjudged,
        without_rows=without_rows,
        last=last,
        starts=_starts_of(subjects, faults),
    )


def without_kept(
    memory: AuditMemory, statistic_id: str, faults: Sequence[Fault]
) -> Sequence[Fault]:
    """Return the faults of a statistic that the user does not keep."""
    return [
        fault for fault in faults if not memory.is_kept(statistic_id, span_of(fault))
    ]


def _judge(
    subject: Subject, faults: Sequence[Fault]
) -> tuple[Sequence[Fault], Sequence[Fault]]:
    """Return the faults that are some whatever the server has, and the open ones.

    Rows were lost from a hole if the sum changes across it by more than the next row.
    """
    stepped = {fault.start for fault in faults if fault.kind in STEPS}
    wrong, open_ = [], []
    for fault in faults:
        if (
            fault.kind is not FaultKind.HOLE
            or fault.end in stepped
            or subject.has_hour_in(span_of(fault))
        ):
            wrong.append(fault)
        elif not subject.has_every_hour:
            open_.append(fault)
    return wrong, open_


def span_of(fault: Fault) -> Span:
    """Return the hours of a fault."""
    return Span(fault.start, fault.end)


def subjects_of(scope: Scope, costs: CostStatistics) -> Sequence[Subject]:
    """Return all statistics of a scope; `costs` must have been refreshed."""
    subjects = []
    for point in scope.points:
        is_register = point.kind is Kind.REGISTER
        subjects.append(
            Subject(
                statistic_id=scope.statistic(point).statistic_id,
                key=point.key,
                content=_content_of(point),
                has_every_hour=is_register,
            )
        )
        if (cost := costs.statistic(scope, point)) is not None:
            subjects.append(
                Subject(
                    statistic_id=cost.statistic_id,
                    key=point.key,
                    content=Content.AMOUNTS,
                    has_every_hour=is_register,
                    prices=costs.prices,
                )
            )
    if (fixed := costs.fixed_statistic(scope)) is not None:
        # They have a row per day, so the hours between are not missing.
        subjects.append(
            Subject(
                statistic_id=fixed.statistic_id,
                key=FIXED_COST_KEY,
                content=Content.AMOUNTS,
            )
        )
    return subjects


def _content_of(point: Point) -> Content:
    """Return what the rows of a point contain."""
    match point.kind:
        case Kind.REGISTER:
            return Content.POSITIONS
        case Kind.INTERVAL:
            return Content.AMOUNTS
        case _:
            return Content.MEANS


def _starts_of(
    subjects: Sequence[Subject], faults: Mapping[str, Sequence[Fault]]
) -> Mapping[str, datetime]:
    """Return from where each faulty point, or the fixed costs, is imported again."""
    starts: dict[str, datetime] = {}
    for subject in subjects:
        for fault in faults.get(subject.statistic_id, ()):
            start = starts.get(subject.key, fault.start)
            starts[subject.key] = min(start, fault.start)
    return starts
