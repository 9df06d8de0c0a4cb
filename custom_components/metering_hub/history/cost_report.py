"""What the points of an entry cost, from the recorded statistics alone."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from ..metering.energy_breakdown import Bucket
from ..metering.model import Point
from ..prices.maths.targets import role_of
from ..prices.maths.tariff import Base, TariffRole
from ..prices.units import base_amount
from .maths.cost_sums import (
    CostSum,
    bucket_start,
    day_of_row,
    points_by_role,
    summed,
    total_of,
)
from .maths.rows import HOUR
from .recorder.recorded_costs import CostIds, cost_hours, cost_totals
from .recorder.recorder import rows_during
from .scope import is_imported
from .statistic import FIXED_COST_KEY, cost_suffix

type RolePoints = Mapping[TariffRole, Sequence[Point]]
"""The points whose costs are those of each role."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """The sums of some points by period.

    `unit` is that of the amounts, or `None` if those of several points cannot be added.
    """

    points: tuple[str, ...]
    unit: str | None
    sums: tuple[CostSum, ...]

    @property
    def total(self) -> CostSum:
        """Return the sum over all periods."""
        return total_of(self.sums)


def counted_points[Data](
    hass: HomeAssistant, entry: ConfigEntry[Data], points: Mapping[str, Point]
) -> RolePoints:
    """Return the imported points of each role, by which no amount is counted twice."""
    counted = [
        point
        for point in points.values()
        if role_of(point) is not None and is_imported(hass, entry, point)
    ]
    return points_by_role(counted, points)


def cost_ids(prefix: str, point: Point) -> CostIds:
    """Return the ids of the statistics of a point and of its cost or compensation."""
    amount = f"{prefix}{point.key}"
    return CostIds(amount, f"{amount}_{cost_suffix(point)}")


def unit_of_costs(point: Point) -> tuple[str | None, float]:
    """Return kWh or m³, and how many of these one of the point's units is.

    A unit that is neither energy nor volume stays as it is.
    """
    for base in Base:
        factor = base_amount(point.unit, base, None)
        if factor is not None:
            return base.value, factor
    return point.unit, 1.0


async def read_costs(
    hass: HomeAssistant,
    prefix: str,
    points: Collection[Point],
    edges: Sequence[datetime],
) -> Costs:
    """Return the costs of points between each two edges.

    Raises RecorderError and StoppingError.
    """
    units = {unit_of_costs(point)[0] for point in points}
    sums: list[CostSum] = [CostSum()] * (len(edges) - 1)
    for point in points:
        ids = cost_ids(prefix, point)
        hours = await cost_hours(hass, ids, edges[0], edges[-1])
        added = await hass.async_add_executor_job(summed, hours, edges)
        _, factor = unit_of_costs(point)
        sums = [
            each.plus(other.in_units(factor))
            for each, other in zip(sums, added, strict=True)
        ]
    return Costs(
        points=tuple(point.key for point in points),
        unit=units.pop() if len(units) == 1 else None,
        sums=tuple(sums),
    )


async def read_fixed_costs(
    hass: HomeAssistant, prefix: str, edges: Sequence[datetime], zone: tzinfo
) -> list[float | None]:
    """Return the fixed costs of the local days that begin between each two edges.

    Raises RecorderError and StoppingError.
    """
    start, end = edges[0], edges[-1]
    # The row of a day is that of the UTC hour that contains its midnight.
    rows = await rows_during(hass, f"{prefix}{FIXED_COST_KEY}", start - HOUR, end)
    days = [
        (day_of_row(row.start, zone).timestamp(), CostSum(cost=row.state, hours=1.0))
        for row in rows
        if row.state is not None
    ]
    return [each.cost if each.hours else None for each in summed(days, edges)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningCost:
    """The sum of a role in the running day, month or year, which began at `start`."""

    start: datetime
    sum: CostSum


async def read_running_costs(
    hass: HomeAssistant,
    prefix: str,
    points: RolePoints,
    wanted: Iterable[tuple[TariffRole, Bucket]],
    now: datetime,
    zone: tzinfo,
) -> dict[tuple[TariffRole, Bucket], RunningCost]:
    """Return what roles cost so far in the running days, months and years.

    Raises RecorderError and StoppingError.
    """
    starts = {each: bucket_start(now, each[1], zone) for each in wanted}
    totals = await cost_totals(
        hass,
        {
            (role, bucket, point.key): (cost_ids(prefix, point), start, now)
            for (role, bucket), start in starts.items()
            for point in points.get(role, ())
        },
    )
    return {
        (role, bucket): RunningCost(
            start=start,
            sum=total_of(
                totals[role, bucket, point.key].in_units(unit_of_costs(point)[1])
                for point in points.get(role, ())
            ),
        )
        for (role, bucket), start in starts.items()
    }


async def read_unpriced_hours(
    hass: HomeAssistant, prefix: str, points: RolePoints, start: datetime, end: datetime
) -> dict[TariffRole, int]:
    """Return the number of hours of each role that have an amount, but no price.

    Raises RecorderError and StoppingError.
    """
    totals = await cost_totals(
        hass,
        {
            (role, point.key): (cost_ids(prefix, point), start, end)
            for role, of_role in points.items()
            for point in of_role
        },
    )
    return {
        role: int(sum(totals[role, point.key].unpriced_hours for point in points[role]))
        for role in points
    }
