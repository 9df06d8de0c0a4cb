"""Compare meters with what else says the same: power, parts, and the server's days."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from ...metering.data_quality import WarningRule
from ...metering.model import Quantity, Role
from .checked_hours import CheckedSpan, DataWarning, Day, MeterHours
from .common_units import common_factor

SHARE = 0.01
"""By how much sums may differ (VDN MeteringCode 2006 A7: 1 %)."""

SERVER_SHARE = 0.05
"""By how much the server's own day may differ: it is counted between readings, so that
what is used around midnight may be missing."""

SERVER_MARGIN = 0.25
"""Kilowatt-hours or cubic metres that the server's own day may differ in any case."""

POWER_SHARE = 0.1
"""By how much the integral of the power may differ: it is sampled."""

POWER_MARGIN = 0.5
"""Kilowatt-hours that the integral may differ in any case."""

POWER_DAYS = 6
"""Days that are compared with the power: servers thin the samples of older ones."""

_SIGNS: Mapping[Role | None, float] = {
    Role.GRID_DELIVERED: 1.0,
    Role.GRID_RETURNED: -1.0,
}


def find_contradictions(span: CheckedSpan) -> Iterator[DataWarning]:
    """Yield the days whose sum differs from what else says the same."""
    yield from _against_parts(span)
    yield from _against_server(span)
    yield from _against_power(span)


def _against_parts(span: CheckedSpan) -> Iterator[DataWarning]:
    """Yield the days on which the parts of a meter are more than the meter.

    A site is divided into buildings, and once more into uses. The uses are meters of
    the site itself.
    """
    parts = defaultdict(list)
    for meter in span.meters.values():
        whole = span.meters.get(meter.point.included_in or "")
        if whole is not None and whole.point.quantity is meter.point.quantity:
            is_use = meter.point.device_key == whole.point.device_key
            parts[whole.point.key, is_use].append(meter)
    for (key, _), included in parts.items():
        whole = span.meters[key]
        for day in span.days:
            total = _total([whole], day)
            together = _total(included, day)
            if total is None or together is None:
                continue
            if together > total * (1 + SHARE) + _rounding([whole, *included]):
                yield _warning(span, whole, day, seen=together, expected=total)


def _against_server(span: CheckedSpan) -> Iterator[DataWarning]:
    """Yield the days of which the server itself says something else."""
    for key, totals in span.day_totals.items():
        if (meter := span.meters.get(key)) is None:
            continue
        for day in span.days:
            ours, theirs = _total([meter], day), totals.get(day.day)
            factor = common_factor(meter.point)
            if ours is None or theirs is None or factor is None:
                continue
            theirs *= factor
            if abs(ours - theirs) > SERVER_MARGIN + SERVER_SHARE * abs(theirs):
                yield _warning(span, meter, day, seen=ours, expected=theirs)


def _against_power(span: CheckedSpan) -> Iterator[DataWarning]:
    """Yield the days on which the registers of a device contradict its power."""
    for power in span.powers.values():
        registers = [
            meter
            for meter in span.meters.values()
            if meter.point.device_key == power.point.device_key
            and meter.point.role in _SIGNS
            and meter.point.quantity is Quantity.ENERGY
        ]
        if not registers:
            continue
        for day in span.days[-POWER_DAYS:]:
            integral = _total([power], day)
            amounts = [_total([meter], day) for meter in registers]
            if integral is None or None in amounts:
                continue
            yield from _power_warning(span, registers, day, integral)


def _power_warning(
    span: CheckedSpan, registers: Sequence[MeterHours], day: Day, integral: float
) -> Iterator[DataWarning]:
    """Yield the warning of a day whose registers contradict the power (kWh)."""
    net = gross = 0.0
    for meter in registers:
        amount = _total([meter], day) or 0.0
        net += amount * _SIGNS[meter.point.role]
        gross += amount
    if abs(net - integral) > POWER_MARGIN + POWER_SHARE * max(gross, abs(integral)):
        yield _warning(span, registers[0], day, seen=net, expected=integral)


def _total(meters: Sequence[MeterHours], day: Day) -> float | None:
    """Return the sum of a day in kWh or cubic metres; None if it is not measured."""
    total = 0.0
    for meter in meters:
        factor = common_factor(meter.point)
        if factor is None or not all(map(meter.is_measured, day.hours)):
            return None
        total += factor * sum(meter.amounts[index] for index in day.hours)
    return total


def _rounding(meters: Sequence[MeterHours]) -> float:
    """Return by how much rounded amounts may differ, in kWh or cubic metres."""
    return sum(
        2
        * 10.0 ** -(3 if meter.point.precision is None else meter.point.precision)
        * (common_factor(meter.point) or 0.0)
        for meter in meters
    )


def _warning(
    span: CheckedSpan, meter: MeterHours, day: Day, *, seen: float, expected: float
) -> DataWarning:
    """Return the warning of a day; the numbers are in kWh or cubic metres."""
    factor = common_factor(meter.point) or 1.0
    return span.warning(
        WarningRule.SUM_CHECK,
        meter,
        day.hours,
        seen=seen / factor,
        expected=expected / factor,
    )
