"""Meters whose amounts are suddenly a multiple, to the last digit."""

from collections.abc import Sequence

import pytest

from custom_components.metering_hub.history.maths.checked_hours import (
    NO_ROW,
    DataWarning,
)
from custom_components.metering_hub.history.maths.level_checks import find_unit_changes
from custom_components.metering_hub.metering.data_quality import WarningRule
from custom_components.metering_hub.metering.model import Quantity, Role

from .checked import at, days, meter, span_of

WEEK = [1.0] * 7


def changes(
    amounts: Sequence[float],
    quantity: Quantity = Quantity.ENERGY,
    role: Role | None = None,
) -> list[tuple[int, int, float]]:
    """Return the first day of each change, the day after it, and the factor."""
    watched = meter(days(*amounts), quantity=quantity, role=role)
    found = [*find_unit_changes(span_of(watched))]
    day = at(24) - at(0)
    spans = [
        (round((e.start - at(0)) / day), round((e.end - at(0)) / day), e.seen)
        for e in found
    ]
    assert found == [
        DataWarning(
            rule=WarningRule.UNIT_CHANGED,
            point="meter",
            start=at(24 * first),
            end=at(24 * end),
            seen=factor,
            expected=1,
            unit="x",
        )
        for first, end, factor in spans
    ]
    return spans


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (WEEK, [10.0] * 3, [(7, 10, 10.0)]),
        # Two days show it, and one does not; nor do six days before.
        (WEEK, [10.0] * 2, [(7, 9, 10.0)]),
        (WEEK, [10.0], []),
        (WEEK[1:], [10.0] * 3, []),
        # What was before a day that is not known is no measure.
        ([*WEEK, NO_ROW], [10.0] * 3, []),
        ([*WEEK, 0.0], [10.0] * 3, []),
        # The day before is like the usual one; the others need not be.
        ([1.0, 2.0, 1.0, 1.0, 1.0, 2.0, 1.0], [10.0] * 3, [(7, 10, 10.0)]),
        ([*WEEK, 2.0], [10.0] * 3, []),
        ([10.0] * 7 + [17.0], [100.0] * 3, []),
        ([10.0] * 7 + [16.9], [100.0] * 3, [(8, 11, 10.0)]),
        ([17.0] * 7 + [10.0], [170.0] * 3, []),
        ([17.0] * 7 + [10.1], [170.0] * 3, [(8, 11, 10.0)]),
        # Each factor has its tolerance.
        (WEEK, [14.0] * 3, []),
        (WEEK, [13.9] * 3, [(7, 10, 13.9)]),
        (WEEK, [3.6] * 3, [(7, 10, 3.6)]),
        ([10.0] * 7, [1.0] * 3, [(7, 10, 0.1)]),
        ([3.6] * 7, [1.0] * 3, [(7, 10, 0.278)]),
        # A change back is another one.
        (WEEK, [10.0] * 8 + [1.0] * 8, [(7, 15, 10.0), (15, 23, 0.1)]),
    ],
)
def test_a_factor_is_that_of_all_hours_from_a_day_on(
    before: Sequence[float],
    after: Sequence[float],
    found: Sequence[tuple[int, int, float]],
) -> None:
    assert changes([*before, *after]) == found


@pytest.mark.parametrize(
    ("before", "after", "factor"),
    [
        # A hundred times as much as usual, but only ten times the most of a day.
        ([1.0] * 6 + [5.0], 50.0, None),
        ([1.0] * 6 + [5.0], 50.1, 50.1),
        ([50.0] * 6 + [10.0], 1.0, None),
        ([50.0] * 6 + [10.0], 0.9, 0.018),
        (WEEK, 1000.0, 1000.0),
        (WEEK, 0.001, 0.001),
        (WEEK, 10.0, None),
        (WEEK, 3.6, None),
        (WEEK, 0.1, None),
    ],
)
def test_gas_shows_large_factors_beyond_all_days_before(
    before: Sequence[float], after: float, factor: float | None
) -> None:
    """A cold day needs ten times the gas of a mild one."""
    found = changes([*before, after, after, after], Quantity.GAS)
    assert found == ([] if factor is None else [(7, 10, factor)])


@pytest.mark.parametrize(
    ("after", "is_found"),
    [(1000.0, True), (0.001, False), (100.0, False), (0.01, False)],
)
@pytest.mark.parametrize("role", [Role.SOLAR, Role.GRID_RETURNED])
def test_a_day_without_sun_is_no_change(
    after: float, role: Role, *, is_found: bool
) -> None:
    found = changes([*WEEK, after, after], role=role)
    assert bool(found) is is_found


def test_the_latest_three_weeks_are_compared() -> None:
    """The days before them were a hundred times as high."""
    assert changes([100.0] * 10 + [1.0] * 21 + [100.0] * 2)[-1] == (31, 33, 100.0)
