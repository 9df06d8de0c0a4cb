"""Find meters whose amounts are suddenly a multiple of what they were."""

from collections.abc import Iterator, Sequence
from statistics import median, quantiles
from typing import NamedTuple

from ...metering.data_quality import WarningRule
from ...metering.model import Role
from .checked_hours import CheckedSpan, DataWarning, Day, MeterHours

_LARGE_FACTORS = (1000.0, 1 / 1000)
"""The factors of kilo: no season and no guest looks like them."""

_FACTORS = (*_LARGE_FACTORS, 100.0, 1 / 100, 10.0, 1 / 10, 3.6, 1 / 3.6)
"""The factors of pulses per unit, of kWh and MJ, and of kilo."""

_NARROW = 1.4
"""How much a level may differ from a factor: the use of days differs, too."""

_WIDE = 3.0
"""The same for the factors of kilo."""

_USUAL = 1.7
"""How much the day before may differ from the usual one: a unit changes at once."""

COMPARED_DAYS = 21
FEWEST_DAYS = 7
CHANGED_DAYS = 2
"""Days before a change that are compared, the fewest of them, and the fewest after."""

_VARIABLE = frozenset({Role.GRID_RETURNED, Role.SOLAR})
"""The roles of which a day may well be ten times another: the sun decides."""


class _DayLevel(NamedTuple):
    """What a day's hours are like: their sum, and their lower and upper quartile."""

    total: float
    lower: float
    upper: float


def find_unit_changes(span: CheckedSpan) -> Iterator[DataWarning]:
    """Yield the days from which on a meter counts in another unit or factor."""
    for meter in span.meters.values():
        levels = [_level(meter, day) for day in span.days]
        number = FEWEST_DAYS
        while number + CHANGED_DAYS <= len(levels):
            changed = _changed_days(meter, levels, number)
            if changed is None:
                number += 1
                continue
            days, factor = changed
            hours = range(
                span.days[number].hours.start, span.days[number + days - 1].hours.stop
            )
            yield span.warning(
                WarningRule.UNIT_CHANGED,
                meter,
                hours,
                seen=factor,
                expected=1,
                unit="x",
            )
            number += days


def _level(meter: MeterHours, day: Day) -> _DayLevel | None:
    """Return the level of a day, or None if an hour is not known or there is no use."""
    total = meter.total(day.hours)
    if not total:
        return None
    lower, _, upper = quantiles(meter.known(day.hours), n=4)
    return _DayLevel(total, lower, upper)


def _changed_days(
    meter: MeterHours, levels: Sequence[_DayLevel | None], number: int
) -> tuple[int, float] | None:
    """Return how many days from one on have another level, and its factor."""
    before = [
        level for level in levels[max(0, number - COMPARED_DAYS) : number] if level
    ]
    last, first = levels[number - 1], levels[number]
    if len(before) < FEWEST_DAYS or last is None or first is None:
        return None
    usual = _DayLevel(*(median(column) for column in zip(*before, strict=True)))
    if not usual.total / _USUAL <= last.total <= usual.total * _USUAL:
        return None
    factors = _LARGE_FACTORS if meter.point.role in _VARIABLE else _FACTORS
    for factor in factors:
        days = 0
        for level in levels[number:]:
            if level is None or not _is_multiple(level, usual, factor):
                break
            days += 1
        if days >= CHANGED_DAYS:
            totals = [level.total for level in levels[number : number + days] if level]
            return days, median(totals) / usual.total
    return None


def _is_multiple(level: _DayLevel, usual: _DayLevel, factor: float) -> bool:
    """Return True if a day is the usual one by a factor.

    Small factors must be those of quiet and of busy hours alike: a home that its people
    return to uses ten times as much, but not at night.
    """
    if factor in _LARGE_FACTORS:
        return _is_near(level.total, usual.total * factor, _WIDE)
    return all(
        _is_near(number, former * factor, _NARROW)
        for number, former in zip(level, usual, strict=True)
    )


def _is_near(number: float, other: float, tolerance: float) -> bool:
    """Return True if two positive numbers differ by less than a factor."""
    return other > 0 and other / tolerance < number < other * tolerance
