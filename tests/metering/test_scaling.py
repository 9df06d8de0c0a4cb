"""Readings are multiplied by what one of the server's units is worth."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.metering_hub.metering.model import (
    Kind,
    Point,
    Quantity,
    Reading,
    Value,
)
from custom_components.metering_hub.metering.reading_columns import ReadingColumns
from custom_components.metering_hub.metering.scaling import (
    scaled,
    scaled_readings,
    unscaled,
    with_factors,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
READINGS = [
    Reading(time=NOW, value=3, extremes=(1.0, 7.0), quality="estimated", stored=4),
    Reading(time=NOW + timedelta(hours=1), value=7.0, extremes=None, stored=5),
]


@pytest.mark.parametrize(
    ("value", "expected"),
    [(3, 0.3), (12345, 1234.5), (True, True), ("3", "3"), (NOW, NOW)],
)
def test_only_numbers_are_multiplied(value: Value, expected: Value) -> None:
    """The product has none of the noise of a float: 3 * 0.1 is 0.3."""
    assert scaled(value, 0.1) == expected
    assert type(scaled(value, 0.1)) is type(expected)


def test_what_is_written_is_what_is_shown() -> None:
    assert unscaled(0.3, 0.1) == 3
    assert unscaled(scaled(1234, 0.37), 0.37) == 1234
    assert unscaled(0.7, 0.2) == 3.5, "3.4999999999999996 before it is rounded."
    assert unscaled("text", 0.1) == "text"
    assert unscaled(5, 1.0) == 5


def test_columns_and_lists_give_the_same() -> None:
    """Extremes are multiplied, and nothing else changes."""
    listed = scaled_readings(READINGS, 0.1)
    columns = scaled_readings(ReadingColumns.of(READINGS), 0.1)
    assert isinstance(columns, ReadingColumns)
    assert [*columns] == listed
    assert [(each.value, each.extremes, each.stored) for each in listed] == [
        (0.3, (0.1, 0.7), 4),
        (0.7, None, 5),
    ]
    assert [each.quality for each in columns] == ["estimated", None]
    assert [each.value for each in READINGS] == [3, 7.0], "The server's stay."


@pytest.mark.parametrize("are_amounts", [True, False])
def test_amounts_stay_amounts(*, are_amounts: bool) -> None:
    """Each of them covers the span that begins at its time."""
    start = NOW.timestamp()
    columns = ReadingColumns([start], [3.0], are_amounts=are_amounts)
    (reading,) = scaled_readings(columns, 0.1)
    assert reading.since == (NOW if are_amounts else None)


def test_latest_readings() -> None:
    """Without a factor nothing is copied."""
    plain = Point(
        key="plain", device_key="site", quantity=Quantity.OTHER, kind=Kind.INSTANT
    )
    pulses = Point(
        key="pulses",
        device_key="site",
        quantity=Quantity.WATER,
        kind=Kind.REGISTER,
        factor=0.1,
    )
    readings = dict(zip(("plain", "pulses"), READINGS, strict=True))
    assert with_factors(readings, [plain]) is readings
    found = with_factors(readings, [plain, pulses])
    assert found["plain"] is readings["plain"]
    assert found["pulses"].value == 0.7
    assert with_factors({}, [pulses]) == {}
