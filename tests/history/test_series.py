"""Splitting a chunk of readings into parts."""

import pytest

from custom_components.metering_hub.history.series import split_chunk
from custom_components.metering_hub.metering.reading_columns import ReadingColumns

from .maths.readings import MILLISECOND, minute, reading


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
