"""Find meters whose amounts are suddenly a multiple of what they were."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import takewhile
from statistics import median, quantiles
from typing import NamedTuple

from ...metering.data_quality import WarningRule
from ...metering.model import Point, Quantity, Role
from .checked_hours import CheckedSpan, DataWarning, Day, MeterHours

_TOLERANCES = {
    1000.0: 10.0,
    1 / 1000: 10.0,
    100.0: 3.0,
    1 / 100: 3.0,
    10.0: 1.4,
    1 / 10: 1.4,
    3.6: 1.4,
    1 / 3.6: 1.4,
}
"""The factors of kilo, of pulses per unit, and of kWh and MJ, and by how much a level
may differ from each: the use of days differs, too."""

_LARGE = (1000.0, 1 / 1000, 100.0, 1 / 100)

_BEYOND = 10.0
"""By how much a day of a large factor is beyond all the days before."""

_USUAL = 1.7
"""By how much the day before a small factor may differ from the usual one: a unit
changes at once."""

COMPARED_DAYS = 21
FEWEST_DAYS = 7
CHANGED_DAYS = 2
"""Days before a change that are compared, the fewest of them, and the fewest after."""

_SUNNY = frozenset({Role.GRID_RETURNED, Role.SOLAR})
"""The roles of which a day may well be next to nothing: the sun decides."""


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
    compared = levels[max(0, number - COMPARED_DAYS) : number]
    before = [level for level in compared if level]
    if len(before) < FEWEST_DAYS or levels[number - 1] is None:
        return None
    usual = _DayLevel(*(median(column) for column in zip(*before, strict=True)))
    for factor in _factors(meter.point):
        is_changed = partial(_is_multiple, before, usual, factor)
        days = sum(takewhile(bool, map(is_changed, levels[number:])))
        if days >= CHANGED_DAYS:
            totals = [level.total for level in levels[number : number + days] if level]
            return days, median(totals) / usual.total
    return None


def _factors(point: Point) -> Sequence[float]:
    """Return the factors by which a change of a point's level is no change of use.

    A cold day needs ten times the gas and the heat of a mild one, at every hour.
    """
    if point.role in _SUNNY:
        return _LARGE[:1]
    return (*_TOLERANCES,) if point.quantity is Quantity.ENERGY else _LARGE


def _is_multiple(
    before: Sequence[_DayLevel],
    usual: _DayLevel,
    factor: float,
    level: _DayLevel | None,
) -> bool:
    """Return True if a day is the usual one of the days before by a factor.

    Quiet and busy hours must be it alike: a home that its people return to uses ten
    times as much, but not at night.
    """
    if level is None:
        return False
    totals = [day.total for day in before]
    tolerance = _TOLERANCES[factor]
    if factor in _LARGE:
        is_beyond = (
            level.total > max(totals) * _BEYOND
            if factor > 1
            else level.total < min(totals) / _BEYOND
        )
        return is_beyond and all(
            _is_near(number, former * factor, tolerance)
            for number, former in zip(level, usual, strict=True)
            if former > 0
        )
    return _is_near(totals[-1], usual.total, _USUAL) and all(
        _is_near(number, former * factor, tolerance)
        for number, former in zip(level, usual, strict=True)
    )


def _is_near(number: float, other: float, tolerance: float) -> bool:
    """Return True if two positive numbers differ by less than a factor."""
    return other > 0 and other / tolerance < number < other * tolerance
