"""Positions that are rebuilt from known ones and the amounts of hours."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.metering_hub.backends.dsmr_reader.positions import (
    Position,
    RegisterHistory,
    positions_between,
)
from custom_components.metering_hub.metering.model import (
    ESTIMATED,
    NEW_REGISTER,
    Reading,
)

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


def rows(readings: list[Reading]) -> list[tuple[float, float, bool]]:
    """Return hours since the start, values, and whether a new register begins."""
    return [
        (
            round((each.time - START) / HOUR, 2),
            float(each.value),
            each.quality == NEW_REGISTER,
        )
        for each in readings
    ]


def advanced(
    before: Position, after: Position, known: dict[datetime, float]
) -> list[tuple[float, float, bool]]:
    """Return the rows between two positions of a register that the server knows."""
    register = RegisterHistory(99.999)
    register.advance(before, known)
    return rows(register.advance(after, known))


def test_a_new_meter_is_counted_back_to_zero() -> None:
    """The hour of the exchange has no amount, or one that no meter can have."""
    for wrong in (0.0, 5000.0):
        hours = amounts(1, 2, wrong, 1, 1.5)
        assert advanced(position(0, 700), position(5, 2.5), hours) == [
            (1, 701.0, False),
            (2, 703.0, False),
            (2, 0.0, True),
            (3, 0.0, False),
            (4, 1.0, False),
            (5, 2.5, False),
        ]


def test_a_new_meter_that_did_not_begin_at_zero() -> None:
    """The hours count on it as far back as the day goes."""
    assert advanced(position(0, 700), position(3, 60_000), amounts(1, 0, 2)) == [
        (0, 59_997.0, True),
        (1, 59_998.0, False),
        (2, 59_998.0, False),
        (3, 60_000.0, False),
    ]


def test_a_new_meter_that_has_counted_nothing() -> None:
    assert advanced(position(0, 700), position(2, 0), amounts(1, 2)) == [
        (1, 701.0, False),
        (2, 703.0, False),
        (2, 0.0, True),
    ]


def test_an_exchange_without_amounts() -> None:
    assert advanced(position(0, 700), position(24, 3), {}) == [(24, 3.0, True)]


def test_hours_before_a_long_gap() -> None:
    hours = amounts(1, 2, 0.5)
    assert advanced(position(0.5, 10), position(100, 20), hours) == [
        (1, 10.5, False),
        (2, 12.5, False),
        (3, 13.0, False),
        (100, 20.0, False),
    ]
    # Amounts that exceed the difference would let the meter run backwards.
    found = advanced(position(0.5, 10), position(100, 12), hours)
    assert [value for _, value, _ in found] == [10.5, 12.0, 12.0, 12.0]


def test_a_long_gap_is_left_once() -> None:
    hours = amounts(1, 2)
    register = RegisterHistory()
    register.advance(position(0, 10), hours)
    assert register.leave(hours, START + 72 * HOUR) == []
    left = register.leave(hours, START + 73 * HOUR)
    assert rows(left) == [(1, 11.0, False), (2, 13.0, False)]
    assert register.leave(hours, START + 74 * HOUR) == []
    assert rows(register.advance(position(100, 20), hours)) == [(100, 20.0, False)]


def test_a_long_gap_does_not_use_hours_that_are_far_away() -> None:
    hours = amounts(*[1.0] * 200)
    found = advanced(position(0, 10), position(200, 230), hours)
    assert found[:-1] == [(n, 10.0 + n, False) for n in range(1, 73)]
