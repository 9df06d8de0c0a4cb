"""Columns of numbers: the same readings, and the same hours, as one object for each."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

from custom_components.metering_hub.history.maths.amounts import IntervalHours
from custom_components.metering_hub.history.maths.instants import InstantHours
from custom_components.metering_hub.history.maths.registers import RegisterHours
from custom_components.metering_hub.history.maths.rows import Baseline, Row
from custom_components.metering_hub.history.series import parts
from custom_components.metering_hub.metering.model import Reading
from custom_components.metering_hub.metering.reading_columns import ReadingColumns

from ..history.maths.readings import (
    HOUR,
    MILLISECOND,
    Hours,
    all_rows,
    disturbed,
    growing,
    minute,
    reading,
    series,
)

MAKERS: list[Callable[[], Hours]] = [
    RegisterHours,
    InstantHours,
    lambda: IntervalHours(length=timedelta(minutes=15)),
    lambda: IntervalHours(length=timedelta(hours=2)),
]
any_data = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
DENSE = growing(min_size=2).map(
    lambda readings: [
        # Many readings in each hour, of which most tell nothing.
        Reading(time=readings[0].time + number * timedelta(minutes=7), value=each.value)
        for number, each in enumerate(readings)
    ]
)
LIVES = st.one_of(growing(), DENSE, disturbed())


def in_order(
    hours: Hours, readings: Sequence[Reading], cuts: Sequence[int], *, columns: bool
) -> list[Row]:
    """Return the rows of readings that come in chunks, the last of each one twice."""
    rows: list[Row] = []
    for cut, following in zip([0, *cuts], [*cuts, len(readings)], strict=True):
        chunk: Sequence[Reading] = readings[max(0, cut - 1) : following]
        if not chunk:
            continue
        until = chunk[-1].time
        rows += hours.add(ReadingColumns.of(chunk) if columns else chunk, until)
    return [*rows, *hours.rest(readings[-1].time + 1000 * HOUR)]


@any_data
@given(LIVES, st.sampled_from(MAKERS), st.data())
def test_columns_give_the_same_hours(
    readings: list[Reading], make: Callable[[], Hours], data: st.DataObject
) -> None:
    """However they are cut, and with noise and resets among them."""
    plain = [Reading(time=each.time, value=each.value) for each in readings]
    cuts = sorted(data.draw(st.sets(st.integers(1, len(plain)), max_size=5)))
    expected = in_order(make(), plain, cuts, columns=False)
    assert in_order(make(), plain, cuts, columns=True) == expected


@any_data
@given(LIVES, st.data())
def test_columns_go_on_from_a_row(readings: list[Reading], data: st.DataObject) -> None:
    """Counting that goes on takes the readings before its row for what they are."""
    plain = [Reading(time=each.time, value=each.value) for each in readings]
    rows = all_rows(RegisterHours(), plain)
    if not rows:
        return
    row = data.draw(st.sampled_from(rows))
    end = row.start + HOUR
    baseline = Baseline(end=end, state=row.state or 0.0, sum=row.sum or 0.0)
    rest = [each for each in plain if each.time >= end - timedelta(minutes=5)]
    expected = all_rows(RegisterHours(baseline), rest)
    assert all_rows(RegisterHours(baseline), ReadingColumns.of(rest)) == expected


def test_columns_are_readings() -> None:
    """They read like the readings that they were made of; what is no number is none."""
    readings = series((0, 1.5), (1, 2), (2, float("nan")), (3, "?"), (4, 4))
    columns = ReadingColumns.of(readings)
    assert [*columns] == [readings[index] for index in (0, 1, 4)]
    assert columns[-1] == readings[4]
    assert [*columns[1:]] == [readings[1], readings[4]]
    assert len(columns) == 3
    assert ReadingColumns.of(columns) is columns
    assert columns.is_in_order
    assert not ReadingColumns.of([*reversed(readings)]).is_in_order


def test_columns_know_extremes_and_amounts() -> None:
    """Hours that the server summed up stand beside plain readings."""
    hour = Reading(time=minute(0), value=2.0, extremes=(1.0, 3.0))
    plain = reading(60, 5.0)
    columns = ReadingColumns.of([hour, plain])
    assert [*columns] == [hour, plain]
    assert [*columns[:1]] == [hour]
    amounts = ReadingColumns([minute(0).timestamp()], [1.0], are_amounts=True)
    assert [each.since for each in amounts[:1]] == [minute(0)]


def test_a_long_chunk_is_taken_in_parts() -> None:
    """No part claims to be complete up to a time that the next one begins before."""
    columns = ReadingColumns.of([reading(each // 2, each) for each in range(10)])
    taken = [*parts(columns, minute(100), 4)]
    assert [len(part) for part, _ in taken] == [4, 4, 2]
    assert [until for _, until in taken] == [minute(2), minute(4), minute(100)]
    assert [each for part, _ in taken for each in part] == [*columns]


@pytest.mark.parametrize("length", [10, 11])
def test_a_short_chunk_is_taken_as_it_is(length: int) -> None:
    readings = [reading(each, each) for each in range(10)]
    assert [*parts(readings, minute(100), length)] == [(readings, minute(100))]
    backwards = ReadingColumns.of([*reversed(readings)])
    assert [*parts(backwards, minute(100), 4)] == [(backwards, minute(100))]


def test_a_part_does_not_reach_beyond_its_chunk() -> None:
    """Readings after a chunk's end are early ones: others may come before them."""
    columns = ReadingColumns.of([reading(each, each) for each in range(10)])
    untils = [until for _, until in parts(columns, minute(3) + MILLISECOND, 5)]
    assert untils == [minute(3) + MILLISECOND] * 2
