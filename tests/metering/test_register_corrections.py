"""A register that goes on lower is corrected, or another one."""

import pytest

from custom_components.metering_hub.metering.register_corrections import is_correction
from custom_components.metering_hub.metering.register_marks import Mark
from custom_components.metering_hub.metering.register_run import WINDOW_SECONDS, Run

HOUR = 3600.0


def run_of(*positions: float, first_hour: float = 0) -> Run:
    """Return a run that was read once an hour."""
    run = Run(Mark(first_hour * HOUR, positions[0]))
    for number, position in enumerate(positions[1:], start=1):
        run.add(Mark((first_hour + number) * HOUR, position))
    return run


@pytest.mark.parametrize(
    ("position", "expected"),
    [
        (1008.0, False),  # No fall at all.
        (1006.0, True),
        (1000.0, True),
        (999.9, False),  # Lower than the register was in the window.
        (500.0, False),
    ],
)
def test_a_small_fall_is_a_correction(position: float, expected: bool) -> None:
    current = run_of(1000, 1002, 1004, 1006, 1008)
    after = run_of(position, position + 2, position + 4, first_hour=5)
    assert is_correction(current, after) == expected


def test_a_fall_by_more_than_a_hundredth_is_an_exchange() -> None:
    current = run_of(100, 101, 102, 103, 104, 105, 106)
    after = run_of(103.9, 104.9, 105.9, first_hour=7)
    assert not is_correction(current, after)


def test_a_fall_to_zero_is_never_a_small_one() -> None:
    assert not is_correction(run_of(-1, 0.5, 1, 2), run_of(0, 1, 2, first_hour=4))


def test_two_readings_above_a_run_were_wrong() -> None:
    current = run_of(100, 101, 150, 151)
    assert is_correction(current, run_of(102, 103, 104, first_hour=4))
    current.add(Mark(4 * HOUR, 152))
    assert not is_correction(current, run_of(102, 120, 140, first_hour=5))


def test_readings_above_a_run_that_began_with_a_leap_were_wrong() -> None:
    current = run_of(1000, 1001, 9000, 9001, 9002, 9003)
    assert is_correction(current, run_of(1006, 1007, 1008, first_hour=6))


def test_a_correction_may_go_below_the_rows_that_are_already_written() -> None:
    current = Run(Mark(0, 1000), is_resumed=True)
    current.add(Mark(HOUR, 1000.1))
    assert is_correction(current, run_of(999, 999.1, 999.2, first_hour=2))


@pytest.mark.parametrize(
    ("current", "position", "expected"),
    [
        # Eleven in an hour, where one is usual.
        ((1000, 1001, 1002, 1013, 1014, 1015, 1016), 1003, True),
        ((1000, 1001, 1002, 1013, 1014, 1015, 1016), 1002, True),
        # Ten times as fast is not unusual yet.
        ((1000, 1001, 1002, 1012, 1013, 1014, 1015, 1016), 1003, False),
        # The leap may be from the very first reading, but not before it.
        ((1000, 1011, 1012, 1013, 1014), 1000, True),
        ((1000, 1011, 1012, 1013, 1014), 999, False),
    ],
)
def test_a_leap_is_more_than_ten_times_as_fast_as_the_rest(
    current: tuple[float, ...], position: float, expected: bool
) -> None:
    after = run_of(position, position + 1, position + 2, first_hour=9)
    assert is_correction(run_of(*current), after) == expected


@pytest.mark.parametrize(
    ("current", "position", "expected"),
    [
        # The reading before the last two is not above the lower run.
        ((100, 110, 120, 130), 110, True),
        ((100, 110, 120, 130), 109.9, False),
        ((100, 130), 110, False),
    ],
)
def test_only_two_readings_may_be_above_without_a_leap(
    current: tuple[float, ...], position: float, expected: bool
) -> None:
    after = run_of(position, position + 10, position + 20, first_hour=5)
    assert is_correction(run_of(*current), after) == expected


@pytest.mark.parametrize(("position", "expected"), [(99, True), (98.9, False)])
def test_a_small_fall_is_at_most_a_hundredth(position: float, expected: bool) -> None:
    after = run_of(position, position + 1, position + 2, first_hour=5)
    assert is_correction(run_of(98, 99.5, 99.7, 100), after) == expected


@pytest.mark.parametrize(("began", "expected"), [(0, False), (1, True)])
def test_what_was_written_counts_if_it_is_the_whole_window(
    began: float, expected: bool
) -> None:
    """The register has been above the lower position for all of the window."""
    current = Run(Mark(began, 1e6), is_resumed=True)
    current.add(Mark(WINDOW_SECONDS, 1e6 + 1))
    after = run_of(1e6 - 10, 1e6 - 9, 1e6 - 8, first_hour=721)
    assert is_correction(current, after) == expected


@pytest.mark.parametrize("hours", [1, 4])
def test_a_leap_before_the_window_is_none(hours: float) -> None:
    current = run_of(1000, 1011, 1012, 1013, 1014)
    after = run_of(1000, 1001, first_hour=9)
    assert is_correction(current, after)
    after.add(Mark(hours * HOUR + WINDOW_SECONDS, 1002))
    assert not is_correction(current, after)


def test_a_leap_counts_at_any_time() -> None:
    current = run_of(1000, 1011, 1012, 1013, 1014, first_hour=2000)
    assert is_correction(current, run_of(1000, 1001, 1002, first_hour=2009))
