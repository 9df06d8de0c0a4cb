"""Hourly rows of amounts per interval."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.metering_hub.history.maths.amounts import IntervalHours
from custom_components.metering_hub.history.maths.rows import Baseline, Row
from custom_components.metering_hub.history.series import make_hours
from custom_components.metering_hub.metering.model import (
    ESTIMATED,
    PARTIAL,
    Kind,
    Point,
    Quantity,
    Reading,
    Value,
)
from custom_components.metering_hub.metering.quality import HOUR_QUALITIES
from custom_components.metering_hub.metering.register_rules import Rejected, Rule

from .readings import (
    HOUR,
    MILLISECOND,
    START,
    all_rows,
    hours_of,
    in_chunks,
    minute,
    reading,
    series,
    states,
    sums,
    text,
)

QUARTER = timedelta(minutes=15)
HALF = timedelta(minutes=30)
DAY = timedelta(days=1)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def rows_of(length: timedelta, *amounts: tuple[float, Value]) -> list[Row]:
    return all_rows(IntervalHours(length=length), series(*amounts))


def midnight(day: date, zone: ZoneInfo = AMSTERDAM) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)


# Up to an hour long


def test_an_hour_is_the_sum_of_its_intervals() -> None:
    rows = rows_of(QUARTER, (0, 1), (15, 2), (30, 3), (45, 4), (60, 5))
    assert states(rows) == {0: 10, 1: 5}
    assert sums(rows) == {0: 10, 1: 15}


def test_an_interval_belongs_to_the_hour_that_it_starts_in() -> None:
    assert states(rows_of(QUARTER, (59, 1), (60, 2), (119.99, 4))) == {0: 1, 1: 6}


def test_an_hour_that_starts_at_half_past_is_not_spread() -> None:
    assert states(rows_of(HOUR, (30, 1), (90, 2))) == {0: 1, 1: 2}


@pytest.mark.parametrize("seconds", [10, 60, 900, 1800, 3600])
def test_intervals_of_all_lengths(seconds: int) -> None:
    length = timedelta(seconds=seconds)
    count = 6 * HOUR // length
    readings = [Reading(time=START + n * length, value=0.1) for n in range(count)]
    rows = all_rows(IntervalHours(length=length), readings)
    hourly = round(HOUR / length * 0.1, 6)
    assert states(rows) == dict.fromkeys(range(6), hourly)
    assert rows[-1].sum == round(6 * hourly, 6)


def test_negative_amounts_of_other_quantities_are_kept() -> None:
    """A cost may be an income, and reactive energy has a direction."""
    hours = IntervalHours(length=HOUR)
    assert sums(all_rows(hours, series((0, 5), (60, -2)))) == {0: 5, 1: 3}
    assert hours.take_rejected() == []


def test_a_negative_amount_of_what_only_grows_is_rejected() -> None:
    hours = IntervalHours(length=QUARTER, only_grows=True)
    readings = series((0, 5), (15, -0.1), (30, 0), (60, -2), (120, 1))
    assert sums(all_rows(hours, readings)) == {0: 5, 2: 6}
    assert [(each.value, each.rule) for each in hours.take_rejected()] == [
        (-0.1, Rule.NEGATIVE),
        (-2, Rule.NEGATIVE),
    ]


def test_a_rejected_amount_is_taken_once() -> None:
    """Later chunks repeat it, or bring it only after its hour is final."""
    hours = IntervalHours(length=HOUR, only_grows=True)
    hours.add(series((60, -2)), minute(60))
    assert hours.take_rejected() == [
        Rejected(minute(60).timestamp(), -2.0, Rule.NEGATIVE)
    ]
    hours.add(series((60, -2)), minute(120))
    hours.add(series((60, -2)), minute(180))
    assert hours.take_rejected() == []


@pytest.mark.parametrize(
    ("minutes", "length", "until"), [(90, HOUR, 120), (60, 2 * HOUR, 180)]
)
def test_a_negative_amount_of_final_hours_is_not_rejected_again(
    minutes: float, length: timedelta, until: float
) -> None:
    """It is forgotten with its hours, which later chunks may repeat."""
    hours = IntervalHours(length=length, only_grows=True)
    hours.add(series((minutes, -2)), minute(minutes))
    assert len(hours.take_rejected()) == 1
    hours.add(series((minutes, -2)), minute(until))
    hours.add(series((minutes, -2)), minute(until + 5))
    assert hours.take_rejected() == []


def test_a_rejected_amount_leaves_the_one_before() -> None:
    hours = IntervalHours(length=HOUR, only_grows=True)
    assert sums(all_rows(hours, series((0, 5), (0, -5), (60, 1)))) == {0: 5, 1: 6}


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [(Quantity.ENERGY, [5, 6]), (Quantity.COST, [5, 3, 4])],
)
def test_the_quantity_decides_if_an_amount_may_be_negative(
    quantity: Quantity, expected: list[float]
) -> None:
    point = Point(key="p", device_key="d", quantity=quantity, kind=Kind.INTERVAL)
    hours = make_hours(point, None)
    rows = all_rows(hours, series((0, 5), (60, -2), (120, 1)))
    assert [row.sum for row in rows] == expected


@pytest.mark.parametrize("value", ["1", "", True, float("nan"), float("inf")])
def test_non_numeric_amounts_are_ignored(value: Value) -> None:
    assert states(rows_of(HOUR, (0, 5), (60, value), (120, 6))) == {0: 5, 2: 6}


def test_last_amount_of_a_repeated_interval_counts() -> None:
    assert states(rows_of(HOUR, (0, 5), (0, 6), (60, 1))) == {0: 6, 1: 1}


def test_latest_chunk_of_a_repeated_interval_counts() -> None:
    hours = IntervalHours(length=QUARTER)
    hours.add(series((0, 5), (15, 5)), minute(30))
    assert states(hours.add(series((15, 1), (30, 2)), minute(60))) == {0: 8}


def test_a_final_hour_is_not_returned_again() -> None:
    hours = IntervalHours(length=QUARTER)
    hours.add(series((0, 5)), minute(60))
    assert hours.add(series((0, 7), (15, 1)), minute(120)) == []


@pytest.mark.parametrize(("until", "count"), [(59.99, 0), (60, 1)])
def test_an_hour_is_final_once_all_its_intervals_arrived(
    until: float, count: int
) -> None:
    hours = IntervalHours(length=HALF)
    assert len(hours.add(series((0, 1), (30, 1), (60, 1)), minute(until))) == count


def test_open_hours_are_provisional() -> None:
    hours = IntervalHours(length=QUARTER)
    hours.add(series((0, 1), (60, 2), (75, 3), (200, 9)), minute(90))
    assert sums(hours.open_hours(minute(90))) == {1: 6}
    assert sums(hours.open_hours(minute(200))) == {1: 6, 3: 15}
    assert sums(hours.open_hours(minute(200))) == {1: 6, 3: 15}


def test_counting_continues_from_a_baseline() -> None:
    hours = IntervalHours(Baseline(end=minute(60), state=1, sum=100), length=QUARTER)
    assert sums(all_rows(hours, series((45, 1), (60, 2), (120, 3)))) == {1: 102, 2: 105}


def test_counting_goes_on_from_hours_without_use() -> None:
    hours = IntervalHours(length=HOUR)
    assert sums(hours.add(series((0, 0)), minute(60))) == {0: 0}
    assert sums(hours.add(series((60, 2)), minute(120))) == {1: 2}


def letters(hours: IntervalHours, *readings: Reading, until: float) -> str:
    """Return the letters of the hours that are over after some readings."""
    hours.add(readings, minute(until))
    hours.open_hours(minute(until))
    codes = b"".join(part.codes for part in hours.take_qualities())
    return "".join(HOUR_QUALITIES[code].letter for code in codes)


def test_a_partial_sum_is_no_complete_hour() -> None:
    """Until the server has the rest of it."""
    amounts = [reading(0, 4.0), reading(60, 2.0, PARTIAL), reading(120, 4.0)]
    assert letters(IntervalHours(length=HOUR), *amounts, until=190) == "MXM"
    hours = IntervalHours(length=HOUR)
    hours.add(amounts[:2], minute(60))
    assert letters(hours, reading(60, 4.0), until=130) == "MM"


def test_a_missing_interval_makes_an_hour_partial() -> None:
    quarters = [reading(at, 1.0) for at in range(0, 240, 15) if at != 75]
    quarters[-1] = reading(225, 1.0, ESTIMATED)
    assert letters(IntervalHours(length=QUARTER), *quarters, until=250) == "MXMS"


# Longer than an hour


def test_a_long_interval_is_spread_over_its_hours() -> None:
    rows = rows_of(timedelta(hours=4), (0, 8), (240, 4))
    assert states(rows)[0] == 2
    assert sums(rows)[3] == 8
    assert states(rows)[4] == 1


def test_a_long_interval_is_spread_by_the_time_within_each_hour() -> None:
    # Local midnight is at half past in a zone like India's.
    hours = IntervalHours(length=timedelta(hours=2))
    assert states(hours.add(series((30, 8)), minute(200))) == {0: 2, 1: 4, 2: 2}


def test_the_parts_of_a_day_add_up_exactly() -> None:
    hours = IntervalHours(length=DAY)
    rows = hours.add(series((0, 10), (1440, 20.000001)), minute(2 * 1440 + 61))
    assert [row.sum for row in rows[23::24]] == [10, 30.000001]
    assert len(rows) == 48


@pytest.mark.parametrize(
    ("day", "count"),
    [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 7, 1), 24)],
)
def test_days_of_23_and_25_hours(day: date, count: int) -> None:
    starts = [midnight(day + n * DAY) for n in (0, 1)]
    readings = [
        Reading(time=start, value=count * (2.0 - n)) for n, start in enumerate(starts)
    ]
    rows = IntervalHours(length=DAY).add(readings, starts[1] + MILLISECOND)
    assert [row.start for row in rows] == [starts[0] + n * HOUR for n in range(count)]
    assert {row.state for row in rows} == {2.0}
    assert rows[-1].sum == 2 * count


def test_a_missing_day_has_no_rows() -> None:
    hours = IntervalHours(length=DAY)
    rows = hours.add(series((0, 24), (2 * 1440, 24)), minute(2 * 1440))
    assert hours_of(rows) == [*range(24)]


def test_a_day_is_final_once_its_length_is_certain() -> None:
    hours = IntervalHours(length=DAY)
    day, following = series((0, 24), (1440 - 60, 23))
    assert hours.add([day], minute(1440)) == []
    rows = hours.add([following], minute(1441))
    assert len(rows) == 23
    assert rows[-1].sum == 24


def test_a_day_may_have_25_hours_until_the_next_one_has_begun() -> None:
    hours = IntervalHours(length=DAY)
    day, following = series((0, 25), (1500, 24))
    assert hours.add([day], minute(1500)) == []
    rows = hours.add([following], minute(1500))
    assert [row.state for row in rows] == [1.0] * 25


def test_a_late_interval_does_not_lengthen_the_one_before() -> None:
    """Only a day may be an hour longer than usual."""
    rows = rows_of(2 * HOUR, (0, 8), (120 + 1 / 60, 0))
    assert states(rows) == {0: 4, 1: 4, 2: 0}


def test_a_restart_within_a_day() -> None:
    readings = series((0, 10), (1440, 20), (2880, 30))
    rows = IntervalHours(length=DAY).add(readings, minute(2880))
    for index, row in enumerate(rows):
        baseline = Baseline(
            end=row.start + HOUR, state=row.state or 0, sum=row.sum or 0
        )
        again = IntervalHours(baseline, length=DAY)
        fed = [each for each in readings if each.time >= baseline.end - DAY - HOUR]
        assert again.add(fed, minute(2880)) == rows[index + 1 :]


def test_open_hours_of_a_day_are_not_in_the_future() -> None:
    hours = IntervalHours(length=DAY)
    hours.add(series((0, 24)), minute(90))
    assert sums(hours.open_hours(minute(90))) == {0: 1, 1: 2}


# Properties


LENGTHS = st.sampled_from([10, 60, 900, 1800, 3600, 7200, 86400]).map(
    lambda seconds: timedelta(seconds=seconds)
)


@st.composite
def intervals(draw: st.DrawFn, length: timedelta) -> list[Reading]:
    offset = draw(st.sampled_from([0, 0, 1800, 3599])) * timedelta(seconds=1)
    numbers = draw(st.lists(st.integers(0, 60), min_size=1, max_size=20, unique=True))
    amounts = st.integers(-1000, 9000).map(lambda wh: wh / 1000)
    return [
        Reading(time=START + offset + number * length, value=draw(amounts))
        for number in sorted(numbers)
    ]


@settings(deadline=None)
@given(LENGTHS, st.data())
def test_nothing_is_lost_and_nothing_counts_twice(
    length: timedelta, data: st.DataObject
) -> None:
    readings = data.draw(intervals(length))
    hours = IntervalHours(length=length)
    rows = hours.add(readings, readings[-1].time + length + 2 * HOUR)
    assert rows[-1].sum == pytest.approx(sum(float(each.value) for each in readings))
    running = 0.0
    for row in rows:
        assert row.state is not None
        running = round(running + row.state, 6)
        assert row.sum == running


@settings(deadline=None)
@given(LENGTHS, st.data())
def test_rows_do_not_depend_on_chunks_and_order(
    length: timedelta, data: st.DataObject
) -> None:
    readings = data.draw(intervals(length))
    whole = all_rows(IntervalHours(length=length), readings)
    again = IntervalHours(length=length)
    assert in_chunks(again, readings, data) == whole


@settings(deadline=None)
@given(LENGTHS, st.data())
def test_resuming_from_any_row_gives_the_same_rows(
    length: timedelta, data: st.DataObject
) -> None:
    readings = data.draw(intervals(length))
    until = readings[-1].time + length + 2 * HOUR
    rows = IntervalHours(length=length).add(readings, until)
    for index, row in enumerate(rows):
        baseline = Baseline(end=row.start + HOUR, state=0, sum=row.sum or 0.0)
        again = IntervalHours(baseline, length=length)
        fed = [each for each in readings if each.time >= baseline.end - length]
        assert again.add(fed, until) == rows[index + 1 :]


@settings(deadline=None)
@given(LENGTHS, st.data())
def test_a_correction_changes_rows_only_from_its_hour_on(
    length: timedelta, data: st.DataObject
) -> None:
    readings = data.draw(intervals(length))
    index = data.draw(st.integers(0, len(readings) - 1))
    corrected = [*readings]
    corrected[index] = Reading(time=readings[index].time, value=77.0)
    until = readings[-1].time + length + 2 * HOUR
    before = IntervalHours(length=length).add(readings, until)
    after = IntervalHours(length=length).add(corrected, until)
    for old, new in zip(before, after, strict=True):
        if old.start + HOUR <= readings[index].time:
            assert old == new
        else:
            assert old.sum != new.sum


# Bugs of other implementations


def test_bug_of_others_unpublished_hours_are_stored_as_zeros() -> None:
    hours = IntervalHours(length=HOUR)
    rows = hours.add(series((0, 5), (180, 6)), minute(600))
    assert hours_of(rows) == [0, 3]
    assert hours.open_hours(minute(600)) == []


def test_bug_of_others_half_hours_are_paired_by_index() -> None:
    # The second half hour is missing: from then on pairs span two hours.
    rows = rows_of(HALF, (0, 1), (60, 2), (90, 3), (120, 4), (150, 5))
    assert states(rows) == {0: 1, 1: 5, 2: 9}


def test_bug_of_others_the_25th_hour_is_dropped() -> None:
    start = midnight(date(2026, 10, 25))
    readings = [Reading(time=start + n * HOUR, value=n) for n in range(25)]
    rows = IntervalHours(length=HOUR).add(readings, start + 25 * HOUR)
    assert [row.state for row in rows] == [*range(25)]
    assert rows[-1].start + HOUR == midnight(date(2026, 10, 26))


def test_bug_of_others_intervals_are_shifted_by_one_hour() -> None:
    # The timestamp was taken as the end, so 10:00 was booked at 9:00.
    assert rows_of(HOUR, (0, 5)) == [Row(start=START, state=5.0, sum=5.0)]


def test_bug_of_others_a_forecast_is_never_overwritten_by_the_real_amount() -> None:
    hours = IntervalHours(length=HOUR)
    hours.add(series((0, 1), (60, 9)), minute(60))
    assert states(hours.open_hours(minute(60))) == {1: 9}
    assert states(hours.add(series((60, 2)), minute(120))) == {1: 2}


def test_bug_of_others_an_end_date_alone_counts_twice() -> None:
    hours = IntervalHours(Baseline(end=minute(120), state=2, sum=3), length=HOUR)
    everything = series((0, 1), (60, 2), (120, 4), (180, 8))
    assert sums(all_rows(hours, everything)) == {2: 7, 3: 15}
    assert sums(hours.add([reading(60, 2)], minute(240))) == {3: 15}


# Qualities


def letters_of(hours: IntervalHours, *amounts: tuple[float, float]) -> str:
    all_rows(hours, series(*amounts))
    return text(hours.take_qualities())


def test_an_hour_with_all_intervals_is_measured() -> None:
    quarters = [(15.0 * n, 1.0) for n in range(13) if n != 6]
    assert letters_of(IntervalHours(length=QUARTER), *quarters) == "MXM"


def test_an_hour_without_an_interval_is_missing_between_others() -> None:
    hours = IntervalHours(length=HOUR)
    assert letters_of(hours, (0, 1), (60, 1), (240, 1), (300, 1)) == "MMXXM"


def test_an_hour_is_estimated_if_the_server_estimates_an_interval() -> None:
    hours = IntervalHours(length=QUARTER)
    readings = [
        reading(15.0 * n, 1.0, ESTIMATED if n == 5 else None) for n in range(13)
    ]
    all_rows(hours, readings)
    assert text(hours.take_qualities()) == "MSM"


def test_an_estimated_interval_may_be_measured_later() -> None:
    hours = IntervalHours(length=HOUR)
    hours.add([reading(0, 1.0, ESTIMATED)], minute(0))
    all_rows(hours, series((0, 2.0), (60, 1.0)))
    assert text(hours.take_qualities()) == "M"


def test_what_is_longer_than_an_hour_is_spread() -> None:
    hours = IntervalHours(length=timedelta(hours=2))
    assert letters_of(hours, (0, 1), (120, 1), (300, 1), (420, 1)) == "PPPPXPP"


@pytest.mark.parametrize(("now", "expected"), [(75, "M"), (119, "M"), (120, "MX")])
def test_only_hours_that_are_over_have_a_quality(now: float, expected: str) -> None:
    hours = IntervalHours(length=QUARTER)
    hours.add(series(*((15.0 * n, 1.0) for n in range(6))), minute(75))
    hours.open_hours(minute(now))
    assert text(hours.take_qualities()) == expected


def test_qualities_go_on_after_a_baseline() -> None:
    hours = IntervalHours(Baseline(end=minute(60), state=1, sum=1), length=HOUR)
    assert letters_of(hours, (0, 1), (180, 1), (240, 1)) == "XXM"


@settings(deadline=None)
@given(st.lists(st.integers(0, 99), min_size=1, max_size=40, unique=True), st.data())
def test_qualities_do_not_depend_on_chunks(
    numbers: list[int], data: st.DataObject
) -> None:
    length = data.draw(st.sampled_from([QUARTER, HOUR, timedelta(hours=3)]))
    minutes = length / timedelta(minutes=1)
    readings = [
        reading(minutes * n, 1.0, ESTIMATED if n % 7 == 0 else None)
        for n in sorted(numbers)
    ]
    whole, parts = IntervalHours(length=length), IntervalHours(length=length)
    all_rows(whole, readings)
    in_chunks(parts, readings, data)
    assert text(parts.take_qualities()) == text(whole.take_qualities())
