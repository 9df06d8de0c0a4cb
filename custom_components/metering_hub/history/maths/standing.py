"""Rows for recorded hours whose readings were deleted at the source.

The sums of later hours no longer contain them. If their recorded rows were left
standing, the next hour would have a negative change.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from operator import itemgetter

from .rows import HOUR_SECONDS, NEVER, Row, as_datetime, rounded

type Run = tuple[float, float]
"""Recorded hours without a gap, in epoch seconds: the start of the first and the end of
the last."""


def runs_of(recorded: Iterable[Row]) -> list[Run]:
    """Return the runs of recorded rows, which are in order of time."""
    starts = [row.start.timestamp() for row in recorded]
    if not starts:
        return []
    breaks = [pair for pair in pairwise(starts) if pair[1] - pair[0] > HOUR_SECONDS]
    firsts = [starts[0], *(following for _, following in breaks)]
    lasts = [*(last for last, _ in breaks), starts[-1]]
    return [
        (first, last + HOUR_SECONDS) for first, last in zip(firsts, lasts, strict=True)
    ]


class StandingRows:
    """Add the rows with change 0 to the computed rows of a register or of amounts.

    Hours between two computed ones are deleted if they are recorded. Hours after the
    last computed one may not have been delivered yet, so they are left. So are those
    before the first one, unless the source is known to have readings from before:
    otherwise it may just keep less than Home Assistant has.
    """

    def __init__(
        self, base: Row | None, recorded: Sequence[Run], *, is_register: bool
    ) -> None:
        """Initialize with the runs that are recorded after the base row."""
        self._recorded = recorded
        self._is_register = is_register
        self._last = base
        self._base_end = base.start.timestamp() + HOUR_SECONDS if base else NEVER
        self._has_row = False
        self._shift = 0.0

    def see(self, times: Sequence[float]) -> None:
        """Take note of readings: the source has those from before the base row's end.

        `times` are epoch seconds in any order.
        """
        if not self._has_row and self._recorded and times:
            self._has_row = self._last is not None and min(times) < self._base_end

    def unproven_end(self, rows: Sequence[Row]) -> float | None:
        """Return the end of the recorded hours before the first row, if they are left.

        The source may not have their readings any more, so counting must go on from the
        last of them: see `go_on_after`. `None` means that there are none.
        """
        if self._has_row or not rows:
            return None
        first = rows[0].start.timestamp()
        index = bisect_left(self._recorded, first, key=itemgetter(0))
        return min(self._recorded[index - 1][1], first) if index else None

    def go_on_after(self, recorded: Row) -> None:
        """Add the sum of a recorded row that is left to the sums of all later rows."""
        before = self._last.sum if self._last and self._last.sum else 0.0
        self._shift = (recorded.sum or 0.0) - before

    def merged(self, rows: Sequence[Row]) -> list[Row]:
        """Return computed rows, oldest first, and the rows of the deleted hours."""
        merged: list[Row] = []
        for row in map(self._shifted, rows) if self._shift else rows:
            if self._has_row and self._last is not None:
                merged += self._deleted(self._last, row.start.timestamp())
            merged.append(row)
            self._last, self._has_row = row, True
        return merged

    def _shifted(self, row: Row) -> Row:
        """Return a row whose sum goes on from the recorded one."""
        return row._replace(sum=rounded((row.sum or 0.0) + self._shift))

    def _deleted(self, last: Row, end: float) -> Iterator[Row]:
        """Yield a row for each recorded hour between the last row and `end`."""
        begin = last.start.timestamp() + HOUR_SECONDS
        state = last.state if self._is_register else 0.0
        if begin < end:
            for hour in self._recorded_hours(begin, end):
                yield Row(start=as_datetime(hour), state=state, sum=last.sum)

    def _recorded_hours(self, begin: float, end: float) -> Iterator[float]:
        """Yield the recorded hours in [begin, end)."""
        index = bisect_right(self._recorded, begin, key=itemgetter(1))
        while index < len(self._recorded) and self._recorded[index][0] < end:
            hour, run_end = self._recorded[index]
            hour = max(hour, begin)
            while hour < min(run_end, end):
                yield hour
                hour += HOUR_SECONDS
            index += 1
