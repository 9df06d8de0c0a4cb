"""Whether a measure stays flat over a long run."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

MINUTES_PER_HOUR = 60
FEWEST = 10
"""The fewest samples in the second half that say anything about growth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What is called flat: growth an hour, and a peak above the usual, in its unit."""

    growth: float
    peak: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How a measure went: its median, slope and maximum in the second half.

    `growth` is per hour. `first` is the median of the first half.
    """

    first: float
    usual: float
    growth: float
    most: float

    def faults(self, limit: Limit) -> list[str]:
        """Return what is not flat."""
        wrong = []
        if self.growth > limit.growth:
            wrong.append(f"grows by {self.growth:.2f} an hour")
        if self.most - self.usual > limit.peak:
            wrong.append(f"peak {self.most - self.usual:.1f} above the usual")
        return wrong


def course(values: Sequence[float], minutes: float = 1.0) -> Course:
    """Return how a measure went that was sampled every so many minutes.

    The second half decides, because what a start fills (caches, pools) is no growth.
    The slope is the median of all slopes between two samples (Theil and Sen), which a
    few outliers do not change. Raises ValueError without values.
    """
    if not values:
        raise ValueError("nothing was sampled")
    middle = len(values) // 2
    early, late = values[: max(middle, 1)], values[middle:]
    slopes = [
        (late[end] - late[start]) / (end - start)
        for start, end in combinations(range(len(late)), 2)
    ]
    slope = median(slopes) if len(late) >= FEWEST else 0.0
    return Course(
        first=median(early),
        usual=median(late),
        growth=slope / minutes * MINUTES_PER_HOUR,
        most=max(late),
    )
