"""Registers as they really come, and what they really counted.

`dirty_registers.json` is what the issue gives. The totals of
`dirty_registers_own.json` were worked out by hand from the rules when the cases were
written: most are 72 steps of 0.1, less the step that a new register or a false reading
at an end hides.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import NotRequired, TypedDict

from orjson import loads
import pytest

from custom_components.metering_hub.backends.base import EARLIEST
from custom_components.metering_hub.history.maths.rows import Row
from custom_components.metering_hub.history.series import make_hours
from custom_components.metering_hub.metering.model import (
    ESTIMATED,
    NEW_REGISTER,
    Kind,
    Point,
    Quantity,
    Reading,
)
from custom_components.metering_hub.metering.possible_times import PossibleTimes

FIXTURES = Path(__file__).parents[2] / "fixtures"
TOLERANCE = 0.001


class Case(TypedDict):
    """A register: its readings in the order of arrival, and what it counted.

    A reading is [time, position] or [time, position, serial]. `estimated` are the
    indexes of readings that were not measured. `now` is the moment of the import, and
    the last reading where it is missing. No row is before `first` or after `last`.
    """

    name: str
    why: str
    readings: list[list[str | float]]
    total: float
    tolerance: NotRequired[float]
    first: NotRequired[str]
    last: NotRequired[str]
    now: NotRequired[str]
    estimated: NotRequired[list[int]]
    capacity: NotRequired[float]
    may_restart: NotRequired[bool]
    trusted: NotRequired[bool]


def load_cases() -> list[Case]:
    """Return the cases of both files."""
    files = ("dirty_registers.json", "dirty_registers_own.json")
    return [case for name in files for case in loads((FIXTURES / name).read_bytes())]


CASES = load_cases()
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])


def readings_of(case: Case) -> list[Reading]:
    """Return the readings of a case in the order of arrival."""
    estimated, serial = case.get("estimated", []), None
    readings = []
    for index, (time, value, *rest) in enumerate(case["readings"]):
        quality = ESTIMATED if index in estimated else None
        if rest and serial not in (None, rest[0]):
            quality = NEW_REGISTER
        serial = rest[0] if rest else None
        readings.append(
            Reading(
                time=datetime.fromisoformat(str(time)),
                value=value,
                quality=quality,
                stored=index,
            )
        )
    return readings


def now_of(case: Case) -> datetime:
    """Return the moment of the import."""
    times = [each.time for each in readings_of(case)]
    given = case.get("now") or case.get("last")
    return datetime.fromisoformat(given) if given else max(times)


def rows_of(case: Case, cuts: Sequence[datetime] = ()) -> list[Row]:
    """Return the rows of a case, its readings delivered in chunks cut at some times."""
    point = Point(
        key="register",
        device_key="meter",
        quantity=Quantity.ENERGY,
        kind=Kind.REGISTER,
        unit="kWh",
        capacity=case.get("capacity"),
        may_restart=case.get("may_restart", False),
    )
    hours = make_hours(point, None, is_trusted=case.get("trusted", False))
    now, waiting = now_of(case), readings_of(case)
    possible_times = PossibleTimes.until(now, EARLIEST)
    rows: dict[datetime, Row] = {}
    for until in (*cuts, now):
        chunk = [each for each in waiting if until == now or each.time < until]
        waiting = [each for each in waiting if each.time >= until]
        possible, _ = possible_times.split(chunk)
        rows |= {row.start: row for row in hours.add(possible, until)}
    rows |= {row.start: row for row in hours.open_hours(now)}
    return [rows[start] for start in sorted(rows)]


def changes(rows: Sequence[Row]) -> list[float]:
    """Return the changes of rows, of which the first counts from 0."""
    sums = [0.0, *(row.sum or 0.0 for row in rows)]
    return [after - before for before, after in pairwise(sums)]


@every_case
def test_the_total_is_right(case: Case) -> None:
    """The hourly changes add up to what the register counted."""
    tolerance = case.get("tolerance", TOLERANCE)
    found = sum(changes(rows_of(case)))
    assert found == pytest.approx(case["total"], abs=tolerance), case["why"]


@every_case
def test_no_hour_is_negative(case: Case) -> None:
    """A register never counts backwards."""
    assert min(changes(rows_of(case))) >= -1e-6


@every_case
def test_no_row_is_outside_the_readings(case: Case) -> None:
    """A reading with an impossible time makes no row, and no hour is missing."""
    starts = [row.start for row in rows_of(case)]
    assert all((b - a).total_seconds() == 3600 for a, b in pairwise(starts))
    if first := case.get("first"):
        assert starts[0] >= datetime.fromisoformat(first).replace(minute=0)
    if last := case.get("last"):
        assert starts[-1] <= datetime.fromisoformat(last)


@every_case
def test_rows_do_not_depend_on_chunks(case: Case) -> None:
    """Readings that come in three chunks give the same rows."""
    times = sorted(each.time for each in readings_of(case))
    cuts = [times[len(times) // 3], times[2 * len(times) // 3]]
    assert rows_of(case, cuts) == rows_of(case)
