"""Comparable days: which there are, and the weights of hours from them."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.metering_hub.history.maths.comparable_days import (
    DayKind,
    DayKinds,
    hour_weights,
)

from .readings import clock_elsewhere

__all__ = ["clock_elsewhere"]

ZONE = ZoneInfo("Europe/Amsterdam")
DAYS = DayKinds(ZONE, {date(2026, 4, 6)})
HOUR = 3600.0


def at(day: date, hour: int, fold: int = 0) -> float:
    return datetime(
        day.year, day.month, day.day, hour, tzinfo=ZONE, fold=fold
    ).timestamp()


def changes(until: date, days: int) -> dict[float, float]:
    """Return changes by day and hour: day of the month + hour / 100."""
    found = {}
    for back in range(1, days + 1):
        day = until - timedelta(days=back)
        start = at(day, 0)
        while start < at(day + timedelta(days=1), 0):
            local = datetime.fromtimestamp(start, ZONE)
            found[start] = local.day + local.hour / 100
            start += HOUR
    return found


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (date(2026, 4, 3), DayKind.WORKDAY),
        (date(2026, 4, 4), DayKind.SATURDAY),
        (date(2026, 4, 5), DayKind.SUNDAY_OR_HOLIDAY),
        (date(2026, 4, 6), DayKind.SUNDAY_OR_HOLIDAY),
        (date(2026, 4, 7), DayKind.WORKDAY),
    ],
)
def test_the_kind_of_a_day(day: date, kind: DayKind) -> None:
    assert DayKinds(ZONE, {date(2026, 4, 6)}).kind(day) is kind


@pytest.mark.parametrize(
    ("day", "compared"),
    [
        (date(2026, 5, 20), (19, 18, 15)),
        (date(2026, 5, 18), (15, 14, 13)),
        (date(2026, 5, 23), (16, 9, 2)),
        (date(2026, 5, 24), (17, 10, 3)),
    ],
)
def test_the_latest_three_days_of_the_same_kind_are_compared(
    day: date, compared: tuple[int, int, int]
) -> None:
    first = at(day, 5)
    weights = hour_weights(DAYS, changes(day, 28), first, first + 2 * HOUR)
    mean = sum(compared) / 3
    assert weights == pytest.approx([mean + 0.05, mean + 0.06])


def test_an_hour_that_was_not_measured_is_not_compared() -> None:
    day = date(2026, 5, 20)
    known = changes(day, 28)
    del known[at(date(2026, 5, 19), 5)]
    weights = hour_weights(DAYS, known, at(day, 5), at(day, 7))
    mean = (18 + 15 + 14) / 3
    assert weights == pytest.approx([mean + 0.05, (19 + 18 + 15) / 3 + 0.06])


def test_two_days_are_enough_and_one_is_not() -> None:
    monday = date(2026, 5, 18)
    first, end = at(monday, 0), at(monday, 3)
    assert hour_weights(DAYS, changes(monday, 4), first, end) is not None
    assert hour_weights(DAYS, changes(monday, 3), first, end) is None
    assert hour_weights(DAYS, {}, first, end) is None


def test_days_more_than_four_weeks_before_are_not_compared() -> None:
    day = date(2026, 5, 20)
    known = {
        start: 1.0 for start in changes(day, 40) if start < at(day, 0) - 29 * 86400
    }
    known[at(day, 0) - HOUR] = 1.0
    assert hour_weights(DAYS, known, at(day, 5), at(day, 6)) is None


def test_a_long_gap_is_compared_with_the_days_before_it() -> None:
    day = date(2026, 5, 20)
    known = {
        start: change
        for start, change in changes(day, 28).items()
        if start < at(date(2026, 5, 11), 0)
    }
    weights = hour_weights(DAYS, known, at(date(2026, 5, 11), 0), at(day, 1))
    assert weights is not None
    assert weights[-1] == pytest.approx((8 + 7 + 6) / 3)


@pytest.mark.usefixtures("clock_elsewhere")
def test_only_days_up_to_the_latest_hour_before_a_gap_are_compared() -> None:
    """It was measured late on the 19th; the oldest day is four weeks before its day."""
    known = {
        at(date(2026, 4, 21), 5): 99.0,
        at(date(2026, 4, 22), 5): 1.0,
        at(date(2026, 4, 23), 5): 2.0,
        at(date(2026, 5, 19), 23): 99.0,
        at(date(2026, 5, 20), 5): 99.0,
    }
    first = at(date(2026, 5, 20), 5)
    assert hour_weights(DayKinds(ZONE, ()), known, first, first + HOUR) == [1.5]


def test_no_weight_is_negative() -> None:
    day = date(2026, 5, 20)
    known = dict.fromkeys(changes(day, 28), -1.0)
    assert hour_weights(DAYS, known, at(day, 5), at(day, 6)) == [0.0]


def test_the_hour_that_a_day_in_spring_lacks_is_not_compared() -> None:
    # On 29 March 2 o'clock is left out; the Sundays before it count.
    day = date(2026, 4, 5)
    weights = hour_weights(DAYS, changes(day, 28), at(day, 1), at(day, 4))
    expected = [(29 + 22 + 15) / 3 + 0.01, (22 + 15 + 8) / 3 + 0.02]
    assert weights == pytest.approx([*expected, (29 + 22 + 15) / 3 + 0.03])


def test_the_hour_that_an_autumn_day_repeats_is_compared_twice() -> None:
    day = date(2026, 10, 25)
    weights = hour_weights(DAYS, changes(day, 28), at(day, 1), at(day, 4))
    mean = (18 + 11 + 4) / 3
    assert weights == pytest.approx([mean + each for each in (0.01, 0.02, 0.02, 0.03)])


def test_of_an_hour_that_comes_twice_the_first_is_compared() -> None:
    day, autumn = date(2026, 11, 1), date(2026, 10, 25)
    known = changes(day, 28) | {at(autumn, 2): 5.0, at(autumn, 2, fold=1): 99.0}
    weights = hour_weights(DAYS, known, at(day, 2), at(day, 3))
    assert weights == pytest.approx([(5.0 + 18.02 + 11.02) / 3])
