"""The line of a register: which of its readings are believed.

Readings are added in order of time. One that continues the line is accepted at once.
Any other begins an excursion, a suspected run. If a later reading continues the line as
it was before, the excursion was noise, however long it was. If the excursion goes on
instead, it is a correction or a new register.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import inf
from typing import Self

from .model import Point
from .reading_columns import ReadingColumns
from .register_advance import SMALL_COUNT, AdvanceLimit
from .register_corrections import is_correction
from .register_marks import Mark
from .register_rules import Rejected, Rule
from .register_run import ONE_UNIT, WINDOW_SECONDS, Run
from .register_suspects import Suspects, is_evident, outweighs
from .register_tail import Edge

MAX_SUSPECTS = 8
"""Suspected runs that are kept; the oldest one is rejected if there are more."""

MAX_REJECTED = 10_000
"""Rejected readings that are kept until they are taken."""


class RegisterLine:
    """Decide which readings of one register are believed.

    `runs` are the registers that were believed, in the order of arrival: nothing is
    counted between two of them. `capacity` is the most that the register can advance in
    an hour, if that is known. With `may_restart`, one later reading is evidence enough
    for a new register, which counts from zero. If the readings are `trusted`, none is
    rejected, and each fall begins a new register.
    """

    def __init__(
        self,
        *,
        capacity: float | None = None,
        may_restart: bool = False,
        is_trusted: bool = False,
    ) -> None:
        """Initialize the line without a reading."""
        self.runs: list[Run] = []
        small = SMALL_COUNT if may_restart else ONE_UNIT
        self._limit = AdvanceLimit(capacity, small=small, is_trusted=is_trusted)
        self._may_restart = may_restart
        self._is_trusted = is_trusted
        self._suspects = Suspects()
        self._rejected: list[Rejected] = []

    @classmethod
    def of(cls, point: Point, *, is_trusted: bool) -> Self:
        """Return the line of a REGISTER point."""
        return cls(
            capacity=point.capacity,
            may_restart=point.may_restart,
            is_trusted=is_trusted,
        )

    def resume(self, at: float, position: float) -> None:
        """Begin with the end of rows that are already written."""
        self.runs = [Run(Mark(at, position), is_resumed=True)]

    def restore(self, at: float, position: float) -> None:
        """Begin with a position that was believed at an unknown time before `at`."""
        self.resume(at - WINDOW_SECONDS, position)
        self.runs[0].is_vague = True

    @property
    def current(self) -> Run | None:
        """Return the run of the register that is believed to be the present one."""
        return self.runs[-1] if self.runs else None

    @property
    def latest(self) -> float:
        """Return the time of the latest reading, accepted or held."""
        return max(
            (run.last_at for run in (*self.runs[-1:], *self._suspects.runs)),
            default=-inf,
        )

    @property
    def settled_until(self) -> float:
        """Return the time up to which the registers are certain to stay in order."""
        last = self.runs[-1]
        return self.runs[-2].last_at if last.is_doubtful else last.last_at

    @property
    def held(self) -> list[Rejected]:
        """Return the readings that are not decided yet."""
        return self._suspects.held

    @property
    def is_undecided(self) -> bool:
        """Return True if a reading after the last accepted one is held."""
        if not self._suspects:
            return False
        accepted = max((run.last_at for run in self.runs), default=-inf)
        return any(run.last_at > accepted for run in self._suspects.runs)

    def take_rejected(self) -> list[Rejected]:
        """Return the readings that were rejected since the last call."""
        rejected, self._rejected = self._rejected, []
        return rejected

    def forget_before(self, moment: float) -> None:
        """Forget the replaced registers that were last read before a moment.

        The step up from one that is forgotten can no longer turn out to be usual.
        """
        last, before = self.runs[-1], self.runs[-2:-1]
        self.runs = [
            run for run in self.runs if run is last or run.edges[-1][0] >= moment
        ]
        if self.runs[-2:-1] != before:
            last.is_doubtful = False

    def add(self, mark: Mark) -> None:
        """Add a reading that is not older than any other."""
        current = self.current
        if current is None or mark.is_new:
            self._reject_suspects(self._suspects.runs)
            self.runs.append(Run(mark))
        elif self._continues(current, mark) and not self._leaps_back(current, mark):
            self._accept(current, mark)
        elif self._is_trusted:
            self.runs.append(Run(mark))
        elif not self._continues_earlier(mark) and not self._corrects(current, mark):
            self._suspect(mark)

    def add_many(self, readings: ReadingColumns, edges: Sequence[int]) -> bool:
        """Add measured readings at once, if all of them continue the line.

        `edges` are the indexes of the first and the last reading of each hour, and all
        columns are in order. The result is False if they must be added one by one.
        """
        run = self.current
        times, values, stored = readings.times, readings.values, readings.stored
        if not times:
            return True
        if (
            run is None
            or run.is_doubtful
            or self._passes_earlier(run, values[-1])
            or self._suspects
            or times[0] <= run.last_at
            or values[0] < run.position
            or (stored and stored[0] < (run.last_stored or 0))
            or not self._limit.allows_all(run, readings)
        ):
            return False
        run.add_many(readings, edges)
        return True

    def _continues(self, run: Run, mark: Mark) -> bool:
        """Return True if a reading continues a run."""
        runs = self.runs if run in self.runs[-1:] else [*self.runs, run]
        return self._limit.allows(run, mark, runs)

    def _leaps_back(self, current: Run, mark: Mark) -> bool:
        """Return True if a reading leaps from a new register back to an earlier one."""
        return (
            self._passes_earlier(current, mark.position)
            and not current.is_certain
            and (self._limit.is_leap(current, mark) or self._has_leapt(current, mark))
            and self._earlier(mark, mark.at) is not None
        )

    def _has_leapt(self, current: Run, mark: Mark) -> bool:
        """Return True if a reading goes on from one that has leapt, and is held."""
        return any(
            run.first.position > current.position and self._continues(run, mark)
            for run in self._suspects.runs
        )

    def _passes_earlier(self, current: Run, position: float) -> bool:
        """Return True if an earlier register stands between a run and a position."""
        return any(
            current.position < run.position <= position for run in self.runs[:-1]
        )

    def _accept(self, run: Run, mark: Mark) -> None:
        """Add a reading to the present register; what left the line was noise.

        A run whose readings were stored later than this one has not come back.
        """
        if self._suspects:
            self._reject_suspects(self._suspects.since(mark))
        run.add(mark)
        if run.is_doubtful:
            self._reconsider(run)

    def _reconsider(self, run: Run) -> None:
        """Count the step up to a register after all, if it turns out to be usual."""
        before = self.runs[-2]
        if self._limit.allows_by_hindsight(before, run):
            self.runs.pop()
            before.merge(run)
        elif run.last_at - run.first.at > WINDOW_SECONDS:
            run.is_doubtful = False

    def _continues_earlier(self, mark: Mark) -> bool:
        """Return True if a reading belongs to a register that was replaced.

        The clock of the new one was behind, so their readings are mixed. The order of
        arrival tells them apart.
        """
        if mark.stored is None or len(self.runs) == 1:
            return False
        newest = self.runs[-1]
        if newest.first.stored is None or mark.stored > newest.first.stored:
            return False
        for run in reversed(self.runs[:-1]):
            if self._continues(run, mark):
                run.add(mark)
                return True
        self._reject(mark.at, mark.position, Rule.EXCURSION)
        return True

    def _corrects(self, current: Run, mark: Mark) -> bool:
        """Return True if a measured reading replaces estimated ones above it."""
        if mark.is_estimated or not current.measured <= mark.position:
            return False
        if mark.position >= current.position:
            return False
        self._reject_suspects(self._suspects.runs)
        self._correct(current, Run(mark))
        return True

    def _suspect(self, mark: Mark) -> None:
        """Add a reading that does not continue the line to a suspected run.

        Of several that it may continue, it belongs to the closest one.
        """
        candidates = [
            run for run in reversed(self._suspects.runs) if self._continues(run, mark)
        ]
        if candidates:
            run = max(candidates, key=lambda each: each.position)
            self._reject_suspects(self._suspects.after(run))
            self._suspects.extend(run, mark)
        else:
            is_vague = self._earlier(mark, mark.at) is None
            run = self._suspects.begin(mark, is_vague=is_vague)
            self._reject_suspects(self._suspects.runs[:-MAX_SUSPECTS])
        self._decide(run)

    def _decide(self, run: Run) -> None:
        """Accept a suspected run if there is evidence enough for it."""
        current = self.runs[-1]
        follows = run.first.at >= current.last_at
        is_step_up = follows and run.first.position > current.position
        earlier = self._earlier(run.first, run.last_at)
        is_new_step = is_step_up and earlier is None
        if is_new_step and self._limit.allows_by_hindsight(current, run):
            self._forget(run)
            current.merge(run)
        elif not is_evident(run, current, may_restart=self._may_restart):
            return
        elif earlier is not None:
            if outweighs(run, self.runs[self.runs.index(earlier) + 1 :]):
                self._forget(run)
                self._return_to(earlier, run)
        elif follows and is_correction(current, run):
            self._forget(run)
            self._correct(current, run)
        elif run.position > run.first.position:
            self._forget(run)
            run.is_doubtful = is_step_up and not self._limit.is_known
            if self._may_restart and follows and not is_step_up:
                self._count_from_zero(current, run)
            self.runs.append(run)

    def _count_from_zero(self, current: Run, run: Run) -> None:
        """Count a run that restarted from zero on, if it can have advanced that far."""
        zero = Mark(current.last_at, 0.0)
        runs = [*self.runs, run]
        if zero.at < run.first.at and self._limit.allows(Run(zero), run.first, runs):
            run.begin_earlier(zero.at, zero.position)

    def _earlier(self, mark: Mark, moment: float) -> Run | None:
        """Return the earlier register that a reading continues, if there is one.

        Of several, it is the last one to which the reading does not leap, or else the
        last one of all. A register whose successor is certain does not return, nor does
        one that was last read long before `moment`.
        """
        since = moment - WINDOW_SECONDS
        fallback: Run | None = None
        for earlier, successor in reversed([*pairwise(self.runs)]):
            if successor.is_certain or earlier.last_at < since:
                break
            if self._limit.allows_return(earlier, mark, self.runs):
                if not self._limit.is_leap(earlier, mark):
                    return earlier
                fallback = fallback or earlier
        return fallback

    def _return_to(self, earlier: Run, run: Run) -> None:
        """Continue an earlier register, because what replaced it was noise."""
        index = self.runs.index(earlier)
        for noise in self.runs[index + 1 :]:
            self._reject_edges(noise.edges, Rule.EXCURSION)
        del self.runs[index + 1 :]
        earlier.merge(run)

    def _correct(self, current: Run, run: Run) -> None:
        """Continue the present register from a lower position."""
        above = current.cut_above(run.first.position)
        self._reject_edges(above, Rule.CORRECTION)
        current.merge(run)

    def _forget(self, run: Run) -> None:
        """Accept a suspected run; what was suspected besides was noise."""
        self._suspects.take(run)
        self._reject_suspects(self._suspects.since(run.first))

    def _reject_suspects(self, runs: Iterable[Run]) -> None:
        """Reject the readings of suspected runs, because they were noise."""
        for run in runs:
            is_too_high = run.first.position > self.runs[-1].position
            is_capacity = self._limit.is_known and is_too_high
            rule = Rule.CAPACITY if is_capacity else Rule.EXCURSION
            for mark in self._suspects.take(run):
                self._reject(mark.at, mark.position, rule)

    def _reject_edges(self, edges: Iterable[Edge], rule: Rule) -> None:
        """Remember readings that were believed before as rejected."""
        for at, position in edges:
            self._reject(at, position, rule)

    def _reject(self, at: float, position: float, rule: Rule) -> None:
        """Remember a rejected reading."""
        if len(self._rejected) < MAX_REJECTED:
            self._rejected.append(Rejected(at, position, rule))
