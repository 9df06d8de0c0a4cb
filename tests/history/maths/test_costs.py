"""Costs of hours and days."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.metering_hub.history.maths.costs import (
    PriceAt,
    daily_costs,
    hour_costs,
    running_costs,
)
from custom_components.metering_hub.history.maths.rows import Row
from custom_components.metering_hub.metering.model import PricePeriod
from custom_components.metering_hub.prices.maths.fixed_costs import fixed_cost_at
from custom_components.metering_hub.prices.maths.point_prices import server_price

from ..cost_rows import cost_rows
from .readings import HOUR, START, clock_elsewhere

__all__ = ["clock_elsewhere"]

DAY = timedelta(days=1)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def energy(*running: tuple[int, float]) -> list[Row]:
    """Return rows of (hour after START, running sum)."""
    return [Row(start=START + hour * HOUR, state=0, sum=sum_) for hour, sum_ in running]


def price(first: int, end: int, each: float, key: str = "low") -> PricePeriod:
    return PricePeriod(
        start=START + first * HOUR, end=START + end * HOUR, prices={key: each}
    )


def at(*periods: PricePeriod) -> PriceAt:
    """Return the prices of a point in these periods."""
    return lambda hour: server_price(periods, "low", hour)


def fixed_rows(
    periods: Sequence[PricePeriod],
    start: datetime,
    end: datetime,
    before: float,
    zone: ZoneInfo,
) -> list[Row]:
    """Return the rows of the fixed costs in these periods."""
    return running_costs(
        daily_costs(
            start, end, zone, lambda day: fixed_cost_at(day, zone, (), periods)
        ),
        before,
    )


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def daily(start: datetime, end: datetime, cost: float | None) -> PricePeriod:
    return PricePeriod(start=start, end=end, prices={}, fixed_daily=cost)


def test_an_hour_costs_its_change_by_the_price_of_its_start() -> None:
    rows = energy((0, 101), (1, 103), (2, 106))
    prices = [price(0, 1, 0.2), price(1, 9, 0.3)]
    assert cost_rows(rows, 100, 50, at(*prices)) == [
        Row(start=START, state=0.2, sum=50.2),
        Row(start=START + HOUR, state=0.6, sum=50.8),
        Row(start=START + 2 * HOUR, state=0.9, sum=51.7),
    ]


def test_hours_without_a_price_have_no_row() -> None:
    rows = energy((0, 1), (1, 2), (2, 3), (3, 4))
    prices = [price(-5, 1, 0.5), price(2, 3, 0.25)]
    assert cost_rows(rows, 0, 0, at(*prices)) == [
        Row(start=START, state=0.5, sum=0.5),
        Row(start=START + 2 * HOUR, state=0.25, sum=0.75),
    ]


def test_only_the_prices_of_the_point_count() -> None:
    assert cost_rows(energy((0, 1)), 0, 0, at(price(0, 9, 1, key="high"))) == []


def test_missing_hours_do_not_shift_the_change() -> None:
    rows = energy((0, 1), (5, 3))
    assert [row.state for row in cost_rows(rows, 0, 0, at(price(0, 9, 1)))] == [
        1,
        2,
    ]


def test_a_negative_price_pays() -> None:
    (row,) = cost_rows(energy((0, 2)), 0, 1, at(price(0, 1, -0.25)))
    assert (row.state, row.sum) == (-0.5, 0.5)


@given(st.lists(st.integers(0, 9000), min_size=1, max_size=30), st.data())
def test_costs_do_not_depend_on_batches(
    changes: list[int], data: st.DataObject
) -> None:
    rows: list[Row] = []
    total = 0.0
    for hour, change in enumerate(changes):
        total = round(total + change / 1000, 6)
        rows += energy((hour, total))
    prices = [price(0, 7, 0.21877), price(9, 20, 0.31), price(20, 99, -0.01)]
    cut = data.draw(st.integers(0, len(rows)))
    first = cost_rows(rows[:cut], 0, 0, at(*prices))
    cost_before = (first[-1].sum or 0.0) if first else 0.0
    before = (rows[cut - 1].sum or 0.0) if cut else 0.0
    second = cost_rows(rows[cut:], before, cost_before, at(*prices))
    assert first + second == cost_rows(rows, 0, 0, at(*prices))


def test_each_local_day_has_its_fixed_cost() -> None:
    start = midnight(date(2026, 10, 24), AMSTERDAM)
    end = midnight(date(2026, 10, 28), AMSTERDAM)
    rows = fixed_rows([daily(start, end, 0.5)], start, end, 10, AMSTERDAM)
    # The night of the 25th has an extra hour.
    assert [row.start for row in rows] == [
        datetime(2026, 10, day, hour, tzinfo=UTC)
        for day, hour in ((23, 22), (24, 22), (25, 23), (26, 23))
    ]
    assert [row.sum for row in rows] == [10.5, 11, 11.5, 12]
    assert {row.state for row in rows} == {0.5}


@pytest.mark.parametrize("shift", [-1, 0, 1])
def test_a_day_at_the_start_counts_and_a_day_at_the_end_does_not(
    shift: int,
) -> None:
    start = midnight(date(2026, 7, 1), AMSTERDAM)
    period = daily(start - 9 * DAY, start + 9 * DAY, 1)
    moved = start + shift * timedelta(seconds=1)
    rows = fixed_rows([period], moved, moved + DAY, 0, AMSTERDAM)
    assert [row.start for row in rows] == [start + DAY if shift == 1 else start]


@pytest.mark.usefixtures("clock_elsewhere")
def test_a_day_is_one_of_the_zone() -> None:
    """It is already the next day where the machine is."""
    honolulu = ZoneInfo("Pacific/Honolulu")
    start = midnight(date(2026, 7, 1), honolulu)
    rows = fixed_rows([daily(start, start + DAY, 1)], start, start + DAY, 0, honolulu)
    assert [row.start for row in rows] == [start]


@pytest.mark.parametrize(
    ("zone", "hour"),
    [("Asia/Kolkata", 18), ("Asia/Kathmandu", 18), ("America/St_Johns", 2)],
)
def test_a_midnight_within_a_utc_hour(zone: str, hour: int) -> None:
    start = datetime(2026, 7, 1, tzinfo=UTC)
    period = daily(start - DAY, start + 9 * DAY, 1)
    rows = fixed_rows([period], start, start + 2 * DAY, 0, ZoneInfo(zone))
    assert [row.start for row in rows] == [
        start + timedelta(hours=hour),
        start + DAY + timedelta(hours=hour),
    ]


@pytest.mark.parametrize(
    ("zone", "day", "days"),
    [
        # Midnight does not exist, exists twice, and a day does not exist.
        ("America/Sao_Paulo", date(2018, 11, 4), 3),
        ("America/Havana", date(2026, 11, 1), 3),
        ("Pacific/Apia", date(2011, 12, 30), 2),
    ],
)
def test_days_with_an_unusual_midnight_cost_once(
    zone: str, day: date, days: int
) -> None:
    there = ZoneInfo(zone)
    start, end = midnight(day - DAY, there), midnight(day + 2 * DAY, there)
    rows = fixed_rows([daily(start, end, 1)], start, end, 0, there)
    starts = [row.start for row in rows]
    assert len(set(starts)) == len(starts) == days


def test_days_without_a_fixed_cost_have_no_row() -> None:
    start = midnight(date(2026, 7, 1), AMSTERDAM)
    prices = [
        daily(start, start + DAY, 1),
        daily(start + DAY, start + 2 * DAY, None),
        daily(start + 3 * DAY, start + 4 * DAY, 2),
    ]
    rows = fixed_rows(prices, start, start + 9 * DAY, 0, AMSTERDAM)
    assert [(row.start, row.sum) for row in rows] == [(start, 1), (start + 3 * DAY, 3)]


def test_an_exchange_costs_nothing() -> None:
    """The change of an hour counts, not the position of the register."""
    rows = [
        Row(start=START, state=900.0, sum=100.0),
        Row(start=START + HOUR, state=3.0, sum=100.0),
        Row(start=START + 2 * HOUR, state=5.0, sum=102.0),
    ]
    costs = cost_rows(rows, 99, 0, at(price(0, 9, 0.5)))
    assert [row.state for row in costs] == [0.5, 0, 1]


def test_hours_with_an_amount_and_no_price_are_known() -> None:
    """An hour in which nothing was used lacks nothing."""
    rows = energy((0, 1), (1, 2), (2, 2), (3, 5))
    found = hour_costs(rows, 0, at(price(0, 1, 0.5)))
    assert found.costs == {START: 0.5}
    assert found.unpriced == [START + HOUR, START + 3 * HOUR]


def test_an_hour_without_a_sum_costs_nothing() -> None:
    """Those after it count from the sum before it."""
    rows = [*energy((0, 1)), Row(start=START + HOUR), *energy((2, 4))]
    found = hour_costs(rows, 0, at(price(0, 9, 0.5)))
    assert found.costs == {START: 0.5, START + 2 * HOUR: 1.5}
    assert found.unpriced == []


def test_a_cost_that_is_not_known_any_more_adds_nothing() -> None:
    assert running_costs({START + HOUR: 0.25, START: None}, 2.0) == [
        Row(start=START, state=None, sum=2.0),
        Row(start=START + HOUR, state=0.25, sum=2.25),
    ]
