"""What is charged for each local day, whatever is used."""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from math import fsum

from ...metering.model import PricePeriod
from .point_prices import period_at, sorted_by_rank
from .tariff import Tariff, TariffRole


def fixed_cost_at(
    midnight: datetime,
    zone: tzinfo,
    tariffs: Iterable[Tariff],
    periods: Sequence[PricePeriod],
) -> float | None:
    """Return the fixed cost of the local day that begins at a moment, if it has any.

    Each tariff that is in force then charges its own once, a month's by its number of
    days. The server's fixed cost only counts on a day without any of a tariff.
    """
    charging = [t for t in _in_force(midnight, tariffs) if t.has_fixed_costs]
    if charging:
        local = midnight.astimezone(zone)
        _, days = monthrange(local.year, local.month)
        return fsum(each.daily + each.monthly / days for each in charging)
    period = period_at(periods, midnight)
    return None if period is None else period.fixed_daily


def _in_force(moment: datetime, tariffs: Iterable[Tariff]) -> Iterator[Tariff]:
    """Yield the valid tariffs that no other one replaces in all that they are for."""
    roles: set[TariffRole | None] = set()
    points: set[str] = set()
    for tariff in sorted_by_rank(t for t in tariffs if t.is_valid_at(moment)):
        is_new = bool(tariff.points - points) or (
            not tariff.points and tariff.role not in roles
        )
        if is_new:
            yield tariff
        if tariff.points:
            points |= tariff.points
        else:
            roles.add(tariff.role)
