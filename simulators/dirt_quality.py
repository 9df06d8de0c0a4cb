"""How well founded the amount of an hour is, as far as a simulator can tell.

An end of an hour has a quality, too, and an hour has the worse one of its two ends.
Where a simulator cannot say which of several qualities is right, all of them are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from .times import DAY, HOUR, MINUTE

NEAR = MINUTE
"""A reading this close to an end of an hour is the position at it."""

CLOSE = 20 * MINUTE
"""Between measured readings this close to each other, a position is measured."""

LONGEST_LINE = 2 * HOUR
"""Between readings that are further apart, an hour is an estimate."""


class HourQuality(IntEnum):
    """The qualities of an hour, the best one first.

    The integration has the same ones. They are listed again, because what checks it
    must not believe it.
    """

    MEASURED = 1
    LINE = 2
    SERVER = 3
    COMPARABLE_DAYS = 4
    SPREAD = 5
    MISSING = 6
    HELD = 7


type Qualities = frozenset[HourQuality]
"""The qualities of which each is right; none if nobody can know."""

UNKNOWN: Qualities = frozenset()
MEASURED = frozenset({HourQuality.MEASURED})
LINE = frozenset({HourQuality.LINE})
SERVER = frozenset({HourQuality.SERVER})
SPREAD = frozenset({HourQuality.SPREAD})
MISSING = frozenset({HourQuality.MISSING})

NOT_DECIDED = frozenset({HourQuality.HELD, HourQuality.MISSING})
"""After the last right reading: wrong ones are held if nothing rejects them alone."""

FROM_STATISTICS = frozenset(
    {HourQuality.LINE, HourQuality.SERVER, HourQuality.COMPARABLE_DAYS}
)
"""Amounts of hours shape the positions of days, unless a day has none."""

LONG_LINE = frozenset({HourQuality.LINE, HourQuality.COMPARABLE_DAYS})
"""Which earlier days can be compared depends on holidays and on their own faults."""


def worse(start: Qualities, end: Qualities) -> Qualities:
    """Return the qualities of an hour from those of its two ends."""
    return frozenset(max(one, other) for one in start for other in end)


@dataclass(frozen=True, slots=True)
class Around:
    """The right readings around a moment, by their times, or None without any.

    `low` is the last one at or before the moment, `high` the first one at or after it.
    `is_estimate` returns True for readings that the server itself estimated.
    """

    low: int | None
    high: int | None
    is_estimate: Callable[[int], bool]

    def quality(self, when: int, first: int) -> Qualities:
        """Return the quality of a position; `first` is the meter's first reading.

        Without a reading after `when`, it is missing.
        """
        low, high = self.low, self.high
        measured = [
            each
            for each in (low, high)
            if each is not None and not self.is_estimate(each)
        ]
        if any(abs(each - when) <= NEAR for each in measured):
            return MEASURED
        if low is None or high is None:
            return MISSING
        if high - low > LONGEST_LINE:
            # Two days to compare with must have been measured before.
            return LINE if high + HOUR - 2 * DAY < first else LONG_LINE
        if len(measured) < 2:
            return SERVER
        return MEASURED if high - low <= CLOSE else LINE
