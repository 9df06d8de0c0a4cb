"""The hours of a source that tells amounts per interval, stamped at their start."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from ...metering.model import Reading
from ...metering.reading_columns import ReadingColumns
from .rows import FOREVER, HOUR, NEVER, Baseline, Row, exact, hour_of, until_now, utc

DAY = 24 * HOUR


class _Interval(NamedTuple):
    """An amount and the span that it covers, in epoch seconds."""

    start: float
    end: float
    amount: float


class IntervalHours:
    """LoopYielder amounts per interval into hourly rows, a chunk at a time."""

    def __init__(self, baseline: Baseline | None = None, *, length: timedelta) -> None:
        """Go on from a row of before, or start with a sum of 0.

        `length` is that of an interval. With a baseline, feed the intervals from this
        length before its end on, where they are longer than an hour.
        """
        self._length = length.total_seconds()
        self._amounts: dict[float, float] = {}
        self._final_until = baseline.end.timestamp() if baseline else NEVER
        self._until = NEVER
        self._sum = exact(baseline.sum) if baseline else 0.0

    def add(self, readings: Iterable[Reading], until: datetime) -> list[Row]:
        """Return the hours that became final, oldest first, each only once.

        A reading's `time` is its interval's start. The readings of a chunk may come in
        any order; of one that is repeated, the last given counts. After a chunk, none
        that starts before `until` (aware) comes.
        """
        columns = ReadingColumns.of(readings)
        for start, amount in zip(columns.times, columns.values, strict=True):
            if self._reaches_open_hours(start):
                self._amounts[start] = amount
        self._until = max(self._until, until.timestamp())
        intervals = self._intervals()
        final_until = hour_of(self._settled_until(intervals))
        if final_until > self._final_until:
            rows = self._rows(intervals, final_until)
            if rows:
                self._sum = rows[-1].sum or 0.0
            self._final_until = final_until
            self._forget_final(intervals)
            return rows
        return []

    def rest(self, now: datetime) -> list[Row]:
        """Return the hours that are not final, as far as known; nothing changes.

        No row starts after `now` (aware UTC).
        """
        last = hour_of(now.timestamp()) + HOUR
        return until_now(self._rows(self._intervals(), last), now)

    def _reaches_open_hours(self, start: float) -> bool:
        if self._length <= HOUR:
            return start >= self._final_until
        return self._longest_end(start) > self._final_until

    def _longest_end(self, start: float) -> float:
        """Return when an interval ends at the latest: a day may have 25 hours."""
        return start + self._length + (HOUR if self._length >= DAY else 0)

    def _intervals(self) -> list[_Interval]:
        """Return the known intervals, oldest first; one ends where the next starts."""
        intervals = []
        for start, next_start in pairwise([*sorted(self._amounts), FOREVER]):
            end = start + self._length
            if next_start <= self._longest_end(start):
                end = next_start
            intervals.append(_Interval(start, end, self._amounts[start]))
        return intervals

    def _settled_until(self, intervals: list[_Interval]) -> float:
        """Return until when nothing that may still come changes an hour.

        How long an interval is shows once the next one is known, or cannot come.
        """
        settled = self._until
        if self._length > HOUR:
            known = [each for each in intervals if each.start < self._until]
            if known and self._longest_end(known[-1].start) >= self._until:
                settled = known[-1].start
        return settled

    def _rows(self, intervals: list[_Interval], until: float) -> list[Row]:
        """Return a row for each open hour before `until` that has an amount."""
        amounts: dict[float, float] = {}
        for interval in intervals:
            for hour, amount in self._hourly(interval):
                if self._final_until <= hour < until:
                    amounts[hour] = amounts.get(hour, 0.0) + amount
        rows = []
        running = self._sum
        for hour, amount in sorted(amounts.items()):
            running = exact(running + exact(amount))
            rows.append(Row(start=utc(hour), state=exact(amount), sum=running))
        return rows

    def _hourly(self, interval: _Interval) -> Iterator[tuple[float, float]]:
        """Yield hours with their parts of an interval; the parts add up exactly."""
        start, end, amount = interval
        hour = hour_of(start)
        if self._length <= HOUR:
            yield hour, amount
            return
        given = 0.0
        while hour < end:
            share = (min(hour + HOUR, end) - start) / (end - start)
            reached = exact(share * amount)
            yield hour, reached - given
            given = reached
            hour += HOUR

    def _forget_final(self, intervals: list[_Interval]) -> None:
        for start, end, _ in intervals:
            is_short = self._length <= HOUR
            if start < self._final_until and (is_short or end <= self._final_until):
                del self._amounts[start]
