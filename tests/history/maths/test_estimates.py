"""What an estimator knows, and the positions in a gap that follow from it."""

from collections.abc import Mapping
from datetime import UTC, datetime
import pickle

import pytest

from custom_components.metering_hub.history.maths.comparable_days import DayKinds
from custom_components.metering_hub.history.maths.estimates import Estimator, Gap
from custom_components.metering_hub.metering.quality import (
    COMPARABLE_DAYS,
    LINE,
    MEASURED,
    SERVER,
    UNKNOWN,
)

HOUR = 3600.0
DAY = 24 * HOUR
WEDNESDAY = datetime(2026, 11, 18, tzinfo=UTC).timestamp()
USES = {10: 0.1, 11: 0.2, 12: 0.3, 13: 0.4}


def estimator(uses: Mapping[int, float], days: DayKinds | None = None) -> Estimator:
    """Return one that knows what was used by the hour on Monday and on Tuesday."""
    found = Estimator(days or DayKinds(UTC, ()))
    for back in (1, 2):
        found.note_changes(
            {
                WEDNESDAY - back * DAY + hour * HOUR: uses.get(hour, 0.0)
                for hour in range(24)
            }
        )
    return found


def gap(
    start: float,
    end: float,
    at: float | None = None,
    position: float = 100.0,
    inherited: int = UNKNOWN,
) -> Gap:
    """Return a gap on Wednesday, between two hours, in which a register rose to 115."""
    return Gap(
        WEDNESDAY + start * HOUR,
        WEDNESDAY + end * HOUR,
        WEDNESDAY + (start if at is None else at) * HOUR,
        position,
        115.0,
        inherited,
    )


@pytest.mark.parametrize(
    ("missing", "positions"),
    [
        # Half of 0.1, 0.2, 0.3, and half of 0.4 share 15.
        (gap(10.5, 13.5), [101.0, 105.0, 111.0]),
        (gap(10.5, 13.5, at=11, position=101.0), [105.0, 111.0]),
        (gap(10.5, 13.5, at=12, position=105.0), [111.0]),
        (gap(10, 14), [101.5, 104.5, 109.0]),
    ],
)
def test_the_weights_of_the_hours_share_the_advance(
    missing: Gap, positions: list[float]
) -> None:
    assert estimator(USES).positions(missing) == pytest.approx(positions)


def test_after_the_last_use_of_the_days_the_register_stands_still() -> None:
    assert estimator({10: 1.0}).positions(gap(10, 13)) == [115.0, 115.0]


def test_without_any_use_a_gap_is_a_line_unless_it_began_otherwise() -> None:
    assert estimator({}).positions(gap(10, 13)) is None
    begun = gap(10, 13, inherited=COMPARABLE_DAYS)
    assert estimator({}).positions(begun) == [100.0, 100.0]


def test_a_gap_that_began_as_a_line_goes_on_as_one() -> None:
    assert estimator(USES).positions(gap(10, 13, inherited=LINE)) is None


def test_without_kinds_of_days_every_gap_is_a_line() -> None:
    known = Estimator(None)
    known.note_changes({WEDNESDAY - DAY: 1.0})
    assert known.positions(gap(10, 13)) is None


# What was measured


def test_days_before_a_gap_of_months_are_compared_when_it_ends() -> None:
    """Its hours become final in parts, none of which was measured."""
    known = Estimator(DayKinds(UTC, ()))
    hours = 61 * 24
    changes = [USES.get(number % 24, 0.0) for number in range(hours)]
    first = WEDNESDAY - hours * HOUR
    known.note_changes({first + n * HOUR: change for n, change in enumerate(changes)})
    for number in range(40):
        known.collect(WEDNESDAY + number * DAY, [0.5] * 24, bytes([LINE] * 24))
    assert known.positions(gap(10.5, 13.5)) == pytest.approx([101.0, 105.0, 111.0])


def test_an_estimator_forgets_what_is_too_old_to_be_compared() -> None:
    sizes = []
    known = Estimator(DayKinds(UTC, ()))
    for number in range(400):
        first = WEDNESDAY + number * DAY
        known.collect(first, [0.1] * 24, bytes([MEASURED] * 24))
        sizes.append(len(pickle.dumps(known)))
    assert max(sizes) < 1.1 * max(sizes[:62])
    assert min(sizes[61:]) > 0.5 * max(sizes)


# What was recorded


@pytest.mark.parametrize(
    ("recorded", "position"),
    [
        ({0: (5.0, MEASURED)}, 5.0),
        ({0: (5.0, LINE)}, None),
        ({0: (5.0, LINE), 1: (6.0, MEASURED)}, 5.0),
        ({0: (5.0, LINE), 1: (6.0, LINE)}, None),
        ({1: (6.0, MEASURED)}, None),
        ({}, None),
    ],
)
def test_both_ends_of_a_measured_hour_were_measured(
    recorded: dict[int, tuple[float, int]], position: float | None
) -> None:
    known = Estimator(None)
    known.note_recorded({hour * HOUR: each for hour, each in recorded.items()})
    assert known.has_recorded is bool(recorded)
    assert known.measured_position(0.0) == position


@pytest.mark.parametrize(("hours", "oldest"), [(4800, 0), (4801, 4800 - 3600)])
def test_only_150_days_of_many_recorded_hours_are_kept(hours: int, oldest: int) -> None:
    known = Estimator(None)
    known.note_recorded({n * HOUR: (float(n), MEASURED) for n in range(hours)})
    assert known.measured_position(oldest * HOUR) == oldest
    assert known.measured_position((oldest - 1) * HOUR) is None
    assert known.measured_position((hours - 1) * HOUR) == hours - 1


BEFORE, AFTER = (1.0, MEASURED), (9.0, MEASURED)
WHOLE = {0: BEFORE, 1: (2.0, LINE), 2: (3.0, COMPARABLE_DAYS), 3: AFTER}


@pytest.mark.parametrize(
    ("recorded", "is_kept"),
    [
        (WHOLE, True),
        (WHOLE | {0: (1.5, MEASURED)}, False),
        (WHOLE | {3: (8.0, MEASURED)}, False),
        (WHOLE | {1: (2.0, SERVER)}, False),
        (WHOLE | {2: (3.0, UNKNOWN)}, False),
        (WHOLE | {1: (4.0, LINE)}, False),
        (WHOLE | {2: (9.5, LINE)}, False),
        ({hour: known for hour, known in WHOLE.items() if hour != 0}, False),
        ({hour: known for hour, known in WHOLE.items() if hour != 1}, False),
        ({hour: known for hour, known in WHOLE.items() if hour != 2}, False),
        ({hour: known for hour, known in WHOLE.items() if hour != 3}, False),
        ({}, False),
    ],
)
def test_recorded_estimates_stay_if_all_of_them_are_of_the_gap(
    recorded: dict[int, tuple[float, int]], *, is_kept: bool
) -> None:
    known = Estimator(None)
    known.note_recorded({hour * HOUR: each for hour, each in recorded.items()})
    found = known.recorded_estimates([HOUR, 2 * HOUR], 1.0, 9.0)
    assert found == ([(2.0, LINE), (3.0, COMPARABLE_DAYS)] if is_kept else None)
