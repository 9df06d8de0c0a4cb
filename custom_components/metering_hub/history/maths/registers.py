"""The hours of a meter that counts: its positions become rows whose sums telescope.

The position at an hour's end is the meter's last reading at or before it. Where that is
more than five minutes older, the position lies on the straight line to the next one:
the metering field's standard estimate. So the sum over any span whose ends are known is
the difference of the meter's positions there.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from copy import deepcopy
from datetime import datetime
from math import ceil, nextafter

from ...metering.model import NEW_REGISTER, Reading
from ...metering.reading_columns import ReadingColumns, number
from ...metering.register_guard import Fall
from .rows import FOREVER, HOUR, NEVER, Baseline, Row, exact, hour_of, until_now, utc

HOLDS = 300.0
"""How many seconds a position stands for a later moment."""

type Position = tuple[float, bool, float]
"""When a position was read (epoch seconds), whether it is a new register's, and itself.

In this order a later one of the same time supersedes: what is said to be a new register
is one, and of two positions the higher is the newer.
"""


class RegisterHours:
    """LoopYielder a register's readings into hourly rows, a chunk at a time."""

    def __init__(self, baseline: Baseline | None = None) -> None:
        """Go on from a row of before, or start at the first reading with a sum of 0.

        With a baseline, feed the readings from five minutes before its end on.
        """
        self._meter = _Meter(baseline)
        self._waiting: list[Position] = []
        self._until = baseline.end.timestamp() - HOLDS if baseline else NEVER

    def add(self, readings: Iterable[Reading], until: datetime) -> list[Row]:
        """Return the hours that became final, oldest first, each only once.

        The readings of a chunk may come in any order and repeat each other, or those of
        earlier chunks. After it, none that was measured before `until` (aware) comes.
        """
        known, self._until = self._until, max(self._until, until.timestamp())
        if isinstance(readings, ReadingColumns):
            arrived = self._telling(readings, known)
        else:
            arrived = [
                (at, reading.quality == NEW_REGISTER, exact(position))
                for reading in readings
                if (at := reading.time.timestamp()) >= known
                and (position := number(reading.value)) is not None
            ]
        positions = sorted(self._waiting + arrived)
        # What was measured later waits: an earlier reading may still come.
        ready = bisect_left(positions, (self._until,))
        self._waiting = [*dict.fromkeys(positions[ready:])]
        return self._meter.read(positions[:ready], self._until)

    def _telling(self, columns: ReadingColumns, known: float) -> list[Position]:
        """Return the positions since `known` that decide anything.

        While a meter only counts up, those are few: see `_edges`.
        """
        times, values = columns.times, columns.values
        if not times or not columns.is_in_order or not self._goes_on(times, values):
            indexes: Iterable[int] = range(len(times))
        else:
            first = bisect_left(times, known)
            ready = bisect_left(times, self._until, first)
            indexes = [*_edges(times, first, ready), *range(ready, len(times))]
        return [
            (times[index], False, exact(values[index]))
            for index in indexes
            if times[index] >= known
        ]

    def _goes_on(self, times: list[float], values: list[float]) -> bool:
        """Tell whether positions in the order of time only count up from before."""
        start = self._meter.after
        if self._waiting:
            at, _, position = self._waiting[-1]
            start = (max(start[0], at), max(start[1], position))
            if any(is_new or p > position for _, is_new, p in self._waiting):
                return False
        return (
            times[0] >= start[0]
            and exact(values[0]) >= start[1]
            and values == sorted(values)
        )

    def rest(self, now: datetime) -> list[Row]:
        """Return the hours that are not final, up to the last reading; nothing changes.

        The hour of the last reading is as of that reading. No row starts after `now`
        (aware UTC).
        """
        meter = deepcopy(self._meter)
        rows = meter.read(self._waiting, FOREVER)
        return until_now(rows + meter.read_out(), now)


def _edges(times: list[float], first: int, end: int) -> Iterator[int]:
    """Yield which of times[first:end], in their order, tell about the ends of hours.

    The last one of each hour always does, the first one where the hour before ended
    without a reading near enough.
    """
    told = NEVER
    while first < end:
        hour_end = ceil(times[first] / HOUR) * HOUR
        following = bisect_right(times, hour_end, first, end)
        if hour_end - HOUR - told > HOLDS:
            # Of several at the same time, the last one counts.
            yield bisect_right(times, times[first], first, following) - 1
        yield following - 1
        told, first = times[following - 1], following


class _Meter:
    """Counts through the hours, with positions that come in the order of time."""

    def __init__(self, baseline: Baseline | None) -> None:
        # What has not happened yet happened at NEVER: every reading is later.
        self._baseline_end = self._at = self._hour = NEVER
        self._position = self._hour_began_with = NEVER
        # What earlier registers counted within the hour, before they were exchanged.
        self._counted = 0.0
        self._sum = 0.0
        self._fall: Fall[float] = Fall()
        self._rows: list[Row] = []
        if baseline:
            self._baseline_end = self._at = self._hour = baseline.end.timestamp()
            self._position = self._hour_began_with = exact(baseline.state)
            self._sum = exact(baseline.sum)

    @property
    def after(self) -> tuple[float, float]:
        """Return from when on the meter only counts up, and its position there."""
        return max(self._at, nextafter(self._baseline_end, FOREVER)), self._position

    def read(self, positions: Iterable[Position], until: float) -> list[Row]:
        """Return the hours that these positions complete; all up to `until` are in."""
        newest = {position[0]: position for position in positions}
        for at, is_new, position in newest.values():
            if at <= self._baseline_end:
                self._recognise_baseline(at, position)
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

    def read_out(self) -> list[Row]:
        """Return the open hour as of the last position, if one was read within it."""
        if self._at > self._hour:
            self._close_hour(self._position)
        rows, self._rows = self._rows, []
        return rows

    def _recognise_baseline(self, at: float, position: float) -> None:
        """Take the reading that gave the baseline its position for what it is.

        Estimates start at that reading, as they did when the baseline was written. The
        other readings up to there have been dealt with.
        """
        if position == self._position:
            self._at = at

    def _suspect(self, at: float, position: float) -> None:
        """Wait with a position that fell, until the readings after it explain it."""
        confirmed = self._fall.confirm(at, position, self._position)
        for index, (read_at, read) in enumerate(confirmed):
            if index:
                self._count_to(read_at, read)
            else:
                self._start_register(read_at, read)

    def _count_to(self, at: float, position: float) -> None:
        """Count up to a position, through all hours that end before it."""
        while at > self._hour + HOUR:
            end = self._hour + HOUR
            if end - self._at > HOLDS:
                # The estimate for the next hour starts at this one's, so that it is
                # the same when counting starts over from this hour's row.
                share = (end - self._at) / (at - self._at)
                growth = share * (position - self._position)
                self._position = min(exact(self._position + growth), position)
                self._at = end
            self._close_hour(self._position)
        self._at, self._position = at, position

    def _start_register(self, at: float, position: float) -> None:
        """Go on from a position without counting what lies between."""
        end = self._hour + HOUR
        is_observed = self._at > self._hour
        if at > end or (at == end and not is_observed):
            if is_observed:
                self._close_hour(self._position)
            self._hour = hour_of(at)
            self._counted = 0.0
        else:
            self._counted += self._position - self._hour_began_with
        self._at = at
        self._position = self._hour_began_with = position

    def _close_hour_without_next_reading(self, until: float) -> None:
        """Close the hour if its last reading is near enough to its end."""
        end = self._hour + HOUR
        is_disputed = self._fall.first is not None and self._fall.first <= end
        if until > end and end - self._at <= HOLDS and not is_disputed:
            self._close_hour(self._position)

    def _close_hour(self, position: float) -> None:
        """Write the row of the open hour, which ended at a position; open the next."""
        change = self._counted + position - self._hour_began_with
        self._sum = exact(self._sum + change)
        self._rows.append(Row(utc(self._hour), position, self._sum))
        self._hour += HOUR
        self._hour_began_with = position
        self._counted = 0.0
