"""The codes of the hours of a register, from the times of its readings."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

from custom_components.metering_hub.history.maths.last_read import LastRead
from custom_components.metering_hub.history.maths.read_times import ReadTimes
from custom_components.metering_hub.history.maths.registers import RegisterHours
from custom_components.metering_hub.history.maths.rows import FOREVER, NEVER, Baseline
from custom_components.metering_hub.metering.model import (
    ESTIMATED,
    NEW_REGISTER,
    Reading,
)
from custom_components.metering_hub.metering.quality import (
    COMPARABLE_DAYS,
    HELD,
    HOUR_QUALITIES,
    LINE,
    MEASURED,
    MISSING,
    SERVER,
    UNKNOWN,
)
from custom_components.metering_hub.metering.reading_columns import ReadingColumns
from custom_components.metering_hub.metering.register_line import RegisterLine
from custom_components.metering_hub.metering.register_marks import Mark
from custom_components.metering_hub.metering.register_run import Run

from .readings import (
    HOUR,
    LONG_AFTER,
    START,
    all_letters,
    all_rows,
    disturbed,
    growing,
    in_chunks,
    minute,
    reading,
    series,
    text,
)

any_data = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

QUARTERS = [(15.0 * n, 100.0 + n) for n in range(13)]


def letters_of(*values: tuple[float, float]) -> str:
    return all_letters(RegisterHours(), series(*values))


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        ([0, 15, 30, 45, 60, 120], "MM"),
        ([0, 59, 121, 180], "MMM"),
        ([0, 58.9, 121.1, 180], "LLL"),
        ([0, 50, 70, 120], "MM"),
        ([0, 49.9, 70, 120], "LL"),
        ([20, 60, 120], "XM"),
        ([1, 60, 120], "MM"),
        ([1.1, 60, 120], "XM"),
        ([0, 60, 300, 360], "MLLLLM"),
        ([0, 60, 300, 359.5], "MLLLL"),
    ],
)
def test_the_readings_around_its_ends_decide(
    minutes: Sequence[float], expected: str
) -> None:
    assert letters_of(*((at, 100 + at / 100) for at in minutes)) == expected


def test_an_hour_is_missing_until_its_end_is_read() -> None:
    hours = RegisterHours()
    hours.add(series((0, 100), (60, 101), (90, 102)), minute(90))
    hours.open_hours(minute(130))
    assert text(hours.take_qualities()) == "MX"
    assert hours.take_qualities() == []


def test_the_running_hour_has_no_code() -> None:
    hours = RegisterHours()
    hours.add(series((0, 100), (60, 101), (90, 102)), minute(90))
    hours.open_hours(minute(119))
    assert text(hours.take_qualities()) == "M"


def test_hours_are_held_while_nothing_has_decided() -> None:
    hours = RegisterHours()
    hours.add(series((0, 100), (60, 101), (90, 102), (150, 0)), minute(300))
    hours.open_hours(minute(300))
    assert text(hours.take_qualities()) == "MHH"


def test_held_readings_before_an_accepted_one_hold_nothing() -> None:
    assert letters_of((0, 100), (60, 101), (90, 0), (120, 102), (180, 103)) == "MMM"


@pytest.mark.parametrize(
    ("estimated", "expected"),
    [([60], "SSL"), ([0, 60], "SSL"), ([105], "MSS"), ([], "MLL")],
)
def test_what_the_server_estimates_is_no_measurement(
    estimated: list[float], expected: str
) -> None:
    values = [(0, 100), (60, 101), (105, 102), (150, 103), (180, 104), (181, 104)]
    readings = [
        reading(at, value, ESTIMATED if at in estimated else None)
        for at, value in values
    ]
    assert all_letters(RegisterHours(), readings) == expected


def test_a_gap_of_estimated_readings_is_a_line() -> None:
    readings = [*series((0, 100), (60, 101)), reading(300, 105, ESTIMATED)]
    readings += series((360, 106))
    assert all_letters(RegisterHours(), readings) == "MLLLSS"


def test_all_registers_together_are_read() -> None:
    readings = [
        *series((0, 100), (50, 101)),
        reading(65, 0, NEW_REGISTER),
        *series((120, 1), (180, 2)),
    ]
    assert all_letters(RegisterHours(), readings) == "MMM"
    exchanged = [*series((0, 100), (60, 101)), reading(240, 0, NEW_REGISTER)]
    exchanged += series((300, 1))
    assert all_letters(RegisterHours(), exchanged) == "MLLLM"


def test_columns_have_the_same_codes() -> None:
    readings = series(*QUARTERS)
    assert all_letters(RegisterHours(), ReadingColumns.of(readings)) == "MMM"
    estimates = [reading(at, 900 + value, ESTIMATED) for at, value in QUARTERS[:9]]
    hours = RegisterHours()
    hours.add(ReadingColumns.of(estimates[:2]), minute(16))
    assert all_letters(hours, ReadingColumns.of(estimates[2:])) == "SS"


# The times of readings, in seconds


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (5, (NEVER, 10)),
        (10, (10, 20)),
        (19, (10, 20)),
        (20, (20, FOREVER)),
        (99, (20, FOREVER)),
    ],
)
def test_the_readings_around_a_moment(
    moment: float, expected: tuple[float, float]
) -> None:
    assert ReadTimes([10, 20]).around(moment) == expected
    assert ReadTimes([]).around(moment) == (NEVER, FOREVER)


@pytest.mark.parametrize(
    ("times", "estimated", "code"),
    [
        ((3540, 3600 + 7200), (), MEASURED),
        ((3539, 3600 + 7200), (), LINE),
        ((0, 3660), (), MEASURED),
        ((0, 3661), (), LINE),
        ((3000, 4200), (), MEASURED),
        ((3000, 4201), (), LINE),
        ((3000, 4200), (3000,), SERVER),
        ((3000, 4200), (4200,), SERVER),
        ((3540, 4200), (3540,), SERVER),
        ((3540, 4200), (4200,), MEASURED),
        ((3000, 3660), (3660,), SERVER),
        ((3000, 3660), (3000,), MEASURED),
        ((3600, 4200), (3600,), SERVER),
        ((3600, 9000), (3600,), SERVER),
        ((1000, 8200), (1000,), SERVER),
        ((1000, 8201), (1000,), LINE),
        ((1000,), (), MISSING),
        ((5000,), (), MISSING),
        ((), (), MISSING),
    ],
)
@pytest.mark.parametrize("elsewhere", [(), (99_999,)], ids=["", "others_estimated"])
def test_the_code_of_a_moment(
    times: tuple[float, ...],
    estimated: tuple[float, ...],
    code: int,
    elsewhere: tuple[float, ...],
) -> None:
    read = ReadTimes(times, {*estimated, *elsewhere})
    assert [*read.codes(3600, 3600)] == [code]


def test_a_moment_after_the_last_reading_is_held_if_that_is_undecided() -> None:
    read = ReadTimes([0], unread=HELD)
    assert [*read.codes(0, 7200)] == [MEASURED, HELD, HELD]


@pytest.mark.parametrize(
    ("first", "end", "gaps"),
    [
        (0, 50_000, [(1000, 8201), (20_000, 40_000)]),
        (8200, 50_000, [(1000, 8201), (20_000, 40_000)]),
        (8201, 50_000, [(20_000, 40_000)]),
        (8202, 20_001, [(20_000, 40_000)]),
        (8202, 20_000, []),
        (20_000, 30_000, [(20_000, 40_000)]),
        (40_000, 50_000, []),
    ],
)
def test_gaps_of_more_than_two_hours_are_long(
    first: float, end: float, gaps: list[tuple[float, float]]
) -> None:
    read = ReadTimes([1000, 8201, 15_401, 20_000, 40_000, 40_060])
    assert [*read.long_gaps(first, end)] == gaps


def run_of(*times: float) -> Run:
    """Return a register that was read at these times, and rose by 1 each time."""
    run = Run(Mark(times[0], 1.0))
    for position, at in enumerate(times[1:], 2):
        run.add(Mark(at, position))
    return run


@pytest.mark.parametrize(
    ("last", "first", "times"),
    [
        (LastRead(), 3600, [1800, 3600, 5400, 7200, 9000]),
        (LastRead(3000), 3600, [3000, 5400, 7200, 9000]),
    ],
)
def test_the_times_up_to_the_first_one_after_an_end(
    last: LastRead, first: float, times: list[float]
) -> None:
    line = RegisterLine()
    line.runs = [run_of(1800, 3600, 5400, 7200, 9000, 10_800)]
    assert ReadTimes.of(line, last, first, 7200).times == times


def test_the_times_of_all_registers_are_in_order() -> None:
    """The clock of a new register may be behind."""
    line = RegisterLine()
    line.runs = [run_of(1000, 8000), run_of(5000, 9000)]
    assert ReadTimes.of(line, LastRead(), 0, 9000).times == [1000, 5000, 8000, 9000]


# Going on from a baseline


@pytest.mark.parametrize(
    ("code", "minutes", "expected"),
    [
        (MEASURED, [60, 120], "MM"),
        (UNKNOWN, [0, 60, 120], "MM"),
        (UNKNOWN, [-10, 10, 60], "M"),
        (LINE, [-30, 30, 60], "L"),
        (LINE, [0, 60], "M"),
        (LINE, [0.5, 60], "M"),
        (UNKNOWN, [30, 60], "L"),
        (LINE, [30, 60], "L"),
        (SERVER, [30, 60], "S"),
        (COMPARABLE_DAYS, [30, 60], "D"),
        (MEASURED, [-30, 30, 60], "M"),
        (MEASURED, [-1, 119, 120], "LL"),
        (LINE, [-1, 119, 120], "LL"),
    ],
)
def test_the_first_hour_after_a_baseline(
    code: int, minutes: Sequence[float], expected: str
) -> None:
    baseline = Baseline(end=START, state=1000, sum=0)
    hours = RegisterHours(baseline, baseline_code=code)
    readings = series(*((at, 1000 + at / 100) for at in minutes))
    assert all_letters(hours, readings) == expected


def test_a_reading_above_the_baseline_says_nothing_of_it() -> None:
    hours = RegisterHours(Baseline(end=START, state=1000, sum=0))
    assert all_letters(hours, series((-5, 4000), (5, 1000.1), (60, 1001))) == "L"


# Properties


def expected_letters(readings: Sequence[Reading], count: int) -> str:
    """Return the letters of hours, computed directly from the definition."""
    start = readings[0].time.replace(minute=0, second=0, microsecond=0)
    ends = [end_code(readings, start + n * HOUR) for n in range(count + 1)]
    return "".join(HOUR_QUALITIES[max(pair)].letter for pair in pairwise(ends))


def end_code(readings: Sequence[Reading], moment: datetime) -> int:
    """Return the code of the end of an hour, computed directly from the definition."""
    before = [each for each in readings if each.time <= moment][-1:]
    after = [each for each in readings if each.time > moment][:1]
    near = timedelta(seconds=60)
    around = [*before, *after]
    if any(
        abs(each.time - moment) <= near and each.quality != ESTIMATED for each in around
    ):
        return MEASURED
    is_estimated = any(each.quality == ESTIMATED for each in around)
    if before and before[0].time == moment:
        return SERVER
    if not before or not after:
        return MISSING
    apart = after[0].time - before[0].time
    if apart > 2 * HOUR:
        return LINE
    if is_estimated:
        return SERVER
    return MEASURED if apart <= timedelta(minutes=20) else LINE


@st.composite
def partly_estimated(draw: st.DrawFn) -> list[Reading]:
    """Draw a register of which the server estimates some readings."""
    readings = draw(growing())
    return [
        replace(each, quality=ESTIMATED if draw(st.booleans()) else None)
        for each in readings
    ]


@any_data
@given(st.one_of(growing(), partly_estimated()))
def test_the_codes_are_those_of_the_definition(readings: list[Reading]) -> None:
    hours = RegisterHours()
    rows = [*hours.add(readings, readings[-1].time)]
    rows += hours.open_hours(START + LONG_AFTER)
    assert text(hours.take_qualities()) == expected_letters(readings, len(rows))


@any_data
@given(st.one_of(disturbed(), partly_estimated()), st.data())
def test_codes_do_not_depend_on_chunks_and_order(
    readings: list[Reading], data: st.DataObject
) -> None:
    whole, parts = RegisterHours(), RegisterHours()
    expected = all_letters(whole, readings)
    in_chunks(parts, readings, data)
    assert text(parts.take_qualities()) == expected


@any_data
@given(partly_estimated())
def test_codes_go_on_from_any_row(readings: list[Reading]) -> None:
    hours = RegisterHours()
    rows = all_rows(hours, readings)
    codes = b"".join(part.codes for part in hours.take_qualities())
    for index, row in enumerate(rows[: len(codes)]):
        assert row.state is not None
        end = row.start + HOUR
        baseline = Baseline(end=end, state=row.state, sum=0)
        lead = [each for each in readings if each.time >= row.start]
        for known in (readings, lead):
            again = RegisterHours(baseline, baseline_code=codes[index])
            all_rows(again, known)
            found = b"".join(part.codes for part in again.take_qualities())
            assert found == codes[index + 1 :]
