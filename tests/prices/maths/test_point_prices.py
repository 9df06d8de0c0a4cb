"""What an hour of a point costs."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.metering_hub.metering.model import PricePeriod
from custom_components.metering_hub.prices.maths.cost_parts import cost_parts
from custom_components.metering_hub.prices.maths.point_prices import (
    PointPrices,
    PricePart,
)
from custom_components.metering_hub.prices.maths.series import PriceSeries
from custom_components.metering_hub.prices.maths.tariff import (
    Base,
    FixedPrice,
    RegisterPrice,
    Rule,
    SourcePrice,
    Surcharge,
    TimedPrice,
    When,
)

from .tariffs import (
    AMSTERDAM,
    AUTUMN,
    HOUR,
    NOON,
    SPRING,
    amounts,
    point,
    prices,
    random_prices,
    random_series,
    tariff,
)

MINUTE = timedelta(minutes=1)


def timed(*rules: tuple[When, float], otherwise: float | None = None) -> TimedPrice:
    return TimedPrice(
        rules=tuple(Rule(when=when, price=price) for when, price in rules),
        otherwise=otherwise,
    )


def local_day(day: date, zone: ZoneInfo, found: PointPrices) -> list[float | None]:
    """Return the prices of the hours of a local day."""
    start = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    following = day + timedelta(days=1)
    end = datetime(
        following.year, following.month, following.day, tzinfo=zone
    ).astimezone(UTC)
    return [found.at(start + n * HOUR) for n in range((end - start) // HOUR)]


def test_surcharges_are_added_in_their_order() -> None:
    tax = Surcharge(amount=20, is_percent=True)
    fee = Surcharge(amount=0.1)
    for surcharges, price in (((fee, tax), 0.42), ((tax, fee), 0.40)):
        found = prices([tariff(surcharges=surcharges)])
        assert found.at(NOON) == pytest.approx(price)


def test_per_cent_of_a_negative_sum_make_it_more_negative() -> None:
    tax = Surcharge(amount=20, is_percent=True)
    found = prices([tariff(price=FixedPrice(price=-0.1), surcharges=(tax,))])
    assert found.at(NOON) == pytest.approx(-0.12)


def test_per_cent_are_taken_of_per_cent() -> None:
    twice = (Surcharge(amount=10, is_percent=True),) * 2
    assert prices([tariff(surcharges=twice)]).at(NOON) == pytest.approx(0.25 * 1.21)


def test_a_surcharge_applies_from_its_start_to_before_its_end() -> None:
    fee = Surcharge(amount=1, start=NOON, end=NOON + 2 * HOUR)
    found = prices([tariff(surcharges=(fee,))])
    assert [found.at(NOON + n * HOUR) for n in range(-1, 3)] == [
        *(0.25, 1.25, 1.25, 0.25)
    ]


def test_hours_over_midnight_are_those_of_both_days() -> None:
    night = When(start=22, end=6)
    found = prices([tariff(price=timed((night, 1), otherwise=2))])
    assert local_day(date(2025, 1, 15), AMSTERDAM, found) == [
        *([1] * 6 + [2] * 16 + [1] * 2)
    ]


def test_the_weekday_is_that_of_the_hour_after_midnight_too() -> None:
    friday_night = When(weekdays=frozenset({4}), start=22, end=6)
    found = prices([tariff(price=timed((friday_night, 1), otherwise=2))])
    friday, saturday = date(2025, 1, 17), date(2025, 1, 18)
    assert local_day(friday, AMSTERDAM, found) == [1] * 6 + [2] * 16 + [1] * 2
    assert local_day(saturday, AMSTERDAM, found) == [2] * 24


def test_equal_hours_are_all_hours() -> None:
    found = prices([tariff(price=timed((When(start=7, end=7), 1), otherwise=2))])
    assert local_day(date(2025, 1, 15), AMSTERDAM, found) == [1] * 24


@pytest.mark.parametrize("are_sundays", [True, False])
def test_a_holiday_is_a_sunday_if_the_tariff_says_so(are_sundays: bool) -> None:
    easter_monday = date(2025, 4, 21)
    price = timed((When(weekdays=frozenset({6})), 1), otherwise=2)
    found = prices(
        [tariff(price=price, are_holidays_sundays=are_sundays)],
        holidays=[easter_monday],
    )
    assert {*local_day(easter_monday, AMSTERDAM, found)} == {1 if are_sundays else 2}


def test_a_day_of_23_or_25_hours_has_as_many_prices() -> None:
    when = When(start=2, end=3)
    found = prices([tariff(price=timed((when, 1), otherwise=2))])
    spring = local_day(date(2025, 3, 30), AMSTERDAM, found)
    autumn = local_day(date(2025, 10, 26), AMSTERDAM, found)
    assert spring == [2] * 23
    assert autumn == [2, 2, 1, 1, *[2] * 21]


@pytest.mark.parametrize("zone", ["Europe/Amsterdam", "Asia/Kolkata"])
def test_a_series_has_the_price_of_its_hour_in_every_zone(zone: str) -> None:
    series = {("a", Base.ENERGY): PriceSeries(prices={NOON.timestamp(): 0.2})}
    found = prices(
        [tariff(price=SourcePrice(source="a"))], ZoneInfo(zone), series=series
    )
    assert [found.at(NOON + n * HOUR) for n in (-1, 0, 1)] == [None, 0.2, None]
    assert found.price(NOON + 59 * MINUTE) == 0.2


def test_a_zone_that_is_half_an_hour_off_has_two_prices_in_an_hour() -> None:
    zone = ZoneInfo("Asia/Kolkata")
    found = prices([tariff(price=timed((When(start=18), 1), otherwise=2))], zone)
    assert [found.at(NOON + n * HOUR) for n in (-1, 0, 1)] == [2, 1.5, 1]


def test_a_tariff_of_half_an_hour_leaves_the_hour_unpriced() -> None:
    start = NOON + 30 * MINUTE
    found = prices([tariff(start=start)], ZoneInfo("Asia/Kolkata"))
    assert [found.at(NOON + n * HOUR) for n in (0, 1)] == [None, 0.25]


def test_chosen_points_go_before_roles_and_then_the_later_beginning() -> None:
    old = tariff("old", price=FixedPrice(price=1))
    new = replace(old, key="new", start=NOON, price=FixedPrice(price=2))
    own = replace(
        old,
        key="own",
        role=None,
        points=frozenset({"import"}),
        end=NOON - HOUR,
        price=FixedPrice(price=3),
    )
    found = prices([old, new, own])
    assert [found.at(NOON + n * HOUR) for n in range(-2, 1)] == [3, 1, 2]


def test_what_a_valid_tariff_has_no_price_for_has_none() -> None:
    """Neither an older tariff nor the server fills the hour."""
    hole = tariff("hole", start=NOON, price=timed((When(start=0, end=1), 1)))
    period = PricePeriod(start=NOON - HOUR, end=NOON + 9 * HOUR, prices={"import": 0.5})
    found = prices([tariff("old"), hole], periods=[period])
    assert [found.at(NOON - HOUR), found.at(NOON)] == [0.25, None]
    assert prices([hole], periods=[period]).at(NOON) is None
    assert prices([hole], periods=[period]).at(NOON - HOUR) == 0.5


def test_the_server_prices_what_no_tariff_is_valid_for() -> None:
    periods = [
        PricePeriod(start=NOON, end=NOON + HOUR, prices={"import": 0.5}),
        PricePeriod(start=NOON + HOUR, end=NOON + 2 * HOUR, prices={"other": 0.6}),
        PricePeriod(start=NOON + 3 * HOUR, end=NOON + 4 * HOUR, prices={"import": 0}),
    ]
    found = prices(periods=periods)
    assert [found.at(NOON + n * HOUR) for n in range(-1, 5)] == [
        *(None, 0.5, None, None, 0, None)
    ]


def test_a_register_has_the_price_of_its_number() -> None:
    registers = [tariff(price=RegisterPrice(prices={1: 0.2, 2: 0.3}))]
    found = {
        number: prices(registers, of=point(tariff_number=number)).at(NOON)
        for number in (1, 2, 3, None)
    }
    assert found == {1: 0.2, 2: 0.3, 3: None, None: None}


def test_a_series_that_is_not_loaded_has_no_price() -> None:
    assert prices([tariff(price=SourcePrice(source="a"))]).at(NOON) is None


def test_a_tariff_without_a_factor_cannot_price_a_point() -> None:
    found = replace(prices([tariff()]), factors={})
    assert found.at(NOON) is None
    assert found.parts_at(NOON) is None


def test_parts_are_told_apart_by_tariff_and_number() -> None:
    surcharges = (
        Surcharge(amount=0.05),
        Surcharge(amount=10, is_percent=True),
        Surcharge(amount=9, when=When(start=1, end=2)),
    )
    found = prices([tariff("own", start=NOON, surcharges=surcharges)], factor=1000)
    assert found.parts_at(NOON) == {
        PricePart("own", 0): pytest.approx(250),
        PricePart("own", 1): pytest.approx(50),
        PricePart("own", 2): pytest.approx(30),
        PricePart("own", 3): 0,
    }
    period = PricePeriod(start=NOON - HOUR, end=NOON, prices={"import": 0.5})
    assert replace(found, periods=[period]).parts_at(NOON - HOUR) == {PricePart(): 0.5}


def test_a_tariff_is_alone_in_the_hours_that_no_other_has_a_part_of() -> None:
    first, second = tariff("1", end=NOON + 30 * MINUTE), tariff("2", start=NOON)
    found = prices([first, second], ZoneInfo("Asia/Kolkata"))
    early = [found.is_priced_by(first, NOON + n * HOUR) for n in (-1, 0, 1)]
    late = [found.is_priced_by(second, NOON + n * HOUR) for n in (-1, 0, 1)]
    assert (early, late) == ([True, False, False], [False, True, True])
    halves = prices([replace(second, start=NOON + 30 * MINUTE)], found.calendar.zone)
    assert not halves.is_priced_by(second, NOON)


def test_hours_without_an_amount_are_not_unpriced() -> None:
    hours = [(NOON + n * HOUR, amount) for n, amount in enumerate((2, 0, 3, 0))]
    found = cost_parts(hours, prices([tariff(end=NOON + 2 * HOUR)]))
    assert (found.cost, found.amount) == (0.5, 2)
    assert found.unpriced == [NOON + 2 * HOUR]


@given(random_prices(), st.lists(amounts, min_size=96, max_size=96))
def test_a_span_costs_the_sum_of_its_hours_and_of_its_parts(
    drawn: tuple[datetime, PointPrices], used: list[float]
) -> None:
    start, found = drawn
    hours = [(start + n * HOUR, amount) for n, amount in enumerate(used)]
    cost, priced, unpriced = 0.0, 0.0, []
    for hour, amount in hours:
        price = found.at(hour)
        if price is not None:
            cost += amount * price
            priced += amount
        elif amount:
            unpriced.append(hour)
    parts = cost_parts(hours, found)
    assert parts.cost == pytest.approx(cost, abs=1e-6)
    assert parts.unpriced == unpriced
    assert parts.amount == pytest.approx(priced)


@given(random_prices())
def test_an_hour_has_the_mean_price_of_its_minutes(
    drawn: tuple[datetime, PointPrices],
) -> None:
    start, found = drawn
    for hour in (start + n * HOUR for n in range(20, 60)):
        minutes = [found.price(hour + n * 5 * MINUTE) for n in range(12)]
        known = [price for price in minutes if price is not None]
        if len(known) < len(minutes):
            assert found.at(hour) is None
        else:
            assert found.at(hour) == pytest.approx(sum(known) / 12, abs=1e-9)


@given(random_prices(), st.randoms(use_true_random=False))
def test_the_order_in_which_tariffs_are_given_does_not_matter(
    drawn: tuple[datetime, PointPrices], random: Random
) -> None:
    start, found = drawn
    given_tariffs = [*found.tariffs]
    random.shuffle(given_tariffs)
    other = replace(found, tariffs=prices(given_tariffs).tariffs)
    hours = [start + n * HOUR for n in range(96)]
    assert [found.at(hour) for hour in hours] == [other.at(hour) for hour in hours]


@given(st.sampled_from((SPRING, AUTUMN)), st.data())
def test_holes_leave_exactly_their_hours_unpriced(
    start: datetime, data: st.DataObject
) -> None:
    series = data.draw(random_series(start))
    found = prices(
        [tariff(price=SourcePrice(source="a"))], series={("a", Base.ENERGY): series}
    )
    for hour in (start + n * HOUR for n in range(96)):
        is_known = hour.timestamp() in series.prices
        assert (found.at(hour) is not None) is is_known
