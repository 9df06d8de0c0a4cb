"""What the golden contracts cost in a year, worked out twice."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
import re
from zoneinfo import ZoneInfo

import pytest

from custom_components.metering_hub.backends.common.times import local_midnight
from custom_components.metering_hub.metering.model import Kind, Point, Quantity, Role
from custom_components.metering_hub.prices.maths.calendar import Calendar
from custom_components.metering_hub.prices.maths.cost_parts import cost_parts
from custom_components.metering_hub.prices.maths.series import PriceSeries
from custom_components.metering_hub.prices.maths.tariff import Base
from custom_components.metering_hub.prices.price_book import Prices
from custom_components.metering_hub.prices.stored import read_tariff

from .work_out import CONTRACTS, answer

HOUR = timedelta(hours=1)
CENT = 0.01

QUANTITIES = {
    "import": (Role.GRID_DELIVERED, Quantity.ENERGY),
    "export": (Role.GRID_RETURNED, Quantity.ENERGY),
    "gas": (Role.GAS, Quantity.GAS),
    "water": (Role.WATER, Quantity.WATER),
    "heat": (None, Quantity.HEAT),
}

type Contract = dict


def point_of(meter: dict) -> Point:
    role, quantity = QUANTITIES[meter["tariff_role"]]
    return Point(
        key=meter["key"],
        device_key="home",
        quantity=quantity,
        kind=Kind.REGISTER,
        unit=meter["unit"],
        role=role,
        has_history=True,
        tariff_number=meter.get("tariff_number"),
    )


def year_of(contract: Contract) -> tuple[datetime, datetime]:
    zone = ZoneInfo(contract["zone"])
    year = contract["year"]
    return local_midnight(date(year, 1, 1), zone), local_midnight(
        date(year + 1, 1, 1), zone
    )


def series_of(source: dict, start: datetime, end: datetime) -> PriceSeries:
    hours = range(int(start.timestamp()) // 3600, int(end.timestamp()) // 3600 + 1)
    return PriceSeries(
        prices={
            hour * 3600: ((hour * 104729 + source["seed"]) % 4001 - source["below"])
            / 10000
            for hour in hours
            if not source["hole"] or hour % source["hole"]
        },
    )


def prices_of(contract: Contract) -> Prices:
    zone, currency = ZoneInfo(contract["zone"]), contract["currency"]
    tariffs = [
        read_tariff(str(number), data["name"], data, zone, currency)
        for number, data in enumerate(contract["tariffs"])
    ]
    assert None not in tariffs
    return Prices(
        currency=currency,
        calendar=Calendar(
            zone=zone, holidays=frozenset(map(date.fromisoformat, contract["holidays"]))
        ),
        tariffs=[tariff for tariff in tariffs if tariff],
        series={
            (name, base): series_of(source, *year_of(contract))
            for name, source in contract["sources"].items()
            for base in Base
        },
    )


def hours_of(contract: Contract, meter: dict) -> list[tuple[datetime, float]]:
    """Return the amounts of the whole UTC hours in the local year."""
    start, end = year_of(contract)
    first = -(-int(start.timestamp()) // 3600)
    return [
        (
            datetime.fromtimestamp(hour * 3600, UTC),
            (hour * 7919 + meter["seed"]) % 1000 / 1000 * float(meter["most"]),
        )
        for hour in range(first, int(end.timestamp()) // 3600)
    ]


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_year_is_worked_out_again(name: str) -> None:
    assert answer(CONTRACTS[name]) == CONTRACTS[name]["expected"]


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_year_costs_what_was_worked_out(name: str) -> None:
    contract = CONTRACTS[name]
    prices, expected = prices_of(contract), contract["expected"]
    for meter in contract["meters"]:
        point_prices = prices.of(point_of(meter))
        assert point_prices
        hours = hours_of(contract, meter)
        found = cost_parts(hours, point_prices)
        cost = float(expected["cost"][meter["key"]])
        assert found.cost == pytest.approx(cost, abs=CENT)
        assert len(found.unpriced) == expected["unpriced"][meter["key"]]
        by_hour = [(point_prices.at(hour), amount) for hour, amount in hours]
        assert sum(
            price * amount for price, amount in by_hour if price is not None
        ) == pytest.approx(cost, abs=CENT)


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_year_has_the_fixed_costs_that_were_worked_out(name: str) -> None:
    contract = CONTRACTS[name]
    prices, zone = prices_of(contract), ZoneInfo(contract["zone"])
    days = (date(contract["year"], 1, 1) + timedelta(days=n) for n in range(366))
    costs = [
        prices.fixed_cost(local_midnight(day, zone))
        for day in days
        if day.year == contract["year"]
    ]
    total = sum(cost for cost in costs if cost is not None)
    assert total == pytest.approx(float(contract["expected"]["fixed"]), abs=CENT)


def test_there_are_contracts_of_all_kinds() -> None:
    tariffs = [each for contract in CONTRACTS.values() for each in contract["tariffs"]]
    assert len(CONTRACTS) >= 20
    assert {each["applies_to"] for each in tariffs} == {*QUANTITIES, "meters"}
    assert {each["price_type"] for each in tariffs} == {
        *("fixed", "timed", "registers", "sensor")
    }


def test_the_work_is_independent() -> None:
    text = Path(__file__).with_name("work_out.py").read_text("utf-8")
    imported = re.findall(r"^\s*(?:from|import) (\w+)", text, re.MULTILINE)
    assert {*imported} == {
        *("datetime", "decimal", "json", "pathlib", "sys", "zoneinfo")
    }
