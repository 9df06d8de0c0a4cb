"""Where the values of a series come from: pure functions of the day, in integers.

A source returns the values of one UTC day, one per `step` seconds. They are integers
(Wh, litres, hundredths of a degree) that a series divides by `scale`, so sums over any
buckets are exact. A value becomes available `lag` seconds after its time stamp: an
interval is stamped with its start and available at its end.

Source: docs/wire/bemserver.md, Semantics.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from operator import sub
from typing import Protocol

from simulators.house_profile import QUARTERS, is_weekend, noise, solar
from simulators.times import QUARTER

from .profiles import Profile, offset, temperatures

_DAYS_KEPT = 4096


class Source(Hashable, Protocol):
    """Anything that has values for a day."""

    @property
    def step(self) -> int:
        """Return the seconds between two values: a divisor of a day."""

    @property
    def scale(self) -> int:
        """Return the divisor of the values."""

    @property
    def lag(self) -> int:
        """Return the seconds until a value is available; negative for a forecast."""

    def build(self, number: int) -> tuple[int, ...]:
        """Return the values of a day; call the cached `day` instead."""


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
    """An amount per quarter of an hour, available at its end."""

    scale: int = 1000
    step: int = QUARTER
    lag: int = QUARTER

    def total(self, number: int) -> int:
        """Return the amount of a day."""
        return sum(day(self, number))

    @abstractmethod
    def build(self, number: int) -> tuple[int, ...]:
        """Return the amounts of a day."""


@dataclass(frozen=True, eq=False)
class Flow(_Quarterly):
    """Energy or water per quarter: `mean` per day, distributed by a profile."""

    seed: int
    profile: Profile
    mean: int
    zone: str

    def total(self, number: int) -> int:
        """Return the amount of a day."""
        chance = 0.92 + noise(self.seed, "day", number, 1)[0] / 1594
        return int(self.mean * self.profile.size(number) * chance)

    def build(self, number: int) -> tuple[int, ...]:
        """Distribute the day's amount; the parts add up to it exactly."""
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
    """The yield of solar panels: Wh per quarter; `times` a house's 5.65 kWp."""

    seed: int
    times: int

    def build(self, number: int) -> tuple[int, ...]:
        """Return the yield per quarter."""
        return tuple(watt * self.times // 4 for watt in solar(self.seed, number))


@dataclass(frozen=True, eq=False)
class Sum(_Quarterly):
    """The sum of several amounts."""

    parts: tuple[Amounts, ...]

    def total(self, number: int) -> int:
        """Return the amount of a day."""
        return sum(part.total(number) for part in self.parts)

    def build(self, number: int) -> tuple[int, ...]:
        """Return the sums of the parts."""
        days = [day(part, number) for part in self.parts]
        return tuple(map(sum, zip(*days, strict=True)))


@dataclass(frozen=True, eq=False)
class Share(_Quarterly):
    """A part of an amount: `winter` to `summer` thousandths of it, rounded down.

    Shares that total less than a thousand never exceed the whole.
    """

    of: Amounts
    winter: int
    summer: int

    def build(self, number: int) -> tuple[int, ...]:
        """Return the season's share of each quarter."""
        # The distance from midsummer, as a share of half a year.
        cold = abs((number - 17) % 365 - 182) / 182
        part = round(self.summer + (self.winter - self.summer) * cold)
        return tuple(value * part // 1000 for value in day(self.of, number))


@dataclass(frozen=True, eq=False)
class Derived:
    """The values of another source, each converted by a function."""

    of: Source
    change: Callable[[int], int]
    scale: int
    lag: int = QUARTER
    step: int = QUARTER

    def build(self, number: int) -> tuple[int, ...]:
        """Return the converted values."""
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
        """Return the sums of the shorter intervals in each longer one."""
        width = self.step // self.of.step
        values = day(self.of, number)
        return tuple(
            sum(values[start : start + width]) for start in range(0, len(values), width)
        )


@dataclass(frozen=True, eq=False)
class Air:
    """Outdoor temperature in hundredths of a °C; a forecast is inexact and ahead."""

    zone: str
    error: int = 0
    lag: int = 0
    scale: int = 100
    step: int = QUARTER

    def build(self, number: int) -> tuple[int, ...]:
        """Return the temperatures of a day."""
        values = temperatures(number, self.zone)
        if not self.error:
            return values
        random = noise(self.error, "forecast", number, 1)[0] - 128
        return tuple(value + random for value in values)


@dataclass(frozen=True, eq=False)
class Gauge:
    """A measured value that varies, and rises by `busy` during working hours."""

    seed: int
    zone: str
    low: int
    high: int
    busy: int = 0
    scale: int = 100
    step: int = QUARTER
    lag: int = 0

    def build(self, number: int) -> tuple[int, ...]:
        """Return values that vary from hour to hour between `low` and `high`."""
        random = noise(self.seed, "gauge", number, 25)
        # The last hour ends where the next day starts.
        random = random[:24] + noise(self.seed, "gauge", number + 1, 25)[:1]
        span, shift, quiet = (
            self.high - self.low,
            offset(self.zone, number),
            is_weekend(number),
        )
        values = []
        for quarter in range(QUARTERS):
            hour, part = divmod(quarter, 4)
            level = random[hour] * (4 - part) + random[hour + 1] * part
            local = (quarter + shift) % QUARTERS
            crowd = 0 if quiet else max(0, 16 - abs(local - 52))
            values.append(self.low + span * level // 1020 + self.busy * crowd // 16)
        return tuple(values)
