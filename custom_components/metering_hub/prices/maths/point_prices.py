"""What an hour of a point costs."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter

from ...metering.model import Point, PricePeriod
from .calendar import Calendar
from .series import AllSeries
from .tariff import (
    FixedPrice,
    RegisterPrice,
    SourcePrice,
    Surcharge,
    Tariff,
    TimedPrice,
)

PERCENT = 100
QUARTER = timedelta(minutes=15)
_START = attrgetter("start")


@dataclass(frozen=True, slots=True)
class PricePart:
    """The price without surcharges (0) or the surcharge with this number of a tariff.

    The price of the server has no tariff.
    """

    tariff: str | None = None
    number: int = 0


def sorted_by_rank(tariffs: Iterable[Tariff]) -> list[Tariff]:
    """Return tariffs in the order in which they are asked: the first valid one counts.

    Those for chosen points go before those for a role, then the one that begins later.
    """
    return sorted(tariffs, key=lambda each: (bool(each.points), each.start, each.key))[
        ::-1
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class PointPrices:
    """The prices of one point: those of its tariffs, or else those of the server.

    `tariffs` are those that may apply to the point, by rank. `factors` are the kWh or
    m³ that one of the point's units is, by the key of the tariff; a tariff without one
    cannot price the point. `periods` are the server's prices, in order of time. The
    series of all sources must be loaded for the hours that are asked for.
    """

    point: Point
    tariffs: Sequence[Tariff]
    factors: Mapping[str, float]
    periods: Sequence[PricePeriod]
    calendar: Calendar
    series: AllSeries = field(default_factory=dict)

    def at(self, hour: datetime) -> float | None:
        """Return the price of one of the point's units in a UTC hour, if it has one.

        It is the mean of the prices in the hour. An hour of which any part has no price
        has none.
        """
        total = 0.0
        moments = self._moments(hour)
        for moment in moments:
            if (price := self.price(moment)) is None:
                return None
            total += price
        return total / len(moments)

    def parts_at(self, hour: datetime) -> Mapping[PricePart, float] | None:
        """Return the parts of the price of a UTC hour; their sum is the price."""
        parts: defaultdict[PricePart, float] = defaultdict(float)
        moments = self._moments(hour)
        for moment in moments:
            tariff = self.tariff_at(moment)
            if (prices := self._parts(tariff, moment)) is None:
                return None
            key = None if tariff is None else tariff.key
            for number, price in enumerate(prices):
                parts[PricePart(key, number)] += price / len(moments)
        return parts

    def price(self, moment: datetime) -> float | None:
        """Return the price of one of the point's units at a moment."""
        parts = self._parts(self.tariff_at(moment), moment)
        return None if parts is None else sum(parts)

    def tariff_at(self, moment: datetime) -> Tariff | None:
        """Return the tariff that prices the point at a moment, if one does."""
        for tariff in self.tariffs:
            if tariff.is_valid_at(moment):
                return tariff
        return None

    def is_priced_by(self, tariff: Tariff, hour: datetime) -> bool:
        """Return True if a tariff alone says what a UTC hour costs."""
        found = (self.tariff_at(moment) for moment in self._moments(hour))
        return all(each is not None and each.key == tariff.key for each in found)

    def _moments(self, hour: datetime) -> Sequence[datetime]:
        """Return moments of a UTC hour whose mean price is that of the hour.

        Prices change at full local hours, which are full UTC hours unless the zone is
        some quarters of an hour off.
        """
        if not self.calendar.local(hour).minute:
            return (hour,)
        return tuple(hour + number * QUARTER for number in range(4))

    def _parts(self, tariff: Tariff | None, moment: datetime) -> Sequence[float] | None:
        """Return the price without surcharges, and each of these, if it is known."""
        if tariff is None:
            price = server_price(self.periods, self.point.key, moment)
            return None if price is None else (price,)
        local = self.calendar.local(moment)
        factor = self.factors.get(tariff.key)
        base = self._base_price(tariff, moment, local)
        if factor is None or base is None:
            return None
        total = base * factor
        parts = [total]
        for each in tariff.surcharges:
            part = 0.0
            if _is_charged(each, tariff, moment, local, self.calendar):
                share = total / PERCENT if each.is_percent else factor
                part = each.amount * share
            parts.append(part)
            total += part
        return parts

    def _base_price(
        self, tariff: Tariff, moment: datetime, local: datetime
    ) -> float | None:
        """Return the price of a kWh or m³ without surcharges, if it is known."""
        match tariff.price:
            case FixedPrice(price=price):
                return price
            case TimedPrice():
                return _timed_price(tariff.price, tariff, local, self.calendar)
            case RegisterPrice(prices=by_number):
                number = self.point.tariff_number
                return None if number is None else by_number.get(number)
            case SourcePrice(source=source):
                series = self.series.get((source, tariff.base))
                return None if series is None else series.at(moment)


def server_price(
    periods: Sequence[PricePeriod], key: str, moment: datetime
) -> float | None:
    """Return the server's price of a point at a moment, if it has one."""
    period = period_at(periods, moment)
    return None if period is None else period.prices.get(key)


def period_at(periods: Sequence[PricePeriod], moment: datetime) -> PricePeriod | None:
    """Return the period that contains a moment; they are in order of time."""
    after = bisect_right(periods, moment, key=_START)
    if after and moment < periods[after - 1].end:
        return periods[after - 1]
    return None


def _timed_price(
    price: TimedPrice, tariff: Tariff, local: datetime, calendar: Calendar
) -> float | None:
    """Return the price of the first rule that applies, or else the usual one."""
    for rule in price.rules:
        if calendar.applies(
            rule.when, local, are_holidays_sundays=tariff.are_holidays_sundays
        ):
            return rule.price
    return price.otherwise


def _is_charged(
    surcharge: Surcharge,
    tariff: Tariff,
    moment: datetime,
    local: datetime,
    calendar: Calendar,
) -> bool:
    """Return True if a surcharge applies at a moment."""
    if surcharge.start is not None and moment < surcharge.start:
        return False
    if surcharge.end is not None and moment >= surcharge.end:
        return False
    return calendar.applies(
        surcharge.when, local, are_holidays_sundays=tariff.are_holidays_sundays
    )
