"""Hourly rows of a register, whose sums always equal differences of meter positions.

The position at the end of an hour is the last reading at or before it. If that reading
is more than five minutes old, the position is interpolated linearly to the next one,
which is the standard estimate in metering. The sum over any span with known ends is
therefore the difference of the meter positions at its ends.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from copy import deepcopy
from datetime import datetime
from math import ceil, nextafter

from ...metering.model import NEW_REGISTER, Reading
from ...metering.reading_columns import ReadingColumns, number
from ...metering.register_guard import Fall
from .rows import (
    FOREVER,
    HOUR_SECONDS,
    NEVER,
    Baseline,
    Row,
    as_datetime,
    hour_start,
    rounded,
    without_future,
)

HOLD_SECONDS = 300.0
"""The time for which a position is taken as that of a later moment."""

type Position = tuple[float, bool, float]
"""The time of a reading in epoch seconds, True if it starts a new register, and its
position.

In this order, the greatest tuple of a moment is the one that counts: the start of a new
register before any other reading, and the higher position before the lower.
"""


class RegisterHours:
    """Turn the readings of a register into hourly rows, one chunk at a time."""

    def __init__(self, baseline: Baseline | None = None) -> None:
        """Initialize counting after a baseline, or from a sum of 0 on.

        With a baseline, readings must be added from five minutes before its end on.
        """
        self._meter = _Meter(baseline)
        self._waiting: list[Position] = []
        self._until = baseline.end.timestamp() - HOLD_SECONDS if baseline else NEVER

    def add(self, readings: Iterable[Reading], until: datetime) -> list[Row]:
        """Add a chunk and return the hours that are now final, oldest first.

        The readings of a chunk may be in any order, and may repeat each other or those
        of earlier chunks. No later chunk has a reading before `until` (aware).
        """
        start, self._until = self._until, max(self._until, until.timestamp())
        if isinstance(readings, ReadingColumns):
            arrived = self._relevant(readings, start)
        else:
            arrived = [
                (at, reading.quality == NEW_REGISTER, rounded(position))
                for reading in readings
                if (at := reading.time.timestamp()) >= start
                and (position := number(reading.value)) is not None
            ]
        positions = sorted(self._waiting + arrived)
        # Readings after `until` wait, because an earlier one may still arrive.
        ready = bisect_left(positions, (self._until,))
        self._waiting = [*dict.fromkeys(positions[ready:])]
        return self._meter.read(positions[:ready], self._until)

    def _relevant(self, columns: ReadingColumns, start: float) -> list[Position]:
        """Return the positions since `start` that affect a row.

        While a meter only counts up, those are few; see `_hour_edges`.
        """
        times, values = columns.times, columns.values
        if not times or not columns.is_in_order or not self._only_grows(times, values):
            indexes: Iterable[int] = range(len(times))
        else:
            first = bisect_left(times, start)
            ready = bisect_left(times, self._until, first)
            indexes = [*_hour_edges(times, first, ready), *range(ready, len(times))]
        return [
            (times[index], False, rounded(values[index]))
            for index in indexes
            if times[index] >= start
        ]

    def _only_grows(self, times: list[float], values: list[float]) -> bool:
        """Return True if positions in order of time never fall, nor did before."""
        at, position = self._meter.latest
        if self._waiting:
            last_at, _, last = self._waiting[-1]
            at, position = max(at, last_at), max(position, last)
            if any(is_new or p > last for _, is_new, p in self._waiting):
                return False
        return (
            times[0] >= at
            and rounded(values[0]) >= position
            and values == sorted(values)
        )

    def open_hours(self, now: datetime) -> list[Row]:
        """Return provisional rows of the hours that are not final.

        The hour of the latest reading ends with that reading. No row starts after `now`
        (aware). Counting is not affected.
        """
        meter = deepcopy(self._meter)
        rows = meter.read(self._waiting, FOREVER)
        return without_future(rows + meter.open_hour(), now)


def _hour_edges(times: list[float], first: int, end: int) -> Iterator[int]:
    """Yield the indexes in times[first:end] that affect the position at an hour's end.

    That is the last reading of each hour, and the first one if the hour before ended
    without a reading close enough. `times` are in order.
    """
    last = NEVER
    while first < end:
        hour_end = ceil(times[first] / HOUR_SECONDS) * HOUR_SECONDS
        following = bisect_right(times, hour_end, first, end)
        if hour_end - HOUR_SECONDS - last > HOLD_SECONDS:
            # The last of several readings at the same time counts.
            yield bisect_right(times, times[first], first, following) - 1
        yield following - 1
        last, first = times[following - 1], following


class _Meter:
    """Count through the hours with positions in order of time."""

    def __init__(self, baseline: Baseline | None) -> None:
        """Initialize the meter after a baseline, or without a reading."""
        # Without a baseline every reading is later than these moments.
        self._baseline_end = self._at = self._hour = NEVER
        self._position = self._hour_began_with = NEVER
        # The amount that replaced registers counted within the open hour.
        self._counted = 0.0
        self._sum = 0.0
        self._fall: Fall[float] = Fall()
        self._rows: list[Row] = []
        if baseline:
            self._baseline_end = self._at = self._hour = baseline.end.timestamp()
            self._position = self._hour_began_with = rounded(baseline.state)
            self._sum = rounded(baseline.sum)

    @property
    def latest(self) -> tuple[float, float]:
        """Return the moment after which readings count, and the position there."""
        return max(self._at, nextafter(self._baseline_end, FOREVER)), self._position

    def read(self, positions: Iterable[Position], until: float) -> list[Row]:
        """Read positions and return the hours that they complete.

        No later position is before `until`.
        """
        latest = {position[0]: position for position in positions}
        for at, is_new, position in latest.values():
            if at <= self._baseline_end:
                self._match_baseline(at, position)
            elif is_new or self._at == NEVER:
                self._fall.forget()
                self._start_register(at, position)
            elif position >= self._position:
                self._fall.forget()
                self._count_to(at, position)
            else:
                self._suspect(at, position)
        self._close_hour_without_next_reading(until)
        rows, self._rows = self._rows, []
        return rows

    def open_hour(self) -> list[Row]:
        """Close the open hour at its last reading, and return its row if it has one."""
        if self._at > self._hour:
            self._close_hour(self._position)
        rows, self._rows = self._rows, []
        return rows

    def _match_baseline(self, at: float, position: float) -> None:
        """Take the time of the reading that the baseline has its position from.

        Interpolation starts at that reading, as it did when the baseline was written.
        All other readings up to the baseline are already counted.
        """
        if position == self._position:
            self._at = at

    def _suspect(self, at: float, position: float) -> None:
        """Hold back a position that fell until later readings explain it."""
        confirmed = self._fall.confirm(at, position, self._position)
        for index, (read_at, read) in enumerate(confirmed):
            if index:
                self._count_to(read_at, read)
            else:
                self._start_register(read_at, read)

    def _count_to(self, at: float, position: float) -> None:
        """Count up to a position, through all hours that end before it."""
        while at > self._hour + HOUR_SECONDS:
            end = self._hour + HOUR_SECONDS
            if end - self._at > HOLD_SECONDS:
                # Each hour is interpolated from the end of the one before, so counting
                # that resumes at any of these rows gives the same result.
                share = (end - self._at) / (at - self._at)
                growth = share * (position - self._position)
                self._position = min(rounded(self._position + growth), position)
                self._at = end
            self._close_hour(self._position)
        self._at, self._position = at, position

    def _start_register(self, at: float, position: float) -> None:
        """Continue from a position without counting the difference to the last one."""
        end = self._hour + HOUR_SECONDS
        has_reading = self._at > self._hour
        if at > end or (at == end and not has_reading):
            if has_reading:
                self._close_hour(self._position)
            self._hour = hour_start(at)
            self._counted = 0.0
        else:
            self._counted += self._position - self._hour_began_with
        self._at = at
        self._position = self._hour_began_with = position

    def _close_hour_without_next_reading(self, until: float) -> None:
        """Close the open hour if its last reading is close enough to its end."""
        end = self._hour + HOUR_SECONDS
        is_disputed = self._fall.first is not None and self._fall.first <= end
        if until > end and end - self._at <= HOLD_SECONDS and not is_disputed:
            self._close_hour(self._position)

    def _close_hour(self, position: float) -> None:
        """Add the row of the open hour, which ended at a position; open the next."""
        change = self._counted + position - self._hour_began_with
        self._sum = rounded(self._sum + change)
        self._rows.append(Row(as_datetime(self._hour), position, self._sum))
        self._hour += HOUR_SECONDS
        self._hour_began_with = position
        self._counted = 0.0
