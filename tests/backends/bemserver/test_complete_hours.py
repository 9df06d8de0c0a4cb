"""How many values a complete hour has, by the number of values of many hours."""

from itertools import chain, cycle, islice

import pytest

from custom_components.metering_hub.backends.bemserver.complete_hours import (
    CompleteHours,
)

HOUR, DAY, WEEK = 3600.0, 86400.0, 7 * 86400.0
START = 2900 * WEEK
SERIES = 1


def counts(
    *numbers: int, start: float = START, step: float = HOUR
) -> dict[float, float]:
    """Return numbers of values of consecutive hours, or days."""
    return {start + n * step: float(number) for n, number in enumerate(numbers)}


def partial(complete: CompleteHours, *numbers: int, start: float = START) -> list[int]:
    """Return which of consecutive hours are partial."""
    found = complete.partial_hours(SERIES, counts(*numbers, start=start))
    return [int((hour - start) / HOUR) for hour in found]


def test_hours_with_fewer_values_than_most() -> None:
    """An hour without values is none, and one with more values is complete."""
    assert partial(CompleteHours(), *[4] * 20, 2, 0, 5, 3, 4) == [20, 23]


@pytest.mark.parametrize("usual", [1, 2, 4, 60, 3600])
def test_any_interval(usual: int) -> None:
    assert partial(CompleteHours(), *[usual] * 30) == []


def test_few_hours_are_compared_with_those_before() -> None:
    """A check of the latest hours cannot say what is usual."""
    complete = CompleteHours()
    assert partial(complete, *[4] * 24) == []
    assert partial(complete, 2, 2, start=START + DAY) == [0, 1]


def test_few_hours_of_a_new_series() -> None:
    """The most frequent number, of several the highest."""
    assert partial(CompleteHours(), 2, 4) == [0]


def test_another_interval() -> None:
    """Values every quarter of an hour become hourly ones, and finer ones later."""
    complete = CompleteHours()
    assert partial(complete, *[4] * 168, *[1] * 168, *[12] * 168, 5) == [504]


def test_hours_of_which_values_are_often_lost() -> None:
    """No number is that of most hours, so what was known before holds."""
    complete = CompleteHours()
    assert partial(complete, *[4] * 168) == []
    lossy = [*islice(cycle([2, 3, 4, 2, 1]), 100)]
    expected = [n for n, count in enumerate(lossy) if count < 4]
    assert partial(complete, *lossy, start=START + WEEK) == expected
    assert partial(complete, *[4] * 50, start=START + 2 * WEEK) == []


def test_an_interval_that_does_not_divide_the_hour() -> None:
    """Of seven minutes, hours have eight or nine values."""
    times = range(0, 168 * 60, 7)
    numbers = [sum(n * 60 <= at < n * 60 + 60 for at in times) for n in range(168)]
    assert {*numbers} == {8, 9}
    assert partial(CompleteHours(), *numbers) == []
    numbers[50] = 6
    assert partial(CompleteHours(), *numbers) == [50]


def test_values_by_day_only() -> None:
    """Amounts of the sun are stored by day, and their hours are still complete."""
    day = [*[0] * 8, *[4] * 8, *[0] * 8]
    assert partial(CompleteHours(), *chain(day * 6), *day[:10], 3) == [154]


def lacking(complete: CompleteHours, *days: int) -> list[int]:
    """Return which of consecutive days may have a partial hour."""
    numbers = counts(*days, step=DAY)
    return [
        n
        for n, day in enumerate(numbers)
        if complete.may_lack_values(SERIES, numbers, day, day + DAY)
    ]


def test_days_with_fewer_values_than_usual() -> None:
    """Days without any value have no partial hour."""
    complete = CompleteHours()
    assert lacking(complete, 96, 0) == [0, 1]
    partial(complete, *[4] * 24)
    assert lacking(complete, 96, 96, 95, 0, 96, 97, 96, 40) == [2, 7]


def test_days_of_a_finer_interval_are_compared_with_others() -> None:
    """Although they have enough values for the interval of the past."""
    complete = CompleteHours()
    partial(complete, *[1] * 24)
    assert lacking(complete, *[24] * 7, 96, 96, 96, 90, 96) == [10]


def test_numbers_outlive_a_restart() -> None:
    complete, again = CompleteHours(), CompleteHours()
    partial(complete, *[4] * 24)
    again.restore(complete.remember())
    assert partial(again, 3) == [0]
    again.keep_only([2])
    assert again.remember() == {"complete": {}}


@pytest.mark.parametrize(
    "memory", [{}, {"complete": 3}, {"complete": {"x": 4, "1": -1}}]
)
def test_a_damaged_memory_is_ignored(memory: dict[str, object]) -> None:
    complete = CompleteHours()
    complete.restore(memory)  # type: ignore[arg-type]
    assert complete.remember() == {"complete": {}}
