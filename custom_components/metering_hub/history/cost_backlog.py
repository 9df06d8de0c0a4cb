"""Price the recorded hours that had no price when they were imported.

A contract may be entered later, and there are no costs while Home Assistant has another
currency than the prices. An import only compares the latest hours, so it would never
price older ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import aliased

from homeassistant.components.recorder.db_schema import Statistics, StatisticsMeta
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import session_scope
from homeassistant.util import dt as dt_util

from ..metering.model import PricePeriod
from .costs import CostStatistics
from .maths.costs import backlog_rows, priced_spans
from .maths.rows import HOUR, Row
from .recorder.access import run_query
from .recorder.recorder import BATCH, WriteQueue, row_before, rows_during
from .recorder.writer import StatisticWriter
from .statistic import Scope, Statistic

SPAN = timedelta(days=31)
"""The hours that are read and priced at once."""

_cost = aliased(Statistics)
_cost_meta = aliased(StatisticsMeta)
_cost_id = (
    select(_cost_meta.id)
    .where(_cost_meta.statistic_id == bindparam("cost"))
    .scalar_subquery()
)
_FIRST_UNPRICED = (
    select(func.min(Statistics.start_ts))
    .join(StatisticsMeta, Statistics.metadata_id == StatisticsMeta.id)
    .outerjoin(
        _cost,
        (_cost.metadata_id == _cost_id) & (_cost.start_ts == Statistics.start_ts),
    )
    .where(
        StatisticsMeta.statistic_id == bindparam("register"),
        Statistics.start_ts >= bindparam("begin"),
        Statistics.start_ts < bindparam("end"),
        _cost.id.is_(None),
    )
)


@dataclass(frozen=True, slots=True)
class _Span:
    """Hours from `start` on, and the running sums before them."""

    start: datetime
    register: float
    cost: float


@dataclass(frozen=True, slots=True)
class _Costs:
    """A register, the statistic of its costs, and its prices."""

    point_key: str
    register_id: str
    statistic: Statistic
    prices: Sequence[PricePeriod]


class CostBacklog:
    """Price what was not priced, once for each change of the prices."""

    def __init__(self, hass: HomeAssistant, costs: CostStatistics) -> None:
        """Initialize the backlog; the first run looks through all hours."""
        self._hass = hass
        self._costs = costs
        self._done: Sequence[_Costs] = ()

    async def price(self, scope: Scope) -> Mapping[str, int]:
        """Price the recorded hours of a scope; return the rows by statistic id.

        All that is written to the recorder must be stored. Raises RecorderError and
        StoppingError.
        """
        prices = self._costs.prices
        found = [
            _Costs(point.key, scope.statistic(point).statistic_id, statistic, prices)
            for point in scope.points
            if (statistic := self._costs.statistic(scope, point)) is not None
        ]
        written: dict[str, int] = {}
        if found != self._done:
            for each in found:
                if rows := await self._price(each):
                    written[each.statistic.statistic_id] = rows
            self._done = found
        return written

    async def _price(self, costs: _Costs) -> int:
        """Price the hours of a register; return the number of rows written.

        The latest hours are written first. No hour is negative meanwhile, and if the
        run is interrupted, the first unpriced hour is still found.
        """
        unpriced = await self._first_unpriced(costs)
        if unpriced is None:
            return 0
        written = 0
        # The hour before may not have been over when it was priced.
        for span in reversed(await self._spans(costs, unpriced - HOUR)):
            rows, _ = await self._priced(costs, span)
            for index in reversed(range(0, len(rows), BATCH)):
                written += await self._write(costs, rows[index : index + BATCH])
        return written

    async def _first_unpriced(self, costs: _Costs) -> datetime | None:
        """Return the first recorded hour that has a price but no cost."""
        for begin, end in priced_spans(costs.prices, costs.point_key):
            values: dict[str, str | float] = {
                "register": costs.register_id,
                "cost": costs.statistic.statistic_id,
                "begin": begin.timestamp(),
                "end": end.timestamp(),
            }
            found = await run_query(self._hass, _first_unpriced, self._hass, values)
            if found is not None:
                return dt_util.utc_from_timestamp(found)
        return None

    async def _spans(self, costs: _Costs, start: datetime) -> Sequence[_Span]:
        """Return the spans from `start` until now, each with the sums before it."""
        register = await row_before(self._hass, costs.register_id, start)
        cost = await row_before(self._hass, costs.statistic.statistic_id, start)
        span = _Span(
            start,
            (register and register.sum) or 0.0,
            (cost and cost.sum) or 0.0,
        )
        spans = []
        while span.start <= dt_util.utcnow():
            spans.append(span)
            _, span = await self._priced(costs, span)
        return spans

    async def _priced(self, costs: _Costs, span: _Span) -> tuple[Sequence[Row], _Span]:
        """Return the costs of a span, and the span after it."""
        end = span.start + SPAN
        cost_id = costs.statistic.statistic_id
        used = await rows_during(self._hass, costs.register_id, span.start, end)
        recorded = await rows_during(self._hass, cost_id, span.start, end)
        rows = backlog_rows(
            used, span.register, recorded, span.cost, costs.prices, costs.point_key
        )
        following = _Span(
            end, _last_sum(used, span.register), _last_sum(rows, span.cost)
        )
        return rows, following

    async def _write(self, costs: _Costs, rows: Sequence[Row]) -> int:
        """Write rows, and return their number once they are stored."""
        writer = StatisticWriter.of(costs.statistic, None)
        writer.add(rows)
        queue = WriteQueue(self._hass)
        await queue.write([writer])
        await queue.finish()
        return writer.written


def _last_sum(rows: Sequence[Row], before: float) -> float:
    """Return the sum of the last row, or that before it if there is none."""
    last = rows[-1].sum if rows else None
    return before if last is None else last


def _first_unpriced(
    hass: HomeAssistant, values: Mapping[str, str | float]
) -> float | None:
    """Return the start of the first unpriced hour in epoch seconds."""
    with session_scope(hass=hass, read_only=True) as session:
        found: float | None = (
            session.connection().execute(_FIRST_UNPRICED, values).scalar()
        )
    return found
