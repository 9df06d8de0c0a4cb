"""Readings in columns give the same rows as single readings."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from hypothesis import HealthCheck, given, settings, strategies as st

from custom_components.metering_hub.history.maths.amounts import IntervalHours
from custom_components.metering_hub.history.maths.instants import InstantHours
from custom_components.metering_hub.history.maths.registers import RegisterHours
from custom_components.metering_hub.history.maths.rows import Baseline, Row
from custom_components.metering_hub.metering.model import Reading
from custom_components.metering_hub.metering.reading_columns import ReadingColumns

from .readings import HOUR, Hours, all_rows, disturbed, growing

MAKERS: list[Callable[[], Hours]] = [
    RegisterHours,
    InstantHours,
    lambda: IntervalHours(length=timedelta(minutes=15)),
    lambda: IntervalHours(length=timedelta(hours=2)),
]
any_data = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
DENSE = growing(min_size=2).map(
    lambda readings: [
        # Many readings per hour, most of which do not affect a row.
        Reading(time=readings[0].time + number * timedelta(minutes=7), value=each.value)
        for number, each in enumerate(readings)
    ]
)
LIVES = st.one_of(growing(), DENSE, disturbed())


def in_order(
    hours: Hours, readings: Sequence[Reading], cuts: Sequence[int], *, columns: bool
) -> list[Row]:
    """Return the rows of readings in chunks that repeat the last reading of each."""
    rows: list[Row] = []
    for cut, following in zip([0, *cuts], [*cuts, len(readings)], strict=True):
        chunk: Sequence[Reading] = readings[max(0, cut - 1) : following]
        if not chunk:
            continue
        until = chunk[-1].time
        rows += hours.add(ReadingColumns.of(chunk) if columns else chunk, until)
    return [*rows, *hours.open_hours(readings[-1].time + 1000 * HOUR)]


@any_data
@given(LIVES, st.sampled_from(MAKERS), st.data())
def test_columns_give_the_same_hours(
    readings: list[Reading], make: Callable[[], Hours], data: st.DataObject
) -> None:
    """The chunks do not matter, even with noise and resets."""
    plain = [Reading(time=each.time, value=each.value) for each in readings]
    cuts = sorted(data.draw(st.sets(st.integers(1, len(plain)), max_size=5)))
    expected = in_order(make(), plain, cuts, columns=False)
    assert in_order(make(), plain, cuts, columns=True) == expected


@any_data
@given(LIVES, st.data())
def test_columns_resume_from_a_row(
    readings: list[Reading], data: st.DataObject
) -> None:
    """The readings before a baseline are recognized in columns, too."""
    plain = [Reading(time=each.time, value=each.value) for each in readings]
    rows = all_rows(RegisterHours(), plain)
    if not rows:
        return
    row = data.draw(st.sampled_from(rows))
    end = row.start + HOUR
    baseline = Baseline(end=end, state=row.state or 0.0, sum=row.sum or 0.0)
    rest = [each for each in plain if each.time >= end - timedelta(minutes=5)]
    expected = all_rows(RegisterHours(baseline), rest)
    assert all_rows(RegisterHours(baseline), ReadingColumns.of(rest)) == expected
