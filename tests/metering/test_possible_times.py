"""Readings with impossible times are rejected, and all others are kept."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.metering_hub.metering.model import (
    ESTIMATED,
    Kind,
    Point,
    Quantity,
    Reading,
    Role,
)
from custom_components.metering_hub.metering.possible_times import (
    PossibleTimes,
    has_clock,
)
from custom_components.metering_hub.metering.reading_columns import ReadingColumns
from custom_components.metering_hub.metering.register_rules import Rejected, Rule

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
EARLIEST = datetime(2005, 1, 1, tzinfo=UTC)
POSSIBLE = PossibleTimes.until(NOW, EARLIEST)
UNSET = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = NOW + timedelta(hours=2)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("time", "rule"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), Rule.TOO_OLD),
        (UNSET, Rule.TOO_OLD),
        (EARLIEST - SECOND, Rule.TOO_OLD),
        (EARLIEST, None),
        (NOW, None),
        (NOW + timedelta(minutes=5), None),
        (NOW + timedelta(minutes=5, seconds=1), Rule.FUTURE),
        (AHEAD, Rule.FUTURE),
        (datetime(2070, 1, 1, tzinfo=UTC), Rule.FUTURE),
    ],
)
def test_limits(time: datetime, rule: Rule | None) -> None:
    """A reading is possible from the first day of the platform to five minutes on."""
    reading = Reading(time=time, value=5.0)
    assert POSSIBLE.broken_rule(reading) is rule
    rejected = [] if rule is None else [Rejected(time.timestamp(), 5.0, rule)]
    kept = [reading] if rule is None else []
    for readings in ([reading], ReadingColumns.of([reading])):
        possible, found = POSSIBLE.split(readings)
        assert [*possible] == kept
        assert found == rejected


def test_a_confirmation_in_the_future_is_impossible() -> None:
    """A reading that a false telegram repeats would stay the newest for hours."""
    reading = Reading(time=NOW, value=5.0, confirmed=AHEAD)
    assert POSSIBLE.broken_rule(reading) is Rule.FUTURE


def test_possible_readings_are_not_copied() -> None:
    """Nearly all chunks pass as they are."""
    readings = [Reading(time=NOW, value=1.0)]
    columns = ReadingColumns.of(readings)
    assert POSSIBLE.split(readings)[0] is readings
    assert POSSIBLE.split(columns)[0] is columns
    assert POSSIBLE.split([]) == ([], [])
    ends = [Reading(time=EARLIEST, value=1.0), Reading(time=POSSIBLE.latest, value=2.0)]
    columns = ReadingColumns.of(ends)
    assert POSSIBLE.split(columns)[0] is columns


def test_both_ends_are_possible_beside_others() -> None:
    times = [UNSET, EARLIEST, POSSIBLE.latest, AHEAD]
    readings = [Reading(time=time, value=5.0) for time in times]
    for given in (readings, ReadingColumns.of(readings)):
        possible, rejected = POSSIBLE.split(given)
        assert [*possible] == readings[1:3]
        assert rejected == [
            Rejected(UNSET.timestamp(), 5.0, Rule.TOO_OLD),
            Rejected(AHEAD.timestamp(), 5.0, Rule.FUTURE),
        ]


def test_columns_keep_everything_else() -> None:
    """Extremes, row numbers, qualities and the order of the others stay."""
    readings = [
        Reading(time=UNSET, value=1.0, extremes=(0.0, 2.0), stored=1),
        Reading(time=NOW, value=2.0, extremes=(1.0, 3.0), stored=2),
        Reading(time=AHEAD, value=3.0, stored=3),
        Reading(time=NOW - SECOND, value=4.0, stored=4, quality=ESTIMATED),
    ]
    possible, rejected = POSSIBLE.split(ReadingColumns.of(readings))
    assert [*possible] == [readings[1], readings[3]]
    assert [reading.stored for reading in possible] == [2, 4]
    assert [each.rule for each in rejected] == [Rule.TOO_OLD, Rule.FUTURE]


def test_rejected_texts_are_no_numbers() -> None:
    """A text is rejected, too, but does not count as a rejected reading."""
    assert POSSIBLE.split([Reading(time=UNSET, value="?")]) == ([], [])


@pytest.mark.parametrize(
    ("kind", "role", "stale_after", "expected"),
    [
        (Kind.REGISTER, None, None, True),
        (Kind.INSTANT, None, None, True),
        (Kind.INSTANT, Role.PRICE, None, False),
        (Kind.STATE, None, None, False),
        (Kind.STATE, None, SECOND, True),
        (Kind.EVENT, None, None, False),
    ],
)
def test_times_without_a_clock(
    kind: Kind, role: Role | None, stale_after: timedelta | None, *, expected: bool
) -> None:
    """A contract or a setting may be older than the platform."""
    point = Point(
        key="point",
        device_key="meter",
        quantity=Quantity.OTHER,
        kind=kind,
        role=role,
        stale_after=stale_after,
    )
    assert has_clock(point) is expected
