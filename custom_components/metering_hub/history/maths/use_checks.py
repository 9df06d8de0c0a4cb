"""Find hours with far more use than usual, and hours without any."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from heapq import nlargest
from math import inf
from statistics import median

from ...metering.data_quality import WarningRule
from ...metering.model import Point, Quantity, Role
from .checked_hours import CheckedSpan, DataWarning, MeterHours, runs_of
from .common_units import common_factor, is_volume
from .rows import TOLERANCE

THIRD_FACTOR = 2.8
"""A spike is more than the third highest hour of its day by 180 % (CPUC VEE 2.0)."""

USUAL_FACTOR = 5.0
"""How many times the median of the highest hours of the days before a spike is."""

HIGHEST_FACTOR = 2.0
"""How many times the highest hour of all the days before a spike is."""

COMPARED_DAYS = 28
FEWEST_DAYS = 5
"""Days with use before a spike: the most that are compared, and the fewest needed."""

_LARGEST_LOADS = {
    Quantity.ENERGY: 18.0,
    Quantity.HEAT: 40.0,
    Quantity.GAS: 40.0,
}
"""Kilowatt-hours that a home may well use in an hour: a connection of 3 x 25 A gives
17.25, more than a car and an oven together, and a large boiler 35."""

_LARGEST_FLOWS = {Quantity.GAS: 6.0, Quantity.WATER: 3.0}
"""Cubic metres that the usual meters of a home (G4, Q3 2.5) measure in an hour."""

ZERO_HOURS = 48
"""Hours without gas or heat in the heating season that are too many."""

HEATING_MONTHS = frozenset({10, 11, 12, 1, 2, 3, 4})
"""The heating season on the northern hemisphere; half a year later on the southern."""

SOUTHERN_HEATING_MONTHS = frozenset({4, 5, 6, 7, 8, 9, 10})

_DAY = 24
_USED_DAYS = 14
_FEWEST_USED_DAYS = 7
_USED_SHARE = 0.8
_HABIT_DAYS = 3
"""From so many days with hours without any electricity on, it is that home's habit."""

_LONG_RUN = 12
"""So many hours without any electricity are nobody's habit."""


def find_spikes(span: CheckedSpan) -> Iterator[DataWarning]:
    """Yield the hours that are far above their day and above all the days before.

    A car that charges is no spike: it takes hours, or less than a home's connection
    gives, or it did so before.
    """
    for meter in span.meters.values():
        if (least := _largest_hour(meter.point)) is None:
            continue
        highest: deque[float] = deque(maxlen=COMPARED_DAYS)
        for day in span.days:
            known = filter(meter.is_known, day.hours)
            hours = nlargest(3, known, key=meter.amounts.__getitem__)
            if len(hours) < 3:
                continue
            amounts = [meter.amounts[index] for index in hours]
            limit = max(least, THIRD_FACTOR * amounts[2], _usual_limit(highest))
            spikes = [index for index in hours[:2] if meter.amounts[index] > limit]
            for index in spikes:
                yield span.warning(
                    WarningRule.SPIKE,
                    meter,
                    range(index, index + 1),
                    seen=meter.amounts[index],
                    expected=limit,
                )
            if (ordinary := amounts[len(spikes)]) > TOLERANCE:
                highest.append(ordinary)


def _usual_limit(highest: Sequence[float]) -> float:
    """Return what is a spike after days with these highest hours."""
    if len(highest) < FEWEST_DAYS:
        return inf
    return max(USUAL_FACTOR * median(highest), HIGHEST_FACTOR * max(highest))


def _largest_hour(point: Point) -> float | None:
    """Return what a home may use in an hour, in the unit of a point, if it is known."""
    limits = _LARGEST_FLOWS if is_volume(point) else _LARGEST_LOADS
    limit, factor = limits.get(point.quantity), common_factor(point)
    return None if limit is None or factor is None else limit / factor


def find_zero_runs(span: CheckedSpan) -> Iterator[DataWarning]:
    """Yield the hours without use where there was always some before."""
    for meter in span.meters.values():
        if meter.point.quantity in (Quantity.GAS, Quantity.HEAT):
            yield from _without_heating(span, meter)
    for registers in _imports(span.meters).values():
        yield from _without_electricity(span, registers)


def _without_heating(span: CheckedSpan, meter: MeterHours) -> Iterator[DataWarning]:
    """Yield the long runs of hours without use in the heating season.

    Registers of quarters of a cubic metre may rest longer, so days must show use.
    """
    season = HEATING_MONTHS if span.latitude >= 0 else SOUTHERN_HEATING_MONTHS
    for run in runs_of(_zeros([meter], span.hours)):
        ends = (span.moment(run.start), span.moment(run.stop))
        if (
            len(run) >= ZERO_HOURS
            and all(end.month in season for end in ends)
            and _was_used([meter], run.start)
        ):
            yield span.warning(
                WarningRule.ZERO_RUN,
                meter,
                run,
                seen=len(run),
                expected=ZERO_HOURS,
                unit="h",
            )


def _imports(meters: Mapping[str, MeterHours]) -> Mapping[str, Sequence[MeterHours]]:
    """Return the registers of grid import by device, with those of its export.

    The first one is of import. A home that sends back what it makes uses energy, too.
    """
    found: dict[str, list[MeterHours]] = {}
    returned = [
        meter
        for meter in meters.values()
        if meter.point.role is Role.GRID_RETURNED
        and meter.point.quantity is Quantity.ENERGY
    ]
    for meter in meters.values():
        if (
            meter.point.role is Role.GRID_DELIVERED
            and meter.point.quantity is Quantity.ENERGY
        ):
            found.setdefault(meter.point.device_key, []).append(meter)
    return {
        device: [
            *delivered,
            *(
                [each for each in returned if each.point.device_key == device]
                or returned
            ),
        ]
        for device, delivered in found.items()
    }


def _without_electricity(
    span: CheckedSpan, registers: Sequence[MeterHours]
) -> Iterator[DataWarning]:
    """Yield the runs of hours in which no register of a home's connection moved.

    A home with a battery, or with panels that no register shows, has some such hours on
    many days. They are no news there, but long runs are.
    """
    runs = list(runs_of(_zeros(registers, span.hours)))
    short = [run for run in runs if len(run) < _LONG_RUN]
    days = {index // _DAY for run in short for index in run}
    if len(days) >= _HABIT_DAYS:
        runs = [run for run in runs if run not in short]
    for run in runs:
        if _was_used(registers, run.start):
            yield span.warning(
                WarningRule.ZERO_RUN,
                registers[0],
                run,
                seen=len(run),
                expected=1,
                unit="h",
            )


def _zeros(registers: Sequence[MeterHours], hours: int) -> list[bool]:
    """Return for each hour if all registers are known not to have moved."""
    return [
        all(
            abs(meter.amounts[index]) < TOLERANCE and meter.is_known(index)
            for meter in registers
        )
        for index in range(hours)
    ]


def _was_used(registers: Sequence[MeterHours], end: int) -> bool:
    """Return True if there was use on nearly all of the 14 days before an hour."""
    known = used = 0
    for number in range(1, _USED_DAYS + 1):
        hours = range(max(0, end - number * _DAY), max(0, end - (number - 1) * _DAY))
        amounts = [amount for meter in registers for amount in meter.known(hours)]
        known += bool(amounts)
        used += any(amount > TOLERANCE for amount in amounts)
    return known >= _FEWEST_USED_DAYS and used >= _USED_SHARE * known
