"""The readings of one register in a row."""

from collections.abc import Sequence

import pytest

from custom_components.metering_hub.metering.register_marks import Mark
from custom_components.metering_hub.metering.register_run import Run
from custom_components.metering_hub.metering.register_tail import TAIL

HOUR = 3600.0


def run_of(*marks: tuple[float, float, bool]) -> Run:
    """Return a run of (hour, position, is it estimated)."""
    first, *others = (
        Mark(hour * HOUR, position, is_estimated=is_estimated)
        for hour, position, is_estimated in marks
    )
    run = Run(first)
    for mark in others:
        run.add(mark)
    return run


@pytest.mark.parametrize(
    ("position", "edges"),
    [
        (102, [(0, 100), (2, 102), (4, 104)]),
        (100, [(0, 100), (2, 100), (4, 104)]),
        (104, [(0, 100), (2, 104), (4, 104)]),
        (99.9, None),
        (104.1, None),
    ],
)
def test_an_anchor_lies_between_the_readings_around_it(
    position: float, edges: Sequence[tuple[float, float]] | None
) -> None:
    run = run_of((0, 100, False), (4, 104, False))
    assert run.anchor(2 * HOUR, position) is (edges is not None)
    expected = edges or [(0, 100), (4, 104)]
    assert run.edges == [(hour * HOUR, value) for hour, value in expected]


def test_an_anchor_drops_the_estimated_readings_that_contradict_it() -> None:
    run = run_of(
        (0, 100, False),
        (1, 100.5, True),
        (1.5, 102.5, True),
        (2, 102.6, True),
        (3, 102.7, True),
        (4, 104, False),
    )
    assert run.anchor(2 * HOUR, 102)
    kept = [(0, 100), (1, 100.5), (2, 102), (3, 102.7), (4, 104)]
    assert run.edges == [(hour * HOUR, value) for hour, value in kept]
    assert 2 * HOUR not in run.estimated


def test_an_anchor_is_never_above_the_last_reading() -> None:
    run = run_of((0, 100, False), (3, 103, True), (4, 104, True))
    assert not run.anchor(2 * HOUR, 104.5)
    assert run.anchor(2 * HOUR, 103.5)
    assert [position for _, position in run.edges] == [100, 103.5, 104]


def test_an_anchor_has_a_reading_on_both_sides() -> None:
    run = run_of((2, 100, False), (4, 104, False))
    assert not run.anchor(1 * HOUR, 100)
    assert not run.anchor(5 * HOUR, 104)


def test_a_measured_reading_replaces_an_estimated_one_of_its_moment() -> None:
    run = run_of((0, 100, False), (1, 101, True), (1, 101, False))
    assert run.estimated == set()


def test_few_estimated_times_are_remembered() -> None:
    run = Run(Mark(0, 100))
    for second in range(1, 20_000):
        run.add(Mark(float(second), 100, is_estimated=True))
    assert len(run.estimated) <= len(run.edges) + 4 * TAIL
    assert run.edges[-1][0] in run.estimated


def test_estimated_times_are_forgotten_with_their_readings() -> None:
    run = run_of((0, 100, False), (1, 101, True), (2, 102, True), (3, 103, False))
    run.settle(1.5 * HOUR, 101.5)
    assert run.estimated == {2 * HOUR}
