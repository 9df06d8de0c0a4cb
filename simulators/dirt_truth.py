"""What a dirty house really counted, as far as its right readings can tell.

The truth comes from the clean house and the list of faults, never from the readings
that the server shows. The position at an hour is on the line between the right readings
around it. Nothing is counted across an exchange that no server knows of.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from .dirt import Dirt, Spot, SpotKind
from .times import DAY, HOUR

LONGEST_LINE = 2 * HOUR
"""Between readings that are further apart, an hour is an estimate."""

_CORRECTED = 60 * DAY
"""A correction does not reject readings that are older than this."""


class Expected(Protocol):
    """The amounts that the statistic of a meter must have."""

    def amount(self, start: int, end: int) -> float | None:
        """Return the right amount in [start, end), or None if it is unknown."""

    def is_estimated(self, start: int, end: int) -> bool:
        """Return True if the amount of an hour depends on an estimate."""


type FindExpected = Callable[[str], Expected | None]
"""Find what is expected of a meter by the server's own name."""


class Times(Protocol):
    """The times at which a server stored readings."""

    def before(self, when: int) -> int | None:
        """Return the last time before `when`."""

    def since(self, when: int) -> int | None:
        """Return the first time at or after `when`."""


@dataclass(frozen=True, slots=True)
class StoredAmounts:
    """Amounts whose hours are the sum of what is stored."""

    stored: Callable[[int, int], float | None]

    def amount(self, start: int, end: int) -> float | None:
        """Return the sum of the stored amounts."""
        return self.stored(start, end)

    def is_estimated(self, start: int, end: int) -> bool:
        """Return False because a missing interval is not estimated."""
        return False


@dataclass(frozen=True, slots=True)
class RightLine:
    """The line through the right readings of a register.

    `counted` returns what the house had used by a moment, in whole steps of which
    `scale` are a unit. With `exchanges_known` the server tells both positions at an
    exchange, so nothing is lost.
    """

    key: str
    counted: Callable[[int], int]
    scale: int
    times: Times
    dirt: Dirt
    exchanges_known: bool = False
    _steps: dict[Spot, int] = field(default_factory=dict)

    def amount(self, start: int, end: int) -> float | None:
        """Return the right amount in [start, end)."""
        before, after = self._at(start), self._at(end)
        return None if before is None or after is None else after - before

    def is_estimated(self, start: int, end: int) -> bool:
        """Return True if an end of the span is far from the readings around it."""
        for when in (start, end):
            low, high = self._last(when + 1), self._first(when)
            if low is None or high is None or high - low > LONGEST_LINE:
                return True
        return False

    def _at(self, when: int) -> float | None:
        """Return the amount up to a moment; None before the first right reading."""
        low, high = self._last(when + 1), self._first(when)
        if low is None:
            return None
        start = self._amount_of(low)
        if high is None or high == low:
            return start / self.scale
        growth = self._amount_of(high) - start
        return (start + growth * (when - low) / (high - low)) / self.scale

    def _amount_of(self, reading: int) -> int:
        """Return the amount up to a right reading, in whole steps."""
        past = [step for step in self.dirt.steps(self.key) if step.start <= reading]
        return self.counted(reading) - sum(map(self._uncounted, past))

    def _uncounted(self, step: Spot) -> int:
        """Return the amount that is not counted because of a step."""
        if step.kind is SpotKind.CORRECTION:
            return step.amount
        if self.exchanges_known:
            return 0
        if step not in self._steps:
            low, high = self._last(step.start), self._first(step.start)
            lost = 0
            if low is not None and high is not None:
                lost = self.counted(high) - self.counted(low)
            self._steps[step] = lost
        return self._steps[step]

    def _last(self, when: int) -> int | None:
        """Return the last right reading before `when`."""
        found = self.times.before(when)
        while found is not None and self._is_wrong(found):
            found = self.times.before(found)
        return found

    def _first(self, when: int) -> int | None:
        """Return the first right reading at or after `when`."""
        found = self.times.since(when)
        while found is not None and self._is_wrong(found):
            found = self.times.since(found + 1)
        return found

    def _is_wrong(self, reading: int) -> bool:
        """Return True if a reading must not be believed."""
        spot = self.dirt.at(self.key, reading)
        return (spot is not None and spot.is_wrong) or any(
            reading < step.start < reading + _CORRECTED
            and self.counted(reading) > self._corrected(step)
            for step in self.dirt.steps(self.key)
            if step.kind is SpotKind.CORRECTION
        )

    def _corrected(self, step: Spot) -> int:
        """Return the amount at which a correction lets the register go on."""
        first = self.times.since(step.start)
        when = step.start if first is None else first
        return self.counted(when) - step.amount
