"""The queries that find faulty rows of a statistic, on all databases alike."""

from collections.abc import Mapping
from enum import Enum, StrEnum
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    Float,
    Integer,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
)

from homeassistant.components.recorder.db_schema import Statistics, StatisticsMeta

from ..maths.rows import HOUR_SECONDS, TOLERANCE


class Content(Enum):
    """What the rows of a statistic contain besides the sum, if they have one."""

    POSITIONS = "positions"
    """The state is the position of a register, whose changes are those of the sum."""

    AMOUNTS = "amounts"
    """The state is the amount of the hour, which is the change of the sum."""

    COSTS = "costs"
    """The same, but the state of an hour whose price was lost is missing."""

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


type _Column = ColumnElement[float | None]


class _Pair(NamedTuple):
    """The columns of a row, and of the row before it."""

    start: _Column
    start_before: _Column
    state: _Column
    state_before: _Column
    sum: _Column
    sum_before: _Column
    mean: _Column

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
    empty = or_(pair.sum.is_(None), pair.state.is_(None))
    if content is Content.COSTS:
        empty = pair.sum.is_(None)
    if content in (Content.AMOUNTS, Content.COSTS):
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
        FaultKind.EMPTY: empty,
        FaultKind.NEGATIVE: is_negative,
        FaultKind.CONTRADICTION: and_(pair.change >= -TOLERANCE, differs),
    }


_ROWS = Statistics.__table__
_ROW = _ROWS.c

_ENDS = (
    select(end(_ROW.start_ts))
    .where(_ROW.metadata_id == StatisticsMeta.id)
    .correlate(StatisticsMeta)
    .scalar_subquery()
    for end in (func.min, func.max)
)
EXTENT = select(StatisticsMeta.id, *_ENDS).where(
    StatisticsMeta.statistic_id == bindparam("id")
)
"""The query for the number, and the first and last row, of a statistic.

SQLite reads the whole index for two ends in one query, and none of it for one each.
"""

_NUMBER = bindparam("number", type_=Integer)
_FIRST, _SINCE, _END = (
    bindparam(name, type_=Float) for name in ("first", "since", "end")
)

_EARLIER = _ROWS.alias()
_BEFORE = _EARLIER.c
_JOINED = _Pair(
    _ROW.start_ts,
    _BEFORE.start_ts,
    _ROW.state,
    _BEFORE.state,
    _ROW.sum,
    _BEFORE.sum,
    _ROW.mean,
)
_LACKS_ROW_BEFORE = and_(_BEFORE.start_ts.is_(None), _ROW.start_ts > _FIRST)

SUSPICIONS = {
    content: select(
        func.count(),
        func.sum(
            case(
                (or_(_LACKS_ROW_BEFORE, *_conditions(content, _JOINED).values()), 1),
                else_=0,
            )
        ),
    )
    .select_from(_ROWS)
    .outerjoin(
        _EARLIER,
        and_(
            _BEFORE.metadata_id == _NUMBER,
            _BEFORE.start_ts == _ROW.start_ts - HOUR_SECONDS,
            _BEFORE.start_ts >= _FIRST,
        ),
    )
    .where(
        _ROW.metadata_id == _NUMBER,
        _ROW.start_ts > _SINCE,
        _ROW.start_ts <= _END,
    )
    for content in Content
}
"""The query for the number of rows, and of those that are or may be faulty."""

_ROW_BEFORE = (
    select(func.max(_ROW.start_ts))
    .where(
        _ROW.metadata_id == _NUMBER, _ROW.start_ts >= _FIRST, _ROW.start_ts <= _SINCE
    )
    .scalar_subquery()
)

_CELLS = (_ROW.start_ts, _ROW.state, _ROW.sum, _ROW.mean)
_NEIGHBORS = (
    select(
        *_CELLS,
        *(
            func.lag(cell, type_=Float)
            .over(order_by=_ROW.start_ts)
            .label(f"{cell.key}_before")
            for cell in _CELLS[:3]
        ),
    )
    .where(
        _ROW.metadata_id == _NUMBER,
        _ROW.start_ts >= func.coalesce(_ROW_BEFORE, _SINCE),
        _ROW.start_ts <= _END,
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

CONDITIONS = {content: _conditions(content, _PAIR) for content in Content}
FAULTS = {
    content: select(_PAIR.start, _PAIR.start_before, _PAIR.change, *conditions.values())
    .where(_PAIR.start > _SINCE, or_(*conditions.values()))
    .order_by(_PAIR.start)
    for content, conditions in CONDITIONS.items()
}
"""The query for the faulty rows of a part, whatever lies between two of them."""
