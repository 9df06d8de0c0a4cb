"""What the tariffs of the demo charge, worked out without the integration."""

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from simulators.dsmr_reader import Contract
from simulators.dsmr_reader.prices import day_prices

from .price_sensor import UNIT, price_at
from .tariffs import DemoTariff, Fields

ZONE = ZoneInfo("Europe/Amsterdam")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONEY = {"EUR": 1.0, "ct": 0.01}
_ENERGY = {"Wh": 0.001, "kWh": 1.0, "MWh": 1000.0}
_VOLUME = {"L": 0.001, "m³": 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class TruePrices:
    """The prices of one server: those of its tariffs, then those of its contracts."""

    tariffs: Sequence[DemoTariff]
    contracts: Sequence[Contract] = ()

    def is_priced(self, key: str) -> bool:
        """Return True if the point with this key has a price at any time."""
        return any(each.meters_of([key]) for each in self.tariffs) or (
            bool(self.contracts) and hasattr(self.contracts[0], f"{key}_price")
        )

    @property
    def has_fixed_costs(self) -> bool:
        """Return True if any day has a fixed cost."""
        paid = {"daily", "monthly"}
        return bool(self.contracts) or any(t.costs.keys() & paid for t in self.tariffs)

    def at(self, key: str, unit: str, hour: datetime) -> float | None:
        """Return what one unit of a point costs in a UTC hour; None without a price."""
        local = hour.astimezone(ZONE)
        for tariff in self._valid(local):
            if tariff.meters_of([key]):
                charged = _charged(tariff, key, hour, local)
                factor = _factor(tariff.price, unit)
                return None if charged is None else charged * factor
        return self._contract(f"{key}_price", local)

    def of_day(self, midnight: datetime) -> float | None:
        """Return the fixed cost of the local day that begins at a moment."""
        local = midnight.astimezone(ZONE)
        _, days = monthrange(local.year, local.month)
        found = [
            costs.get("daily", 0.0) + costs.get("monthly", 0.0) / days
            for tariff in self._valid(local)
            if (costs := tariff.costs).keys() & {"daily", "monthly"}
        ]
        return sum(found) if found else self._contract("fixed_daily_cost", local)

    def _valid(self, local: datetime) -> list[DemoTariff]:
        """Return the tariffs that are valid at a moment, the latest one first."""
        return [
            tariff
            for tariff in sorted(self.tariffs, key=_begin, reverse=True)
            if _is_within(tariff.details, local)
        ]

    def _contract(self, field: str, local: datetime) -> float | None:
        """Return an amount of the contracts of a day; to the server, 0 means none."""
        prices = day_prices(self.contracts, local.date())
        return float(getattr(prices, field, 0)) or None


def _begin(tariff: DemoTariff) -> str:
    """Return the local time at which a tariff begins."""
    return str(tariff.details["valid_from"])


def _charged(
    tariff: DemoTariff, key: str, hour: datetime, local: datetime
) -> float | None:
    """Return the price of a tariff in EUR, per what is below the line of its unit."""
    price = tariff.price
    money = _MONEY[price["unit"].partition("/")[0]]
    charged = _without_surcharges(price, key, hour, local)
    if charged is None:
        return None
    for each in tariff.costs.get("surcharges", []):
        if _is_within(each, local) and _is_at(each, local):
            amount = each["amount"]
            is_part = each["type"] == "percent"
            charged += charged * amount / 100 if is_part else amount * money
    return charged


def _without_surcharges(
    price: Fields, key: str, hour: datetime, local: datetime
) -> float | None:
    """Return the price of an hour in EUR, before surcharges."""
    money, _, below = price["unit"].partition("/")
    if "sensor" in price:
        found = price_at(hour)
        return None if found is None else found * _size(below) / _size(UNIT[4:])
    if "price_1" in price:
        found = price[f"price_{key[-1]}"]
    else:
        rules: Iterable[Fields] = price.get("rules", ())
        found = next((r["price"] for r in rules if _is_at(r, local)), price["price"])
    return float(found) * _MONEY[money]


def _factor(price: Fields, unit: str) -> float:
    """Return how many of the units below a tariff's line one unit of a meter is."""
    below = price["unit"].partition("/")[2]
    factor = _size(unit) / _size(below)
    if unit in _ENERGY and below in _VOLUME:
        return factor / float(price["heating_value"])
    if unit in _VOLUME and below in _ENERGY:
        return factor * float(price["heating_value"])
    return factor


def _size(unit: str) -> float:
    """Return the size of a unit in kWh or m³."""
    return {**_ENERGY, **_VOLUME}[unit]


def _is_within(dates: Fields, local: datetime) -> bool:
    """Return True if a local time is between the dates of a form."""
    written = local.strftime("%Y-%m-%d %H:%M:%S")
    begin, end = dates.get("valid_from", ""), dates.get("valid_to", "9")
    return bool(begin <= written < end)


def _is_at(rule: Fields, local: datetime) -> bool:
    """Return True if a local time is in the months, weekdays and hours of a rule."""
    months, days = rule.get("months"), rule.get("weekdays")
    first, last = rule.get("from_hour", 0), rule.get("to_hour", 24)
    return (
        (not months or str(local.month) in months)
        and (not days or _DAYS[local.weekday()] in days)
        and bool(first <= local.hour < last)
    )
