"""Energy contracts as spans of time that each have one price of a thing."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import pairwise

from ...metering.model import PricePeriod
from ..errors import NotFoundError
from .client import DsmrReaderClient
from .latest import combined_price, local_midnight
from .models import Contract
from .telegram import ExtraDevice

_DAY = timedelta(days=1)
_FIXED = "fixed_daily_cost"
_ELECTRICITY_PRICES = {
    f"electricity_{direction}_{number}_price": f"electricity_{direction}_{number}"
    for direction in ("delivered", "returned")
    for number in ("1", "2")
}


async def read_prices(
    client: DsmrReaderClient,
    start: datetime,
    end: datetime,
    zone: tzinfo,
    extra: ExtraDevice | None,
) -> list[PricePeriod]:
    """Return the prices of the days in [start, end); servers before 5.3 have none."""
    if end <= start:
        return []
    first = start.astimezone(zone).date()
    last = (end - timedelta(microseconds=1)).astimezone(zone).date()
    try:
        contracts = await client.contracts(first, last)
    except NotFoundError:
        return []
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


def _period(
    contracts: Sequence[Contract],
    begin: date,
    stop: date,
    zone: tzinfo,
    names: dict[str, str],
) -> PricePeriod | None:
    """Return what days cost on which no contract begins or ends.

    A price of zero is left out: it stands for what a contract does not cover, and what
    really costs nothing needs no price.
    """
    valid = [each for each in contracts if each.start <= begin <= each.end]
    prices = {key: _price(valid, name) for name, key in names.items()}
    found = {key: price for key, price in prices.items() if price}
    fixed = _price(valid, _FIXED)
    if not found and not fixed:
        return None
    return PricePeriod(
        start=local_midnight(begin, zone).astimezone(UTC),
        end=local_midnight(stop, zone).astimezone(UTC),
        prices=found,
        fixed_daily=fixed or None,
    )


def _price(contracts: Sequence[Contract], name: str) -> float | None:
    price = combined_price(contracts, name)
    return float(price[0]) if price else None
