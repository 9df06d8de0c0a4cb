"""Positions that are rebuilt from known ones and the amounts of hours."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.metering_hub.backends.dsmr_reader.positions import (
    Position,
    RegisterHistory,
    positions_between,
)
from custom_components.metering_hub.metering.model import ESTIMATED

HOUR = timedelta(hours=1)
START = datetime(2026, 10, 1, tzinfo=UTC)


def position(hours: float, value: float) -> Position:
    """Return a position some hours after the start."""
    return Position(START + hours * HOUR, value)


def amounts(*values: float | None) -> dict[datetime, float]:
    """Return the amounts of the hours from the start on; `None` has no amount."""
    return {
        START + n * HOUR: value for n, value in enumerate(values) if value is not None
    }


def test_amounts_are_scaled_to_the_difference() -> None:
    found = positions_between(position(0, 10), position(3, 16), amounts(1, 1, 2))
    assert [(each.time, each.value) for each in found] == [
        (START + HOUR, 11.5),
        (START + 2 * HOUR, 13.0),
    ]


def test_hours_without_amounts_share_the_rest() -> None:
    before, after = position(0, 10), position(4, 17)
    found = positions_between(before, after, amounts(1, None, None, 2))
    assert [(each.time, each.value) for each in found] == [
        (START + HOUR, 11.0),
        (START + 3 * HOUR, 15.0),
    ]


@pytest.mark.parametrize(
    ("after", "known"),
    [
        (position(3, 10), amounts(1, 1, 1)),
        (position(3, 2), amounts(1, 1, 1)),
        (position(73, 20), amounts(*[1.0] * 73)),
        (position(3, 12), {}),
        (position(3, 12), amounts(0, 0, 0)),
    ],
    ids=["unused", "exchanged", "too long", "no amounts", "zero amounts"],
)
def test_nothing_in_between(after: Position, known: dict[datetime, float]) -> None:
    assert list(positions_between(position(0, 10), after, known)) == []


def test_counting_back_from_the_first_position() -> None:
    register = RegisterHistory()
    hours = amounts(0, 1, 2, 4)
    first = position(3.5, 20)
    register.count_back(hours, first, START + 24 * HOUR)
    assert register.last_time is None
    found = register.advance(first, hours)
    assert [(each.time - START, each.value) for each in found] == [
        (HOUR, 15.0),
        (2 * HOUR, 16.0),
        (3 * HOUR, 18.0),
        (3.5 * HOUR, 20.0),
    ]
    assert register.last_time == first.time
    assert register.count(hours, START + 4 * HOUR) == []
    assert register.advance(first, hours) == []


def test_only_known_positions_are_measured() -> None:
    """What is rebuilt between two positions, or before the first one, is estimated."""
    register, hours = RegisterHistory(), amounts(1, 1, 2, 4, 1)
    first = position(2, 20)
    register.count_back(hours, first, START + 24 * HOUR)
    found = [*register.advance(first, hours), *register.advance(position(5, 29), hours)]
    measured = [each.time for each in found if each.quality is None]
    assert measured == [START + 2 * HOUR, START + 5 * HOUR]
    assert len(found) == 6
    assert {each.quality for each in found} == {None, ESTIMATED}
