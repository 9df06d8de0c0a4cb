"""Meters without newer readings, and those that are estimated for long."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from custom_components.metering_hub.history.maths.arrival_checks import (
    find_prolonged_estimation,
    find_stale,
)
from custom_components.metering_hub.history.maths.checked_hours import (
    NO_ROW,
    DataWarning,
    MeterHours,
)
from custom_components.metering_hub.metering.data_quality import WarningRule
from custom_components.metering_hub.metering.quality import LINE, MEASURED, SPREAD

from .checked import at, meter, span_of

WEEK = 7 * 24
LEAD = 20


def read_with_gaps(gaps: Sequence[str], late: int) -> MeterHours:
    """Return a meter with hours that were measured (M) or not (L), and late ones."""
    letters = "".join(gaps)
    amounts = [NO_ROW] * LEAD + [1.0] * len(letters) + [NO_ROW] * late
    codes = [MEASURED] * LEAD + [LINE if each == "L" else MEASURED for each in letters]
    return meter(amounts, codes=bytes(codes + [MEASURED] * late))


@pytest.mark.parametrize(
    ("gaps", "limit"),
    [
        # The gap of 11 hours is the usual one of three, wherever it is.
        (["L" * 11, "M", "L" * 5, "M", "L" * 13, "M"], 33),
        (["M", "L" * 13, "M", "L" * 5, "M", "L" * 11], 33),
        # Two gaps are outages.
        (["L" * 11, "M", "L" * 13, "M"], 24),
    ],
)
def test_a_meter_is_late_after_three_times_its_usual_gap(
    gaps: Sequence[str], limit: int
) -> None:
    last = LEAD + len("".join(gaps))
    patient = read_with_gaps(gaps, limit)
    assert [*find_stale(span_of(patient))] == []
    late = read_with_gaps(gaps, limit + 1)
    never = meter([NO_ROW] * len(late.codes), "never")
    assert [*find_stale(span_of(never, late))] == [
        DataWarning(
            rule=WarningRule.STALE,
            point="meter",
            start=at(last),
            end=at(last + limit + 1),
            seen=limit + 1,
            expected=limit,
            unit="h",
        )
    ]


def estimated(hours: int, *runs: range, code: int = LINE, **more: object) -> MeterHours:
    """Return a meter of which some hours are estimated."""
    codes = bytearray([MEASURED] * hours)
    for run in runs:
        for hour in run:
            codes[hour] = code
    return meter([1.0] * hours, codes=bytes(codes), **more)  # type: ignore[arg-type]


def of_hours(run: range) -> DataWarning:
    """Return the warning of a run of estimated hours."""
    return DataWarning(
        rule=WarningRule.PROLONGED_ESTIMATION,
        point="meter",
        start=at(run.start),
        end=at(run.stop),
        seen=len(run),
        expected=24,
        unit="h",
    )


@pytest.mark.parametrize(
    ("hours", "runs", "found"),
    [
        (100, [range(31)], [range(31)]),
        (100, [range(24)], []),
        (300, [range(100, 300 - WEEK)], []),
        (300, [range(100, 301 - WEEK)], [range(100, 301 - WEEK)]),
        # Before the last week, half of the hours were estimated, or more.
        (240, [range(36), range(200, 225)], [range(200, 225)]),
        (240, [range(37), range(200, 225)], []),
        (240, [range(2), range(200, 225)], [range(200, 225)]),
        (WEEK, [range(WEEK)], [range(WEEK)]),
        (WEEK + 1, [range(WEEK + 1)], []),
        (WEEK + 2, [range(WEEK + 2)], []),
    ],
)
def test_more_than_a_day_of_estimates_is_long(
    hours: int, runs: Sequence[range], found: Sequence[range]
) -> None:
    rare = estimated(hours, range(hours), key="rare")
    span = span_of(estimated(hours, *runs))
    assert [*find_prolonged_estimation(span)] == [of_hours(run) for run in found]
    if hours > WEEK:
        span = span_of(rare, estimated(hours, *runs))
        assert [*find_prolonged_estimation(span)] == [of_hours(run) for run in found]


@pytest.mark.parametrize(
    ("code", "interval", "count"),
    [
        (SPREAD, None, 1),
        (SPREAD, timedelta(hours=1), 1),
        (SPREAD, timedelta(hours=2), 0),
        (LINE, timedelta(hours=2), 1),
    ],
)
def test_longer_intervals_can_only_be_spread(
    code: int, interval: timedelta | None, count: int
) -> None:
    span = span_of(estimated(100, range(30, 60), code=code, interval=interval))
    assert len([*find_prolonged_estimation(span)]) == count


def test_a_week_of_which_most_is_estimated() -> None:
    halves = [range(hour, hour + 1) for hour in range(0, WEEK, 2)]
    assert [*find_prolonged_estimation(span_of(estimated(WEEK, *halves)))] == []
    most = [*halves, range(5, 6)]
    assert [*find_prolonged_estimation(span_of(estimated(WEEK, *most)))] == [
        DataWarning(
            rule=WarningRule.PROLONGED_ESTIMATION,
            point="meter",
            start=at(0),
            end=at(WEEK),
            seen=50.595,
            expected=50,
            unit="%",
        )
    ]
