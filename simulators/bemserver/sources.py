"""Where the values of a series come from: pure functions of the day, in integers.

A source gives the values of one UTC day, one per `step` seconds. They are integers
(Wh, litres, hundredths of a degree) that a series shows divided by `scale`: sums over
any buckets are therefore exact. `lag` is how many seconds after its time stamp a value
is known: an interval is stamped with its start (wire) and known at its end.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from operator import sub
from typing import Protocol

from simulators.house_profile import QUARTER_SECONDS, QUARTERS, noise, solar

from .profiles import Profile, day_off, offset, temperatures

_DAYS_KEPT = 4096


class Source(Hashable, Protocol):
    """Anything that has values for a day."""

    @property
    def step(self) -> int:
        """Return the seconds between two values: a divisor of a day."""

    @property
    def scale(self) -> int:
        """Return what a value is divided by."""

    @property
    def lag(self) -> int:
        """Return the seconds until a value is known; negative for a forecast."""

    def build(self, number: int) -> tuple[int, ...]:
        """Return the values of a day; ask `day` instead, which remembers."""


class Amounts(Source, Protocol):
    """A source of interval amounts whose days can be summed cheaply."""

    def total(self, number: int) -> int:
        """Return the sum of a day's values."""


@lru_cache(maxsize=_DAYS_KEPT)
def day(source: Source, number: int) -> tuple[int, ...]:
    """Return the values of a UTC day (days since 1970-01-01)."""
    return source.build(number)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Quarterly(ABC):
    """An amount per quarter of an hour, known when it is over."""

    scale: int = 1000
    step: int = QUARTER_SECONDS
    lag: int = QUARTER_SECONDS

    def total(self, number: int) -> int:
        """Return the amount of a day."""
        return sum(day(self, number))

    @abstractmethod
    def build(self, number: int) -> tuple[int, ...]:
        """Return the amounts of a day."""


@dataclass(frozen=True, eq=False)
class Flow(_Quarterly):
    """Energy or water per quarter: `mean` per day, spread by a profile."""

    seed: int
    profile: Profile
    mean: int
    zone: str

    def total(self, number: int) -> int:
        """Return the amount of a day."""
        chance = 0.92 + noise(self.seed, "day", number, 1)[0] / 1594
        return int(self.mean * self.profile.size(number) * chance)

    def build(self, number: int) -> tuple[int, ...]:
        """Spread the day's amount; the parts add up to it exactly."""
        random = noise(self.seed, "flow", number, QUARTERS)
        shape = self.profile.shape(number, self.zone)
        weights = (
            weight * (960 + byte) for weight, byte in zip(shape, random, strict=True)
        )
        sums = list(accumulate(weights, initial=0))
        total, whole = self.total(number), sums[-1]
        cuts = [total * part // whole for part in sums]
        return tuple(map(sub, cuts[1:], cuts, strict=False))


@dataclass(frozen=True, eq=False)
class Panels(_Quarterly):
    """The yield of solar panels: Wh per quarter; a house's 5.65 kWp `times` over."""

    seed: int
    times: int

    def build(self, number: int) -> tuple[int, ...]:
        """Return the yield per quarter."""
        return tuple(watt * self.times // 4 for watt in solar(self.seed, number))


@dataclass(frozen=True, eq=False)
class Sum(_Quarterly):
    """Several amounts together."""

    parts: tuple[Amounts, ...]

    def total(self, number: int) -> int:
        """Return the amount of a day."""
        return sum(part.total(number) for part in self.parts)

    def build(self, number: int) -> tuple[int, ...]:
        """Add up the parts."""
        days = [day(part, number) for part in self.parts]
        return tuple(map(sum, zip(*days, strict=True)))


@dataclass(frozen=True, eq=False)
class Share(_Quarterly):
    """A part of an amount: `winter` to `summer` thousandths of it, rounded down.

    Shares of less than a thousand together never exceed the whole.
    """

    of: Amounts
    winter: int
    summer: int

    def build(self, number: int) -> tuple[int, ...]:
        """Take the season's share of each quarter."""
        # Days since the middle of January, there and back within a year.
        cold = abs((number - 17) % 365 - 182) / 182
        part = round(self.summer + (self.winter - self.summer) * cold)
        return tuple(value * part // 1000 for value in day(self.of, number))


@dataclass(frozen=True, eq=False)
class Derived:
    """Another source's values, each turned into another one."""

    of: Source
    change: Callable[[int], int]
    scale: int
    lag: int = QUARTER_SECONDS
    step: int = QUARTER_SECONDS

    def build(self, number: int) -> tuple[int, ...]:
        """Change each value."""
        return tuple(map(self.change, day(self.of, number)))


@dataclass(frozen=True, eq=False)
class Coarse:
    """The amounts of a finer source in longer intervals: an hour, or a day."""

    of: Amounts
    step: int
    scale: int = 1000

    @property
    def lag(self) -> int:
        """Return the length of an interval."""
        return self.step

    def total(self, number: int) -> int:
        """Return the amount of a day."""
        return self.of.total(number)

    def build(self, number: int) -> tuple[int, ...]:
        """Add up the intervals that lie in each longer one."""
        width = self.step // self.of.step
        values = day(self.of, number)
        return tuple(
            sum(values[start : start + width]) for start in range(0, len(values), width)
        )


@dataclass(frozen=True, eq=False)
class Air:
    """Outdoor temperature in hundredths of a °C; a forecast is a bit off and ahead."""

    zone: str
    error: int = 0
    lag: int = 0
    scale: int = 100
    step: int = QUARTER_SECONDS

    def build(self, number: int) -> tuple[int, ...]:
        """Return the temperatures of a day."""
        values = temperatures(number, self.zone)
        if not self.error:
            return values
        random = noise(self.error, "forecast", number, 1)[0] - 128
        return tuple(value + random for value in values)


@dataclass(frozen=True, eq=False)
class Gauge:
    """A measured value that wanders, and rises by `busy` while people are there."""

    seed: int
    zone: str
    low: int
    high: int
    busy: int = 0
    scale: int = 100
    step: int = QUARTER_SECONDS
    lag: int = 0

    def build(self, number: int) -> tuple[int, ...]:
        """Wander from hour to hour between `low` and `high`."""
        random = noise(self.seed, "gauge", number, 25)
        # The last hour ends where the next day begins.
        random = random[:24] + noise(self.seed, "gauge", number + 1, 25)[:1]
        span, shift, quiet = (
            self.high - self.low,
            offset(self.zone, number),
            day_off(number),
        )
        values = []
        for quarter in range(QUARTERS):
            hour, part = divmod(quarter, 4)
            level = random[hour] * (4 - part) + random[hour + 1] * part
            local = (quarter + shift) % QUARTERS
            crowd = 0 if quiet else max(0, 16 - abs(local - 52))
            values.append(self.low + span * level // 1020 + self.busy * crowd // 16)
        return tuple(values)
