"""Hourly rows of costs: amounts times prices, and fixed costs per day."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo

from ...backends.common.times import local_midnight
from ...metering.model import PricePeriod
from .rows import Row, as_datetime, hour_start, rounded


def cost_rows(
    rows: Sequence[Row],
    before: float,
    cost_before: float,
    prices: Sequence[PricePeriod],
    point_key: str,
) -> list[Row]:
    """Return the costs of consecutive hours of a point, in the currency of the prices.

    `before` and `cost_before` are the running sums before the first row. The price at
    the start of an hour applies to the whole hour; hours without a price have no row.
    `prices` are in order of time and do not overlap.
    """
    priced = [period for period in prices if point_key in period.prices]
    costs = []
    running = rounded(cost_before)
    for row in rows:
        if row.sum is None:
            continue
        change, before = rounded(row.sum - before), row.sum
        period = _period_at(row.start, priced)
        if period is not None:
            cost = rounded(change * period.prices[point_key])
            running = rounded(running + cost)
            costs.append(Row(start=row.start, state=cost, sum=running))
    return costs


def backlog_rows(
    rows: Sequence[Row],
    before: float,
    recorded: Sequence[Row],
    cost_before: float,
    prices: Sequence[PricePeriod],
    point_key: str,
) -> list[Row]:
    """Return the costs of consecutive hours of which some have `recorded` costs.

    Those are kept if the hour has no price any more. The cost of an hour is its
    `state`, because the sums after an interrupted run may have a step. The other
    arguments are those of `cost_rows`.
    """
    costs = {row.start: row for row in recorded}
    for row in cost_rows(rows, before, 0.0, prices, point_key):
        costs[row.start] = row
    running = rounded(cost_before)
    priced = []
    for start in sorted(costs):
        cost = costs[start].state or 0.0
        running = rounded(running + cost)
        priced.append(Row(start=start, state=cost, sum=running))
    return priced


def priced_spans(
    prices: Sequence[PricePeriod], point_key: str
) -> list[tuple[datetime, datetime]]:
    """Return the spans without a gap in which a point has prices, oldest first."""
    spans: list[tuple[datetime, datetime]] = []
    for period in prices:
        if point_key not in period.prices:
            continue
        if spans and spans[-1][1] == period.start:
            spans[-1] = (spans[-1][0], period.end)
        else:
            spans.append((period.start, period.end))
    return spans


def first_difference(
    before: Sequence[PricePeriod],
    known_until: datetime,
    after: Sequence[PricePeriod],
    until: datetime,
) -> datetime | None:
    """Return the first moment before `until` from which new prices differ, if any do.

    `before` are prices up to `known_until`, and are expected to go on from there. All
    moments are aware; both lists are as for `cost_rows`.
    """
    periods = [*before, *after]
    edges = {edge for period in periods for edge in (period.start, period.end)}
    last_known = known_until - timedelta(seconds=1)
    for edge in sorted(edge for edge in edges if edge < until):
        if _prices_at(min(edge, last_known), before) != _prices_at(edge, after):
            return edge
    return None


def _prices_at(
    moment: datetime, periods: Sequence[PricePeriod]
) -> tuple[Mapping[str, float], float | None] | None:
    """Return the prices by point key and the fixed cost per day at a moment."""
    period = _period_at(moment, periods)
    return None if period is None else (period.prices, period.fixed_daily)


def fixed_cost_rows(
    prices: Sequence[PricePeriod],
    start: datetime,
    end: datetime,
    cost_before: float,
    zone: tzinfo,
) -> list[Row]:
    """Return the fixed costs of the local days that start in [start, end).

    The row of a day is that of the UTC hour that contains local midnight. `start` and
    `end` are aware, `zone` is the zone of the local days, `cost_before` is the running
    sum before the first row, and `prices` are as for `cost_rows`.
    """
    fixed = [period for period in prices if period.fixed_daily is not None]
    costs = []
    running = rounded(cost_before)
    for midnight in _midnights(start, end, zone):
        period = _period_at(midnight, fixed)
        if period is not None:
            cost = rounded(period.fixed_daily or 0.0)
            running = rounded(running + cost)
            hour = as_datetime(hour_start(midnight.timestamp()))
            costs.append(Row(start=hour, state=cost, sum=running))
    return costs


def _period_at(moment: datetime, periods: Sequence[PricePeriod]) -> PricePeriod | None:
    """Return the period that contains a moment."""
    after = bisect_right(periods, moment, key=lambda period: period.start)
    if after and moment < periods[after - 1].end:
        return periods[after - 1]
    return None


def _midnights(start: datetime, end: datetime, zone: tzinfo) -> Iterator[datetime]:
    """Yield the starts (UTC) of the local days that start in [start, end)."""
    day: date = start.astimezone(zone).date()
    while (midnight := local_midnight(day, zone)) < end:
        # A zone that moved across the date line has skipped a whole day.
        if midnight >= start and midnight.astimezone(zone).date() == day:
            yield midnight
        day += timedelta(days=1)
