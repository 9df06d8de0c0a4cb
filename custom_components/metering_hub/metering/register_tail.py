"""The latest readings of a register, all of them."""

from collections.abc import Sequence

from .register_marks import DECIMALS

TAIL = 64
"""The latest readings that are kept. A correction that reaches back further is only
exact to the first and the last reading of each hour."""

type Edge = tuple[float, float]
"""The time of a reading in epoch seconds, and its position."""


class Tail:
    """Keep the latest readings as columns, which is as fast as copying them."""

    __slots__ = ("_times", "_values")

    def __init__(self, at: float, position: float) -> None:
        """Begin with one reading."""
        self._times = [at]
        self._values = [position]

    @property
    def last_at(self) -> float:
        """Return the time of the last reading."""
        return self._times[-1]

    def add(self, at: float, position: float) -> None:
        """Add a reading, which replaces one of the same moment."""
        if self._times[-1] == at:
            self._values[-1] = position
            return
        self.extend((at,), (position,))

    def extend(self, times: Sequence[float], values: Sequence[float]) -> None:
        """Add later readings in order of time."""
        self._times += times[-TAIL:]
        self._values += values[-TAIL:]
        if len(self._times) > 2 * TAIL:
            del self._times[:-TAIL]
            del self._values[:-TAIL]

    def merge(self, other: Tail) -> None:
        """Add the readings of another tail, which are later."""
        self.extend(other._times, other._values)

    def latest(self, count: int) -> list[Edge]:
        """Return the last readings, at most `count` of them."""
        positions = (round(value, DECIMALS) for value in self._values[-count:])
        return [*zip(self._times[-count:], positions, strict=True)]

    def cut_above(self, position: float) -> list[Edge]:
        """Remove the readings above a position; return the others that are known."""
        kept = [edge for edge in self.latest(TAIL) if edge[1] <= position]
        if kept:
            self._times = [at for at, _ in kept]
            self._values = [value for _, value in kept]
        return kept

    def begin_again(self, at: float, position: float) -> None:
        """Forget all readings but this one."""
        self._times, self._values = [at], [position]
