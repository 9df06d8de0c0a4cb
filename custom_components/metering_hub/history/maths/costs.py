"""What the hours cost: amounts by the prices of their time, and what a day costs."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta, tzinfo

from ...metering.model import PricePeriod
from .rows import Row, exact, hour_of, utc


def cost_rows(
    rows: Sequence[Row],
    before: float,
    cost_before: float,
    prices: Sequence[PricePeriod],
    point_key: str,
) -> list[Row]:
    """Return what consecutive hours of a point cost, in the currency of the prices.

    `before` and `cost_before` are the running sums before the first row. The price at
    an hour's start holds for the hour; one without a price gets no row. `prices` are
    oldest first, without overlaps.
    """
    priced = [period for period in prices if point_key in period.prices]
    costs = []
    running = exact(cost_before)
    for row in rows:
        if row.sum is None:
            continue
        change, before = exact(row.sum - before), row.sum
        period = _period_at(row.start, priced)
        if period is not None:
            cost = exact(change * period.prices[point_key])
            running = exact(running + cost)
            costs.append(Row(start=row.start, state=cost, sum=running))
    return costs


def fixed_cost_rows(
    prices: Sequence[PricePeriod],
    start: datetime,
    end: datetime,
    cost_before: float,
    zone: tzinfo,
) -> list[Row]:
    """Return what the local days that start in [start, end) cost, whatever is used.

    A day's row is that of the UTC hour which local midnight lies in. `start` and `end`
    are aware; `zone` tells the local days; `prices` are as for `cost_rows`.
    """
    fixed = [period for period in prices if period.fixed_daily is not None]
    costs = []
    running = exact(cost_before)
    for midnight in _midnights(start, end, zone):
        period = _period_at(midnight, fixed)
        if period is not None:
            cost = exact(period.fixed_daily or 0.0)
            running = exact(running + cost)
            hour = utc(hour_of(midnight.timestamp()))
            costs.append(Row(start=hour, state=cost, sum=running))
    return costs


def _period_at(moment: datetime, periods: Sequence[PricePeriod]) -> PricePeriod | None:
    """Return the period that a moment lies in."""
    after = bisect_right(periods, moment, key=lambda period: period.start)
    if after and moment < periods[after - 1].end:
        return periods[after - 1]
    return None


def _midnights(start: datetime, end: datetime, zone: tzinfo) -> Iterator[datetime]:
    """Yield the starts (UTC) of the local days that start in [start, end)."""
    day: date = start.astimezone(zone).date()
    while (midnight := utc(datetime.combine(day, time.min, zone).timestamp())) < end:
        # A zone that crossed the date line has skipped a whole day.
        if midnight >= start and midnight.astimezone(zone).date() == day:
            yield midnight
        day += timedelta(days=1)
