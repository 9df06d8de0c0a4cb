"""The line of a register: which of its readings are believed."""

from hypothesis import HealthCheck, given, settings
import pytest

from custom_components.metering_hub.metering.register_line import RegisterLine
from custom_components.metering_hub.metering.register_marks import Mark

from .registers import DirtyRegister, dirty_registers

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
