"""What was used and what it cost, added up by hours, days, months and years."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from operator import add
from typing import NamedTuple

from ...backends.common.times import local_midnight, whole_hour
from ...metering.energy_breakdown import Bucket
from ...metering.model import Point
from ...prices.maths.targets import role_of
from ...prices.maths.tariff import TariffRole
from .rows import HOUR

_DAY = timedelta(days=1)


class CostSum(NamedTuple):
    """What some hours have in total.

    `hours` are those with an amount, and `priced_hours` those with a price, whose
    amount is `priced_amount`. `unpriced_hours` have an amount that is not 0, but no
    price.
    """

    hours: float = 0.0
    amount: float = 0.0
    priced_hours: float = 0.0
    priced_amount: float = 0.0
    cost: float = 0.0
    unpriced_hours: float = 0.0

    def plus(self, other: CostSum) -> CostSum:
        """Return what these and other hours have together."""
        return CostSum(*map(add, self, other, strict=True))

    def in_units(self, factor: float) -> CostSum:
        """Return the sum with amounts in a unit of which one is `factor` units."""
        return self._replace(
            amount=self.amount * factor, priced_amount=self.priced_amount * factor
        )

    @property
    def known_amount(self) -> float | None:
        """Return the amount, or `None` if no hour has one."""
        return self.amount if self.hours else None

    @property
    def known_cost(self) -> float | None:
        """Return the cost of the hours that have a price, or `None` if none has."""
        return self.cost if self.priced_hours else None

    @property
    def unpriced_amount(self) -> float:
        """Return the amount of the hours without a price."""
        return self.amount - self.priced_amount

    @property
    def mean_price(self) -> float | None:
        """Return what a unit cost on average, where there was a price."""
        return self.cost / self.priced_amount if self.priced_amount else None


NOTHING = CostSum()


def total_of(sums: Iterable[CostSum]) -> CostSum:
    """Return what all hours have together."""
    total = NOTHING
    for each in sums:
        total = total.plus(each)
    return total


def bucket_start(moment: datetime, bucket: Bucket, zone: tzinfo) -> datetime:
    """Return the start of the bucket that contains a moment, in UTC.

    Hours are those of UTC, as recorded ones are; the other buckets are local.
    """
    if bucket is Bucket.HOUR:
        return whole_hour(moment.astimezone(UTC))
    return local_midnight(_first_day(moment.astimezone(zone).date(), bucket), zone)


def next_bucket(moment: datetime, bucket: Bucket, zone: tzinfo) -> datetime:
    """Return the start of the bucket after the one that contains a moment, in UTC."""
    if bucket is Bucket.HOUR:
        return whole_hour(moment.astimezone(UTC)) + HOUR
    day = _first_day(moment.astimezone(zone).date(), bucket)
    length = {Bucket.DAY: 1, Bucket.MONTH: 32, Bucket.YEAR: 367}[bucket]
    day = _first_day(day + timedelta(days=length), bucket)
    # A zone that moved across the date line has skipped a whole day.
    while (following := local_midnight(day, zone)) <= moment:
        day += _DAY
    return following


def _first_day(day: date, bucket: Bucket) -> date:
    """Return the first day of the bucket that contains a day."""
    match bucket:
        case Bucket.YEAR:
            return day.replace(month=1, day=1)
        case Bucket.MONTH:
            return day.replace(day=1)
        case _:
            return day


def bucket_edges(
    start: datetime, end: datetime, bucket: Bucket, zone: tzinfo
) -> Iterator[datetime]:
    """Yield `start`, where buckets begin between it and `end`, and `end`."""
    while start < end:
        yield start
        start = next_bucket(start, bucket, zone)
    yield end


def summed(
    hours: Iterable[tuple[float, CostSum]], edges: Sequence[datetime]
) -> list[CostSum]:
    """Return the sum of the hours between each two edges.

    `hours` are single hours with their start in epoch seconds. An hour belongs to where
    it starts.
    """
    moments = [edge.timestamp() for edge in edges]
    sums = [NOTHING] * (len(edges) - 1)
    for start, hour in hours:
        index = bisect_right(moments, start) - 1
        if 0 <= index < len(sums):
            sums[index] = sums[index].plus(hour)
    return sums


def day_of_row(start: datetime, zone: tzinfo) -> datetime:
    """Return the local midnight that is in the UTC hour of a row of fixed costs."""
    last = start + HOUR - timedelta(seconds=1)
    return local_midnight(last.astimezone(zone).date(), zone)


def points_by_role(
    counted: Iterable[Point], points: Mapping[str, Point]
) -> dict[TariffRole, list[Point]]:
    """Return those of the counted points that a role consists of, each amount once.

    A part of another one's amount is left out, and so is a sum of others. `points` are
    all points, by key: a part may be in one that is not counted itself.
    """
    by_role: dict[TariffRole, dict[str, Point]] = {}
    for point in counted:
        if (role := role_of(point)) is not None:
            by_role.setdefault(role, {})[point.key] = point
    found = {
        role: [
            point
            for point in with_role.values()
            if with_role.keys().isdisjoint(point.sum_of)
            and with_role.keys().isdisjoint(_containers(point, points))
        ]
        for role, with_role in by_role.items()
    }
    return {role: found[role] for role in TariffRole if found.get(role)}


def _containers(point: Point, points: Mapping[str, Point]) -> set[str]:
    """Return the keys of the points whose amounts include that of a point."""
    keys: set[str] = set()
    key = point.included_in
    while key is not None and key not in keys and key != point.key:
        keys.add(key)
        key = points[key].included_in if key in points else None
    return keys
