"""Turn energy contracts into periods in which every price is constant.

Source: docs/wire/dsmr_reader.md, Contracts.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from itertools import pairwise

from ...metering.model import PricePeriod
from ..common.times import local_midnight
from .client import DsmrReaderClient
from .models import Contract, ExtraDevice

_DAY = timedelta(days=1)
_FIXED = "fixed_daily_cost"
_ELECTRICITY_PRICES = {
    f"electricity_{direction}_{number}_price": f"electricity_{direction}_{number}"
    for direction in ("delivered", "returned")
    for number in ("1", "2")
}


async def fetch_prices(
    client: DsmrReaderClient,
    start: datetime,
    end: datetime,
    zone: tzinfo,
    extra: ExtraDevice | None,
) -> list[PricePeriod]:
    """Fetch the prices of the local days in [start, end), oldest first."""
    if end <= start:
        return []
    first = start.astimezone(zone).date()
    last = (end - timedelta(microseconds=1)).astimezone(zone).date()
    contracts = await client.contracts(first, last)
    names = dict(_ELECTRICITY_PRICES)
    if extra is ExtraDevice.GAS:
        names["gas_price"] = ExtraDevice.GAS.value
    edges = {first, last + _DAY}
    for contract in contracts:
        edges |= {contract.start, contract.end + _DAY}
    days = sorted(day for day in edges if first <= day <= last + _DAY)
    periods = (
        _period(contracts, begin, stop, zone, names) for begin, stop in pairwise(days)
    )
    return [period for period in periods if period is not None]


def combined_price(
    contracts: Sequence[Contract], name: str
) -> tuple[Decimal, Contract] | None:
    """Return the one price that contracts of the same day agree on, with its contract.

    Contracts may overlap (one for electricity, one for gas), each with zeros for what
    it does not cover. If two have different prices, there is no price.
    """
    priced = {
        contract.prices[name]: contract
        for contract in contracts
        if name in contract.prices
    }
    prices: Mapping[Decimal, Contract] = {
        price: contract for price, contract in priced.items() if price
    } or priced
    return next(iter(prices.items())) if len(prices) == 1 else None


def _period(
    contracts: Sequence[Contract],
    begin: date,
    stop: date,
    zone: tzinfo,
    names: Mapping[str, str],
) -> PricePeriod | None:
    """Return the prices of [begin, stop), during which no contract begins or ends.

    A price of zero is left out, because it usually means that a contract does not cover
    something; and for anything that is free, no price gives the same cost.
    """
    valid = [each for each in contracts if each.start <= begin <= each.end]
    prices = {key: _price(valid, name) for name, key in names.items()}
    found = {key: price for key, price in prices.items() if price}
    fixed = _price(valid, _FIXED)
    if not found and not fixed:
        return None
    return PricePeriod(
        start=local_midnight(begin, zone),
        end=local_midnight(stop, zone),
        prices=found,
        fixed_daily=fixed or None,
    )


def _price(contracts: Sequence[Contract], name: str) -> float | None:
    """Return the price that contracts of the same day agree on."""
    price = combined_price(contracts, name)
    return float(price[0]) if price else None
