"""Readings as columns of numbers."""

from datetime import UTC, datetime, timedelta

from custom_components.metering_hub.metering.model import Reading, Value
from custom_components.metering_hub.metering.reading_columns import ReadingColumns

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
