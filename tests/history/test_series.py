"""The series of a point: parts of a chunk, and the rows of a point and its costs."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from custom_components.metering_hub.history.maths.amounts import IntervalHours
from custom_components.metering_hub.history.maths.rows import Baseline, Row
from custom_components.metering_hub.history.maths.standing import StandingRows, runs_of
from custom_components.metering_hub.history.series import Series, lead_time, split_chunk
from custom_components.metering_hub.history.statistic import Statistic
from custom_components.metering_hub.history.writer import StatisticWriter
from custom_components.metering_hub.metering.model import Kind, Point, Quantity
from custom_components.metering_hub.metering.reading_columns import ReadingColumns

from .maths.readings import HOUR, MILLISECOND, START, minute, reading, series


def test_a_long_chunk_is_split() -> None:
    """No part claims to be complete up to a time after the start of the next one."""
    columns = ReadingColumns.of([reading(each // 2, each) for each in range(10)])
    parts = [*split_chunk(columns, minute(100), 4)]
    assert [len(part) for part, _ in parts] == [4, 4, 2]
    assert [until for _, until in parts] == [minute(2), minute(4), minute(100)]
    assert [each for part, _ in parts for each in part] == [*columns]


@pytest.mark.parametrize("length", [10, 11])
def test_a_short_chunk_is_not_split(length: int) -> None:
    readings = [reading(each, each) for each in range(10)]
    assert [*split_chunk(readings, minute(100), length)] == [(readings, minute(100))]
    backwards = ReadingColumns.of([*reversed(readings)])
    assert [*split_chunk(backwards, minute(100), 4)] == [(backwards, minute(100))]


def test_a_part_does_not_reach_beyond_its_chunk() -> None:
    """Readings after the end of a chunk may be followed by earlier ones."""
    columns = ReadingColumns.of([reading(each, each) for each in range(10)])
    untils = [until for _, until in split_chunk(columns, minute(3) + MILLISECOND, 5)]
    assert untils == [minute(3) + MILLISECOND] * 2


def make_point(kind: Kind, minutes: float | None = None) -> Point:
    """Return a point of energy with an interval, if any."""
    interval = None if minutes is None else timedelta(minutes=minutes)
    return Point(
        key="p",
        device_key="d",
        quantity=Quantity.ENERGY,
        kind=kind,
        interval=interval,
    )


@pytest.mark.parametrize(
    ("point", "minutes"),
    [
        (make_point(Kind.INSTANT), 60),
        (make_point(Kind.INSTANT, 15), 45),
        (make_point(Kind.INTERVAL), 60),
        (make_point(Kind.INTERVAL, 15), 60),
        (make_point(Kind.INTERVAL, 1440), 1440),
    ],
)
def test_readings_are_needed_from_before_a_row(point: Point, minutes: float) -> None:
    assert lead_time(point) == timedelta(minutes=minutes)


def row(hour: int, sum_: float, state: float) -> Row:
    """Return the row of an hour, counted from START."""
    return Row(start=START + hour * HOUR, state=state, sum=sum_)


def writer(recorded: Sequence[Row]) -> StatisticWriter:
    """Return the writer of a statistic."""
    statistic = Statistic(
        statistic_id="metering_hub:test",
        name="Test",
        unit=None,
        unit_class=None,
        is_measured=False,
    )
    return StatisticWriter.of(statistic, recorded, START)


@pytest.mark.parametrize(
    ("first", "energy"),
    [
        # The source has readings from before: hours 0 and 1 were deleted.
        (-60, [(0, 7, 0), (1, 7, 0), (2, 9, 2)]),
        # The source may have lost them: both are left, and counting goes on.
        (120, [(2, 12, 2)]),
    ],
)
def test_amounts_that_the_source_does_not_have_any_more(
    first: float, energy: list[tuple[int, float, float]]
) -> None:
    recorded = [row(0, 8, 1), row(1, 10, 2), row(2, 15, 5)]
    point = make_point(Kind.INTERVAL)
    baseline = Baseline(end=START, state=1, sum=7)
    each = Series(
        point,
        IntervalHours(baseline, length=HOUR),
        writer(recorded),
        StandingRows(row(-1, 7, 1), runs_of(recorded), is_register=False),
    )
    each.add(series((first, 1), (120, 2)), minute(180))
    assert each.writer.pending == [row(*cells) for cells in energy]
