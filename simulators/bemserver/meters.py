"""Sources that show an amount differently: as positions, or as power per minute."""

from array import array
from dataclasses import dataclass, field
from itertools import accumulate

from simulators.house_profile import QUARTERS, WAVES, noise
from simulators.times import DAY, QUARTER

from .sources import Amounts, Source, day


@dataclass(frozen=True, eq=False)
class Counter:
    """A meter position at each time stamp: the exact integral of an amount.

    It counts from `first` (a day) on, starts at `initial` and shows `times / by` of the
    amount, so a gas meter can count litres of an amount in Wh.
    """

    of: Amounts
    first: int
    initial: int
    times: int = 1
    by: int = 1
    scale: int = 1000
    step: int = QUARTER
    lag: int = 0
    _sums: array[int] = field(default_factory=lambda: array("q", [0]), repr=False)

    def build(self, number: int) -> tuple[int, ...]:
        """Return the positions of a day; before `first` the meter stood still."""
        if number < self.first:
            return (self.initial,) * (DAY // self.step)
        while len(self._sums) <= number - self.first:
            last = self.first + len(self._sums) - 1
            self._sums.append(self._sums[-1] + self.of.total(last))
        counts = accumulate(
            day(self.of, number)[:-1], initial=self._sums[number - self.first]
        )
        return tuple(self.initial + count * self.times // self.by for count in counts)


@dataclass(frozen=True, eq=False)
class ChangedCounter:
    """A counter that shows other positions than the one it is made `of`."""

    of: Source

    @property
    def step(self) -> int:
        """Return the step of the counter."""
        return self.of.step

    @property
    def scale(self) -> int:
        """Return the scale of the counter."""
        return self.of.scale

    @property
    def lag(self) -> int:
        """Return the lag of the counter."""
        return self.of.lag


@dataclass(frozen=True, eq=False)
class Exchanged(ChangedCounter):
    """A counter whose meter was replaced at `at`; the new one started at `position`."""

    at: int
    position: int

    def build(self, number: int) -> tuple[int, ...]:
        """Return the positions of a day, shifted after the exchange."""
        start, values = number * DAY, day(self.of, number)
        if start + DAY <= self.at:
            return values
        shift = self.position - position_of(self.of, self.at)
        return tuple(
            value + (shift if start + index * self.step >= self.at else 0)
            for index, value in enumerate(values)
        )


def position_of(source: Source, when: int) -> int:
    """Return the position of a counter at a moment."""
    number, second = divmod(when, DAY)
    return day(source, number)[second // source.step]


@dataclass(frozen=True, eq=False)
class Minutes:
    """Power per minute in tenths of a watt, whose mean over a quarter is its energy."""

    of: Amounts
    seed: int
    scale: int = 10
    step: int = 60
    lag: int = 60

    def build(self, number: int) -> tuple[int, ...]:
        """Let each quarter ripple around its mean."""
        random = noise(self.seed, "minutes", number, QUARTERS)
        values: list[int] = []
        for amount, byte in zip(day(self.of, number), random, strict=True):
            ripple = amount * byte // 1600
            values += [
                amount * 40 + ripple * swing for swing in WAVES[byte % len(WAVES)]
            ]
        return tuple(values)
