"""What is charged for a day."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from custom_components.metering_hub.backends.common.times import local_midnight
from custom_components.metering_hub.metering.model import PricePeriod
from custom_components.metering_hub.prices.maths.fixed_costs import fixed_cost_at
from custom_components.metering_hub.prices.maths.tariff import Tariff, TariffRole

from .tariffs import AMSTERDAM, tariff

DAY = timedelta(days=1)
FEBRUARY = date(2025, 2, 1)
NOON = datetime(2025, 2, 1, 11, tzinfo=UTC)
SERVER = [
    PricePeriod(
        start=local_midnight(FEBRUARY, AMSTERDAM),
        end=local_midnight(date(2025, 3, 1), AMSTERDAM),
        prices={},
        fixed_daily=9,
    )
]


def cost(
    day: date, tariffs: Sequence[Tariff], periods: Sequence[PricePeriod] = ()
) -> float | None:
    return fixed_cost_at(local_midnight(day, AMSTERDAM), AMSTERDAM, tariffs, periods)


def test_a_month_is_shared_by_its_days() -> None:
    tariffs = [tariff(daily=0.5, monthly=31)]
    assert cost(date(2025, 1, 31), tariffs) == 1.5
    assert cost(FEBRUARY, tariffs) == pytest.approx(0.5 + 31 / 28)
    assert cost(date(2024, 2, 29), tariffs) == pytest.approx(0.5 + 31 / 29)


@pytest.mark.parametrize("day", [date(2025, 3, 30), date(2025, 10, 26)])
def test_a_day_of_23_or_25_hours_is_a_day(day: date) -> None:
    assert cost(day, [tariff(daily=0.5)]) == 0.5


def test_the_tariff_of_midnight_charges_the_day() -> None:
    tariffs = [
        tariff("old", daily=1, end=NOON),
        tariff("new", daily=2, start=NOON),
    ]
    assert [cost(FEBRUARY + n * DAY, tariffs) for n in range(2)] == [1, 2]


def test_each_role_charges_its_own() -> None:
    tariffs = [tariff("power", daily=1), tariff("gas", role=TariffRole.GAS, daily=2)]
    assert cost(FEBRUARY, tariffs) == 3


def test_a_replaced_tariff_charges_nothing() -> None:
    old, new = tariff("old", daily=1), tariff("new", daily=2, start=NOON)
    free = tariff("free", start=NOON + DAY)
    days = [FEBRUARY + n * DAY for n in range(3)]
    assert [cost(day, [old, new]) for day in days] == [1, 2, 2]
    assert [cost(day, [free, old, new]) for day in days] == [1, 2, None]


def test_a_tariff_for_points_charges_until_all_of_them_have_another_one() -> None:
    both = tariff("both", role=None, points=frozenset({"a", "b"}), daily=1)
    one = tariff("one", role=None, points=frozenset({"a"}), start=NOON, daily=2)
    other = tariff("other", role=None, points=frozenset({"b"}), start=NOON, daily=4)
    assert cost(FEBRUARY + DAY, [both, one]) == 3
    assert cost(FEBRUARY + DAY, [both, one, other]) == 6
    assert cost(FEBRUARY + DAY, [both, one, tariff("role", daily=8)]) == 11


def test_the_server_charges_a_day_without_fixed_costs_of_a_tariff() -> None:
    assert cost(FEBRUARY, [], SERVER) == 9
    assert cost(FEBRUARY, [tariff()], SERVER) == 9
    assert cost(FEBRUARY, [tariff(daily=1)], SERVER) == 1
    assert cost(date(2025, 3, 1), [tariff()], SERVER) is None
    assert cost(date(2025, 1, 31), [], SERVER) is None
