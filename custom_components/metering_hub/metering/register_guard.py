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
        self._line = self._new_line()

    def restore(self, position: float) -> None:
        """Restore the position that was shown before a restart."""
        self._restored = position

    def filter(self, reading: Reading) -> float | None:
        """Return the position to show after this reading.

        It is the last one that is believed, given all that has arrived.
        """
        for mark in marks_of([reading]):
            self._add(mark)
        current = self._line.current
        return self._restored if current is None else current.position

    def _add(self, mark: Mark) -> None:
        """Add a reading in its place; a repeated one changes nothing."""
        # Readings of the same second may have been stored in either order.
        is_late = bool(self._marks) and floor(mark.at) <= floor(self._marks[-1].at)
        if is_late and mark in self._marks:
            return
        self._marks.append(mark)
        if is_late or len(self._marks) == 1:
            self._judge_again()
        else:
            self._line.add(mark)
        if len(self._marks) > MAX_MARKS:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        """Forget half of the readings, except the position that they led to."""
        del self._marks[: MAX_MARKS // 2]
        moment = self._marks[0].at
        self._line.forget_before(moment)
        for run in self._line.runs:
            run.settle(*run.edge_at(moment))
        self._restored_at, self._restored = self._line.runs[0].edges[0]

    def _judge_again(self) -> None:
        """Apply the rules anew, because a reading arrived late."""
        self._marks = sorted_marks(self._marks)
        self._line = self._new_line()
        if self._restored is not None and self._restored_at is not None:
            self._line.resume(self._restored_at, self._restored)
        elif self._restored is not None:
            # How long Home Assistant was down is unknown, so any advance is possible.
            self._line.restore(self._marks[0].at, self._restored)
        for mark in split_repeated(self._marks)[0]:
            self._line.add(mark)

    def _new_line(self) -> RegisterLine:
        """Return a line without readings."""
        return RegisterLine.of(self._point, is_trusted=self._is_trusted)
