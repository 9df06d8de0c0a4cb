"""Row "hourly maths": a year of readings to hours, compared with summing them up."""

from collections.abc import Sequence
from datetime import UTC, datetime
import gc
import time
from typing import TYPE_CHECKING

from .measure import WARM_UPS, Spread, ratios
from .size import Size
from .table import Goal, Line

if TYPE_CHECKING:
    from custom_components.metering_hub.metering.reading_columns import ReadingColumns

_MINUTES = 525_600
_START = datetime(2025, 11, 1, tzinfo=UTC).timestamp()


def _hours(readings: ReadingColumns) -> int:
    """Return the number of hours of some readings, split into parts like an import."""
    from custom_components.metering_hub.history.maths.registers import RegisterHours  # noqa: PLC0415  Home Assistant first.
    from custom_components.metering_hub.history.passes import READINGS_AT_ONCE  # noqa: PLC0415  Home Assistant first.
    from custom_components.metering_hub.history.series import split_chunk  # noqa: PLC0415  Home Assistant first.

    hours = RegisterHours()
    end = datetime.fromtimestamp(readings.times[-1], UTC)
    final = sum(
        len(hours.add(part, until))
        for part, until in split_chunk(readings, end, READINGS_AT_ONCE)
    )
    return final + len(hours.open_hours(end))


def _sum(readings: ReadingColumns) -> float:
    """Return the sum of the same numbers."""
    total = 0.0
    for value in readings.values:
        total += value
    return total


async def measure(size: Size) -> Sequence[Line]:
    """Measure the CPU time of both in turns."""
    # Home Assistant must be the first to load the integration, in the rows that run it.
    from custom_components.metering_hub.metering.reading_columns import ReadingColumns  # noqa: PLC0415  Home Assistant first.

    minutes = _MINUTES // size.divisor
    times = [_START + 60.0 * minute for minute in range(minutes)]
    values = [round(minute * 0.011, 3) for minute in range(minutes)]
    ours: list[float] = []
    plain: list[float] = []
    for run in range(-WARM_UPS, size.runs):
        # New ones each time, because columns remember that they are in order.
        columns = ReadingColumns(times, values)
        gc.collect()
        begun = time.thread_time()
        _sum(columns)
        summed = time.thread_time()
        hours = _hours(columns)
        ended = time.thread_time()
        if hours != minutes // 60:
            raise RuntimeError(f"{hours} hours of {minutes} minutes")
        if run >= 0:
            plain.append(summed - begun)
            ours.append(ended - summed)
    ratio = ratios(ours, plain)
    return [
        Line(
            "hourly maths",
            f"{minutes:,} one-minute readings of a register",
            f"{Spread.of(ours).text(1000, 1)} ms",
            f"summed in a plain loop: {Spread.of(plain).text(1000, 1)} ms",
            f"{ratio.text()} x",
            ratio.middle,
            Goal(4),
        )
    ]
