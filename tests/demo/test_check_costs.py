"""A wrong cost is found, and the number of hours without a price is right."""

from datetime import UTC, datetime, timedelta

import pytest

from demo.check_costs import ComparedCost, compare, true_prices_of, wrong_days

START = datetime(2026, 11, 1, tzinfo=UTC)
HOURS = [START + timedelta(hours=number) for number in range(48)]
AMOUNTS = dict.fromkeys(HOURS, 2.0)
UNPRICED = HOURS[10]
COSTS = {hour: 0.5 for hour in HOURS if hour != UNPRICED}


def price_at(hour: datetime) -> float | None:
    """Return the price of an hour; one has none."""
    return None if hour == UNPRICED else 0.25


def compared(
    costs: dict[datetime, float], amounts: dict[datetime, float] = AMOUNTS
) -> ComparedCost:
    """Return the comparison with a meter that really counted 2 in each hour."""
    return compare("id", amounts, costs, price_at, lambda start, end: 2.0)


def test_right_costs_are_right() -> None:
    found = compared(COSTS)
    assert found.is_right
    assert (found.hours, found.unpriced, found.wrong) == (47, 1, 0)
    # The first hour began before the first reading.
    assert found.total == pytest.approx(46 * 0.5)


@pytest.mark.parametrize(
    "costs",
    [
        {},
        {**COSTS, HOURS[5]: 0.5002},
        {**COSTS, UNPRICED: 0.5},
        {hour: cost for hour, cost in COSTS.items() if hour != HOURS[5]},
        {**COSTS, START - timedelta(hours=1): 0.5},
    ],
    ids=["none", "another", "invented", "missing", "of no amount"],
)
def test_wrong_costs_are_found(costs: dict[datetime, float]) -> None:
    assert not compared(costs).is_right


def test_costs_of_wrong_amounts_are_found() -> None:
    """Each hour is its amount times its price, but the meter counted something else."""
    amounts = dict.fromkeys(HOURS, 3.0)
    found = compared(dict.fromkeys(COSTS, 0.75), amounts)
    assert found.wrong == 0
    assert not found.is_right


def test_an_hour_that_is_only_estimated_is_not_part_of_the_total() -> None:
    found = compare("id", AMOUNTS, COSTS, price_at, lambda start, end: None)
    assert found.is_right
    assert found.total == found.true_total == 0


def test_wrong_days_are_found() -> None:
    """Local midnights are at 22 or 23 o'clock, by the season."""
    prices = true_prices_of("bemserver")
    first = datetime(2026, 10, 23, 22, tzinfo=UTC)
    days = [first, first + timedelta(days=1), first + timedelta(days=2, hours=1)]
    costs = dict.fromkeys(days, 0.85)
    assert wrong_days(costs, prices) == []
    assert wrong_days({**costs, days[1]: 0.84}, prices) == [days[1]]
    assert wrong_days({**costs, days[1]: 0.0}, prices) == [days[1]]
    noon = first + timedelta(hours=12)
    assert wrong_days({**costs, noon: 0.85}, prices) == [noon]
