"""Calculate what a tariff would have cost in a month, without writing anything."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from itertools import batched

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..metering.energy_breakdown import Bucket
from ..metering.model import Point
from ..prices.maths.cost_parts import CostParts, Hour, cost_parts
from ..prices.maths.fixed_costs import fixed_cost_at
from ..prices.maths.point_prices import PointPrices, PricePart
from ..prices.maths.targets import tariffs_of
from ..prices.maths.tariff import Tariff
from ..prices.price_book import Prices, load_series
from .maths.cost_sums import bucket_edges, bucket_start, next_bucket
from .maths.rows import FOREVER, HOUR
from .recorder.recorded_costs import amounts_by_hour
from .recorder.recorded_hours import Extent, recorded_extents, recorded_runs
from .recorder.sensor_hours import sensor_hours
from .statistic import Scope

READ_AT_ONCE = 20
"""Points whose month is read at once, which is 15,000 hours."""

type Span = tuple[datetime, datetime]
"""A span in [start, end)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointCost:
    """What a point would have cost by a tariff.

    `amount` is that of all hours, in the unit of the point. `costs` are those of the
    hours that the tariff is for, and `others` the hours that it is not alone in.
    """

    point: Point
    amount: float
    costs: CostParts
    others: Sequence[datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class CostPreview:
    """What a trial would have cost in a span of local days.

    `is_as_if` is True if the tariff does not apply in all of the span, and was
    calculated as if it did. `past_hours` are the recorded hours in which it applies.
    """

    trial: Tariff
    start: datetime
    end: datetime
    is_as_if: bool
    costs: Sequence[PointCost]
    fixed: float | None
    past_hours: int

    def parts_of(self, cost: PointCost) -> list[float]:
        """Return the parts of a cost: that of the price, and of each surcharge."""
        numbers = range(1 + len(self.trial.surcharges))
        parts = cost.costs.parts
        return [parts.get(PricePart(self.trial.key, each), 0.0) for each in numbers]

    @property
    def unpriced_hours(self) -> int:
        """Return the number of hours in which any amount has no price."""
        return len({hour for cost in self.costs for hour in cost.costs.unpriced})

    @property
    def other_hours(self) -> int:
        """Return the number of hours in which another tariff prices any amount."""
        return len({hour for cost in self.costs for hour in cost.others})


async def preview_costs(
    hass: HomeAssistant, scope: Scope, prices: Prices, trial: Tariff
) -> CostPreview | None:
    """Return what a tariff would have cost in the last month that is recorded.

    `prices` are those without the tariff; series are loaded into a copy of them.
    Returns `None` if nothing is recorded of its points. Raises RecorderError and
    StoppingError.
    """
    points = {
        scope.statistic(point).statistic_id: point
        for point in scope.points
        if tariffs_of(point, [trial])
    }
    extents = await recorded_extents(hass, points)
    if not extents:
        return None
    zone = prices.calendar.zone
    start, end = _last_month(trial, [*extents.values()], zone)
    is_as_if = trial.start > start or (trial.end is not None and trial.end < end)
    valid = replace(trial, start=start, end=None) if is_as_if else trial
    # What it costs as if it applied does not depend on the tariffs that do.
    alone = replace(prices, tariffs=(), periods=())
    book = replace(alone if is_as_if else prices, series={}).with_tariff(valid)
    await load_series(hass, book, [*points.values()], start, end, sensor_hours)
    days = [*bucket_edges(start, min(end, dt_util.utcnow()), Bucket.DAY, zone)][:-1]
    fixed = [fixed_cost_at(each, zone, [valid], ()) for each in days]
    return CostPreview(
        trial=trial,
        start=start,
        end=end,
        is_as_if=is_as_if,
        costs=await _point_costs(hass, book, valid, points, (start, end)),
        fixed=sum(each or 0.0 for each in fixed) if trial.has_fixed_costs else None,
        past_hours=await _past_hours(hass, extents, trial),
    )


def _last_month(trial: Tariff, extents: Sequence[Extent], zone: tzinfo) -> Span:
    """Return the last complete local month, or the last one that is recorded.

    A tariff that has ended is shown in the last complete month before its end.
    """

    def month_of(moment: datetime) -> datetime:
        """Return the start of the month that contains a moment."""
        return bucket_start(moment, Bucket.MONTH, zone)

    now = dt_util.utcnow()
    limit = now if trial.end is None else min(trial.end, now)
    month = month_of(month_of(limit) - HOUR)
    month = min(month, month_of(max(extent.last for extent in extents)))
    month = max(month, month_of(min(extent.first for extent in extents)))
    return month, next_bucket(month, Bucket.MONTH, zone)


async def _point_costs(
    hass: HomeAssistant,
    prices: Prices,
    tariff: Tariff,
    points: Mapping[str, Point],
    span: Span,
) -> list[PointCost]:
    """Return what points cost by a tariff, if any hours of them are recorded.

    `points` are by statistic id.
    """
    costs = []
    for ids in batched(points, READ_AT_ONCE, strict=False):
        by_id = await amounts_by_hour(hass, ids, *span)
        for statistic_id, hours in by_id.items():
            of_point = prices.of(points[statistic_id])
            if of_point is not None and hours:
                # A month of prices takes longer than the event loop may be held.
                costs.append(
                    await hass.async_add_executor_job(
                        _point_cost, of_point, tariff, hours
                    )
                )
    return costs


def _point_cost(
    prices: PointPrices, tariff: Tariff, hours: Sequence[Hour]
) -> PointCost:
    """Return what hours of a point cost by a tariff."""
    own, others = [], []
    for start, amount in hours:
        if prices.is_priced_by(tariff, start):
            own.append((start, amount))
        else:
            others.append(start)
    return PointCost(
        point=prices.point,
        amount=sum(amount for _, amount in hours),
        costs=cost_parts(own, prices),
        others=others,
    )


async def _past_hours(
    hass: HomeAssistant, statistic_ids: Collection[str], trial: Tariff
) -> int:
    """Return the hours of which any statistic has a row while the tariff applies."""
    runs: list[tuple[float, float]] = []
    until = FOREVER if trial.end is None else trial.end.timestamp()
    for statistic_id in statistic_ids:
        runs += await recorded_runs(hass, statistic_id, trial.start)
    covered = 0.0
    reached = 0.0
    for first, last in sorted(runs):
        end = min(last, until)
        covered += max(end - max(first, reached), 0.0)
        reached = max(reached, end)
    return round(covered / HOUR.total_seconds())
