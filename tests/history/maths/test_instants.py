"""Hourly rows of measured values, with time-weighted means."""

from datetime import timedelta

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.metering_hub.history.maths.instants import InstantHours
from custom_components.metering_hub.history.maths.rows import Row
from custom_components.metering_hub.metering.model import Reading, Value

from .readings import (
    GAPS_MS,
    HOUR,
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

LONG = timedelta(hours=2)


def rows_of(*values: tuple[float, Value], holds: timedelta = LONG) -> list[Row]:
    return all_rows(InstantHours(holds), series(*values))


def test_the_mean_is_weighted_by_time() -> None:
    assert rows_of((0, 10), (45, 20), (46, 30)) == [
        Row(start=START, mean=14.833333, min=10, max=30)
    ]


def test_the_previous_value_counts_from_the_start_of_the_hour() -> None:
    rows = rows_of((58, 10), (75, 30), holds=timedelta(hours=1))
    assert rows[1] == Row(start=START + HOUR, mean=25, min=30, max=30)


@pytest.mark.parametrize(
    ("before", "mean"),
    [(54.9, 30), (55, 30), (56, (10 + 5 * 30) / 6), (59, (4 * 10 + 5 * 30) / 9)],
)
def test_the_previous_value_is_valid_for_five_minutes(
    before: float, mean: float
) -> None:
    hours = InstantHours()
    rows = hours.add(series((before, 10), (70, 30)), minute(120))
    assert rows[-1] == Row(start=START + HOUR, mean=round(mean, 6), min=30, max=30)


def test_a_value_is_valid_no_longer_than_it_holds() -> None:
    assert rows_of((0, 10), (50, 20), holds=timedelta(minutes=10))[0].mean == 15


def test_hours_without_a_reading_have_no_row() -> None:
    assert hours_of(rows_of((59, 1), (200, 2))) == [0, 3]


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
@given(OFFSETS_MS, values)
def test_a_mean_is_between_its_values(
    offset: int, steps: list[tuple[int, int]]
) -> None:
    readings = measured(offset, steps)
    for row in all_rows(InstantHours(), readings):
        of_hour = [
            float(each.value)
            for each in readings
            if row.start <= each.time < row.start + HOUR
        ]
        earlier = [float(each.value) for each in readings if each.time < row.start][-1:]
        assert (row.min, row.max) == (min(of_hour), max(of_hour))
        assert row.mean is not None
        assert min(of_hour + earlier) <= row.mean <= max(of_hour + earlier)


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
    rows = hours.add([*series((10, 1), (70, 2)), summed(0, 20, 19, 21)], minute(120))
    assert [row.mean for row in rows] == [20, 2]


@pytest.mark.parametrize("mean", [float("nan"), "20", True])
def test_a_non_numeric_summary_has_no_row(mean: Value) -> None:
    assert InstantHours().add([summed(0, mean, 1, 2)], minute(60)) == []
