"""Where the values of a device come from: pure functions of its site and the time.

A `Site` is the place that a device measures, with its loads and with the values that
were written to the device. A `Source` determines what one entity shows of it.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from math import cos, floor, tau
from typing import Protocol
from zlib import crc32

from simulators.faults import Json
from simulators.times import DAY, HOUR

from .load import YEAR, Load, load

type Value = str | int | float | bool

_MASK = 0xFFFFFFFF


@dataclass(slots=True)
class Site:
    """The place that a device measures; times are seconds since 1970-01-01 UTC.

    `kinds` lists the load of each channel. `written` has, per entity identifier, the
    times and values that were written; the switch `gate` turns the first channel on and
    off.
    """

    seed: int
    since: int
    kinds: tuple[str, ...] = ()
    gate: str = ""
    written: dict[str, list[tuple[int, Json]]] = field(default_factory=dict)
    resets: list[int] = field(default_factory=list)
    _loads: dict[int, Load] = field(default_factory=dict)

    def level(self, channel: int, when: int) -> int:
        """Return the level of a channel in the second that starts at `when`."""
        if channel == 0 and self.last_written(self.gate, when) is False:
            return 0
        return self._load(channel).level(when)

    def total(self, channel: int, when: int) -> int:
        """Return the integral of the level since `since`, in level-seconds."""
        source = self._load(channel)
        begin, total, on = self.since, 0, True
        switched = self.written.get(self.gate, []) if channel == 0 else []
        for at, value in [*switched, (when, None)]:
            until = min(at, when)
            if on and until > begin:
                total += source.total(until) - source.total(begin)
            begin, on = max(until, begin), value is not False
        return total

    def last_reset(self, when: int) -> int | None:
        """Return when the registers were last set to zero, at or before `when`."""
        index = bisect_right(self.resets, when)
        return self.resets[index - 1] if index else None

    def last_written(self, identifier: str, when: int) -> Json:
        """Return the value last written at or before `when`; None without any."""
        log = self.written.get(identifier)
        if not log:
            return None
        index = bisect_right(log, when, key=lambda entry: entry[0])
        return log[index - 1][1] if index else None

    def _load(self, channel: int) -> Load:
        """Return the load of a channel."""
        found = self._loads.get(channel)
        if found is None:
            found = load(self.kinds[channel], self.seed * 31 + channel)
            self._loads[channel] = found
        return found


class Source(Protocol):
    """The origin of an entity's values."""

    def at(self, site: Site, name: str, when: int) -> Value:
        """Return the value at a second; `name` distinguishes similar entities."""


@cache
def _salt(seed: int, name: str) -> int:
    """Return a number that depends on a seed and a name only."""
    return crc32(f"{seed}/{name}".encode())


def _mixed(number: int) -> float:
    """Return a pseudo-random number in [-1, 1]."""
    number = (number ^ (number >> 16)) * 0x45D9F3B & _MASK
    number = (number ^ (number >> 16)) * 0x45D9F3B & _MASK
    return ((number ^ (number >> 16)) & 0xFFFF) / 32767.5 - 1


def noise(seed: int, name: str, when: int, knot: int = HOUR) -> float:
    """Return a curve in [-1, 1] that changes direction every `knot` seconds."""
    number, rest = divmod(when, knot)
    salt = _salt(seed, name)
    low, high = _mixed(salt + number * 7919), _mixed(salt + (number + 1) * 7919)
    return low + (high - low) * rest / knot


def rounded(value: float, digits: int | None) -> Value:
    """Return a LONG (digits None) or a DOUBLE with this number of digits."""
    return round(value) if digits is None else round(value, digits)


@dataclass(frozen=True, slots=True)
class Climate:
    """A quantity with a daily and a yearly cycle and some noise, within [low, high].

    `day` and `year` are half the swing, highest at `peak` o'clock UTC and in July.
    """

    mean: float
    day: float = 0.0
    year: float = 0.0
    chance: float = 0.0
    low: float = 0.0
    high: float = 1e9
    digits: int | None = 1
    peak: int = 14

    def at(self, site: Site, name: str, when: int) -> Value:
        """Return the value at a second."""
        value = self.mean + self.chance * noise(site.seed, name, when)
        value += self.day * cos((when % DAY / HOUR - self.peak) * tau / 24)
        value -= self.year * cos((when / YEAR - 0.05) * tau)
        return rounded(min(max(value, self.low), self.high), self.digits)


@dataclass(frozen=True, slots=True)
class Level:
    """The level of a channel, times `factor`."""

    channel: int = 0
    factor: float = 1.0
    digits: int | None = None

    def at(self, site: Site, name: str, when: int) -> Value:
        """Return the level at a second."""
        return rounded(site.level(self.channel, when) * self.factor, self.digits)


@dataclass(frozen=True, slots=True)
class Register:
    """The integral of a channel's level, counted in units of `per` level-seconds.

    The position is `initial` plus whole units, divided by 10 ** digits.
    """

    per: int
    channel: int = 0
    digits: int | None = None
    initial: int = 0

    def counted(self, site: Site, when: int) -> int:
        """Return the amount since the device was added, in whole units.

        A reset discards the part of a unit that the register does not show.
        """
        resets = site.resets[: bisect_right(site.resets, when)]
        starts = (site.total(self.channel, at) for at in (*resets, when))
        return sum(
            (after - before) // self.per for before, after in pairwise((0, *starts))
        )

    def units(self, site: Site, when: int) -> int:
        """Return the position in whole units; a reset starts at zero."""
        reset = site.last_reset(when)
        if reset is None:
            return self.initial + self.counted(site, when)
        passed = site.total(self.channel, when) - site.total(self.channel, reset)
        return passed // self.per

    def at(self, site: Site, name: str, when: int) -> Value:
        """Return the position at a second."""
        units = self.units(site, when)
        return units if self.digits is None else units / 10**self.digits


@dataclass(frozen=True, slots=True)
class Positive:
    """Whether a channel's level is above zero: a flag, or 0 and 1."""

    channel: int = 0
    number: bool = False

    def at(self, site: Site, name: str, when: int) -> Value:
        """Return the flag at a second."""
        on = site.level(self.channel, when) > 0
        return int(on) if self.number else on


@dataclass(frozen=True, slots=True)
class Battery:
    """A battery that is full when the device is added and discharges each year."""

    per_year: int = 14

    def at(self, site: Site, name: str, when: int) -> Value:
        """Return the charge in percent."""
        return max(5, 100 - floor((when - site.since) * self.per_year / YEAR))


@dataclass(frozen=True, slots=True)
class Fixed:
    """A constant value until another one is written; texts may contain {seed}."""

    value: Value

    def at(self, site: Site, name: str, when: int) -> Value:
        """Return the value."""
        if isinstance(self.value, str):
            return self.value.format(seed=f"{site.seed:06}")
        return self.value


@dataclass(frozen=True, slots=True)
class Recorded:
    """The values that a real server had: the stored ones, oldest first, by second.

    `latest` is the latest value and its time, which need not be stored.
    """

    times: tuple[int, ...]
    values: tuple[Json, ...]
    latest: tuple[int, Json] | None = None

    def at(self, site: Site, name: str, when: int) -> Value:
        """Return the value at a second; raise TypeError for one that is no value."""
        value = self.value(when)
        if not isinstance(value, str | int | float | bool):
            raise TypeError(f"{name} has no value")
        return value

    def value(self, when: int) -> Json:
        """Return what was stored at a second, else the last value before it."""
        index = bisect_right(self.times, when)
        is_stored = index > 0 and self.times[index - 1] == when
        if not is_stored and self.latest is not None and when >= self.latest[0]:
            return self.latest[1]
        return self.values[index - 1] if index else None
