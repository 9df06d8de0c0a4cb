"""What the ends of hours were recorded with when they were measured."""

from collections.abc import Mapping

import pytest

from custom_components.metering_hub.history.maths.estimates import Estimator
from custom_components.metering_hub.history.maths.gaps import anchor, keep_recorded
from custom_components.metering_hub.history.maths.read_times import ReadTimes
from custom_components.metering_hub.history.maths.walked import Walked
from custom_components.metering_hub.metering.quality import LINE, MEASURED, SERVER
from custom_components.metering_hub.metering.register_marks import Mark
from custom_components.metering_hub.metering.register_run import Run

HOUR = 3600.0


def run_of(*readings: tuple[float, float], estimated: float | None = None) -> Run:
    """Return a register with readings of (hour, position)."""
    marks = [
        Mark(hour * HOUR, position, is_estimated=hour == estimated)
        for hour, position in readings
    ]
    run = Run(marks[0])
    for mark in marks[1:]:
        run.add(mark)
    return run


def walk(codes: list[int], *runs: Run, first: float = 0.0) -> Walked:
    """Return a walk through the hours from `first` on, which is an hour."""
    begin, end = first * HOUR, (first + len(codes) - 1) * HOUR
    positions = [(run, run.positions(begin, end)) for run in runs]
    return Walked(begin, ReadTimes([]), bytearray(codes), positions)


def recorded(ends: Mapping[float, float]) -> Estimator:
    """Return an estimator that knows measured positions by hour."""
    known = Estimator(None)
    known.note_recorded(
        {hour * HOUR: (position, MEASURED) for hour, position in ends.items()}
    )
    return known


# An end that is estimated now


@pytest.mark.parametrize(
    ("ends", "is_added", "edges"),
    [
        ({}, False, []),
        ({1: 2.0}, True, [(HOUR, 2.0)]),
        ({1: 10.0}, False, []),
        ({1: 2.0, 2: 10.0}, True, [(HOUR, 2.0)]),
        ({1: 2.0, 3: 4.0}, True, [(HOUR, 2.0), (3 * HOUR, 4.0)]),
    ],
)
def test_a_measured_end_is_added_where_the_readings_allow_it(
    ends: dict[float, float], *, is_added: bool, edges: list[tuple[float, float]]
) -> None:
    run = run_of((0, 1.0), (4, 9.0))
    walked = walk([MEASURED, LINE, LINE, LINE, MEASURED], run)
    assert anchor(walked, recorded(ends)) is is_added
    assert run.edges == [(0.0, 1.0), *edges, (4 * HOUR, 9.0)]


def test_no_end_is_added_at_the_last_reading() -> None:
    run = run_of((0, 1.0), (2, 9.0), estimated=2)
    walked = walk([MEASURED, LINE, SERVER], run)
    assert not anchor(walked, recorded({2: 5.0}))
    assert run.edges == [(0.0, 1.0), (2 * HOUR, 9.0)]


# An end that is measured now, too


@pytest.mark.parametrize(
    ("position", "kept"),
    [(1.9, 2.5), (2.0, 2.0), (2.4, 2.4), (3.0, 3.0), (3.1, 2.5), (2.40000004, 2.4)],
)
def test_a_recorded_end_stays_if_it_is_between_the_readings_around_it(
    position: float, kept: float
) -> None:
    run = run_of((0, 1.0), (0.9, 2.0), (1.1, 3.0), (2, 4.0), (3, 5.0))
    walked = walk([MEASURED] * 4, run)
    keep_recorded(walked, recorded({1: position}))
    assert walked.positions[0][1] == [1.0, kept, 4.0, 5.0]


def test_a_reading_at_the_very_end_decides() -> None:
    run = run_of((0, 1.0), (0.9, 2.0), (1, 2.5), (1.1, 3.0), (2, 4.0))
    walked = walk([MEASURED] * 3, run)
    keep_recorded(walked, recorded({1: 2.4}))
    assert walked.positions[0][1] == [1.0, 2.5, 4.0]


def test_only_ends_that_are_measured_now_are_kept() -> None:
    run = run_of((0, 1.0), (1.9, 2.0), (2.1, 3.0), (3, 4.0))
    walked = walk([MEASURED, LINE, MEASURED, MEASURED], run)
    before = walked.positions[0][1][1]
    keep_recorded(walked, recorded({1: 1.1, 2: 2.4}))
    assert walked.positions[0][1] == [1.0, before, 2.4, 4.0]


def test_the_end_at_which_counting_goes_on_is_never_changed() -> None:
    """Its row is already written."""
    run = run_of((0, 1.0), (0.9, 2.0), (1.1, 3.0), (2, 4.0))
    walked = walk([MEASURED, MEASURED], run, first=1)
    keep_recorded(walked, recorded({1: 2.4}))
    assert walked.positions[0][1] == [2.5, 4.0]


def test_an_end_is_kept_of_the_register_that_was_read_around_it() -> None:
    old = run_of((0, 1.0), (0.9, 2.0), (1.1, 3.0), (2, 4.0))
    new = run_of((3, 2.0), (4, 3.0))
    walked = walk([MEASURED] * 5, old, new)
    keep_recorded(walked, recorded({1: 2.4}))
    assert walked.positions[0][1] == [1.0, 2.4, 4.0, 4.0, 4.0]
    assert walked.positions[1][1] == [2.0, 2.0, 2.0, 2.0, 3.0]
