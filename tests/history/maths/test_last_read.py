"""The last reading before counting goes on, as far as it is known."""

import pytest

from custom_components.metering_hub.history.maths.last_read import LastRead
from custom_components.metering_hub.metering.quality import (
    COMPARABLE_DAYS,
    LINE,
    MEASURED,
    MISSING,
    SERVER,
    UNKNOWN,
)
from custom_components.metering_hub.metering.register_marks import Mark

END = 1_800_000_000.0
"""The end of the hour of a baseline, at which the register stood at 100."""


def test_a_measured_end_was_read() -> None:
    last = LastRead.before(END, 100.0, MEASURED)
    assert last == LastRead(END, is_known=False, code=MEASURED, highest=100.0)


@pytest.mark.parametrize(
    ("code", "is_estimated"), [(SERVER, True), (LINE, False), (COMPARABLE_DAYS, False)]
)
def test_any_other_end_was_read_before_what_is_requested(
    code: int, is_estimated: bool
) -> None:
    assert LastRead.before(END, 100.0, code) == LastRead(
        END - 3601,
        is_estimated=is_estimated,
        is_known=False,
        inherited=code,
        highest=100.0,
    )


@pytest.mark.parametrize("code", [MEASURED, SERVER])
@pytest.mark.parametrize("hours", [0.5, 2])
def test_a_reading_counts_more_than_what_a_code_says(code: int, hours: float) -> None:
    last = LastRead.before(END, 100.0, code)
    assert last.noting(Mark(END - hours * 3600, 99.0)) == LastRead(
        END - hours * 3600, code=last.code, highest=100.0
    )


@pytest.mark.parametrize("code", [MEASURED, SERVER])
@pytest.mark.parametrize(("position", "is_noted"), [(100.0, True), (100.1, False)])
def test_no_reading_before_an_end_is_higher_than_it(
    code: int, position: float, is_noted: bool
) -> None:
    last = LastRead.before(END, 100.0, code)
    assert (last.noting(Mark(END - 60, position)) != last) is is_noted


@pytest.mark.parametrize("order", [1, -1])
def test_the_later_of_two_readings_is_the_last_one(order: int) -> None:
    last = LastRead()
    for mark in [Mark(END - 120, 98.0), Mark(END - 60, 99.0, is_estimated=True)][
        ::order
    ]:
        last = last.noting(mark)
    assert last == LastRead(END - 60, is_estimated=True)


@pytest.mark.parametrize("order", [1, -1])
def test_a_measured_reading_counts_more_than_an_estimate_of_its_moment(
    order: int,
) -> None:
    last = LastRead()
    for mark in [Mark(END, 99.0), Mark(END, 99.0, is_estimated=True)][::order]:
        last = last.noting(mark)
    assert last == LastRead(END)


@pytest.mark.parametrize(
    ("last", "read", "first"),
    [
        (LastRead(code=MEASURED), LINE, MEASURED),
        (LastRead(inherited=COMPARABLE_DAYS), LINE, COMPARABLE_DAYS),
        (LastRead(inherited=COMPARABLE_DAYS), MEASURED, MEASURED),
        (LastRead(inherited=MISSING), LINE, LINE),
        (LastRead(inherited=UNKNOWN), SERVER, SERVER),
    ],
)
def test_an_estimate_goes_on_as_the_hour_before_was_estimated(
    last: LastRead, read: int, first: int
) -> None:
    assert last.first_code(read) == first
