"""Hourly rows of measured values, as Home Assistant's own recorder has them."""

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.metering_hub.history.maths.instants import (
    InstantHours,
    hold_time,
)
from custom_components.metering_hub.history.maths.rows import Row
from custom_components.metering_hub.metering.model import Reading, Value
from homeassistant.components.sensor.recorder import _time_weighted_arithmetic_mean
from homeassistant.core import State

from .readings import (
    GAPS_MS,
    HOUR,
    LONG_AFTER,
    MILLISECOND,
    OFFSETS_MS,
    START,
    all_rows,
    hours_of,
    in_chunks,
    minute,
    reading,
    series,
)

DAY = timedelta(days=1)
TEN = timedelta(minutes=10)


def rows_of(
    *values: tuple[float, Value], interval: timedelta | None = None
) -> list[Row]:
    return all_rows(InstantHours(interval), series(*values))


def test_the_mean_is_weighted_by_time() -> None:
    assert rows_of((0, 10), (45, 20), (46, 30)) == [
        Row(start=START, mean=14.833333, min=10, max=30)
    ]


def test_the_value_held_at_the_start_of_the_hour_counts() -> None:
    """It counts for the mean, the minimum and the maximum."""
    rows = rows_of((58, 10), (75, 30))
    assert rows[1] == Row(start=START + HOUR, mean=25, min=10, max=30)


def test_a_value_replaced_at_the_start_of_the_hour_does_not_count() -> None:
    rows = rows_of((58, 10), (60, 20), (90, 30))
    assert rows[1] == Row(start=START + HOUR, mean=25, min=20, max=30)


@pytest.mark.parametrize(
    ("interval", "before", "mean", "lowest"),
    [
        (None, 0, 30, 30),
        (None, 5, (5 * 10 + 45 * 30) / 50, 10),
        (None, 15, (15 * 10 + 45 * 30) / 60, 10),
        (TEN, 30, 30, 30),
        (TEN, 35, (5 * 10 + 30 * 30) / 35, 10),
    ],
)
def test_a_value_is_held_for_an_hour_or_three_intervals(
    interval: timedelta | None, before: float, mean: float, lowest: float
) -> None:
    hours = InstantHours(interval)
    rows = hours.add(series((before, 10), (75, 30)), minute(120))
    row = Row(start=START + HOUR, mean=round(mean, 6), min=lowest, max=30)
    assert rows[-1] == row


def test_a_value_is_held_no_longer_than_three_intervals() -> None:
    rows = rows_of((0, 10), (50, 20), interval=timedelta(minutes=5))
    assert rows[0].mean == round((15 * 10 + 10 * 20) / 25, 6)


def test_an_hour_without_a_reading_has_a_row_while_a_value_is_held() -> None:
    """As Home Assistant's recorder has, until there is no value any more."""
    assert rows_of((59, 1), (200, 2))[:2] == [
        Row(start=START, mean=1, min=1, max=1),
        Row(start=START + HOUR, mean=1, min=1, max=1),
    ]
    assert hours_of(rows_of((59, 1), (200, 2))) == [0, 1, 3]
    assert hours_of(rows_of((60, 1), (200, 2))) == [1, 3]
    assert hours_of(rows_of((0, 1), (300, 2), interval=HOUR)) == [0, 1, 2, 5]


def test_a_held_value_has_no_row_in_the_future() -> None:
    hours = InstantHours(HOUR)
    assert hours_of(hours.add(series((10, 1)), minute(59))) == []
    assert hours_of(hours.open_hours(minute(60))) == [0]
    assert hours_of(hours.open_hours(minute(61))) == [0, 1]
    assert hours_of(hours.add([], minute(120))) == [0, 1]
    assert hours_of(hours.add([], minute(240))) == [2, 3]
    assert hours_of(hours.add([], minute(500))) == []


@pytest.mark.parametrize(
    ("shift", "hours"), [(-MILLISECOND, [0]), (0 * HOUR, [1]), (MILLISECOND, [1])]
)
def test_a_reading_at_the_edge_of_an_hour(shift: timedelta, hours: list[float]) -> None:
    readings = [Reading(time=START + HOUR + shift, value=5)]
    assert hours_of(all_rows(InstantHours(), readings)) == hours


@pytest.mark.parametrize("value", ["1", "", True, float("nan"), float("inf")])
def test_non_numeric_values_are_ignored(value: Value) -> None:
    assert rows_of((0, 5), (10, value)) == rows_of((0, 5))


@pytest.mark.parametrize("order", [1, -1])
def test_higher_of_two_values_at_the_same_time_counts(order: int) -> None:
    rows = all_rows(InstantHours(), series((0, 5), (0, 6))[::order])
    assert [row.mean for row in rows] == [6]


@pytest.mark.parametrize(("until", "count"), [(59.99, 0), (60, 1)])
def test_an_hour_is_final_at_its_end(until: float, count: int) -> None:
    hours = InstantHours()
    assert len(hours.add(series((0, 1), (30, 2)), minute(until))) == count
    assert len(hours.open_hours(minute(until))) == 1 - count


def test_no_row_is_in_the_future() -> None:
    hours = InstantHours()
    hours.add(series((0, 1), (60, 2)), minute(1))
    assert hours_of(hours.open_hours(minute(59))) == [0]
    assert hours_of(hours.open_hours(minute(60))) == [0, 1]


values = st.lists(st.tuples(GAPS_MS, st.integers(-500, 5000)), min_size=1, max_size=30)


def measured(offset: int, steps: list[tuple[int, int]]) -> list[Reading]:
    time = START + offset * MILLISECOND
    readings = []
    for gap, value in steps:
        readings.append(Reading(time=time, value=value))
        time += gap * MILLISECOND
    return readings


@settings(deadline=None)
@given(OFFSETS_MS, values, st.data())
def test_rows_do_not_depend_on_chunks_and_order(
    offset: int, steps: list[tuple[int, int]], data: st.DataObject
) -> None:
    readings = measured(offset, steps)
    whole = all_rows(InstantHours(), readings)
    assert in_chunks(InstantHours(), readings, data) == whole


@settings(deadline=None)
@given(OFFSETS_MS, values, st.integers(0, 30), st.data())
def test_rows_are_the_same_when_counting_goes_on(
    offset: int, steps: list[tuple[int, int]], hour: int, data: st.DataObject
) -> None:
    """The readings of one hold time before a row are enough to continue after it."""
    readings = measured(offset, steps)
    interval = data.draw(st.sampled_from([None, TEN, HOUR]))
    start = START + hour * HOUR
    whole = all_rows(InstantHours(interval), readings)
    rest = [each for each in readings if each.time >= start - hold_time(interval)]
    again = all_rows(InstantHours(interval), rest)
    assert [row for row in again if row.start >= start] == [
        row for row in whole if row.start >= start
    ]


@settings(deadline=None)
@given(OFFSETS_MS, values, st.sampled_from([HOUR, DAY]))
def test_rows_are_those_of_home_assistant(
    offset: int, steps: list[tuple[int, int]], interval: timedelta
) -> None:
    """Home Assistant computes the same from the same states, until one expires."""
    readings = measured(offset, steps)
    rows = InstantHours(interval).add(readings, START + LONG_AFTER)
    compared = 0
    for row in rows:
        states = held_or_measured(readings, row.start)
        times = [*(state.last_updated for _, state in states), row.start + HOUR]
        gaps = (after - before for before, after in pairwise(times))
        if max(gaps) > hold_time(interval):
            continue
        compared += 1
        mean = _time_weighted_arithmetic_mean(states, row.start, row.start + HOUR)
        assert row.mean == pytest.approx(mean, abs=1e-6)
        assert row.min == min(value for value, _ in states)
        assert row.max == max(value for value, _ in states)
    assert compared


def held_or_measured(
    readings: list[Reading], start: datetime
) -> list[tuple[float, State]]:
    """Return the states that Home Assistant has of an hour, as it compiles them.

    A state that is replaced at the very start is not one that the hour has seen.
    """
    held = [each for each in readings if each.time <= start][-1:]
    inside = [each for each in readings if start < each.time < start + HOUR]
    return [
        (
            float(each.value),
            State("sensor.power", str(each.value), last_updated=each.time),
        )
        for each in [*held, *inside]
    ]


def test_a_reading_of_a_final_hour_is_ignored() -> None:
    hours = InstantHours()
    hours.add(series((0, 1)), minute(60))
    assert hours.add([reading(30, 9)], minute(120)) == []


def summed(hour: int, mean: Value, low: float, high: float) -> Reading:
    """Return a reading that summarizes a whole hour."""
    return Reading(time=START + hour * HOUR, value=mean, extremes=(low, high))


def test_a_summary_of_an_hour_is_its_row() -> None:
    hours = InstantHours()
    final = hours.add([summed(1, 4, 0, 9), summed(0, 20.5, 20, 21)], minute(119))
    assert final == [Row(start=START, mean=20.5, min=20, max=21)]
    open_hour = [Row(start=START + HOUR, mean=4, min=0, max=9)]
    assert hours.open_hours(minute(130)) == open_hour
    assert hours.add([], minute(120)) == open_hour
    assert hours.open_hours(minute(130)) == []


def test_a_later_summary_replaces_an_earlier_one() -> None:
    hours = InstantHours()
    hours.add([summed(0, 20, 20, 20)], START)
    assert hours.add([summed(0, 25, 20, 30)], minute(60)) == [
        Row(start=START, mean=25, min=20, max=30)
    ]


def test_a_summary_takes_precedence_over_single_values() -> None:
    hours = InstantHours()
    rows = hours.add([*series((10, 1), (90, 2)), summed(0, 20, 19, 21)], minute(120))
    assert [row.mean for row in rows] == [20, round((10 * 1 + 30 * 2) / 40, 6)]


def test_no_measured_value_is_rejected() -> None:
    hours = InstantHours()
    hours.add(series((0, -1e9), (10, 1e9)), minute(60))
    assert hours.take_rejected() == []


@pytest.mark.parametrize("mean", [float("nan"), "20", True])
def test_a_non_numeric_summary_has_no_row(mean: Value) -> None:
    assert InstantHours().add([summed(0, mean, 1, 2)], minute(60)) == []


def test_what_is_too_late_does_not_hide_what_arrives_with_it() -> None:
    hours = InstantHours()
    hours.add(series((0, 10)), minute(120))
    rows = hours.add(series((30, 99), (120, 20)), minute(180))
    assert rows == [Row(start=START + 2 * HOUR, mean=20, min=20, max=20)]
