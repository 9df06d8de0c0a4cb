"""Energy supplier contracts and rounding of money."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """A contract valid from `start` to `end`, both included.

    Prices are EUR/kWh and EUR/m³, the fixed cost is EUR per day, as decimal strings
    with six decimals.

    Source: docs/wire/dsmr_reader.md, Contracts.
    """

    start: date
    end: date
    description: str = ""
    electricity_delivered_1_price: str = "0.000000"
    electricity_delivered_2_price: str = "0.000000"
    gas_price: str = "0.000000"
    electricity_returned_1_price: str = "0.000000"
    electricity_returned_2_price: str = "0.000000"
    fixed_daily_cost: str = "0.000000"


PRICE_FIELDS = (
    "electricity_delivered_1_price",
    "electricity_delivered_2_price",
    "gas_price",
    "electricity_returned_1_price",
    "electricity_returned_2_price",
    "fixed_daily_cost",
)


@dataclass(frozen=True, slots=True)
class DayPrices:
    """The prices of one day, combined from the contracts of that day."""

    electricity_delivered_1_price: Decimal = Decimal(0)
    electricity_delivered_2_price: Decimal = Decimal(0)
    gas_price: Decimal = Decimal(0)
    electricity_returned_1_price: Decimal = Decimal(0)
    electricity_returned_2_price: Decimal = Decimal(0)
    fixed_daily_cost: Decimal = Decimal(0)

    def electricity(self, tariff: int) -> tuple[Decimal, Decimal]:
        """Return the prices of a kWh delivered and returned at tariff 1 or 2."""
        if tariff == 1:
            return self.electricity_delivered_1_price, self.electricity_returned_1_price
        return self.electricity_delivered_2_price, self.electricity_returned_2_price


def default_contracts(year: int) -> list[Contract]:
    """Return the contracts of last year and of this year."""
    return [
        Contract(
            start=date(year - 1, 1, 1),
            end=date(year - 1, 12, 31),
            description=f"Oude Leverancier {year - 1}",
            electricity_delivered_1_price="0.310000",
            electricity_delivered_2_price="0.330000",
            gas_price="1.450000",
            electricity_returned_1_price="0.310000",
            electricity_returned_2_price="0.330000",
            fixed_daily_cost="0.350000",
        ),
        Contract(
            start=date(year, 1, 1),
            end=date(year, 12, 31),
            description=f"Testleverancier {year}",
            electricity_delivered_1_price="0.241530",
            electricity_delivered_2_price="0.262710",
            gas_price="1.324560",
            electricity_returned_1_price="0.070000",
            electricity_returned_2_price="0.070000",
            fixed_daily_cost="0.412345",
        ),
    ]


def day_prices(contracts: Sequence[Contract], day: date) -> DayPrices | None:
    """Return the prices of a day, or None without a contract.

    Overlapping contracts are combined field by field: a price that only one of them has
    counts, a collision results in 0.

    Source: docs/wire/dsmr_reader.md, Contracts.
    """
    valid = [
        contract for contract in contracts if contract.start <= day <= contract.end
    ]
    if not valid:
        return None
    prices = {}
    for field in PRICE_FIELDS:
        found = [Decimal(getattr(contract, field)) for contract in valid]
        positive = [price for price in found if price > 0]
        prices[field] = positive[0] if len(positive) == 1 else Decimal(0)
        if len(valid) == 1:
            prices[field] = found[0]
    return DayPrices(**prices)


def cents(amount: Decimal) -> Decimal:
    """Round to two decimals, halves away from zero."""
    return amount.quantize(_CENT, ROUND_HALF_UP)
