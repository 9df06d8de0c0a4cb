"""Add up what was used and what it cost, as the recorder has it.

An hour has a price if the statistic of its costs has a row with a state.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, SupportsFloat

from sqlalchemy import and_, bindparam, case, func, select
from sqlalchemy.orm import aliased

from homeassistant.components.recorder.db_schema import Statistics, StatisticsMeta
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import session_scope

from ...metering.register_marks import DECIMALS
from ..maths.cost_sums import CostSum
from .access import run_query

_SMALLEST = 10**-DECIMALS / 2
"""A smaller amount is the error of a difference of rounded numbers."""


class CostIds(NamedTuple):
    """The ids of the statistics of an amount and its cost."""

    amount: str
    cost: str


_amount_meta, _cost_meta = aliased(StatisticsMeta), aliased(StatisticsMeta)
_cost, _earlier = aliased(Statistics), aliased(Statistics)
_AMOUNT_NUMBER, _COST_NUMBER = (
    select(meta.id).where(meta.statistic_id == bindparam(name)).scalar_subquery()
    for meta, name in ((_amount_meta, "amount"), (_cost_meta, "cost"))
)
_ROW_BEFORE = (
    select(func.max(_earlier.start_ts))
    .where(
        _earlier.metadata_id == _AMOUNT_NUMBER,
        _earlier.start_ts < bindparam("begin"),
        _earlier.sum.is_not(None),
    )
    .scalar_subquery()
)
_CHANGES = (
    select(
        Statistics.start_ts.label("start"),
        (
            Statistics.sum
            - func.coalesce(
                func.lag(Statistics.sum).over(order_by=Statistics.start_ts), 0.0
            )
        ).label("amount"),
    )
    .where(
        Statistics.metadata_id == _AMOUNT_NUMBER,
        Statistics.start_ts >= func.coalesce(_ROW_BEFORE, bindparam("begin")),
        Statistics.start_ts < bindparam("end"),
        Statistics.sum.is_not(None),
    )
    .subquery()
    .c
)
_AMOUNTS = (
    select(_CHANGES.start, _CHANGES.amount)
    .where(_CHANGES.start >= bindparam("begin"))
    .order_by(_CHANGES.start)
)
_HOURS = (
    select(
        _CHANGES.start,
        _CHANGES.amount,
        _cost.state.label("cost"),
    )
    .outerjoin(
        _cost,
        and_(_cost.metadata_id == _COST_NUMBER, _cost.start_ts == _CHANGES.start),
    )
    .where(_CHANGES.start >= bindparam("begin"))
    .subquery()
    .c
)
_IS_UNPRICED = and_(_HOURS.cost.is_(None), func.abs(_HOURS.amount) > _SMALLEST)
_CELLS = (
    _HOURS.amount,
    case((_HOURS.cost.is_(None), 0), else_=1),
    case((_HOURS.cost.is_(None), 0.0), else_=_HOURS.amount),
    func.coalesce(_HOURS.cost, 0.0),
    case((_IS_UNPRICED, 1), else_=0),
)
_EACH_HOUR = select(_HOURS.start, *_CELLS).order_by(_HOURS.start)
_TOTAL = select(
    func.count(_HOURS.start), *(func.coalesce(func.sum(cell), 0) for cell in _CELLS)
)
"""The cells are those of a `CostSum`. The database adds them up, so that the answer is
short: a year has 8,760 hours."""


async def amounts_by_hour(
    hass: HomeAssistant, statistic_ids: Collection[str], start: datetime, end: datetime
) -> dict[str, list[tuple[datetime, float]]]:
    """Return the amounts of the hours that start in [start, end), by statistic id.

    Raises RecorderError and StoppingError.
    """
    values = [_values(CostIds(each, ""), start, end) for each in statistic_ids]
    found = await run_query(hass, _amounts_by_hour, hass, values)
    return dict(zip(statistic_ids, found, strict=True))


async def cost_hours(
    hass: HomeAssistant, ids: CostIds, start: datetime, end: datetime
) -> Sequence[tuple[float, CostSum]]:
    """Return each hour of an amount that starts in [start, end), in epoch seconds.

    Raises RecorderError and StoppingError.
    """
    return await run_query(hass, _cost_hours, hass, _values(ids, start, end))


async def cost_totals[Key](
    hass: HomeAssistant, spans: Mapping[Key, tuple[CostIds, datetime, datetime]]
) -> dict[Key, CostSum]:
    """Return the sum of the hours of each span of an amount.

    Raises RecorderError and StoppingError.
    """
    if not spans:
        return {}
    values = [_values(*span) for span in spans.values()]
    totals = await run_query(hass, _cost_totals, hass, values)
    return dict(zip(spans, totals, strict=True))


type _Values = dict[str, str | float]


def _values(ids: CostIds, start: datetime, end: datetime) -> _Values:
    """Return the parameters of a query."""
    return {
        "amount": ids.amount,
        "cost": ids.cost,
        "begin": start.timestamp(),
        "end": end.timestamp(),
    }


def _amounts_by_hour(
    hass: HomeAssistant, spans: Sequence[_Values]
) -> list[list[tuple[datetime, float]]]:
    """Return the hours of amounts."""
    with session_scope(hass=hass, read_only=True) as session:
        connection = session.connection()
        return [
            [
                (datetime.fromtimestamp(start, UTC), round(amount, DECIMALS))
                for start, amount in connection.execute(_AMOUNTS, each)
            ]
            for each in spans
        ]


def _cost_hours(hass: HomeAssistant, values: _Values) -> list[tuple[float, CostSum]]:
    """Return the hours of an amount."""
    with session_scope(hass=hass, read_only=True) as session:
        rows = session.connection().execute(_EACH_HOUR, values)
        return [(start, _cost_sum([1.0, *cells])) for start, *cells in rows]


def _cost_totals(hass: HomeAssistant, spans: Sequence[_Values]) -> list[CostSum]:
    """Return the sums of the hours of spans."""
    with session_scope(hass=hass, read_only=True) as session:
        connection = session.connection()
        return [_cost_sum(connection.execute(_TOTAL, each).one()) for each in spans]


def _cost_sum(cells: Iterable[SupportsFloat]) -> CostSum:
    """Return the sum with these cells; MariaDB adds up integers as decimals."""
    return CostSum(*map(float, cells))
