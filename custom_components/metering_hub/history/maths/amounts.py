"""Hourly rows of a point that reports amounts per interval, stamped at their start."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from ...metering.model import ESTIMATED, PARTIAL, Reading
from ...metering.quality import MEASURED, MISSING, SERVER, SPREAD, HourCodes
from ...metering.reading_columns import ReadingColumns
from ...metering.register_rules import Rejected, Rule
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

DAY_SECONDS = 24 * HOUR_SECONDS


class _Interval(NamedTuple):
    """An amount, the span that it covers in epoch seconds, and its quality."""

    start: float
    end: float
    amount: float
    quality: str | None


class IntervalHours:
    """Turn amounts per interval into hourly rows, one chunk of readings at a time."""

    def __init__(
        self,
        baseline: Baseline | None = None,
        *,
        length: timedelta,
        only_grows: bool = False,
    ) -> None:
        """Initialize counting after a baseline, or with a sum of 0.

        `length` is the length of an interval. With a baseline, intervals longer than
        an hour must be added from one length before its end on. `only_grows` rejects
        negative amounts.
        """
        self._length = length.total_seconds()
        self._lowest = 0.0 if only_grows else NEVER
        self._amounts: dict[float, tuple[float, str | None]] = {}
        self._negative: dict[float, float] = {}
        self._rejected: list[Rejected] = []
        self._final_until = baseline.end.timestamp() if baseline else NEVER
        self._until = NEVER
        self._sum = rounded(baseline.sum) if baseline else 0.0
        self._coded_until = self._final_until
        self._qualities: list[HourCodes] = []

    def add(self, readings: Iterable[Reading], until: datetime) -> list[Row]:
        """Add a chunk and return the hours that are now final, oldest first.

        The `time` of a reading is the start of its interval. The readings of a chunk
        may be in any order; of a repeated interval, the last amount counts. No later
        chunk has an interval that starts before `until` (aware).
        """
        columns = ReadingColumns.of(readings)
        for start, amount in zip(columns.times, columns.values, strict=True):
            if self._reaches_open_hours(start):
                if amount < self._lowest:
                    self._reject(start, amount)
                else:
                    self._amounts[start] = amount, columns.qualities.get(start)
        self._until = max(self._until, until.timestamp())
        intervals = self._intervals()
        final_until = hour_start(self._settled_until(intervals))
        if final_until > self._final_until:
            rows = self._rows(intervals, final_until)
            if rows:
                self._sum = rows[-1].sum or 0.0
                self._coded_until = self._add_codes(intervals, rows)
            self._final_until = final_until
            self._drop_final(intervals)
            return rows
        return []

    def take_rejected(self) -> list[Rejected]:
        """Return the amounts that were rejected since the last call."""
        rejected, self._rejected = self._rejected, []
        return rejected

    def _reject(self, start: float, amount: float) -> None:
        """Reject a negative amount, once even if later chunks repeat it."""
        if self._negative.get(start) != amount:
            self._negative[start] = amount
            self._rejected.append(Rejected(start, amount, Rule.NEGATIVE))

    def open_hours(self, now: datetime) -> list[Row]:
        """Return provisional rows of the hours that are not final.

        No row starts after `now` (aware). Counting is not affected.
        """
        this_hour = hour_start(now.timestamp())
        intervals = self._intervals()
        rows = self._rows(intervals, this_hour + HOUR_SECONDS)
        over = [row for row in rows if row.start.timestamp() < this_hour]
        if over:
            self._add_codes(intervals, over)
        return without_future(rows, now)

    def take_qualities(self) -> list[HourCodes]:
        """Return the codes of the hours returned since the last call, oldest first.

        Only hours that are over have one. An hour without an amount, between others
        with one, is missing.
        """
        qualities, self._qualities = self._qualities, []
        return qualities

    def _add_codes(self, intervals: Iterable[_Interval], rows: Sequence[Row]) -> float:
        """Add the codes of the hours up to the last row, and return the end of it."""
        first = self._coded_until
        if first == NEVER:
            first = rows[0].start.timestamp()
        end = rows[-1].start.timestamp() + HOUR_SECONDS
        if self._length > HOUR_SECONDS:
            amounts = {row.start.timestamp(): SPREAD for row in rows}
        else:
            amounts = self._short_codes(intervals)
        hours = range(int(first), int(end), int(HOUR_SECONDS))
        codes = bytes(amounts.get(hour, MISSING) for hour in hours)
        self._qualities.append(HourCodes(first, codes))
        return end

    def _short_codes(self, intervals: Iterable[_Interval]) -> dict[float, int]:
        """Return the codes of the hours of which all intervals are there completely."""
        counts: Counter[float] = Counter()
        estimated: set[float] = set()
        for start, _, _, quality in intervals:
            hour = hour_start(start)
            if quality != PARTIAL:
                counts[hour] += 1
            if quality == ESTIMATED:
                estimated.add(hour)
        complete = int(HOUR_SECONDS // self._length)
        return {
            hour: SERVER if hour in estimated else MEASURED
            for hour, count in counts.items()
            if count >= complete
        }

    def _reaches_open_hours(self, start: float) -> bool:
        """Return True if an interval may contribute to an hour that is not final."""
        if self._length <= HOUR_SECONDS:
            return start >= self._final_until
        return self._longest_end(start) > self._final_until

    def _longest_end(self, start: float) -> float:
        """Return the latest possible end of an interval: a day may have 25 hours."""
        return (
            start + self._length + (HOUR_SECONDS if self._length >= DAY_SECONDS else 0)
        )

    def _intervals(self) -> list[_Interval]:
        """Return the stored intervals, oldest first; one ends where the next starts."""
        intervals = []
        for start, next_start in pairwise([*sorted(self._amounts), FOREVER]):
            end = start + self._length
            if next_start <= self._longest_end(start):
                end = next_start
            intervals.append(_Interval(start, end, *self._amounts[start]))
        return intervals

    def _settled_until(self, intervals: list[_Interval]) -> float:
        """Return the moment before which no later reading changes an hour.

        The length of a long interval is only certain once the next one has arrived, or
        can no longer arrive.
        """
        settled = self._until
        if self._length > HOUR_SECONDS:
            complete = [each for each in intervals if each.start <= self._until]
            if complete and self._longest_end(complete[-1].start) >= self._until:
                settled = complete[-1].start
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
            state = rounded(amount)
            running = rounded(running + state)
            rows.append(Row(as_datetime(hour), state, running))
        return rows

    def _hourly(self, interval: _Interval) -> Iterator[tuple[float, float]]:
        """Yield hours and their shares of an interval, which add up exactly."""
        start, end, amount, _ = interval
        hour = hour_start(start)
        if self._length <= HOUR_SECONDS:
            yield hour, amount
            return
        distributed = 0.0
        while hour < end:
            share = (min(hour + HOUR_SECONDS, end) - start) / (end - start)
            reached = rounded(share * amount)
            yield hour, reached - distributed
            distributed = reached
            hour += HOUR_SECONDS

    def _drop_final(self, intervals: list[_Interval]) -> None:
        """Drop the intervals that only contribute to final hours."""
        for interval in intervals:
            if interval.end <= self._final_until:
                del self._amounts[interval.start]
        for start in [each for each in self._negative if each < self._final_until]:
            del self._negative[start]
