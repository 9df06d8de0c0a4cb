"""Registers as they really come, shown reading by reading."""

from collections.abc import Sequence
from datetime import datetime
import json
from typing import TypedDict

import pytest

from custom_components.metering_hub.metering.model import Kind, Point, Quantity
from custom_components.metering_hub.metering.register_guard import RegisterGuard
from custom_components.metering_hub.metering.register_line import RegisterLine
from custom_components.metering_hub.metering.register_marks import Mark, sorted_marks

from ..captures import FIXTURES
from .registers import reading

POINT = Point(
    key="register", device_key="meter", quantity=Quantity.ENERGY, kind=Kind.REGISTER
)
EARLIEST = datetime.fromisoformat("2005-01-01T00:00:00+00:00")
SHOWN_AT_FIRST = {"estimates_too_high", "corrected_down"}
"""The cases whose first false readings look like true ones."""


class Case(TypedDict, total=False):
    """One register: its readings in the order of arrival, and its last possible one."""

    name: str
    readings: Sequence[Sequence[str | float]]
    last: str


CASES: Sequence[Case] = json.loads((FIXTURES / "dirty_registers.json").read_text())


def marks_of_case(case: Case) -> list[Mark]:
    """Return the readings at possible times; another serial begins a new register."""
    last = case.get("last")
    marks: list[Mark] = []
    serial: object = None
    for number, (time, position, *rest) in enumerate(case["readings"]):
        moment = datetime.fromisoformat(str(time))
        if moment < EARLIEST or (last and moment > datetime.fromisoformat(last)):
            continue
        is_new = bool(serial and rest and rest[0] != serial)
        serial = rest[0] if rest else None
        marks.append(Mark(moment.timestamp(), float(position), number, is_new=is_new))
    return marks


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_no_reading_is_shown_that_the_rules_do_not_believe(case: Case) -> None:
    guard = RegisterGuard(POINT)
    marks = marks_of_case(case)
    false: set[tuple[float, float]] = set()
    shown: list[tuple[float, float | None]] = []
    for count, mark in enumerate(marks, start=1):
        line = RegisterLine()
        for arrived in sorted_marks(marks[:count]):
            line.add(arrived)
        assert line.current is not None
        shown.append((line.current.last_at, guard.filter(reading(mark))))
        assert shown[-1][1] == line.current.position
        now = {(each.time, each.value) for each in (*line.take_rejected(), *line.held)}
        assert shown[-1] not in now
        false |= now
    assert shown[-1][1] == marks[-1].position
    believed_at_first = not false.isdisjoint(shown)
    assert believed_at_first == (case["name"] in SHOWN_AT_FIRST)
