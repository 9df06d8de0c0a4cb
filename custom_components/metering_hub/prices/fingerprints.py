"""Tell prices from others, so that costs are only computed anew when prices change."""

from dataclasses import replace
import hashlib

from .maths.point_prices import PointPrices
from .price_book import OPEN_END, Prices


def fingerprint(prices: PointPrices, currency: str) -> str:
    """Return what tells these prices from others, without what sources add by time.

    It is the same after a restart, and for a tariff that was removed and added again.
    """
    tariffs = prices.tariffs
    # A set of texts has another order after a restart.
    nameless = [replace(each, key="", name="", points=frozenset()) for each in tariffs]
    # One year shows whose holidays count; more years are known as time passes.
    holidays = [
        sorted(day for day in prices.calendar.holidays if day.year == each.start.year)
        for each in tariffs
        if each.are_holidays_sundays
    ]
    key = prices.point.key
    return _digest(
        currency,
        prices.point.unit,
        nameless,
        [prices.factors.get(each.key) for each in tariffs],
        [(each.start, each.end, each.prices[key]) for each in prices.periods],
        str(prices.calendar.zone),
        holidays,
    )


def fixed_costs_fingerprint(prices: Prices) -> str:
    """Return what tells the fixed costs from others.

    A tariff without any counts, too: it may end those of an earlier one.
    """
    return _digest(
        prices.currency,
        sorted(
            (
                each.start,
                each.end or OPEN_END,
                str(each.role),
                sorted(each.points),
                each.daily,
                each.monthly,
            )
            for each in prices.tariffs
        ),
        [
            (each.start, each.end, each.fixed_daily)
            for each in prices.periods
            if each.fixed_daily is not None
        ],
        str(prices.calendar.zone),
    )


def _digest(*parts: object) -> str:
    """Return a short text that tells these parts from others."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
