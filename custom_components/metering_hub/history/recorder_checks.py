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

from sqlalchemy import ColumnElement, Float, and_, bindparam, func, or_, select

from homeassistant.components.recorder.db_schema import Statistics, StatisticsMeta
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import session_scope

from .maths.rows import HOUR_SECONDS, as_datetime
from .recorder_access import run_query

ROWS_AT_ONCE = 20_000
"""Rows of one query, which takes less than 0.1 seconds for more than two years."""

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


class _Part(NamedTuple):
    """The part of a statistic that was checked at once, which has up to `last` rows."""

    rows: int
    last: float
    faults: Sequence[Fault]


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
    rows, last = 0, _BEFORE_ALL if since is None else since.timestamp()
    faults: dict[FaultKind, list[Fault]] = {kind: [] for kind in FaultKind}
    while True:
        part = await run_query(hass, _check_part, hass, statistic_id, content, last)
        rows, last = rows + part.rows, part.last
        for fault in part.faults:
            if len(faults[fault.kind]) < MAX_FAULTS:
                faults[fault.kind].append(fault)
        if part.rows < ROWS_AT_ONCE:
            break
    return Checked(
        rows=rows,
        last=as_datetime(last) if rows else None,
        faults=sorted(chain(*faults.values()), key=lambda fault: fault.start),
    )


def _check_part(
    hass: HomeAssistant, statistic_id: str, content: Content, since: float
) -> _Part:
    """Check the next rows that start after `since`, in a thread of the recorder."""
    with session_scope(hass=hass, read_only=True) as session:
        connection = session.connection()
        values = {
            "number": connection.execute(_NUMBER, {"id": statistic_id}).scalar(),
            "since": since,
            "rows": ROWS_AT_ONCE,
        }
        rows, last = connection.execute(_EXTENT, values).one()
        if not rows:
            return _Part(0, since, ())
        found = connection.execute(_QUERIES[content], {**values, "last": last}).all()
    faults = [fault for row in found for fault in _faults_of(content, row)]
    return _Part(rows, last, faults)


_CELLS = (Statistics.start_ts, Statistics.state, Statistics.sum, Statistics.mean)
_BEFORE_ALL = -1e12
"""Epoch seconds long before every row; databases have no infinite numbers."""

_NUMBER = select(StatisticsMeta.id).where(
    StatisticsMeta.statistic_id == bindparam("id")
)

_SINCE = bindparam("since", type_=Float)
_IS_OF_STATISTIC = Statistics.metadata_id == bindparam("number")

_NEXT = (
    select(Statistics.start_ts)
    .where(_IS_OF_STATISTIC, Statistics.start_ts > _SINCE)
    .order_by(Statistics.start_ts)
    .limit(bindparam("rows"))
    .subquery()
)

_EXTENT = select(func.count(), func.max(_NEXT.c.start_ts)).select_from(_NEXT)
"""How many rows come next, and where they end: the index alone answers that."""

_PREVIOUS = (
    select(func.max(Statistics.start_ts))
    .where(_IS_OF_STATISTIC, Statistics.start_ts <= _SINCE)
    .scalar_subquery()
)
"""The start of the row with which the first one is compared."""

_PAIRS = (
    select(
        *_CELLS,
        *(
            func.lag(cell, type_=Float)
            .over(order_by=Statistics.start_ts)
            .label(f"{cell.key}_before")
            for cell in _CELLS
        ),
    )
    .where(
        _IS_OF_STATISTIC,
        Statistics.start_ts >= func.coalesce(_PREVIOUS, _SINCE),
        Statistics.start_ts <= bindparam("last", type_=Float),
    )
    .subquery()
)
"""Each row of a part beside the row before it."""

_CHANGE = _PAIRS.c.sum - _PAIRS.c.sum_before


def _conditions(content: Content) -> Mapping[FaultKind, ColumnElement[bool]]:
    """Return when a row is faulty, and in which way.

    A comparison with a number that is missing is never true.
    """
    row = _PAIRS.c
    hole = row.start_ts - row.start_ts_before > HOUR_SECONDS + 1
    if content is Content.MEANS:
        return {FaultKind.HOLE: hole, FaultKind.EMPTY: row.mean.is_(None)}
    if content is Content.AMOUNTS:
        differs = func.abs(_CHANGE - row.state) > TOLERANCE
        is_negative = and_(_CHANGE < -TOLERANCE, differs)
    else:
        # Where the state falls, a new register begins, and only its advance counts.
        differs = and_(
            row.state >= row.state_before,
            func.abs(_CHANGE - (row.state - row.state_before)) > TOLERANCE,
        )
        is_negative = _CHANGE < -TOLERANCE
    return {
        FaultKind.HOLE: hole,
        FaultKind.EMPTY: or_(row.sum.is_(None), row.state.is_(None)),
        FaultKind.NEGATIVE: is_negative,
        FaultKind.CONTRADICTION: and_(_CHANGE >= -TOLERANCE, differs),
    }


_CONDITIONS = {content: _conditions(content) for content in Content}
_QUERIES = {
    content: select(
        _PAIRS.c.start_ts, _PAIRS.c.start_ts_before, _CHANGE, *conditions.values()
    )
    .where(or_(*conditions.values()))
    .order_by(_PAIRS.c.start_ts)
    for content, conditions in _CONDITIONS.items()
}
"""The query for the faulty rows of a part; it is the same for all databases."""


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
