"""Count the advance of a register through the hours."""

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise
from math import ceil

from ...metering.quality import UNKNOWN, HourCodes
from ...metering.register_line import RegisterLine
from ...metering.register_marks import DECIMALS, Mark
from ...metering.register_run import WINDOW_SECONDS
from .estimates import Estimator
from .gaps import anchor, fill_gaps, keep_recorded
from .last_read import ESTIMATES, LastRead
from .read_times import LONG_SECONDS, ReadTimes
from .rows import (
    FOREVER,
    HOUR,
    HOUR_SECONDS,
    NEVER,
    TOLERANCE,
    Baseline,
    Row,
    as_datetime,
    hour_start,
    rounded,
)
from .walked import Walked

FINAL_AT_ONCE = 24 * HOUR_SECONDS
"""Rows become final a day at a time, which is faster than hour by hour."""

MOST_OPEN = 62 * 24 * HOUR_SECONDS
"""Hours become final in the midst of a long gap, too, once so many wait for its end."""


class HourCounter:
    """Turn the line of a register into hourly rows, and code how well founded they are.

    The change of an hour is the advance of all registers in it; nothing is counted
    between two of them. `stepped` are the hours in which the position therefore rises
    by something else.
    """

    def __init__(
        self,
        line: RegisterLine,
        baseline: Baseline | None,
        estimator: Estimator | None,
        baseline_code: int = UNKNOWN,
    ) -> None:
        """Initialize counting after a baseline, or from a sum of 0 on.

        `baseline_code` is the code of the hour that the baseline ends.
        """
        self._line = line
        self._estimator = estimator
        self._hour = baseline.end.timestamp() if baseline else NEVER
        self._sum = rounded(baseline.sum) if baseline else 0.0
        self._last = LastRead()
        if baseline:
            state = rounded(baseline.state)
            self._last = LastRead.before(self._hour, state, baseline_code)
        self._qualities: list[HourCodes] = []
        self.stepped: set[datetime] = set()

    def note_lead(self, mark: Mark) -> None:
        """Note a reading up to the end of the baseline, which is already counted."""
        self._last = self._last.noting(mark)

    def take_qualities(self) -> list[HourCodes]:
        """Return the codes of the hours that were counted since the last call."""
        qualities, self._qualities = self._qualities, []
        return qualities

    def has_long_gaps(self, waiting: Iterable[Mark]) -> bool:
        """Return True if readings that are not final are more than 2 hours apart.

        `waiting` are readings that the line does not have yet.
        """
        if self._line.current is None:
            return False
        read = self._read_times(FOREVER)
        times = sorted([*read.times, *(mark.at for mark in waiting)])
        return any(after - before > LONG_SECONDS for before, after in pairwise(times))

    def final_rows(self, until: float) -> list[Row]:
        """Return the rows that no reading from `until` on changes, oldest first.

        Contradicting readings are decided by hindsight within the window before.
        """
        if self._line.current is None:
            return []
        end = hour_start(min(until - WINDOW_SECONDS, self._line.settled_until))
        if end < self._first_hour() + FINAL_AT_ONCE:
            return []
        read = self._read_times(end)
        end = self._outside_gaps(end, read)
        if end < self._hour + FINAL_AT_ONCE:
            return []
        walked = self._walk(end, read)
        rows = self._rows(walked)
        before, _ = walked.read.around(end)
        is_estimated = before in walked.read.estimated
        self._last = LastRead(before, is_estimated, code=walked.codes[-1])
        self._add_codes(walked, FOREVER)
        self._hour, self._sum = end, rows[-1].sum or 0.0
        # A register that is settled stands at `end`, as if it had been read there.
        self._line.forget_before(end)
        for run, positions in walked.positions:
            run.settle(end, positions[-1])
        return rows

    def open_rows(self, now: float) -> list[Row]:
        """Return the rows after the final ones, up to the hour of the latest reading.

        While a reading is not decided, its hour shows no use. The hours that are over
        at `now` (epoch seconds) are coded.
        """
        if self._line.current is None:
            return []
        self._first_hour()
        end = ceil(self._line.latest / HOUR_SECONDS) * HOUR_SECONDS
        walked = self._walk(end, self._read_times(end))
        self._add_codes(walked, now)
        return self._rows(walked)

    def _first_hour(self) -> float:
        """Return the start of the first hour that is not final."""
        if self._hour == NEVER:
            self._hour = hour_start(self._line.runs[0].first.at)
        return self._hour

    def _read_times(self, end: float) -> ReadTimes:
        """Return when the registers were read up to `end`, and once after it."""
        return ReadTimes.of(self._line, self._last, self._hour, end)

    def _outside_gaps(self, end: float, read: ReadTimes) -> float:
        """Return the latest hour up to `end` that is not in the midst of a long gap."""
        found = end
        while found > self._hour:
            before, after = read.around(found)
            is_decided = after != FOREVER or before not in read.estimated
            if before == found and is_decided:
                return found
            if before == NEVER or after - before <= LONG_SECONDS:
                return found
            found = min(hour_start(before), found - HOUR_SECONDS)
        return end if end - self._hour > MOST_OPEN else found

    def _walk(self, end: float, read: ReadTimes) -> Walked:
        """Return the positions of each register at the hours up to `end`."""
        walked = self._walk_lines(end, read)
        if self._estimator is None:
            return walked
        if ESTIMATES.isdisjoint(walked.codes):
            keep_recorded(walked, self._estimator)
            return walked
        begins_measured = (
            walked.codes[0] in ESTIMATES
            and self._estimator.measured_position(self._hour) is not None
        )
        if begins_measured:
            self._last = LastRead(self._hour)
        if anchor(walked, self._estimator) or begins_measured:
            walked = self._walk_lines(end, self._read_times(end))
        keep_recorded(walked, self._estimator)
        gaps = walked.read.long_gaps(self._hour, end)
        fill_gaps(walked, gaps, self._last, self._estimator)
        return walked

    def _walk_lines(self, end: float, read: ReadTimes) -> Walked:
        """Return the positions at the hours up to `end` on straight lines."""
        first = self._hour
        positions = [(run, run.positions(first, end)) for run in self._line.runs]
        codes = read.codes(first, end)
        codes[0] = self._last.first_code(codes[0])
        return Walked(first, read, codes, positions)

    def _add_codes(self, walked: Walked, now: float) -> None:
        """Add the codes of the hours that are over, and collect what was measured."""
        codes = walked.hour_codes()
        over = len(codes)
        if now != FOREVER:
            over = min(over, max(int((now - self._hour) // HOUR_SECONDS), 0))
        if over:
            self._qualities.append(HourCodes(self._hour, codes[:over]))
        if self._estimator is not None:
            self._estimator.collect(self._hour, walked.advances(), codes)

    def _rows(self, walked: Walked) -> list[Row]:
        """Return the rows of the hours through which the registers were walked."""
        rows: list[Row] = []
        running, start = self._sum, as_datetime(self._hour)
        is_single = len(walked.positions) == 1
        states = walked.positions[-1][1] if is_single else walked.states()
        for state, advance in zip(states[1:], walked.advances(), strict=True):
            running = round(running + advance, DECIMALS)
            rows.append(Row(start, state, running))
            start += HOUR
        if not is_single:
            self._note_steps(states, walked.advances())
        return rows

    def _note_steps(self, states: list[float], advances: Iterable[float]) -> None:
        """Note in which hours a new register stands higher than what was counted."""
        start = as_datetime(self._hour)
        for (before, state), advance in zip(pairwise(states), advances, strict=True):
            if state >= before and abs(advance - (state - before)) > TOLERANCE:
                self.stepped.add(start)
            start += HOUR
