"""Readings of a register as the rules need them."""

import pytest

from custom_components.metering_hub.metering.model import ESTIMATED, NEW_REGISTER
from custom_components.metering_hub.metering.reading_columns import ReadingColumns
from custom_components.metering_hub.metering.register_marks import (
    Mark,
    marks_of,
    marks_of_columns,
    sorted_marks,
    split_repeated,
)
from custom_components.metering_hub.metering.register_rules import Rejected, Rule

from .registers import reading


def test_readings_and_columns_give_the_same_marks() -> None:
    marks = [
        Mark(1000, 5.25, 7),
        Mark(1010, 5.5, 8, is_estimated=True),
        Mark(1020, 0.0, 9, is_new=True),
    ]
    readings = [reading(mark) for mark in marks]
    assert [each.quality for each in readings] == [None, ESTIMATED, NEW_REGISTER]
    assert [*marks_of(readings)] == marks
    assert [*marks_of_columns(ReadingColumns.of(readings))] == marks


def test_row_numbers_may_be_unknown() -> None:
    columns = ReadingColumns([1000.0, 1010.0], [5.2500004, 5.5])
    assert [*marks_of_columns(columns)] == [Mark(1000, 5.25), Mark(1010, 5.5)]


def test_the_first_reading_of_a_new_meter_and_then_the_highest_one_precede() -> None:
    marks = [Mark(2, 1), Mark(1, 9), Mark(1, 2), Mark(1, 5, is_new=True)]
    assert sorted_marks(marks) == [marks[3], marks[1], marks[2], marks[0]]


@pytest.mark.parametrize(
    ("marks", "counting"),
    [
        # The one that was stored later counts, although it is lower.
        ([Mark(1, 4, 2), Mark(1, 3, 5)], [1]),
        # The first row of a table may have the number 0.
        ([Mark(1, 4, 0), Mark(1, 3, 1)], [1]),
        # A measured one counts, although the estimated one was stored later.
        ([Mark(1, 3, 2), Mark(1, 4, 5, is_estimated=True)], [0]),
        # The line decides where the order is unknown.
        ([Mark(1, 3), Mark(1, 4)], [0, 1]),
        ([Mark(1, 3, 8), Mark(1, 4)], [0, 1]),
        # Other moments do not matter.
        ([Mark(1, 3, 8), Mark(2, 2, 1)], [0, 1]),
    ],
)
def test_of_repeated_readings_the_best_founded_one_counts(
    marks: list[Mark], counting: list[int]
) -> None:
    found, repeated = split_repeated(marks)
    assert found == [marks[index] for index in counting]
    assert repeated == [
        Rejected(mark.at, mark.position, Rule.REPEATED)
        for mark in marks
        if mark not in found
    ]


def test_the_same_position_twice_is_not_rejected() -> None:
    assert split_repeated([Mark(1, 3, 4), Mark(1, 3, 5)]) == ([Mark(1, 3, 5)], [])


def test_readings_of_a_second_that_contradict_each_other_are_of_a_moment() -> None:
    swapped = [Mark(9.5, 1), Mark(10.1, 4), Mark(10.7, 3), Mark(11.2, 5)]
    found, _ = split_repeated(swapped)
    assert found == [Mark(9.5, 1), Mark(10.1, 4), Mark(10.1, 3), Mark(11.2, 5)]


def test_readings_of_a_second_that_rise_keep_their_times() -> None:
    marks = [Mark(10.1, 3), Mark(10.4, 3.5), Mark(10.7, 4)]
    assert split_repeated(marks) == (marks, [])


@pytest.mark.parametrize(
    ("marks", "moment"),
    [
        # Two of them have the same time anyway.
        ([Mark(10.1, 4), Mark(10.1, 3), Mark(10.7, 2)], 10.1),
        # A lower one is of the latest moment of the highest position.
        ([Mark(10.1, 4), Mark(10.5, 4), Mark(10.7, 3)], 10.5),
    ],
)
def test_a_lower_reading_is_of_the_moment_of_the_highest_one(
    marks: list[Mark], moment: float
) -> None:
    found, repeated = split_repeated(marks)
    assert found[-1] == Mark(moment, marks[-1].position)
    assert repeated == []


def test_moments_of_one_second_are_judged_apart() -> None:
    marks = [
        Mark(10.1, 4, 2, is_new=True),
        Mark(10.1, 3, 5),
        Mark(10.7, 6, 7),
        Mark(10.7, 5, 9),
    ]
    found, repeated = split_repeated(marks)
    assert found == [marks[1], marks[3]]
    assert [each.value for each in repeated] == [4, 6]
