"""Check the recorded rows of a statistic: holes, falling sums, and contradictions.

The database does the work, in the threads of the recorder. A query reads a bounded part
of one statistic, so that a stop of Home Assistant waits for a fraction of a second.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum
from itertools import chain
from typing import NamedTuple

from sqlalchemy import ColumnElement, Float, and_, bindparam, case, func, or_, select
from sqlalchemy.orm import aliased

from homeassistant.components.recorder.db_schema import Statistics, StatisticsMeta
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import session_scope

from .maths.rows import HOUR_SECONDS, as_datetime
from .recorder_access import run_query

SPAN = 20_000 * HOUR_SECONDS
"""Seconds of a query, which takes less than 0.1 seconds for these 27 months."""

MAX_FAULTS = 1_000
"""Faults of one kind that are kept of a statistic, the earliest ones."""

TOLERANCE = 1e-4
"""How much a change of the sum may differ: each is a difference of rounded numbers."""


class Content(Enum):
    """What the rows of a statistic contain besides the sum, if they have one."""

    POSITIONS = "positions"
    """The state is the position of a register, whose changes are those of the sum."""

    AMOUNTS = "amounts"
    """The state is the amount of the hour, which is the change of the sum."""

    MEANS = "means"
    """There is no sum."""


class FaultKind(StrEnum):
    """What is wrong with the rows of some hours."""

    HOLE = "hole"
    """There are no rows."""

    EMPTY = "empty"
    """The row lacks the numbers that it should have."""

    NEGATIVE = "negative"
    """The sum falls, although the amount of the hour is not negative."""

    CONTRADICTION = "contradiction"
    """The sum changes by something else than the state says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """The hours from `start` to before `end` (UTC) that are wrong.

    `change` is that of the sum since the row before, if both have one.
    """

    kind: FaultKind
    start: datetime
    end: datetime
    change: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The number of rows that were checked, the last one's start, and the faults."""

    rows: int = 0
    last: datetime | None = None
    faults: Sequence[Fault] = ()


class _Extent(NamedTuple):
    """The number of a statistic in the database, and its first and last row's start."""

    number: int
    first: float
    last: float


async def check_rows(
    hass: HomeAssistant,
    statistic_id: str,
    content: Content,
    since: datetime | None = None,
) -> Checked:
    """Check the rows of a statistic that start after `since`, or all rows.

    The first of them is compared with the row before it. Raises RecorderError and
    StoppingError.
    """
    extent = await run_query(hass, _find_extent, hass, statistic_id)
    if extent is None:
        return Checked()
    # A moment just before the first row, so that this one is among those after it.
    reached = extent.first - 1
    if since is not None:
        reached = max(reached, since.timestamp())
    rows = 0
    faults: dict[FaultKind, list[Fault]] = {kind: [] for kind in FaultKind}
    while reached < extent.last:
        end = reached + SPAN
        count, found = await run_query(
            hass, _check_part, hass, extent, content, reached, end
        )
        rows, reached = rows + count, end
        for fault in found:
            if len(faults[fault.kind]) < MAX_FAULTS:
                faults[fault.kind].append(fault)
    return Checked(
        rows=rows,
        last=as_datetime(extent.last),
        faults=sorted(chain(*faults.values()), key=lambda fault: fault.start),
    )


def _find_extent(hass: HomeAssistant, statistic_id: str) -> _Extent | None:
    """Return the extent of a statistic, or None if it has no rows."""
    with session_scope(hass=hass, read_only=True) as session:
        values = {"id": statistic_id}
        number, first, last = session.connection().execute(_EXTENT, values).one()
    return None if first is None else _Extent(number, first, last)


def _check_part(
    hass: HomeAssistant, extent: _Extent, content: Content, since: float, end: float
) -> tuple[int, Sequence[Fault]]:
    """Return the number and the faults of the rows that start in (since, end].

    Comparing neighbors by a join takes a third of the time of a window function, which
    therefore only follows where the join has found something.
    """
    values = {
        "number": extent.number,
        "first": extent.first,
        "since": since,
        "end": end,
    }
    with session_scope(hass=hass, read_only=True) as session:
        connection = session.connection()
        rows, suspicious = connection.execute(_SUSPICIONS[content], values).one()
        if not suspicious:
            return rows, ()
        found = connection.execute(_FAULTS[content], values).all()
    return rows, [fault for row in found for fault in _faults_of(content, row)]


class _Pair(NamedTuple):
    """The columns of a row, and of the row before it."""

    start: ColumnElement[float | None]
    start_before: ColumnElement[float | None]
    state: ColumnElement[float | None]
    state_before: ColumnElement[float | None]
    sum: ColumnElement[float | None]
    sum_before: ColumnElement[float | None]
    mean: ColumnElement[float | None]

    @property
    def change(self) -> ColumnElement[float | None]:
        """Return the change of the sum."""
        return self.sum - self.sum_before


def _conditions(
    content: Content, pair: _Pair
) -> Mapping[FaultKind, ColumnElement[bool]]:
    """Return when a row is faulty, and in which way.

    A comparison with a number that is missing is never true.
    """
    hole = pair.start - pair.start_before > HOUR_SECONDS + 1
    if content is Content.MEANS:
        return {FaultKind.HOLE: hole, FaultKind.EMPTY: pair.mean.is_(None)}
    if content is Content.AMOUNTS:
        differs = func.abs(pair.change - pair.state) > TOLERANCE
        is_negative = and_(pair.change < -TOLERANCE, differs)
    else:
        # Where the state falls, a new register begins, and only its advance counts.
        differs = and_(
            pair.state >= pair.state_before,
            func.abs(pair.change - (pair.state - pair.state_before)) > TOLERANCE,
        )
        is_negative = pair.change < -TOLERANCE
    return {
        FaultKind.HOLE: hole,
        FaultKind.EMPTY: or_(pair.sum.is_(None), pair.state.is_(None)),
        FaultKind.NEGATIVE: is_negative,
        FaultKind.CONTRADICTION: and_(pair.change >= -TOLERANCE, differs),
    }


_EXTENT = select(
    func.max(Statistics.metadata_id),
    func.min(Statistics.start_ts),
    func.max(Statistics.start_ts),
).where(
    Statistics.metadata_id
    == select(StatisticsMeta.id)
    .where(StatisticsMeta.statistic_id == bindparam("id"))
    .scalar_subquery()
)

_NUMBER = bindparam("number")
_FIRST, _SINCE, _END = (
    bindparam(name, type_=Float) for name in ("first", "since", "end")
)

_BEFORE = aliased(Statistics)
_JOINED = _Pair(
    Statistics.start_ts,
    _BEFORE.start_ts,
    Statistics.state,
    _BEFORE.state,
    Statistics.sum,
    _BEFORE.sum,
    Statistics.mean,
)
_LACKS_ROW_BEFORE = and_(_BEFORE.start_ts.is_(None), Statistics.start_ts > _FIRST)

_SUSPICIONS = {
    content: select(
        func.count(),
        func.sum(
            case(
                (or_(_LACKS_ROW_BEFORE, *_conditions(content, _JOINED).values()), 1),
                else_=0,
            )
        ),
    )
    .select_from(Statistics)
    .outerjoin(
        _BEFORE,
        and_(
            _BEFORE.metadata_id == _NUMBER,
            _BEFORE.start_ts == Statistics.start_ts - HOUR_SECONDS,
        ),
    )
    .where(
        Statistics.metadata_id == _NUMBER,
        Statistics.start_ts > _SINCE,
        Statistics.start_ts <= _END,
    )
    for content in Content
}
"""The query for the number of rows, and of those that are or may be faulty."""

_ROW_BEFORE = (
    select(func.max(Statistics.start_ts))
    .where(Statistics.metadata_id == _NUMBER, Statistics.start_ts <= _SINCE)
    .scalar_subquery()
)

_CELLS = (Statistics.start_ts, Statistics.state, Statistics.sum, Statistics.mean)
_NEIGHBORS = (
    select(
        *_CELLS,
        *(
            func.lag(cell, type_=Float)
            .over(order_by=Statistics.start_ts)
            .label(f"{cell.key}_before")
            for cell in _CELLS[:3]
        ),
    )
    .where(
        Statistics.metadata_id == _NUMBER,
        Statistics.start_ts >= func.coalesce(_ROW_BEFORE, _SINCE),
        Statistics.start_ts <= _END,
    )
    .subquery()
    .c
)
_PAIR = _Pair(
    _NEIGHBORS.start_ts,
    _NEIGHBORS.start_ts_before,
    _NEIGHBORS.state,
    _NEIGHBORS.state_before,
    _NEIGHBORS.sum,
    _NEIGHBORS.sum_before,
    _NEIGHBORS.mean,
)

_CONDITIONS = {content: _conditions(content, _PAIR) for content in Content}
_FAULTS = {
    content: select(_PAIR.start, _PAIR.start_before, _PAIR.change, *conditions.values())
    .where(_PAIR.start > _SINCE, or_(*conditions.values()))
    .order_by(_PAIR.start)
    for content, conditions in _CONDITIONS.items()
}
"""The query for the faulty rows of a part, whatever lies between two of them."""


def _faults_of(content: Content, found: Sequence[float | None]) -> Iterator[Fault]:
    """Yield the faults of a row that the query of its content has found."""
    start, start_before, change, *flags = found
    for kind, is_faulty in zip(_CONDITIONS[content], flags, strict=True):
        if not is_faulty or start is None:
            continue
        if kind is FaultKind.HOLE and start_before is not None:
            first, end = start_before + HOUR_SECONDS, start
        else:
            first, end = start, start + HOUR_SECONDS
        yield Fault(
            kind=kind, start=as_datetime(first), end=as_datetime(end), change=change
        )
