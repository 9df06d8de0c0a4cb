"""Readings as columns of numbers."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.metering_hub.metering.model import (
    ESTIMATED,
    NEW_REGISTER,
    Reading,
    Value,
)
from custom_components.metering_hub.metering.reading_columns import (
    ReadingColumns,
    number,
)

START = datetime(2026, 11, 21, 10, tzinfo=UTC)


def reading(minutes: float, value: Value) -> Reading:
    return Reading(time=START + timedelta(minutes=minutes), value=value)


def test_columns_are_a_sequence_of_numeric_readings() -> None:
    """They contain the readings they were made of, except non-numeric ones."""
    values = (1.5, 2, float("nan"), "?", 4)
    readings = [reading(minutes, value) for minutes, value in enumerate(values)]
    columns = ReadingColumns.of(readings)
    assert [*columns] == [readings[index] for index in (0, 1, 4)]
    assert columns[-1] == readings[4]
    assert [*columns[1:]] == [readings[1], readings[4]]
    assert len(columns) == 3
    assert ReadingColumns.of(columns) is columns
    assert columns.is_in_order
    assert not ReadingColumns.of([*reversed(readings)]).is_in_order


def test_columns_keep_extremes_and_amounts() -> None:
    """Summaries of an hour and plain readings can be mixed."""
    hour = Reading(time=START, value=2.0, extremes=(1.0, 3.0))
    plain = reading(60, 5.0)
    columns = ReadingColumns.of([hour, plain])
    assert [*columns] == [hour, plain]
    assert [*columns[:1]] == [hour]
    amounts = ReadingColumns([START.timestamp()], [1.0], are_amounts=True)
    assert [each.since for each in amounts[:1]] == [START]


def full(minutes: float, value: float, quality: str | None = None) -> Reading:
    """Return a reading with all that columns keep."""
    return Reading(
        time=START + timedelta(minutes=minutes),
        value=value,
        extremes=(value - 1, value + 1),
        quality=quality,
        stored=int(minutes) + 7,
    )


READINGS = [full(0, 5.0), full(1, 6.0, ESTIMATED), full(2, 8.0, NEW_REGISTER)]


def test_parts_of_columns_keep_all_that_is_known() -> None:
    columns = ReadingColumns.of(READINGS)
    assert [*columns] == READINGS
    assert [*columns[1:]] == READINGS[1:]
    assert columns[1:].stored == [8, 9]
    wanted = columns.selected([True, False, True])
    assert [*wanted] == [READINGS[0], READINGS[2]]
    assert wanted.stored == [7, 9]
    moment = START.timestamp()
    amounts = ReadingColumns([moment, moment + 60], [1.0, 2.0], are_amounts=True)
    assert [each.since for each in amounts] == [START, READINGS[1].time]
    chosen = amounts.selected([False, True])
    assert (chosen.times, chosen.values) == ([moment + 60], [2.0])
    assert chosen.are_amounts
    assert not columns.selected([True, False, True]).are_amounts


def test_row_numbers_are_kept_only_if_all_are_known() -> None:
    columns = ReadingColumns.of([*READINGS, reading(3, 9.0)])
    assert columns.stored == []
    assert [each.stored for each in columns] == [None] * 4
    assert columns.extremes == [(4, 6), (5, 7), (7, 9), None]


def test_columns_without_summaries_have_no_extremes() -> None:
    columns = ReadingColumns.of([reading(0, 1), reading(0, "off"), reading(1, 2)])
    assert columns.extremes == columns.stored == []
    assert columns.qualities == {}
    assert not columns.are_amounts
    assert (columns.times, columns.values) == (
        [START.timestamp(), START.timestamp() + 60],
        [1.0, 2.0],
    )


@pytest.mark.parametrize("value", [None, "5", True, float("nan"), float("inf")])
def test_only_finite_numbers_are_numbers(value: Value | None) -> None:
    assert number(value) is None


def test_whole_numbers_become_floats() -> None:
    assert (number(3), type(number(3)), number(-1.5)) == (3.0, float, -1.5)


def test_slices_of_columns_in_order_are_in_order_until_an_older_reading_comes() -> None:
    columns = ReadingColumns([1.0, 2.0, 3.0], [0.0, 0.0, 0.0])
    assert columns.is_in_order
    part = columns[1:]
    assert part.is_in_order
    part.add(2.5, 0.0)
    assert not part.is_in_order
    assert not columns[::-1].is_in_order


def test_columns_of_any_order_are_not_taken_to_be_in_order() -> None:
    assert not ReadingColumns([2.0, 1.0], [0.0, 0.0]).is_in_order
