"""The readings of a register that nothing has decided yet."""

from collections.abc import Iterable, Sequence
from math import inf

from .register_marks import Mark
from .register_rules import Rejected, Rule
from .register_run import Run

MAX_HELD = 10_000
"""Readings that are kept of a suspected run, to name them when it is rejected."""


EVIDENCE_READINGS = 3
EVIDENCE_SECONDS = 15 * 60.0
"""A new register is believed after this many readings over at least this time."""

RETURN_SHARE = 0.1
"""The readings with which a register returns, per reading of those that replaced it."""


class Suspects:
    """The runs that left the line of a register, in the order in which they began."""

    def __init__(self) -> None:
        """Initialize without a suspected run."""
        self._marks: dict[Run, list[Mark]] = {}

    def __bool__(self) -> bool:
        """Return True if any reading is held."""
        return bool(self._marks)

    @property
    def runs(self) -> Sequence[Run]:
        """Return the suspected runs."""
        return [*self._marks]

    @property
    def held(self) -> list[Rejected]:
        """Return the readings that are not decided yet."""
        return [
            Rejected(mark.at, mark.position, Rule.UNDECIDED)
            for marks in self._marks.values()
            for mark in marks
        ]

    def begin(self, mark: Mark, *, is_vague: bool) -> Run:
        """Return a new suspected run, which begins with a reading.

        It is vague unless it continues a register whose advance is known.
        """
        run = Run(mark)
        run.is_vague = is_vague
        self._marks[run] = [mark]
        return run

    def extend(self, run: Run, mark: Mark) -> None:
        """Add a reading to a suspected run."""
        run.add(mark)
        if len(self._marks[run]) < MAX_HELD:
            self._marks[run].append(mark)

    def since(self, mark: Mark) -> Sequence[Run]:
        """Return the runs of which a reading was stored before that mark."""
        return [run for run in self._marks if not _arrived_before(mark, run)]

    def after(self, run: Run) -> Iterable[Run]:
        """Return the runs that began after another one."""
        runs = self.runs
        return runs[runs.index(run) + 1 :]

    def take(self, run: Run) -> list[Mark]:
        """Remove a run, and return its readings."""
        return self._marks.pop(run)


def _arrived_before(mark: Mark, run: Run) -> bool:
    """Return True if a reading was stored before all readings of a run."""
    return (
        mark.stored is not None
        and run.first.stored is not None
        and mark.stored < run.first.stored
    )


def is_evident(run: Run, current: Run, *, may_restart: bool) -> bool:
    """Return True if a suspected run has lasted long enough to be believed.

    Of a register that may restart, one later reading is enough. Estimates do not
    replace a register that was measured.
    """
    if run.measured == -inf < current.measured:
        return False
    if may_restart and run.position > run.first.position:
        return True
    lasted = run.last_at - run.first.at
    return run.count >= EVIDENCE_READINGS and lasted >= EVIDENCE_SECONDS


def outweighs(run: Run, replacing: Iterable[Run]) -> bool:
    """Return True if a run of an earlier register may reject those that replaced it.

    Otherwise a few readings without their decimal point, which happen to continue the
    old register, would reject weeks of the new one.
    """
    return run.count >= RETURN_SHARE * sum(each.count for each in replacing)
