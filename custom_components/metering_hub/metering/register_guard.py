"""Show only the positions of a register that are believed.

Home Assistant treats any drop of a `total_increasing` sensor as a new meter, and counts
everything after it as consumption: a false 0 for three seconds would count the whole
meter reading a second time. A false high reading would be counted at once.
"""

from math import floor

from .model import Point, Reading
from .register_line import RegisterLine
from .register_marks import Mark, marks_of, sorted_marks, split_repeated

MAX_MARKS = 128
"""Readings that are kept, because one that arrives late is judged among them."""


class RegisterGuard:
    """Apply the register rules to the readings of one register as they arrive."""

    def __init__(self, point: Point, *, is_trusted: bool = False) -> None:
        """Initialize the guard without a known position."""
        self._point = point
        self._is_trusted = is_trusted
        self._restored: float | None = None
        self._restored_at: float | None = None
        self._marks: list[Mark] = []
        self._line: RegisterLine | None = None

    def restore(self, position: float) -> None:
        """Restore the position that was shown before a restart."""
        self._restored = position

    def filter(self, reading: Reading) -> float | None:
        """Return the position to show after this reading.

        It is the last one that is believed, given all that has arrived.
        """
        for mark in marks_of([reading]):
            self._add(mark)
        current = None if self._line is None else self._line.current
        return self._restored if current is None else current.position

    def _add(self, mark: Mark) -> None:
        """Add a reading in its place; a repeated one changes nothing."""
        # Readings of the same second may have been stored in either order.
        is_late = bool(self._marks) and floor(mark.at) <= floor(self._marks[-1].at)
        if is_late and mark in self._marks:
            return
        self._marks.append(mark)
        if self._line is None or is_late:
            self._line = self._judged_line()
        else:
            self._line.add(mark)
        if len(self._marks) > MAX_MARKS:
            self._forget_oldest(self._line)

    def _forget_oldest(self, line: RegisterLine) -> None:
        """Forget half of the readings, except the position that they led to."""
        del self._marks[: MAX_MARKS // 2]
        moment = self._marks[0].at
        line.forget_before(moment)
        for run in line.runs:
            run.settle(*run.edge_at(moment))
        self._restored_at, self._restored = line.runs[0].edges[0]

    def _judged_line(self) -> RegisterLine:
        """Return a line of all readings: one is the first, or has arrived late."""
        self._marks = sorted_marks(self._marks)
        line = RegisterLine.of(self._point, is_trusted=self._is_trusted)
        if self._restored is not None and self._restored_at is not None:
            line.resume(self._restored_at, self._restored)
        elif self._restored is not None:
            # How long Home Assistant was down is unknown, so any advance is possible.
            line.restore(self._marks[0].at, self._restored)
        for mark in split_repeated(self._marks)[0]:
            line.add(mark)
        return line
