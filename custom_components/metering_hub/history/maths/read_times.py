"""The code of the end of an hour, from the times at which a register was read."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import Self

from ...metering.quality import HELD, LINE, MEASURED, MISSING, SERVER
from ...metering.register_line import RegisterLine
from .last_read import LastRead
from .rows import FOREVER, HOUR_SECONDS, NEVER

NEAR_SECONDS = 60.0
"""A reading this close to the end of an hour is one of that moment."""

CLOSE_SECONDS = 20 * 60.0
"""Between two readings this close, the straight line is as good as a reading."""

LONG_SECONDS = 2 * HOUR_SECONDS
"""A gap between two readings is long if it takes longer than this."""


@dataclass(frozen=True, slots=True)
class ReadTimes:
    """The times of the accepted readings of a register, in epoch seconds and in order.

    `estimated` are the times of those that the server estimated. `unread` is the code
    of an end after the last reading.
    """

    times: Sequence[float]
    estimated: Collection[float] = ()
    unread: int = MISSING

    @classmethod
    def of(cls, line: RegisterLine, last: LastRead, first: float, end: float) -> Self:
        """Return when a line was read, up to the first time after `end`.

        `last` stands for what was read up to `first`, where each register has a
        computed position instead if counting went on from there.
        """
        since = NEVER if last.at == NEVER else first
        times = [] if last.at == NEVER else [last.at]
        estimated = {last.at} if last.is_estimated else set[float]()
        for run in line.runs:
            start = bisect_right(run.edges, (since, inf))
            stop = bisect_right(run.edges, (end, inf), start) + 1
            times += [at for at, _ in run.edges[start:stop]]
            estimated |= run.estimated
        if len(line.runs) > 1:
            times.sort()
        return cls(times, estimated, HELD if line.is_undecided else MISSING)

    def around(self, moment: float) -> tuple[float, float]:
        """Return the times of the last reading up to a moment and of the next one.

        They are `NEVER` and `FOREVER` where there is none.
        """
        after = bisect_right(self.times, moment)
        return (
            self.times[after - 1] if after else NEVER,
            self.times[after] if after < len(self.times) else FOREVER,
        )

    def codes(self, first: float, end: float) -> bytearray:
        """Return the codes of the whole hours from `first` to `end` (epoch seconds).

        An end in a long gap has the code of the straight line.
        """
        times = [NEVER, *self.times, FOREVER]
        codes = bytearray()
        moment, after = first, 1
        while moment <= end:
            after = bisect_right(times, moment, after)
            before = times[after - 1]
            if not self.estimated and (
                moment - before <= NEAR_SECONDS
                or times[after] - before <= CLOSE_SECONDS
            ):
                codes.append(MEASURED)
            else:
                codes.append(self._code(moment, before, times[after]))
            moment += HOUR_SECONDS
        return codes

    def long_gaps(self, first: float, end: float) -> Iterator[tuple[float, float]]:
        """Yield the times of the readings around each long gap in a span.

        The gaps end after `first` and begin before `end`.
        """
        start = max(bisect_right(self.times, first) - 1, 0)
        stop = bisect_left(self.times, end) + 1
        for before, after in pairwise(self.times[start:stop]):
            if after - before > LONG_SECONDS:
                yield before, after

    def _code(self, moment: float, before: float, after: float) -> int:
        """Return the code of a moment between the readings around it."""
        is_estimated = before in self.estimated, after in self.estimated
        if (
            (moment - before <= NEAR_SECONDS and not is_estimated[0])
            or (after - moment <= NEAR_SECONDS and not is_estimated[1])
            or (after - before <= CLOSE_SECONDS and not any(is_estimated))
        ):
            return MEASURED
        if before == moment:
            return SERVER
        if after == FOREVER:
            return self.unread
        if before == NEVER:
            return MISSING
        if after - before <= LONG_SECONDS and any(is_estimated):
            return SERVER
        return LINE
