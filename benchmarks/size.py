"""How large a benchmark is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """How often everything is measured, and what sizes are divided by.

    A quick run only shows that a row works: its figures mean nothing.
    """

    runs: int = 7
    divisor: int = 1

    def of(self, points: int) -> int:
        """Return how many points to take instead of so many."""
        return max(10, points // self.divisor)


FULL = Size()
QUICK = Size(runs=2, divisor=20)
