"""The size of a benchmark."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """The number of runs, and the divisor of all sizes.

    A quick run only shows that a row works; its figures mean nothing.
    """

    runs: int = 7
    divisor: int = 1

    def of(self, points: int) -> int:
        """Return the number of points to measure instead of the full number."""
        return max(10, points // self.divisor)


FULL = Size()
QUICK = Size(runs=2, divisor=20)
