"""Count the advance of a register through the hours."""

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise
from math import ceil
from operator import sub

from ...metering.register_line import RegisterLine
from ...metering.register_marks import DECIMALS
from ...metering.register_run import WINDOW_SECONDS, Run
from .rows import (
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

FINAL_AT_ONCE = 24 * HOUR_SECONDS
"""Rows become final a day at a time, which is faster than hour by hour."""

type _Walked = tuple[Run, list[float]]
"""A register, and its positions at consecutive hours."""


class HourCounter:
    """Turn the line of a register into hourly rows.

    The change of an hour is the advance of all registers in it; nothing is counted
    between two of them. `stepped` are the hours in which the position therefore rises
    by something else.
    """

    def __init__(self, line: RegisterLine, baseline: Baseline | None) -> None:
        """Initialize counting after a baseline, or from a sum of 0 on."""
        self._line = line
        self._hour = baseline.end.timestamp() if baseline else NEVER
        self._sum = rounded(baseline.sum) if baseline else 0.0
        self.stepped: set[datetime] = set()

    def final_rows(self, until: float) -> list[Row]:
        """Return the rows that no reading from `until` on changes, oldest first.

        Contradicting readings are decided by hindsight within the window before.
        """
        if self._line.current is None:
            return []
        end = hour_start(min(until - WINDOW_SECONDS, self._line.settled_until))
        if end < self._first_hour() + FINAL_AT_ONCE:
            return []
        walked = self._walk(end)
        rows = self._rows(walked)
        self._hour, self._sum = end, rows[-1].sum or 0.0
        for run, positions in walked:
            run.settle(end, positions[-1])
        self._line.forget_before(end)
        return rows

    def open_rows(self) -> list[Row]:
        """Return the rows after the final ones, up to the hour of the latest reading.

        While a reading is not decided, its hour shows no use.
        """
        if self._line.current is None:
            return []
        end = ceil(self._line.latest / HOUR_SECONDS) * HOUR_SECONDS
        return self._rows(self._walk(end))

    def _first_hour(self) -> float:
        """Return the start of the first hour that is not final."""
        if self._hour == NEVER:
            self._hour = hour_start(self._line.runs[0].first.at)
        return self._hour

    def _walk(self, end: float) -> list[_Walked]:
        """Return the positions of each register at the hours up to `end`."""
        first = self._first_hour()
        return [(run, run.positions(first, end)) for run in self._line.runs]

    def _rows(self, walked: list[_Walked]) -> list[Row]:
        """Return the rows of the hours through which the registers were walked."""
        rows: list[Row] = []
        running, start = self._sum, as_datetime(self._hour)
        states = walked[-1][1] if len(walked) == 1 else self._states(walked)
        for state, advance in zip(states[1:], _advances(walked), strict=True):
            running = round(running + advance, DECIMALS)
            rows.append(Row(start, state, running))
            start += HOUR
        if len(walked) > 1:
            self._note_steps(states, _advances(walked))
        return rows

    def _note_steps(self, states: list[float], advances: Iterable[float]) -> None:
        """Note in which hours a new register stands higher than what was counted."""
        start = as_datetime(self._hour)
        for (before, state), advance in zip(pairwise(states), advances, strict=True):
            if state >= before and abs(advance - (state - before)) > TOLERANCE:
                self.stepped.add(start)
            start += HOUR

    def _states(self, walked: list[_Walked]) -> list[float]:
        """Return the position of the newest register at each hour."""
        hours = range(len(walked[0][1]))
        moments = [self._hour + index * HOUR_SECONDS for index in hours]
        states = [*walked[0][1]]
        for run, positions in walked[1:]:
            began = run.edges[0][0]
            for index in hours:
                if moments[index] >= began:
                    states[index] = positions[index]
        return states


def _advances(walked: list[_Walked]) -> Iterable[float]:
    """Return how far all registers together advance in each hour."""
    each = [map(sub, positions[1:], positions, strict=False) for _, positions in walked]
    return each[0] if len(each) == 1 else map(sum, zip(*each, strict=True))
