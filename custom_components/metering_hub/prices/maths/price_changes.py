"""From when on prices differ from those before."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime

from ...metering.model import PricePeriod
from .tariff import Tariff


def first_changed_period(
    before: Sequence[PricePeriod], after: Sequence[PricePeriod], until: datetime
) -> datetime | None:
    """Return the first moment before `until` from which a server's prices differ.

    All moments are aware; both lists are in order of time and do not overlap.
    """
    periods = [*before, *after]
    edges = {edge for period in periods for edge in (period.start, period.end)}
    for edge in sorted(edge for edge in edges if edge < until):
        if _prices_at(edge, before) != _prices_at(edge, after):
            return edge
    return None


def first_changed_tariff(
    before: Sequence[Tariff], after: Sequence[Tariff]
) -> datetime | None:
    """Return the start of the first tariff that was added, changed or removed."""
    changed = [
        *(each for each in before if each not in after),
        *(each for each in after if each not in before),
    ]
    return min((each.start for each in changed), default=None)


def _prices_at(
    moment: datetime, periods: Sequence[PricePeriod]
) -> tuple[Mapping[str, float], float | None] | None:
    """Return the prices by point key and the fixed cost per day at a moment."""
    index = bisect_right(periods, moment, key=lambda period: period.start)
    if index and moment < periods[index - 1].end:
        return periods[index - 1].prices, periods[index - 1].fixed_daily
    return None
