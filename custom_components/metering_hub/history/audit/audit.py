"""Audit the recorded statistics of a config entry, which needs no server."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from homeassistant.core import HomeAssistant

from ...backends.common.times import whole_hour
from ...metering.model import Kind, Point
from ...prices.maths.point_prices import PointPrices
from ...prices.price_book import Prices
from ..maths.rows import HOUR
from ..statistic import FIXED_COST_KEY, Scope
from .check_queries import Content, FaultKind
from .memory import AuditMemory, Span
from .recorder_checks import Fault, check_rows

RULES_VERSION = 4
"""The version of the rules that turn readings into rows. Rows that older rules made may
look sound and be wrong. A change that makes other rows of the same readings raises the
version, and each statistic is then imported again once."""

REWRITTEN = timedelta(days=31)
"""How long before the last audited row rows are audited again: imports rewrite them."""

_LOOKED_AT = 48
"""Hours of a hole that are looked at for a price, at the start of each price."""

STEPS = frozenset({FaultKind.NEGATIVE, FaultKind.CONTRADICTION})
"""The faults in which the sum changes by a wrong amount."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A statistic to audit.

    `key` is that of the point, or of the fixed costs. If there is a fault, the point
    has to be imported again, or priced again if these are costs. `has_every_hour` is
    True if a missing hour is a fault; if there are `prices`, only if it has a price.
    """

    statistic_id: str
    key: str
    content: Content
    has_every_hour: bool = False
    is_cost: bool = False
    prices: PointPrices | None = None

    def has_hour_in(self, hole: Span) -> bool:
        """Return True if any hour of a hole must have a row."""
        if self.prices is None:
            return self.has_every_hour
        return self.has_every_hour and has_price_in(self.prices, hole)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What an audit has found; maps are by statistic id, and faults in order of time.

    `hours` is the number of rows that were checked. `unjudged` are missing hours of
    statistics of which only the server knows whether it has values there, and
    `without_rows` the statistics of which there is nothing to check. `last` is the
    start of the last row of each other statistic. `starts` is from where each point
    with faults is imported again, and `unsound_costs` are the keys of what is priced
    again.
    """

    hours: int = 0
    faults: Mapping[str, Sequence[Fault]] = field(default_factory=dict)
    unjudged: Mapping[str, Sequence[Fault]] = field(default_factory=dict)
    without_rows: Sequence[str] = ()
    last: Mapping[str, datetime] = field(default_factory=dict)
    starts: Mapping[str, datetime] = field(default_factory=dict)
    unsound_costs: frozenset[str] = frozenset()

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
        wrong, open_ = await _judge(subject, found)
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
        unsound_costs=_unsound_costs(subjects, faults),
    )


def without_kept(
    memory: AuditMemory, statistic_id: str, faults: Sequence[Fault]
) -> Sequence[Fault]:
    """Return the faults of a statistic that the user does not keep."""
    return [
        fault for fault in faults if not memory.is_kept(statistic_id, span_of(fault))
    ]


async def _judge(
    subject: Subject, faults: Sequence[Fault]
) -> tuple[Sequence[Fault], Sequence[Fault]]:
    """Return the faults that are some whatever the server has, and the open ones.

    Rows were lost from a hole if the sum changes across it by more than the next row.
    """
    stepped = {fault.start for fault in faults if fault.kind in STEPS}
    wrong, open_ = [], []
    for fault in faults:
        await asyncio.sleep(0)
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


def subjects_of(scope: Scope, prices: Prices) -> Sequence[Subject]:
    """Return all statistics of a scope with their present prices."""
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
        if (found := prices.of(point)) is not None:
            cost = scope.cost_statistic(point, prices.currency)
            subjects.append(
                Subject(
                    statistic_id=cost.statistic_id,
                    key=point.key,
                    content=Content.COSTS,
                    has_every_hour=is_register,
                    is_cost=True,
                    prices=found,
                )
            )
    if prices.has_fixed_costs:
        # They have a row per day, so the hours between are not missing.
        fixed = scope.fixed_cost_statistic(prices.currency)
        subjects.append(
            Subject(
                statistic_id=fixed.statistic_id,
                key=FIXED_COST_KEY,
                content=Content.COSTS,
                is_cost=True,
            )
        )
    return subjects


def has_price_in(prices: PointPrices, hole: Span) -> bool:
    """Return True if an hour of a hole is known to have a price.

    In a long hole only the first hours of each of its prices are looked at, and the
    prices of sources are not: they are compared when they are read.
    """
    begins = [each.start for each in prices.tariffs]
    begins += [end for each in prices.tariffs if (end := each.end) is not None]
    begins += [each.start for each in prices.periods]
    starts = {hole.start, *(whole_hour(each) for each in begins)}
    return any(
        prices.at(start + number * HOUR) is not None
        for start in starts
        if hole.start <= start < hole.end
        for number in range(min(_LOOKED_AT, (hole.end - start) // HOUR))
    )


def _content_of(point: Point) -> Content:
    """Return what the rows of a point contain."""
    match point.kind:
        case Kind.REGISTER:
            return Content.POSITIONS
        case Kind.INTERVAL:
            return Content.AMOUNTS
        case _:
            return Content.MEANS


def _unsound_costs(
    subjects: Sequence[Subject], faults: Mapping[str, Sequence[Fault]]
) -> frozenset[str]:
    """Return the keys of what is priced again."""
    return frozenset(
        each.key for each in subjects if each.is_cost and each.statistic_id in faults
    )


def _starts_of(
    subjects: Sequence[Subject], faults: Mapping[str, Sequence[Fault]]
) -> Mapping[str, datetime]:
    """Return from where each faulty point is imported again."""
    starts: dict[str, datetime] = {}
    for subject in subjects:
        if subject.is_cost:
            continue
        for fault in faults.get(subject.statistic_id, ()):
            start = starts.get(subject.key, fault.start)
            starts[subject.key] = min(start, fault.start)
    return starts
