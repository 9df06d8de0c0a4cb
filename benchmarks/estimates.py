"""Row "estimates": the hours of long gaps, compared with a straight line through them.

Readings of a house of the simulators are cut out for 6, 24 and 168 hours, and the hours
in these gaps are compared with what the house really used.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from itertools import pairwise
from math import cos, fsum, pi, sumprod
from random import Random
from statistics import fmean
from typing import TYPE_CHECKING

from simulators.house import Channel, House

from .size import Size
from .table import Goal, Line

if TYPE_CHECKING:
    from custom_components.metering_hub.history.maths.estimates import Estimator

GAPS = 300
LENGTHS = (6, 24, 168)
_JUDGED = 24
_HOUR = 3600
_START = datetime(2025, 1, 1, tzinfo=UTC)
_DAYS = 365
_LEAD_DAYS = 28
_HOLIDAYS = (
    date(2025, 1, 1),
    date(2025, 4, 21),
    date(2025, 12, 25),
    date(2025, 12, 26),
)


@dataclass(frozen=True, slots=True)
class Errors:
    """How far the hours of gaps are from the true ones.

    `hourly` is the mean absolute error of an hour, `cost` the mean error of the cost
    of a gap in per cent of the true one, and `total` the largest error of a sum.
    """

    hourly: float
    cost: float
    total: float


def errors(length: int, count: int, *, comparing: bool) -> Errors:
    """Return the errors of `count` gaps of so many hours."""
    random = Random(length)
    hourly: list[float] = []
    cost: list[float] = []
    total: list[float] = []
    for _ in range(count):
        first = random.randrange(_LEAD_DAYS * 24 + 1, _DAYS * 24 - length - 2)
        minutes = random.choice((0, 15, 30, 45))
        true = _true_hours(first, length + 1)
        found = _found_hours(first, length, minutes, comparing=comparing)
        hourly += [abs(a - b) for a, b in zip(true, found, strict=True)]
        total.append(abs(fsum(true) - fsum(found)))
        prices = _prices()[first : first + length + 1]
        paid, due = (sumprod(prices, amounts) for amounts in (found, true))
        if due:
            cost.append(100 * abs(paid - due) / due)
    return Errors(fmean(hourly), fmean(cost), max(total))


@cache
def _readings() -> tuple[Sequence[float], Sequence[float]]:
    """Return the times of a year of quarter hours, and the positions in kWh."""
    house = House(1, _START)
    first = int(_START.timestamp())
    times = range(first, first + _DAYS * 24 * _HOUR + 1, _HOUR // 4)
    return [float(at) for at in times], [
        (
            house.counted(Channel.DELIVERED_1, at)
            + house.counted(Channel.DELIVERED_2, at)
        )
        / 1000
        for at in times
    ]


@cache
def _prices() -> Sequence[float]:
    """Return a price per kWh for each hour: dear in the morning and the evening."""
    random = Random(8)
    return [
        0.22 + 0.12 * cos(2 * pi * (hour - 6) / 12) + random.uniform(-0.04, 0.04)
        for hour in range(_DAYS * 24)
    ]


def _true_hours(first: int, count: int) -> list[float]:
    """Return the true amounts of hours, counted from the beginning of the year."""
    _, values = _readings()
    return [b - a for a, b in pairwise(values[4 * first : 4 * (first + count) + 1 : 4])]


def _found_hours(
    first: int, length: int, minutes: int, *, comparing: bool
) -> list[float]:
    """Return the amounts of the hours of a gap that begins minutes after an hour."""
    # Home Assistant must be the first to load the integration, in the rows that run it.
    from custom_components.metering_hub.history.maths.registers import RegisterHours  # noqa: PLC0415
    from custom_components.metering_hub.metering.reading_columns import ReadingColumns  # noqa: PLC0415

    times, values = _readings()
    lead = 4 * (first - _LEAD_DAYS * 24)
    begin = 4 * first + minutes // 15
    end = begin + 4 * length
    stop = 4 * (first + length + 2) + 1
    columns = ReadingColumns(
        [*times[lead : begin + 1], *times[end:stop]],
        [*values[lead : begin + 1], *values[end:stop]],
    )
    hours = RegisterHours(estimator=_estimator() if comparing else None)
    now = datetime.fromtimestamp(columns.times[-1], UTC)
    rows = [*hours.add(columns, now), *hours.open_hours(now)]
    sums = [row.sum or 0.0 for row in rows[_LEAD_DAYS * 24 - 1 :]]
    return [b - a for a, b in pairwise(sums[: length + 2])]


def _estimator() -> Estimator:
    """Return an estimator for the place of the house."""
    from custom_components.metering_hub.history.maths.comparable_days import DayKinds  # noqa: PLC0415  Home Assistant first.
    from custom_components.metering_hub.history.maths.estimates import Estimator  # noqa: PLC0415  Home Assistant first.

    return Estimator(DayKinds(House(1, _START).zone, _HOLIDAYS))


async def measure(size: Size) -> Sequence[Line]:
    """Measure the errors of both in turns."""
    lines: list[Line] = []
    for length in LENGTHS:
        count = GAPS // size.divisor
        ours = errors(length, count, comparing=True)
        plain = errors(length, count, comparing=False)
        share = ours.hourly / plain.hourly
        case = f"{count} gaps of {length} h"
        is_judged = length == _JUDGED
        lines += [
            Line(
                "estimates",
                f"{case}, mean error of an hour",
                f"{ours.hourly:.3f} kWh",
                f"straight line: {plain.hourly:.3f} kWh",
                f"{share:.2f} x",
                share,
                Goal(0.5) if is_judged else None,
            ),
            Line(
                "estimates",
                f"{case}, mean error of the cost at a dynamic price",
                f"{ours.cost:.1f} %",
                f"straight line: {plain.cost:.1f} %",
                f"{ours.cost:.1f} %",
                ours.cost,
                Goal(6, unit="%") if is_judged else None,
            ),
            Line(
                "estimates",
                f"{case}, largest error of the sum",
                f"{ours.total:.6f} kWh",
                f"straight line: {plain.total:.6f} kWh",
                f"{ours.total:.6f} kWh",
                ours.total,
                Goal(0.001, unit="kWh"),
            ),
        ]
    return lines
