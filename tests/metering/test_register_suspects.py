"""Readings of a register that nothing has decided yet."""

from math import inf

import pytest

from custom_components.metering_hub.metering import register_suspects
from custom_components.metering_hub.metering.register_marks import Mark
from custom_components.metering_hub.metering.register_rules import Rejected, Rule
from custom_components.metering_hub.metering.register_run import Run
from custom_components.metering_hub.metering.register_suspects import (
    Suspects,
    is_evident,
    outweighs,
)

MINUTE = 60.0


def run_of(*marks: Mark) -> Run:
    """Return a run of these readings."""
    run = Run(marks[0])
    for mark in marks[1:]:
        run.add(mark)
    return run


@pytest.mark.parametrize(
    ("stored", "first_stored", "is_since"),
    [
        (4, 5, False),
        (5, 5, True),
        (6, 5, True),
        # Without a row number, nobody knows.
        (None, 5, True),
        (4, None, True),
        (None, None, True),
    ],
)
def test_runs_that_were_stored_later_are_not_since(
    stored: int | None, first_stored: int | None, is_since: bool
) -> None:
    suspects = Suspects()
    run = suspects.begin(Mark(1, 5, first_stored), is_vague=False)
    assert suspects.since(Mark(2, 6, stored)) == ([run] if is_since else [])


def test_suspected_runs_are_kept_in_order() -> None:
    suspects = Suspects()
    assert not suspects
    first, second, third = marks = [Mark(at, 5 - at) for at in (1, 2, 3)]
    runs = [suspects.begin(mark, is_vague=mark is second) for mark in marks]
    assert suspects
    assert suspects.runs == runs
    assert [run.is_vague for run in runs] == [False, True, False]
    assert suspects.after(runs[0]) == runs[1:]
    assert suspects.after(runs[2]) == []
    suspects.extend(runs[1], Mark(4, 9))
    assert [(each.time, each.value) for each in suspects.held] == [
        (1, 4),
        (2, 3),
        (4, 9),
        (3, 2),
    ]
    assert {each.rule for each in suspects.held} == {Rule.UNDECIDED}
    assert runs[1].position == 9
    assert suspects.take(runs[1]) == [second, Mark(4, 9)]
    assert suspects.runs == [runs[0], runs[2]]
    assert suspects.take(runs[0]) == [first]
    assert suspects.take(runs[2]) == [third]
    assert not suspects


def test_held_readings_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register_suspects, "MAX_HELD", 2)
    suspects = Suspects()
    run = suspects.begin(Mark(1, 5), is_vague=False)
    for at in (2, 3):
        suspects.extend(run, Mark(at, 5))
    assert suspects.held == [Rejected(at, 5, Rule.UNDECIDED) for at in (1, 2)]
    assert run.count == 3


@pytest.mark.parametrize(
    ("minutes", "is_enough"),
    [((0, 14, 15), True), ((0, 14, 14.9), False), ((0, 15), False)],
)
def test_three_readings_in_a_quarter_of_an_hour_are_evidence(
    minutes: tuple[float, ...], is_enough: bool
) -> None:
    run = run_of(*(Mark(each * MINUTE, 5) for each in minutes))
    assert is_evident(run, run_of(Mark(0, 9)), may_restart=False) == is_enough


@pytest.mark.parametrize(
    ("position", "may_restart", "is_enough"),
    [(6, True, True), (5, True, False), (6, False, False)],
)
def test_one_later_reading_is_evidence_of_a_restart(
    position: float, may_restart: bool, is_enough: bool
) -> None:
    run = run_of(Mark(0, 5), Mark(MINUTE, position))
    assert is_evident(run, run_of(Mark(0, 9)), may_restart=may_restart) == is_enough


def test_estimates_do_not_replace_what_was_measured() -> None:
    estimates = [Mark(at * 10 * MINUTE, 5, is_estimated=True) for at in range(3)]
    run, estimated = run_of(*estimates), run_of(Mark(0, 9, is_estimated=True))
    assert run.measured == -inf
    assert not is_evident(run, run_of(Mark(0, 9)), may_restart=False)
    assert is_evident(run, estimated, may_restart=False)
    run.add(Mark(40 * MINUTE, 5))
    assert is_evident(run, run_of(Mark(0, 9)), may_restart=False)


@pytest.mark.parametrize(("replacing", "is_enough"), [(10, True), (11, False)])
def test_one_reading_outweighs_ten_that_replaced_it(
    replacing: int, is_enough: bool
) -> None:
    first, second = run_of(Mark(0, 1)), run_of(*(Mark(at, 2) for at in range(5)))
    for at in range(5, replacing - 1):
        second.add(Mark(at, 2))
    assert outweighs(run_of(Mark(99, 9)), [first, second]) == is_enough
