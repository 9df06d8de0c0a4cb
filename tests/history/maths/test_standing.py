"""Recorded hours whose readings were deleted at the source."""

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.metering_hub.history.maths.rows import Row
from custom_components.metering_hub.history.maths.standing import (
    Run,
    StandingRows,
    runs_of,
)

from .readings import HOUR, START, hours_of, minute


def row(hour: int, sum_: float, state: float = 1.0) -> Row:
    """Return the row of an hour, counted from START."""
    return Row(start=START + hour * HOUR, state=state, sum=sum_)


def runs(*hours: tuple[int, int]) -> list[Run]:
    """Return runs of hours, counted from START; the second is the first after it."""
    return [
        (minute(60 * first).timestamp(), minute(60 * end).timestamp())
        for first, end in hours
    ]


def amounts(base: Row | None, *recorded: tuple[int, int]) -> StandingRows:
    return StandingRows(base, runs(*recorded), is_register=False)


def test_runs_of_recorded_rows() -> None:
    assert runs_of([]) == []
    assert runs_of([row(3, 1)]) == runs((3, 4))
    recorded = [row(hour, hour) for hour in (0, 1, 2, 5, 7, 8)]
    assert runs_of(recorded) == runs((0, 3), (5, 6), (7, 9))


def test_a_deleted_hour_becomes_a_row_with_change_0() -> None:
    standing = amounts(row(-1, 7), (0, 4))
    rows = standing.merged([row(0, 10, 3), row(3, 12, 2)])
    assert rows == [row(0, 10, 3), row(1, 10, 0), row(2, 10, 0), row(3, 12, 2)]


def test_a_register_keeps_its_position() -> None:
    standing = StandingRows(row(-1, 7, 107), runs((0, 3)), is_register=True)
    rows = standing.merged([row(0, 10, 110), row(2, 11, 5)])
    assert rows[1] == row(1, 10, 110)


def test_hours_that_are_not_recorded_get_no_row() -> None:
    """An amount that was never there is missing, not zero."""
    standing = amounts(row(-1, 7), (0, 1), (2, 3), (5, 6))
    assert hours_of(standing.merged([row(0, 8), row(4, 9), row(6, 9)])) == [
        *(0, 2, 4, 5, 6)
    ]


def test_all_recorded_hours_between_two_rows_are_deleted() -> None:
    standing = amounts(row(-1, 7), (0, 1), (2, 3), (5, 6), (7, 9))
    assert hours_of(standing.merged([row(0, 8), row(8, 9)])) == [0, 2, 5, 7, 8]


def test_the_chunks_do_not_matter() -> None:
    standing = amounts(row(-1, 7), (0, 9))
    assert hours_of(standing.merged([row(0, 8)])) == [0]
    assert hours_of(standing.merged([])) == []
    assert hours_of(standing.merged([row(3, 8)])) == [1, 2, 3]


def test_hours_after_the_last_reading_are_left() -> None:
    """The source may not have delivered them yet."""
    standing = amounts(row(-1, 7), (0, 9))
    assert hours_of(standing.merged([row(0, 8)])) == [0]


def test_hours_before_the_first_row_are_deleted_if_the_source_has_older_ones() -> None:
    standing = amounts(row(-1, 7), (0, 3))
    standing.see([minute(180).timestamp(), minute(-30).timestamp()])
    assert standing.unproven_end([row(2, 9)]) is None
    assert standing.merged([row(2, 9)]) == [row(0, 7, 0), row(1, 7, 0), row(2, 9)]


def test_what_the_source_is_known_to_have_stays_known() -> None:
    standing = amounts(row(-1, 7), (0, 3))
    standing.see([minute(-30).timestamp()])
    standing.see([minute(180).timestamp()])
    standing.see([])
    assert standing.unproven_end([row(2, 9)]) is None


def test_a_reading_at_the_end_of_the_base_row_proves_nothing() -> None:
    """It may be the first that the source has."""
    standing = amounts(row(-1, 7), (0, 1))
    standing.see([])
    standing.see([minute(0).timestamp()])
    assert standing.unproven_end([row(2, 9)]) == minute(60).timestamp()


@pytest.mark.parametrize(
    ("recorded", "end"),
    [
        ([(0, 1), (2, 3), (5, 6)], 3),
        ([(0, 1), (2, 9)], 4),
        ([(5, 6)], None),
        ([], None),
    ],
)
def test_the_last_recorded_hours_before_the_first_row_are_left(
    recorded: list[tuple[int, int]], end: int | None
) -> None:
    found = amounts(row(-1, 7), *recorded).unproven_end([row(4, 9)])
    assert found == (None if end is None else minute(60 * end).timestamp())


@pytest.mark.parametrize(("recorded", "sum_"), [(0.0, 3.0), (5.0, 8.0)])
def test_without_a_base_row_the_recorded_sum_is_added(
    recorded: float, sum_: float
) -> None:
    standing = amounts(None, (0, 2))
    standing.go_on_after(row(1, recorded))
    assert standing.merged([row(2, 0.0), row(3, 3.0)]) == [
        row(2, recorded),
        row(3, sum_),
    ]


def test_hours_before_the_first_row_are_left_if_the_source_may_not_keep_them() -> None:
    """Then counting goes on from the last of them."""
    standing = amounts(row(-1, 7), (0, 2))
    standing.see([minute(120).timestamp()])
    assert standing.unproven_end([]) is None
    assert standing.unproven_end([row(2, 9)]) == minute(120).timestamp()
    standing.go_on_after(row(1, 20))
    assert standing.merged([row(2, 9)]) == [row(2, 22)]
    assert standing.merged([row(3, 9.5)]) == [row(3, 22.5)]
    assert standing.unproven_end([row(3, 9.5)]) is None


def test_without_a_base_row_nothing_is_known_of_earlier_hours() -> None:
    standing = amounts(None, (0, 2))
    standing.see([minute(0).timestamp()])
    assert standing.unproven_end([row(1, 1)]) == minute(60).timestamp()
    standing.go_on_after(row(0, 20))
    assert standing.merged([row(1, 1)]) == [row(1, 21)]


HOURS = st.sets(st.integers(0, 20), min_size=1)


@settings(deadline=None)
@given(HOURS, HOURS)
def test_no_change_is_ever_negative(recorded: set[int], computed: set[int]) -> None:
    """Whatever was recorded: the rows that stand have the sums of those computed."""
    stored = {hour: row(hour, 1000.0 + hour) for hour in recorded}
    standing = StandingRows(
        row(-1, 999),
        runs_of([stored[hour] for hour in sorted(stored)]),
        is_register=False,
    )
    standing.see([minute(-60).timestamp()])
    rows = [
        row(hour, 999.0 + number) for number, hour in enumerate(sorted(computed), 1)
    ]
    for each in standing.merged(rows):
        stored[round((each.start - START) / HOUR)] = each
    last = max(computed)
    sums = [stored[hour].sum or 0.0 for hour in sorted(stored) if hour <= last]
    assert sums == sorted(sums)
    assert sums[-1] == 999.0 + len(computed)
