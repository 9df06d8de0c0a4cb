"""How far a register may advance: what its meter can measure, or what is usual."""

from collections.abc import Iterable
from math import inf
from operator import eq, sub

from .reading_columns import ReadingColumns
from .register_marks import Mark
from .register_run import HOUR_SECONDS, ONE_UNIT, WINDOW_SECONDS, Run

TOLERANCE = 1.2
"""The factor by which a meter may exceed its capacity."""

SPIKE_FACTOR = 10.0
"""An advance is unusual if it is this many times as fast as any other."""

SMALL_COUNT = 100.0
"""An advance by so many things that are counted is never unusual."""


class AdvanceLimit:
    """Decide how far a register may advance.

    `capacity` is the most that it can advance in an hour. If that is unknown, an
    advance that exceeds all others together and is ten times as fast is too far, unless
    it is `small`. The readings of a register that the user trusts may advance by any
    amount.
    """

    def __init__(
        self, capacity: float | None, *, small: float = ONE_UNIT, is_trusted: bool
    ) -> None:
        """Initialize the limit."""
        self._small = small
        self._is_trusted = is_trusted
        self._fastest = (
            None if capacity is None else capacity * TOLERANCE / HOUR_SECONDS
        )

    @property
    def is_known(self) -> bool:
        """Return True if the capacity of the meter is known."""
        return self._fastest is not None

    def allows(self, run: Run, mark: Mark, runs: Iterable[Run]) -> bool:
        """Return True if a reading continues a run: not lower, and not too high.

        `runs` are the registers whose fastest advance is usual.
        """
        advance = mark.position - run.position
        if advance <= 0 or self._is_trusted:
            return advance >= 0
        last_at = run.last_at
        if mark.at == last_at and len(before := run.tail.latest(2)) > 1:
            last_at, position = before[0]
            advance = mark.position - position
        seconds = mark.at - last_at
        if self._fastest is not None:
            return advance <= self._fastest * seconds
        if advance <= self._small or advance <= run.usual_advance(mark.at):
            return True
        since = mark.at - WINDOW_SECONDS
        fastest = max((each.fastest_since(since) for each in runs), default=0.0)
        return advance <= SPIKE_FACTOR * fastest * seconds

    def allows_return(self, run: Run, mark: Mark, runs: Iterable[Run]) -> bool:
        """Return True if a reading shows that a run which was replaced is back.

        In days, the capacity allows nearly any position, also that of another meter. So
        the register must not have advanced more than is usual, or faster than before.
        """
        seconds, advance = mark.at - run.last_at, mark.position - run.position
        return self.allows(run, mark, runs) and (
            self._fastest is None
            or advance <= run.usual_advance(mark.at)
            or advance <= run.fastest_since(-inf) * seconds
        )

    def is_leap(self, run: Run, mark: Mark) -> bool:
        """Return True if a reading is much faster than all others of a run."""
        fastest = SPIKE_FACTOR * run.fastest_since(-inf)
        seconds = mark.at - run.last_at
        return not self._is_trusted and mark.position - run.position > fastest * seconds

    def allows_all(self, run: Run, readings: ReadingColumns) -> bool:
        """Return True if readings in order certainly continue a run.

        Two of one moment, as in a page that repeats its readings, do not: the later one
        replaces the other.
        """
        times, values = readings.times, readings.values
        if self._is_trusted or self._fastest is None:
            if any(map(eq, times, times[1:], strict=False)):
                return False
            advance = values[-1] - run.position
            return self._is_trusted or (
                run.count > 1
                and (advance <= self._small or advance <= run.usual_advance(times[-1]))
            )
        if values[0] - run.position > self._fastest * (times[0] - run.last_at):
            return False
        longest = max(map(sub, values[1:], values, strict=False), default=0.0)
        shortest = min(map(sub, times[1:], times, strict=False), default=inf)
        return shortest > 0 and (longest == 0 or longest <= self._fastest * shortest)

    def allows_by_hindsight(self, current: Run, run: Run) -> bool:
        """Return True if the step up to a later run turns out to be usual."""
        if self._fastest is not None or run.count == 1:
            return False
        step = run.first.position - current.position
        if step <= current.usual_advance(run.first.at) + run.advance_since(-inf):
            return True
        seconds = run.first.at - current.last_at
        return step <= SPIKE_FACTOR * run.fastest_since(-inf) * seconds
