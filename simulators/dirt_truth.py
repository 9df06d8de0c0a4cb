"""What a dirty house really counted, as far as its right readings can tell.

The truth comes from the clean house and the list of faults, never from the readings
that the server shows. The position at an hour is on the line between the right readings
around it. Nothing is counted across an exchange that no server knows of.
"""

from collections.abc import Callable, Sized
from dataclasses import dataclass, field
from typing import Protocol

from .dirt import Dirt, Spot, SpotKind
from .dirt_quality import (
    FROM_STATISTICS,
    LONGEST_LINE,
    MEASURED,
    MISSING,
    NOT_DECIDED,
    SPREAD,
    UNKNOWN,
    Around,
    Qualities,
    worse,
)
from .times import DAY, HOUR

_NOT_MEASURED = frozenset({SpotKind.ESTIMATED, SpotKind.SUBSTITUTED})

_CORRECTED = 60 * DAY
"""A correction does not reject readings that are older than this."""


class Expected(Protocol):
    """The amounts and qualities that the statistic of a meter must have."""

    @property
    def first(self) -> int | None:
        """Return the time of the first right reading; None without any."""

    def amount(self, start: int, end: int) -> float | None:
        """Return the right amount in [start, end), or None if it is unknown."""

    def is_estimated(self, start: int, end: int) -> bool:
        """Return True if the amount of an hour depends on an estimate."""

    def quality(self, hour: int) -> Qualities:
        """Return the qualities that the hour may have that starts at `hour`."""


type FindExpected = Callable[[str], Expected | None]
"""Find what is expected of a meter by the server's own name."""


class Times(Protocol):
    """The times at which a server stored readings."""

    def before(self, when: int) -> int | None:
        """Return the last time before `when`."""

    def since(self, when: int) -> int | None:
        """Return the first time at or after `when`."""


class Stamps(Times, Protocol):
    """The stamps of the stored intervals."""

    def between(self, low: int, high: int) -> Sized:
        """Return as many items as there are stamps in [low, high)."""


@dataclass(frozen=True, slots=True)
class StoredAmounts:
    """Amounts per interval whose hours are the sum of what is stored.

    `step` is the length of an interval, whose stamp is `lag` seconds after its start.
    """

    stored: Callable[[int, int], float | None]
    stamps: Stamps
    step: int
    lag: int = 0

    @property
    def first(self) -> int | None:
        """Return the start of the first stored interval; None without any."""
        stamp = self.stamps.since(0)
        return None if stamp is None else stamp - self.lag

    def amount(self, start: int, end: int) -> float | None:
        """Return the sum of the stored amounts."""
        return self.stored(start, end)

    def is_estimated(self, start: int, end: int) -> bool:
        """Return False because a missing interval is not estimated."""
        return False

    def quality(self, hour: int) -> Qualities:
        """Return the quality of an hour by the stored intervals in it.

        Nothing is known of hours before and after all of them.
        """
        start, end = hour + self.lag, hour + HOUR + self.lag
        found = len(self.stamps.between(min(start, end - self.step), end))
        if found and self.step > HOUR:
            return SPREAD
        if found * self.step == HOUR:
            return MEASURED
        if self.stamps.before(end) is None or self.stamps.since(start) is None:
            return UNKNOWN
        return MISSING


@dataclass(frozen=True, slots=True)
class RightLine:
    """The line through the right readings of a register.

    `counted` returns what the house had used by a moment, in whole steps of which
    `scale` are a unit. `shown` returns what a right reading shows, in the same steps:
    a fault that leaves it as it is makes no wrong reading. With `exchanges_known` the
    server tells both positions at an exchange, so nothing is lost. From
    `statistics_since` until the first reading, the server only has statistics.
    """

    key: str
    counted: Callable[[int], int]
    scale: int
    times: Times
    dirt: Dirt
    shown: Callable[[int], int] | None = None
    exchanges_known: bool = False
    statistics_since: int | None = None
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

    @property
    def first(self) -> int | None:
        """Return when readings or statistics begin; None without any."""
        if self.statistics_since is not None:
            return self.statistics_since
        return self._first(0)

    def quality(self, hour: int) -> Qualities:
        """Return the quality of an hour, which is the worse one of its two ends."""
        first = self.first
        if first is None or hour + HOUR <= first:
            return UNKNOWN
        return worse(
            self._quality_at(hour, first), self._quality_at(hour + HOUR, first)
        )

    def _quality_at(self, when: int, first: int) -> Qualities:
        """Return the quality of the position at a moment."""
        low, high = self._last(when + 1), self._first(when)
        if low is None and high is not None and first <= when:
            return FROM_STATISTICS
        found = Around(low, high, self._is_server_estimate).quality(when, first)
        if found == MISSING and low is not None and self.times.since(low + 1):
            return NOT_DECIDED
        return found

    def _is_server_estimate(self, reading: int) -> bool:
        """Return True if the server says that a right reading was not measured."""
        spot = self.dirt.at(self.key, reading)
        return spot is not None and spot.kind in _NOT_MEASURED

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
        spot = self.dirt.at(self.key, reading)
        is_estimate = spot is not None and spot.kind is SpotKind.ESTIMATED
        more = spot.amount if spot is not None and is_estimate else 0
        return self.counted(reading) + more - sum(map(self._uncounted, past))

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
        return (spot is not None and self._is_distorted(spot, reading)) or any(
            reading < step.start < reading + _CORRECTED
            and self.counted(reading) > self._corrected(step)
            for step in self.dirt.steps(self.key)
            if step.kind is SpotKind.CORRECTION
        )

    def _is_distorted(self, spot: Spot, reading: int) -> bool:
        """Return True if a spot makes a reading show what must not be believed.

        An estimate is believed unless the next measured position is below it.
        """
        if not spot.is_wrong:
            return False
        if spot.kind is SpotKind.ESTIMATED:
            following = self.times.since(spot.end)
            return following is not None and self.counted(
                reading
            ) + spot.amount > self.counted(following)
        if self.shown is None:
            return True
        shown = self.shown(reading)
        return spot.distort(shown) != shown

    def _corrected(self, step: Spot) -> int:
        """Return the amount at which a correction lets the register go on."""
        first = self.times.since(step.start)
        when = step.start if first is None else first
        return self.counted(when) - step.amount
