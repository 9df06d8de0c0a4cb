"""The line of a register: which of its readings are believed."""

from hypothesis import HealthCheck, given, settings
import pytest

from custom_components.metering_hub.metering.register_line import RegisterLine
from custom_components.metering_hub.metering.register_marks import Mark
from custom_components.metering_hub.metering.register_rules import Rejected, Rule

from .registers import DirtyRegister, corrected_registers, dirty_registers

any_register = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def line_of(marks: list[Mark] | tuple[Mark, ...]) -> RegisterLine:
    """Return the line of readings in order of time."""
    line = RegisterLine()
    for mark in marks:
        line.add(mark)
    return line


def total_of(line: RegisterLine) -> float:
    """Return how far all registers of a line have advanced together."""
    return sum(run.edges[-1][1] - run.edges[0][1] for run in line.runs)


@any_register
@given(dirty_registers())
def test_excursions_and_exchanges_count_nothing(register: DirtyRegister) -> None:
    line = line_of([*register.marks])
    assert total_of(line) == pytest.approx(register.total, abs=1e-4)
    assert not line.held
    assert bool(line.take_rejected()) == bool(register.false)


def test_of_two_registers_that_may_be_back_it_is_the_one_without_a_leap() -> None:
    """Both replaced ones were noise, the first of them a little lower."""
    positions = [304, 304.01, 301, 301, 301.01, 0, 0, 0.01, 304.02, 304.03, 304.04]
    line = line_of([Mark(600.0 * n, each, n) for n, each in enumerate(positions)])
    assert total_of(line) == pytest.approx(0.04)


def test_of_two_registers_that_may_be_back_it_is_the_last_one() -> None:
    """It was exchanged for one that stood lower, and then it stepped up for a while."""
    before = [0.0, 0.016, 0.02, 0.024, 0.012, 0.017, 0.02]
    positions = [*before, 3.02, 3.025, 3.03, 0.03, 0.031, 0.036]
    line = line_of([Mark(600.0 * n, each, n) for n, each in enumerate(positions)])
    assert total_of(line) == pytest.approx(0.024 + 0.036 - 0.012)


@any_register
@given(corrected_registers())
def test_after_a_correction_the_total_is_the_difference_of_the_positions(
    marks: list[Mark],
) -> None:
    line = line_of(marks)
    difference = marks[-1].position - marks[0].position
    assert total_of(line) == pytest.approx(difference, abs=1e-4)
    assert not line.held


def test_readings_of_two_meters_are_told_apart_by_their_order_of_arrival() -> None:
    """The new meter's clock is an hour behind, so its readings lie among the others."""
    old = [Mark(number * 600, 12_000 + number / 10, number) for number in range(13)]
    new = [
        Mark(number * 600 + 3900, number / 10, 13 + number, is_new=number == 0)
        for number in range(13)
    ]
    line = line_of(sorted([*old, *new]))
    assert total_of(line) == pytest.approx(2.4)
    assert not line.take_rejected()


def test_a_few_false_readings_do_not_bring_an_earlier_register_back() -> None:
    """Without its decimal point, the new meter stands a little above the old one."""
    old = [Mark(number * 60, 500 + number / 10) for number in range(300)]
    new = [Mark((300 + number) * 60, round(number / 10, 6)) for number in range(600)]
    for number in range(540, 560):
        new[number] = new[number]._replace(position=float(number))
    line = line_of([*old, *new])
    assert total_of(line) == pytest.approx(29.9 + 59.9)
    assert len(line.take_rejected()) == 20


def test_a_register_returns_after_many_false_readings() -> None:
    marks = [Mark(number * 60, 500 + number / 10) for number in range(1000)]
    for number in range(300, 900):
        marks[number] = marks[number]._replace(position=round((number - 300) / 10, 6))
    line = line_of(marks)
    assert total_of(line) == pytest.approx(99.9)
    assert len(line.runs) == 1


def test_a_held_reading_is_named_until_it_is_decided() -> None:
    line = line_of([Mark(0, 1000), Mark(600, 1000.1), Mark(1200, 0)])
    assert line.held == [Rejected(1200, 0, Rule.UNDECIDED)]
    line.add(Mark(1800, 1000.2))
    assert not line.held
    assert line.take_rejected() == [Rejected(1200, 0, Rule.EXCURSION)]
    assert not line.take_rejected()


def test_more_than_the_meter_can_measure_is_named_so() -> None:
    line = RegisterLine(capacity=10)
    for mark in (Mark(0, 1000), Mark(600, 1003), Mark(1200, 1001)):
        line.add(mark)
    assert line.take_rejected() == [Rejected(600, 1003, Rule.CAPACITY)]


def test_a_register_returns_from_a_dip_that_grew_with_a_step() -> None:
    """The readings after the first one that leapt back are held with it."""
    before = [Mark(300.0 * n, 59.0 + 0.03 * n) for n in range(28)]
    dip = [Mark(8_400.0, 40.0), *(Mark(8_700.0 + 300 * n, 48.0) for n in range(8))]
    after = [Mark(11_100.0 + 300 * n, 60.36 + 0.05 * n) for n in range(8)]
    line = line_of([*before, *dip, *after])
    assert total_of(line) == pytest.approx(60.71 - 59.0)
    assert len(line.runs) == 1
