"""How far a register may advance."""

import pytest

from custom_components.metering_hub.metering.reading_columns import ReadingColumns
from custom_components.metering_hub.metering.register_advance import AdvanceLimit
from custom_components.metering_hub.metering.register_marks import Mark
from custom_components.metering_hub.metering.register_run import Run

HOUR = 3600.0


def run_of(*positions: float) -> Run:
    """Return a run that was read once an hour."""
    run = Run(Mark(0, positions[0]))
    for number, position in enumerate(positions[1:], start=1):
        run.add(Mark(number * HOUR, position))
    return run


@pytest.mark.parametrize(
    ("position", "is_allowed"),
    [
        (99.9, False),
        (100.0, True),
        # One unit, although it is more than ten times as fast.
        (101.0, True),
        (101.1, False),
    ],
)
def test_a_standing_register_may_advance_by_a_unit(
    position: float, is_allowed: bool
) -> None:
    run = run_of(100, 100, 100)
    limit = AdvanceLimit(None, is_trusted=False)
    assert limit.allows(run, Mark(3 * HOUR, position), [run]) == is_allowed


@pytest.mark.parametrize(
    ("position", "is_allowed"),
    [
        # As much as the rest of the window: 0.2 an hour, for 20 hours.
        (1000 + 4 + 4, True),
        # 1 % of the position.
        (1000 + 4 + 10, True),
        # Ten times as fast, and more than both.
        (1000 + 4 + 10.1, False),
    ],
)
def test_what_is_unusual_is_ten_times_as_fast_and_more_than_all_the_rest(
    position: float, is_allowed: bool
) -> None:
    run = run_of(*(1000 + number / 5 for number in range(21)))
    limit = AdvanceLimit(None, is_trusted=False)
    assert limit.allows(run, Mark(21 * HOUR, position), [run]) == is_allowed


def test_what_is_ten_times_as_fast_as_before_is_still_usual() -> None:
    run = run_of(100, 102, 104)
    limit = AdvanceLimit(None, is_trusted=False)
    assert limit.allows(run, Mark(3 * HOUR, 124), [run])
    assert not limit.allows(run, Mark(3 * HOUR, 124.1), [run])


def test_another_register_shows_what_is_usual() -> None:
    old, new = run_of(100, 108), run_of(0, 0, 0)
    limit = AdvanceLimit(None, is_trusted=False)
    assert limit.allows(new, Mark(3 * HOUR, 80), [old, new])
    assert not limit.allows(new, Mark(3 * HOUR, 80), [new])


@pytest.mark.parametrize(("position", "is_allowed"), [(112, True), (112.1, False)])
def test_a_meter_may_exceed_its_capacity_by_a_fifth(
    position: float, is_allowed: bool
) -> None:
    run = run_of(0, 50, 100)
    limit = AdvanceLimit(10, is_trusted=False)
    assert limit.allows(run, Mark(3 * HOUR, position), [run]) == is_allowed


def test_a_trusted_register_may_advance_by_any_amount() -> None:
    run = run_of(100, 100, 100)
    limit = AdvanceLimit(10, is_trusted=True)
    assert limit.allows(run, Mark(3 * HOUR, 1e6), [run])
    assert not limit.allows(run, Mark(3 * HOUR, 99), [run])


@pytest.mark.parametrize("capacity", [None, 10.0])
@pytest.mark.parametrize("highest", [103.0, 113.0])
def test_readings_are_allowed_together_only_if_each_one_is(
    capacity: float | None, highest: float
) -> None:
    run = run_of(100, 100.5, 101)
    limit = AdvanceLimit(capacity, is_trusted=False)
    times = [3 * HOUR, 3.5 * HOUR, 4 * HOUR]
    columns = ReadingColumns(times, [101, highest, highest])
    if limit.allows_all(run, columns):
        for at, value in zip(columns.times, columns.values, strict=True):
            assert limit.allows(run, Mark(at, value), [run])
            run.add(Mark(at, value))
    assert limit.allows_all(run, ReadingColumns([9 * HOUR], [run.position]))


def test_a_step_up_is_usual_if_what_follows_is_as_fast() -> None:
    before, after = run_of(100, 100, 100), Run(Mark(3 * HOUR, 120))
    limit = AdvanceLimit(None, is_trusted=False)
    assert not limit.allows_by_hindsight(before, after)
    after.add(Mark(4 * HOUR, 121))
    assert not limit.allows_by_hindsight(before, after)
    after.add(Mark(5 * HOUR, 123))
    # Two an hour is a tenth of the step of 20 in an hour.
    assert limit.allows_by_hindsight(before, after)
    assert not AdvanceLimit(10, is_trusted=False).allows_by_hindsight(before, after)


@pytest.mark.parametrize(("position", "is_allowed"), [(1106, True), (1106.1, False)])
def test_a_register_is_not_back_if_it_was_faster_than_ever(
    position: float, is_allowed: bool
) -> None:
    run = run_of(1000, 1002, 1004, 1006)
    limit = AdvanceLimit(100, is_trusted=False)
    mark = Mark(53 * HOUR, position)
    assert limit.allows(run, mark, [run])
    assert limit.allows_return(run, mark, [run]) == is_allowed


@pytest.mark.parametrize(
    ("positions", "small", "value", "are_allowed"),
    [
        # The speed of a register that was read once is unknown.
        ((100,), 1, 100.1, False),
        ((100, 100.5), 1, 101, True),
        # 1 % of the position, and no more.
        ((1000, 1000), 1, 1010, True),
        ((1000, 1000), 1, 1010.1, False),
        # A small count, and no more.
        ((10, 10), 100, 110, True),
        ((10, 10), 100, 110.1, False),
    ],
)
def test_readings_without_a_capacity_advance_by_what_is_usual_or_small(
    positions: tuple[float, ...], small: float, value: float, are_allowed: bool
) -> None:
    limit = AdvanceLimit(None, small=small, is_trusted=False)
    columns = ReadingColumns([len(positions) * HOUR], [value])
    assert limit.allows_all(run_of(*positions), columns) == are_allowed


@pytest.mark.parametrize(
    ("values", "are_allowed"),
    [
        # 12 an hour, from the run to the first one and between all others.
        ([112], True),
        ([112.1], False),
        ([100, 112, 112.5], True),
        ([100, 112.1, 112.5], False),
        ([100, 100], True),
    ],
)
def test_readings_together_may_exceed_the_capacity_by_a_fifth(
    values: list[float], are_allowed: bool
) -> None:
    times = [(3 + number) * HOUR for number in range(len(values))]
    limit = AdvanceLimit(10, is_trusted=False)
    run = run_of(0, 50, 100)
    assert limit.allows_all(run, ReadingColumns(times, values)) == are_allowed


def test_a_meter_without_capacity_may_stand_still() -> None:
    limit = AdvanceLimit(0, is_trusted=False)
    assert limit.allows_all(run_of(5, 5), ReadingColumns([3 * HOUR], [5]))


@pytest.mark.parametrize(
    "limit",
    [
        AdvanceLimit(10, is_trusted=False),
        AdvanceLimit(None, is_trusted=False),
        AdvanceLimit(10, is_trusted=True),
    ],
)
@pytest.mark.parametrize("times", [(3, 3), (3, 4, 4), (3, 3, 4)])
def test_two_readings_of_one_moment_are_not_allowed_together(
    limit: AdvanceLimit, times: tuple[float, ...]
) -> None:
    """The later one replaces the other, which is not a matter of the advance."""
    repeated = ReadingColumns([time * HOUR for time in times], [50.0] * len(times))
    apart = ReadingColumns([3 * HOUR, 4 * HOUR], [50.0, 50.0])
    run = run_of(40, 45, 50)
    assert limit.allows_all(run, apart)
    assert not limit.allows_all(run, repeated)


def test_all_readings_of_a_trusted_register_are_allowed() -> None:
    limit = AdvanceLimit(10, is_trusted=True)
    assert limit.allows_all(run_of(0, 0), ReadingColumns([3 * HOUR], [1e6]))


@pytest.mark.parametrize(("latest", "is_usual"), [(139, True), (138.9, False)])
def test_a_step_up_is_usual_if_as_much_follows(latest: float, is_usual: bool) -> None:
    """The register advances by one unit and by as much as after the step."""
    before, after = run_of(100, 100, 100), Run(Mark(2 * HOUR + 10, 120))
    after.add(Mark(102 * HOUR, latest))
    limit = AdvanceLimit(None, is_trusted=False)
    assert limit.allows_by_hindsight(before, after) == is_usual


@pytest.mark.parametrize(("position", "is_back"), [(101, True), (101.1, False)])
def test_a_standing_register_is_back_after_a_unit(
    position: float, is_back: bool
) -> None:
    run, mark = run_of(100, 100, 100), Mark(3 * HOUR, position)
    limit = AdvanceLimit(100, is_trusted=False)
    assert limit.allows(run, mark, [run])
    assert limit.allows_return(run, mark, [run]) == is_back


def test_without_a_capacity_another_register_shows_that_one_is_back() -> None:
    old, new = run_of(100, 108), run_of(0, 0, 0)
    limit = AdvanceLimit(None, is_trusted=False)
    assert limit.allows_return(new, Mark(3 * HOUR, 80), [old, new])
    assert not limit.allows_return(new, Mark(3 * HOUR, 80), [new])


@pytest.mark.parametrize(("position", "is_leap"), [(124, False), (124.1, True)])
def test_a_leap_is_more_than_ten_times_as_fast(position: float, is_leap: bool) -> None:
    run, mark = run_of(100, 102, 104), Mark(3 * HOUR, position)
    assert AdvanceLimit(None, is_trusted=False).is_leap(run, mark) == is_leap
    assert not AdvanceLimit(None, is_trusted=True).is_leap(run, mark)


def test_a_second_reading_of_a_moment_advances_from_the_one_before() -> None:
    limit = AdvanceLimit(10, is_trusted=False)
    run = run_of(5, 15)
    assert limit.allows(run, Mark(HOUR, 17), [run])
    assert not limit.allows(run, Mark(HOUR, 17.1), [run])
    fast = run_of(0, 50)
    assert limit.allows(fast, Mark(HOUR, 50), [fast])


def test_a_small_capacity_forbids_a_unit() -> None:
    run = run_of(0, 0)
    assert not AdvanceLimit(0.1, is_trusted=False).allows(run, Mark(7200, 1), [run])


@pytest.mark.parametrize(("position", "is_allowed"), [(110, True), (110.1, False)])
def test_a_small_count_is_allowed_without_any_usual_advance(
    position: float, is_allowed: bool
) -> None:
    limit = AdvanceLimit(None, small=100, is_trusted=False)
    mark = Mark(2 * HOUR, position)
    assert limit.allows(run_of(10, 10), mark, []) == is_allowed
