"""Hourly rows of a register."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from time import process_time
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, assume, given, settings, strategies as st
import pytest

from custom_components.metering_hub.history.maths.registers import RegisterHours
from custom_components.metering_hub.history.maths.rows import Baseline, Row
from custom_components.metering_hub.metering.model import NEW_REGISTER, Reading, Value
from custom_components.metering_hub.metering.reading_columns import ReadingColumns
from custom_components.metering_hub.metering.register_line import RegisterLine
from custom_components.metering_hub.metering.register_rules import Rule
from tests.metering.registers import (
    DirtyRegister,
    dirty_registers,
    reading as register_reading,
)

from .readings import (
    HOUR,
    LONG_AFTER,
    MILLISECOND,
    START,
    all_rows,
    disturbed,
    growing,
    hours_of,
    in_chunks,
    minute,
    reading,
    series,
    states,
    sums,
)

WINDOW = timedelta(days=30)
any_data = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def rows_of(*values: tuple[float, Value]) -> list[Row]:
    return all_rows(RegisterHours(), series(*values))


def restarted(row: Row, readings: Sequence[Reading]) -> list[Row]:
    """Return the rows that follow a row as the baseline."""
    end = row.start + HOUR
    assert row.state is not None
    assert row.sum is not None
    hours = RegisterHours(Baseline(end=end, state=row.state, sum=row.sum))
    return all_rows(hours, readings)


def expected_position(readings: Sequence[Reading], moment: datetime) -> float:
    """Return the position at a moment, computed directly from the rule."""
    times = [each.time for each in readings]
    after = bisect_right(times, moment)
    before = readings[after - 1]
    if moment == before.time:
        return float(before.value)
    following = readings[after]
    share = (moment - before.time) / (following.time - before.time)
    growth = float(following.value) - float(before.value)
    return float(before.value) + share * growth


# The rule itself


def test_an_hour_counts_on_the_line_between_the_readings_around_its_ends() -> None:
    rows = rows_of((0, 100), (30, 101), (59, 102), (61, 103), (119, 105), (121, 106))
    assert states(rows) == {0: 102.5, 1: 105.5, 2: 106}
    assert sums(rows) == {0: 2.5, 1: 5.5, 2: 6}


def test_the_first_row_counts_from_the_first_reading() -> None:
    rows = rows_of((20, 100), (60, 101), (120, 103))
    assert sums(rows) == {0: 1, 1: 3}


def test_without_a_reading_there_is_no_row() -> None:
    hours = RegisterHours()
    assert hours.add([], minute(600)) == []
    assert hours.open_hours(minute(600)) == []


def test_one_reading_gives_its_hour() -> None:
    assert rows_of((20, 100)) == [Row(start=START, state=100.0, sum=0.0)]


def test_a_baseline_alone_gives_no_row() -> None:
    hours = RegisterHours(Baseline(end=START, state=5, sum=3))
    assert hours.add([], minute(600)) == []
    assert hours.open_hours(minute(600)) == []


def test_counting_continues_from_a_baseline() -> None:
    hours = RegisterHours(Baseline(end=START, state=100, sum=7))
    assert sums(all_rows(hours, series((30, 101), (60, 102)))) == {0: 9}


@pytest.mark.parametrize("seconds", [1, 299, 301, 1799])
def test_a_position_is_on_the_line_however_close_the_readings_are(
    seconds: float,
) -> None:
    before, after = 60 - seconds / 60, 60 + seconds / 60
    rows = rows_of((0, 100), (before, 102), (after, 104))
    assert states(rows)[0] == 103


def test_gaps_are_interpolated() -> None:
    rows = rows_of((0, 100), (30, 100), (270, 108), (300, 109))
    assert states(rows) == {0: 101, 1: 103, 2: 105, 3: 107, 4: 109}


def test_the_gap_after_a_baseline_is_interpolated() -> None:
    hours = RegisterHours(Baseline(end=START, state=1000, sum=50))
    rows = all_rows(hours, series((180, 1003)))
    assert sums(rows) == {0: 51, 1: 52, 2: 53}


@pytest.mark.parametrize(("shift_ms", "hours"), [(-1, [0]), (0, [0]), (1, [0, 1])])
def test_a_reading_at_the_edge_of_an_hour(shift_ms: int, hours: list[float]) -> None:
    at_edge = START + HOUR + shift_ms * MILLISECOND
    readings = [*series((0, 100), (57, 102)), Reading(time=at_edge, value=103)]
    rows = all_rows(RegisterHours(), readings)
    assert hours_of(rows) == hours
    assert states(rows)[0] == pytest.approx(103, abs=1e-5)


def test_a_first_reading_on_the_hour_makes_no_row_before_it() -> None:
    assert rows_of((0, 100)) == []
    assert hours_of(rows_of((0, 100), (10, 101))) == [0]


@pytest.mark.parametrize(
    ("seconds", "count"), [(10, 2161), (60, 361), (900, 25), (1800, 13), (3600, 7)]
)
def test_intervals_of_all_lengths(seconds: int, count: int) -> None:
    readings = [
        Reading(time=START + timedelta(seconds=n * seconds), value=n * seconds / 1000)
        for n in range(count)
    ]
    rows = all_rows(RegisterHours(), readings)
    assert sums(rows) == {n: round(3.6 * (n + 1), 6) for n in range(6)}


@pytest.mark.parametrize(
    ("day", "count"),
    [
        (date(2026, 3, 29), 23),
        (date(2026, 10, 25), 25),
        (date(2026, 7, 1), 24),
    ],
)
@pytest.mark.parametrize("minutes", [1, 15, 30, 60])
def test_days_of_23_and_25_hours(day: date, count: int, minutes: int) -> None:
    zone = ZoneInfo("Europe/Amsterdam")
    start, end = (
        datetime.combine(each, time.min, zone).astimezone(UTC)
        for each in (day, day + timedelta(days=1))
    )
    steps = (end - start) // timedelta(minutes=minutes)
    readings = [
        Reading(time=start + n * timedelta(minutes=minutes), value=100 + n)
        for n in range(steps + 1)
    ]
    rows = all_rows(RegisterHours(), readings)
    assert [row.start for row in rows] == [start + n * HOUR for n in range(count)]
    assert rows[-1].sum == steps


@pytest.mark.parametrize(
    "value", ["1", "", "unknown", True, float("nan"), float("inf")]
)
def test_non_numeric_values_are_ignored(value: Value) -> None:
    with_it = rows_of((0, 100), (30, value), (59, 102), (60, value), (70, 103))
    assert with_it == rows_of((0, 100), (59, 102), (70, 103))


@pytest.mark.parametrize("order", [1, -1])
def test_higher_of_two_positions_at_the_same_time_counts(order: int) -> None:
    both = [reading(30, 101.0), reading(30, 104.0)][::order]
    rows = all_rows(RegisterHours(), [*series((0, 99), (20, 100)), *both])
    assert sums(rows) == {0: 5}


def test_readings_that_a_page_repeats_are_not_between_two_moments() -> None:
    """How fast the register was is asked when it steps up."""
    before = series((0, 1000), (60, 1001), (120, 1002))
    twice = [
        each
        for number in range(3, 10)
        for each in series(*[(60 * number, 1000 + number)] * 2)
    ]
    after = series((600, 1050))
    hours = RegisterHours()
    rows = [
        row
        for part in (before, twice, after)
        for row in hours.add(ReadingColumns.of(part), part[-1].time + MILLISECOND)
    ]
    rows += hours.open_hours(minute(600))
    assert sums(rows)[8] == 9
    assert rows == all_rows(RegisterHours(), [*before, *twice, *after])


def test_float_noise_is_not_a_drop() -> None:
    rows = rows_of((0, 100), (10, 100.1 + 0.2), (20, 100.3 - 1e-12), (60, 101))
    assert sums(rows) == {0: 1}


# What is final


def test_hours_are_final_once_the_window_has_passed() -> None:
    hours = RegisterHours()
    readings = [reading(n * 60, 100 + n) for n in range(32 * 24 + 1)]
    assert hours.add(readings, START + WINDOW) == []
    final = hours.add([], readings[-1].time)
    assert hours_of(final) == [*range(48)]
    assert hours_of(hours.open_hours(START + LONG_AFTER)) == [*range(48, 32 * 24)]


def test_hours_after_the_last_reading_are_not_final() -> None:
    hours = RegisterHours()
    readings = [reading(n * 60, 100 + n) for n in range(31)]
    assert hours_of(hours.add(readings, START + LONG_AFTER)) == [*range(30)]
    assert hours.open_hours(START + LONG_AFTER) == []


def test_a_reading_that_is_ahead_of_the_others_waits_for_them() -> None:
    hours = RegisterHours()
    assert hours.add(series((0, 100), (90, 104)), minute(10)) == []
    hours.add(series((60, 103)), minute(100))
    assert states(hours.open_hours(minute(100))) == {0: 103, 1: 104}


def test_open_hours_end_with_the_last_reading() -> None:
    hours = RegisterHours()
    hours.add(series((0, 100), (60, 101), (75, 102)), minute(300))
    assert states(hours.open_hours(minute(300))) == {0: 101, 1: 102}


@pytest.mark.parametrize(("now", "hours"), [(30, [0]), (60, [0, 1])])
def test_no_row_is_in_the_future(now: float, hours: list[float]) -> None:
    counter = RegisterHours()
    readings = series((0, 100), (55, 101), (130, 103))
    assert counter.add(readings, minute(30)) == []
    assert hours_of(counter.open_hours(minute(now))) == hours


@pytest.mark.parametrize(("days", "count"), [(31, 24), (31 - 1 / 24, 0)])
def test_hours_become_final_a_day_at_a_time(days: float, count: int) -> None:
    hours = RegisterHours()
    readings = [reading(n * 60, 100 + n) for n in range(32 * 24)]
    final = hours.add(readings, START + timedelta(days=days))
    assert hours_of(final) == [*range(count)]


# Readings in columns


def columns_of(
    *values: tuple[float, Value], stored: Sequence[int] = ()
) -> ReadingColumns:
    """Return readings of (minute after START, value) as columns."""
    columns = ReadingColumns.of(series(*values))
    columns.stored = [*stored]
    return columns


def begun(line: RegisterLine | None = None) -> RegisterHours:
    """Return counting after a first page, from which on columns are added at once."""
    hours = RegisterHours(line=line)
    hours.add(columns_of((-60, 1000), (0, 1000), stored=[0, 1]), minute(1))
    return hours


def test_columns_may_be_in_any_order() -> None:
    """The values of a meter that stands still do not tell their order."""
    values = [(70, 1000), (10, 1000), (20, 1000), (130, 1001)]
    line = RegisterLine()
    hours = begun(line)
    assert hours.add(columns_of(*values), minute(200)) == []
    assert line.runs[0].edges == sorted(line.runs[0].edges)
    assert hours.open_hours(minute(200)) == rows_of((-60, 1000), (0, 1000), *values)


def test_the_later_stored_of_two_readings_in_columns_counts() -> None:
    values = [(30, 1001), (30, 1004), (60, 1005)]
    hours = begun()
    hours.add(columns_of(*values, stored=[3, 2, 4]), minute(61))
    assert [each.value for each in hours.take_rejected()] == [1004]


def test_only_the_first_and_the_last_reading_of_each_hour_are_kept() -> None:
    """They are all that the rows need."""
    minutes = [10, 20, 30, 60, 70, 150, 190, 200, 230, 240, 250]
    line = RegisterLine()
    hours = begun(line)
    hours.add(columns_of(*((at, 1000 + at / 60) for at in minutes)), minute(300))
    edges = [(at - START.timestamp()) / 60 for at, _ in line.runs[0].edges]
    assert edges == [-60, 0, 10, 60, 70, 150, 190, 240, 250]


def test_a_reading_that_two_pages_have_counts_once() -> None:
    """Three readings would be a new register."""
    hours = RegisterHours()
    hours.add(columns_of((0, 100), (60, 101), (90, 0.0)), minute(90))
    hours.add(columns_of((90, 0.0), (110, 0.1)), minute(120))
    assert sums(hours.open_hours(minute(120))) == {0: 1, 1: 1}
    assert [each.value for each in hours.held] == [0.0, 0.1]


def test_an_exchange_is_known_for_30_days() -> None:
    readings = [reading(n * 60, 1000 + n) for n in range(80 * 24)]
    new = 50 * 24
    for number in range(new, 80 * 24):
        readings[number] = reading(number * 60, number - new)
    first = readings[new]
    readings[new] = replace(first, quality=NEW_REGISTER)
    hours = RegisterHours()
    hours.add(readings[: new + 1], minute(new * 60 + 1))
    assert hours.exchanged == first.time.timestamp()
    hours.add(readings[new + 1 :], START + 79 * 24 * HOUR)
    assert hours.exchanged == first.time.timestamp()
    hours.add([], START + 81 * 24 * HOUR)
    assert hours.exchanged is None


# Drops


def test_a_dip_that_recovers_leaves_no_trace() -> None:
    dip = rows_of((0, 100), (50, 101), (58, 100.9), (61, 101.2), (120, 102))
    assert dip == rows_of((0, 100), (50, 101), (61, 101.2), (120, 102))


def test_a_false_zero_counts_nothing() -> None:
    rows = rows_of((0, 100), (30, 0), (31, 101), (60, 102))
    assert sums(rows) == {0: 2}


def test_a_reset_counts_from_the_first_reading_of_the_new_register() -> None:
    rows = rows_of((0, 100), (30, 101), (31, 0), (32, 0.5), (60, 2), (120, 3))
    assert sums(rows) == {0: 3, 1: 4}
    assert states(rows) == {0: 2, 1: 3}


def test_two_resets_within_two_hours() -> None:
    rows = rows_of(
        *((0, 100), (10, 101), (20, 0), (30, 2), (40, 4), (44, 5)),
        *((50, 1), (60, 1.4), (70, 1.8), (120, 3)),
    )
    assert sums(rows) == {0: 1 + 5 + 0.4, 1: 1 + 5 + 2}


def test_hours_within_an_exchange_have_no_use() -> None:
    rows = rows_of((0, 100), (30, 101), (250, 7), (260, 7.5), (300, 8))
    assert sums(rows) == {0: 1, 1: 1, 2: 1, 3: 1, 4: 2}
    assert states(rows) == {0: 101, 1: 101, 2: 101, 3: 101, 4: 8}


def test_a_new_register_on_the_hour_begins_with_its_hour() -> None:
    before = [(0, 100), (30, 105), (60, 110)]
    rows = rows_of(*before, (120, 0), (180, 5), (240, 9))
    assert sums(rows) == {0: 10, 1: 10, 2: 15, 3: 19}


def test_the_hour_that_a_new_register_ends_has_its_position() -> None:
    rows = rows_of((0, 100), (29, 105), (58, 110), (60, 0), (61, 1), (120, 5))
    assert sums(rows) == {0: 10, 1: 15}
    assert states(rows) == {0: 0, 1: 5}


def test_a_meter_that_is_read_rarely_is_exchanged() -> None:
    rows = rows_of((0, 10), (60, 11), (120, 0), (180, 1.5), (240, 3), (300, 4.5))
    assert sums(rows) == {0: 1, 1: 1, 2: 2.5, 3: 4, 4: 5.5}


def test_a_false_zero_before_a_used_meter_counts_nothing() -> None:
    rows = rows_of((0, 20000), (10, 0), (20, 15000), (30, 15001), (60, 15003))
    assert sums(rows) == {0: 3}


@pytest.mark.parametrize("start", [0.0, 50.0, 101.0, 5000.0])
def test_a_reading_may_mark_a_new_register(start: float) -> None:
    readings = [
        *series((0, 100), (30, 101)),
        reading(40, start, NEW_REGISTER),
        *series((50, start + 1), (60, start + 2)),
    ]
    rows = all_rows(RegisterHours(), readings)
    assert rows == [Row(start=START, state=start + 2, sum=3.0)]


@pytest.mark.parametrize(("start", "stepped"), [(50.0, set()), (5000.0, {START})])
def test_the_hour_of_a_new_register_that_stands_higher_is_noted(
    start: float, stepped: set[datetime]
) -> None:
    hours = RegisterHours()
    marked = reading(40, start, NEW_REGISTER)
    all_rows(hours, [*series((0, 100), (30, 101)), marked, *series((130, start + 1))])
    assert hours.stepped == stepped


@pytest.mark.parametrize(
    ("values", "stepped"),
    [
        # Both ends of the hour stand at 100, but 1 + 2 was counted.
        ([(60, 100), (90, 101), (120, 100)], {START + HOUR}),
        # What rounding may hide is no step.
        ([(60, 0), (90, 0.0001), (120, 0)], set()),
        ([(60, 0), (90, 0.0002), (120, 0)], {START + HOUR}),
    ],
)
def test_an_hour_whose_position_rises_less_than_its_sum_is_noted(
    values: list[tuple[float, float]], stepped: set[datetime]
) -> None:
    hours = RegisterHours()
    marked = reading(100, min(98.0, values[0][1]), NEW_REGISTER)
    first = series((0, values[0][1]))
    all_rows(hours, [*first, *series(*values[:2]), marked, *series(*values[2:])])
    assert hours.stepped == stepped


def test_what_was_rejected_is_taken_once() -> None:
    """Of readings of the same moment that contradict each other, and of excursions."""
    hours = RegisterHours()
    times = [*(0, 10, 20, 20), *(30, 40, 50, 50), 60]
    values = [*(100, 101, 102, 101.5), *(0, 103, 104, 103.5), 105]
    readings = [
        Reading(time=minute(at), value=value, stored=number)
        for number, (at, value) in enumerate(zip(times, values, strict=True))
    ]
    hours.add(readings[:5], minute(25))
    hours.add(readings[5:], minute(70))
    found = hours.take_rejected()
    assert [(each.value, each.rule) for each in found] == [
        (102.0, Rule.REPEATED),
        (104.0, Rule.REPEATED),
        (0.0, Rule.EXCURSION),
    ]
    assert hours.take_rejected() == []


def test_a_new_register_does_not_confirm_a_suspect() -> None:
    readings = [
        *series((0, 100), (10, 101), (20, 3)),
        reading(30, 200.0, NEW_REGISTER),
        *series((60, 201)),
    ]
    assert sums(all_rows(RegisterHours(), readings)) == {0: 2}


@pytest.mark.parametrize("order", [1, -1])
def test_new_register_takes_precedence_at_the_same_time(order: int) -> None:
    both = [reading(30, 5.0, NEW_REGISTER), reading(30, 102.0)][::order]
    rows = all_rows(RegisterHours(), [*series((0, 100), (29, 101)), *both])
    assert rows == [Row(start=START, state=5.0, sum=1.0)]


def test_hours_show_no_use_while_a_drop_is_not_explained() -> None:
    rows = rows_of((0, 100), (57, 101), (60, 102), (110, 103), (190, 0))
    assert sums(rows) == {0: 2, 1: 3, 2: 3, 3: 3}


@pytest.mark.parametrize("back", [True, False])
@pytest.mark.parametrize("fall", [59.0, 60.0, 61.0, 119.0])
def test_an_unexplained_drop_at_the_edge_of_a_chunk(*, fall: float, back: bool) -> None:
    before = series((0, 100), (58, 101))
    after = series((200, 103), (201, 104)) if back else series((200, 1), (201, 2))
    readings = [*before, reading(fall, 0.5), *after]
    whole = all_rows(RegisterHours(), readings)
    for cut in range(len(readings)):
        hours = RegisterHours()
        first = hours.add(readings[: cut + 1], readings[cut].time + MILLISECOND)
        assert [*first, *all_rows(hours, readings)] == whole
    assert whole[-1].sum == (4 if back else 2.5)


# Corrections


def test_a_correction_changes_rows_only_from_its_hour_on() -> None:
    readings = [reading(n * 10, 100 + n / 10) for n in range(60)]
    corrected = [*readings]
    corrected[31] = reading(310, 103.15)
    corrected[36] = reading(360, 103.65)
    before = all_rows(RegisterHours(), readings)
    after = all_rows(RegisterHours(), corrected)
    assert [row.start for row in before] == [row.start for row in after]
    differing = [
        new.start for old, new in zip(before, after, strict=True) if old != new
    ]
    assert differing == [START + 5 * HOUR]


def test_a_late_reading_changes_only_the_hours_of_its_gap() -> None:
    readings = series((0, 100), (60, 101), (240, 104), (300, 105))
    before = all_rows(RegisterHours(), readings)
    after = all_rows(RegisterHours(), [*readings, reading(120, 103.5)])
    differing = [
        (new.start - START) / HOUR
        for old, new in zip(before, after, strict=True)
        if old != new
    ]
    assert differing == [1, 2]


# Properties


@any_data
@given(growing())
def test_every_hour_is_the_difference_of_the_positions(readings: list[Reading]) -> None:
    rows = all_rows(RegisterHours(), readings)
    first = float(readings[0].value)
    for row in rows[:-1]:
        position = expected_position(readings, row.start + HOUR)
        # Milliseconds are only exact to a ten-thousandth in epoch seconds.
        assert row.state == pytest.approx(position, rel=1e-12, abs=2e-3)
        assert row.sum == pytest.approx(position - first, rel=1e-12, abs=2e-3)
    for row, following in pairwise(rows):
        assert following.start - row.start == HOUR
    if rows:
        last = float(readings[-1].value)
        assert rows[-1].state == pytest.approx(last, abs=1e-6)
        assert rows[-1].sum == pytest.approx(last - first, abs=2e-6)


@any_data
@given(disturbed(), st.data())
def test_rows_do_not_depend_on_chunks_and_order(
    readings: list[Reading], data: st.DataObject
) -> None:
    whole = all_rows(RegisterHours(), readings)
    assert in_chunks(RegisterHours(), readings, data) == whole


@any_data
@given(growing())
def test_resuming_from_any_row_gives_the_same_rows(readings: list[Reading]) -> None:
    rows = all_rows(RegisterHours(), readings)
    for index, row in enumerate(rows[:-1]):
        assert restarted(row, readings) == rows[index + 1 :]


@any_data
@given(growing())
def test_resuming_without_the_reading_before_loses_nothing(
    readings: list[Reading],
) -> None:
    rows = all_rows(RegisterHours(), readings)
    for row in rows[:-1]:
        later = [each for each in readings if each.time > row.start + HOUR]
        again = restarted(row, later)
        assert again[-1].start == rows[-1].start
        assert again[-1].sum == pytest.approx(rows[-1].sum, abs=2e-6)


@any_data
@given(dirty_registers(), st.booleans(), st.data())
def test_faults_count_nothing_however_they_arrive(
    register: DirtyRegister, is_order_known: bool, data: st.DataObject
) -> None:
    readings = [register_reading(mark) for mark in register.marks]
    if not is_order_known:
        readings = [replace(each, stored=None) for each in readings]
    whole = all_rows(RegisterHours(), readings)
    assert in_chunks(RegisterHours(), readings, data) == whole
    running = [0.0, *(row.sum or 0.0 for row in whole)]
    assert running == sorted(running)
    assert running[-1] == pytest.approx(register.total, abs=1e-4)


@any_data
@given(dirty_registers(exchanges=0, longest=2))
def test_the_rows_are_those_of_the_true_readings(register: DirtyRegister) -> None:
    # What is usual is only known after some readings; the total is right before, too.
    assume(register.false.isdisjoint(register.marks[:3]))
    marks = [register.marks, register.clean]
    dirty, clean = (
        all_rows(RegisterHours(), [register_reading(mark) for mark in each])
        for each in marks
    )
    assert dirty == clean


@any_data
@given(disturbed())
def test_no_change_is_negative(readings: list[Reading]) -> None:
    rows = all_rows(RegisterHours(), readings)
    running = [0.0, *(row.sum or 0.0 for row in rows)]
    assert running == sorted(running)


@any_data
@given(disturbed())
def test_each_hour_is_returned_once_and_in_order(readings: list[Reading]) -> None:
    starts = [row.start for row in all_rows(RegisterHours(), readings)]
    assert starts == sorted(set(starts))
    assert all(
        start == start.replace(minute=0, second=0, microsecond=0) for start in starts
    )


@any_data
@given(growing(min_size=2), st.data())
def test_single_false_values_leave_no_trace(
    readings: list[Reading], data: st.DataObject
) -> None:
    index = data.draw(st.integers(1, len(readings) - 1))
    before, after = readings[index - 1], readings[index]
    share = data.draw(st.floats(0, 1, exclude_max=True))
    low = Reading(
        time=before.time + (after.time - before.time) / 2,
        value=round(float(before.value) - 1, 6) * share,
    )
    assume(float(low.value) < float(before.value))
    assert all_rows(RegisterHours(), [*readings, low]) == all_rows(
        RegisterHours(), readings
    )


# Bugs of other implementations


def test_bug_of_others_a_long_gap_restarts_the_sum_at_zero() -> None:
    # The last sum was only searched for within seven days.
    hours = RegisterHours(Baseline(end=START, state=100, sum=5000))
    day = 60 * 24 * 30
    rows = all_rows(hours, series((day, 820), (day + 60, 821), (day + 120, 822)))
    assert len(rows) == 722
    assert (rows[0].sum, rows[719].sum, rows[-1].sum) == (5001, 5720, 5722)


def test_bug_of_others_hours_without_readings_are_zeros() -> None:
    hours = RegisterHours()
    rows = hours.add(series((0, 100), (60, 101)), minute(600))
    assert hours_of([*rows, *hours.open_hours(minute(600))]) == [0]


def test_bug_of_others_reading_again_counts_twice() -> None:
    readings = series((0, 100), (60, 101), (120, 103), (180, 106))
    hours = RegisterHours()
    rows = [row for _ in range(3) for row in hours.add(readings, minute(181))]
    rows += hours.open_hours(minute(181))
    assert sums(rows) == {0: 1, 1: 3, 2: 6}
    assert len(rows) == 3


def test_bug_of_others_the_whole_meter_counts_after_a_restart() -> None:
    hours = RegisterHours(Baseline(end=START, state=20000, sum=500))
    rows = all_rows(hours, series((1, 0), (2, 20001), (60, 20002)))
    assert sums(rows) == {0: 502}


def test_bug_of_others_a_lower_position_after_a_gap_is_negative() -> None:
    hours = RegisterHours(Baseline(end=START, state=20000, sum=500))
    rows = all_rows(hours, series((600, 10), (610, 10.2), (660, 12)))
    assert sums(rows) == {**dict.fromkeys(range(10), 500), 10: 502}


def test_a_year_of_minutes_is_fast() -> None:
    step = timedelta(minutes=1)
    readings = [
        Reading(time=START + n * step, value=1000 + n * 0.012) for n in range(525_600)
    ]
    hours = RegisterHours()
    count = 0
    began = process_time()
    for first in range(0, len(readings), 1000):
        chunk = readings[first : first + 1000]
        count += len(hours.add(chunk, chunk[-1].time + step))
    count += len(hours.open_hours(readings[-1].time))
    # It takes 2 to 6 s; work that grows with the square would take hours.
    assert process_time() - began < 30
    assert count == 8760
