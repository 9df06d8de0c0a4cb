"""Find meters without newer readings, and those that are estimated for long."""

from collections.abc import Iterator
from statistics import median

from ...metering.data_quality import WarningRule
from ...metering.quality import HOUR_QUALITIES, SPREAD, Quality
from .checked_hours import CheckedSpan, DataWarning, MeterHours, runs_of
from .rows import HOUR_SECONDS

STALE_HOURS = 24
"""Hours without a newer reading that any meter may have."""

USUAL_FACTOR = 3
"""How many times its usual distance of readings a meter may be late."""

_FEWEST_GAPS = 3
"""Gaps that make a habit; fewer are outages."""

ESTIMATED_HOURS = 24
"""Hours that may be estimated in a row."""

_WEEK = 7 * 24
_ESTIMATED_SHARE = 0.5

_ESTIMATED = frozenset(
    code
    for code, hour in enumerate(HOUR_QUALITIES)
    if hour.quality is Quality.ESTIMATED
)


def find_stale(span: CheckedSpan) -> Iterator[DataWarning]:
    """Yield the meters that had readings, and have had none for too long."""
    for meter in span.meters.values():
        known = [index for index in range(span.hours) if meter.is_known(index)]
        if not known:
            continue
        late = range(known[-1] + 1, span.hours)
        limit = _latest_hours(meter, known[0], known[-1])
        if len(late) > limit:
            yield span.warning(
                WarningRule.STALE,
                meter,
                late,
                seen=len(late),
                expected=limit,
                unit="h",
            )


def _latest_hours(meter: MeterHours, first: int, last: int) -> float:
    """Return after how many hours the readings of a meter are late."""
    point = meter.point
    gaps = [
        len(run)
        for run in runs_of(
            [not meter.is_measured(index) for index in range(first, last + 1)]
        )
    ]
    usual = median(gaps) if len(gaps) >= _FEWEST_GAPS else 0
    spans = [
        duration.total_seconds() / HOUR_SECONDS
        for duration in (
            point.stale_after,
            point.interval and USUAL_FACTOR * point.interval,
        )
        if duration
    ]
    return max(STALE_HOURS, USUAL_FACTOR * usual, *spans)


def find_prolonged_estimation(span: CheckedSpan) -> Iterator[DataWarning]:
    """Yield the last week's long runs of estimated hours, or the week if most are.

    The hours of a meter that has always reported rarely are no news.
    """
    for meter in span.meters.values():
        flags = _estimated(meter)
        week = range(max(0, span.hours - _WEEK), span.hours)
        if sum(flags[: week.start]) > _ESTIMATED_SHARE * week.start > 0:
            continue
        share = sum(flags[index] for index in week) / _WEEK
        found = [
            run
            for run in runs_of(flags)
            if len(run) > ESTIMATED_HOURS and run.stop > week.start
        ]
        for run in found:
            yield span.warning(
                WarningRule.PROLONGED_ESTIMATION,
                meter,
                run,
                seen=len(run),
                expected=ESTIMATED_HOURS,
                unit="h",
            )
        if share > _ESTIMATED_SHARE and not found:
            yield span.warning(
                WarningRule.PROLONGED_ESTIMATION,
                meter,
                week,
                seen=share * 100,
                expected=_ESTIMATED_SHARE * 100,
                unit="%",
            )


def _estimated(meter: MeterHours) -> list[bool]:
    """Return for each hour if it is estimated although it could be measured.

    The hours of a meter whose intervals are longer never could.
    """
    interval = meter.point.interval
    is_long = interval is not None and interval.total_seconds() > HOUR_SECONDS
    codes = _ESTIMATED - {SPREAD} if is_long else _ESTIMATED
    return [code in codes for code in meter.codes]
