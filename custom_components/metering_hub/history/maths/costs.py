"""Hourly rows of costs: amounts times prices, and fixed costs per day."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo

from ...backends.common.times import local_midnight
from .rows import Row, as_datetime, hour_start, rounded

type PriceAt = Callable[[datetime], float | None]
"""Return the price of one unit in a UTC hour, or `None` if it has none."""


@dataclass(slots=True)
class HourCosts:
    """The costs of hours by their start, and the hours with an amount but no price."""

    costs: dict[datetime, float] = field(default_factory=dict)
    unpriced: list[datetime] = field(default_factory=list)


def hour_costs(rows: Sequence[Row], before: float, price_at: PriceAt) -> HourCosts:
    """Return what consecutive hours of a point cost.

    `before` is the running sum before the first row.
    """
    found = HourCosts()
    for row in rows:
        if row.sum is None:
            continue
        amount, before = rounded(row.sum - before), row.sum
        price = price_at(row.start)
        if price is not None:
            found.costs[row.start] = rounded(amount * price)
        elif amount:
            found.unpriced.append(row.start)
    return found


def running_costs(costs: Mapping[datetime, float | None], before: float) -> list[Row]:
    """Return the rows of costs by hour; `before` is the running sum before them.

    An hour whose cost is not known any more has a row without a state.
    """
    running = rounded(before)
    rows = []
    for start in sorted(costs):
        running = rounded(running + (costs[start] or 0.0))
        rows.append(Row(start=start, state=costs[start], sum=running))
    return rows


def daily_costs(
    start: datetime,
    end: datetime,
    zone: tzinfo,
    cost_at: Callable[[datetime], float | None],
) -> dict[datetime, float]:
    """Return the fixed costs of the local days that start in [start, end).

    A day's is that of the UTC hour that contains local midnight. `start` and `end` are
    aware, `zone` is that of the local days, and `cost_at` returns the fixed cost of the
    day that begins at a moment, or `None` if it has none.
    """
    return {
        as_datetime(hour_start(midnight.timestamp())): rounded(cost)
        for midnight in _midnights(start, end, zone)
        if (cost := cost_at(midnight)) is not None
    }


def _midnights(start: datetime, end: datetime, zone: tzinfo) -> Iterator[datetime]:
    """Yield the starts (UTC) of the local days that start in [start, end)."""
    day: date = start.astimezone(zone).date()
    while (midnight := local_midnight(day, zone)) < end:
        # A zone that moved across the date line has skipped a whole day.
        if midnight >= start and midnight.astimezone(zone).date() == day:
            yield midnight
        day += timedelta(days=1)
