"""Periodic loads: their level at any second, and the exact integral of it.

A load consists of a few cycles of integer levels over whole seconds, so its integral is
an exact integer and costs the same for a second as for ten years. The unit depends on
the entity: watts, milliamperes, litres an hour.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import shake_128
from itertools import accumulate

from simulators.times import DAY, HOUR, MINUTE

WEEK = 7 * DAY
YEAR = 31_557_600
# 1970-01-01 was a Thursday, but the patterns of a week start on Monday.
_MONDAY = 3 * DAY

type Step = tuple[int, int]
"""A number of seconds, and the level during them."""


def random_int(seed: int, label: str, limit: int) -> int:
    """Return a whole number below `limit` that depends on the arguments only."""
    return int.from_bytes(shake_128(f"{seed}/{label}".encode()).digest(8)) % limit


class Cycle:
    """Levels that repeat for ever, starting `phase` seconds into the first round."""

    __slots__ = ("_ends", "_levels", "_sums", "period", "phase")

    def __init__(self, steps: Sequence[Step], phase: int = 0) -> None:
        """Initialize with steps; at 1970-01-01 UTC the cycle is `phase` seconds old."""
        self._levels = tuple(level for _, level in steps)
        self._ends = tuple(accumulate(seconds for seconds, _ in steps))
        areas = (seconds * level for seconds, level in steps)
        self._sums = (0, *accumulate(areas))
        self.period = self._ends[-1]
        self.phase = phase

    def level(self, when: int) -> int:
        """Return the level in the second that starts at `when`."""
        return self._levels[bisect_right(self._ends, (when + self.phase) % self.period)]

    def total(self, when: int) -> int:
        """Return the integral from a fixed moment to `when`, in level-seconds."""
        rounds, rest = divmod(when + self.phase, self.period)
        index = bisect_right(self._ends, rest)
        into = rest - (self._ends[index - 1] if index else 0)
        return rounds * self._sums[-1] + self._sums[index] + self._levels[index] * into


@dataclass(frozen=True, slots=True)
class Pattern:
    """The steps of a cycle, and the range (seconds) of its random phase."""

    steps: tuple[Step, ...]
    jitter: int
    phase: int = 0


@dataclass(frozen=True, slots=True)
class Load:
    """The sum of some cycles."""

    cycles: tuple[Cycle, ...] = ()

    def level(self, when: int) -> int:
        """Return the level at a second."""
        return sum(cycle.level(when) for cycle in self.cycles)

    def total(self, when: int) -> int:
        """Return the integral up to `when`; only differences are meaningful."""
        return sum(cycle.total(when) for cycle in self.cycles)


def hours(*levels: int) -> Pattern:
    """Return a day with a level per hour (UTC)."""
    return Pattern(tuple((HOUR, level) for level in levels), 40 * MINUTE)


def day(*edges: tuple[int, int], rest: int = 0) -> Pattern:
    """Return a day with steps of (minutes, level), filled up with `rest`."""
    steps = tuple((minutes * MINUTE, level) for minutes, level in edges)
    left = DAY - sum(seconds for seconds, _ in steps)
    return Pattern((*steps, (left, rest)), 25 * MINUTE)


def short(*edges: tuple[int, int]) -> Pattern:
    """Return steps of (minutes, level) with an arbitrary start."""
    steps = tuple((minutes * MINUTE, level) for minutes, level in edges)
    return Pattern(steps, sum(seconds for seconds, _ in steps))


def seasons(*levels: int) -> Pattern:
    """Return a year with steps of equal length, the first from January on."""
    length = YEAR // len(levels)
    return Pattern(tuple((length, level) for level in levels), DAY)


def week(*days: Pattern) -> Pattern:
    """Return a week of days, from Monday on."""
    steps = tuple(step for pattern in days for step in pattern.steps)
    return Pattern(steps, 25 * MINUTE, _MONDAY)


_IDLE = day((1440, 0))
_WASH = day(
    *((17 * 60, 0), (6, 120), (22, 2050), (48, 190), (8, 60), (9, 480)),
)
_DISHES = day((19 * 60 + 20, 0), (9, 60), (18, 1960), (40, 75), (16, 1880), (20, 5))
_WORK = day(
    *((7 * 60 + 10, 0), (230, 104), (45, 22), (250, 118), (30, 36)),
)
_RIPPLE = (short((17, 4), (19, 0), (11, 9)), short((31, 0), (42, 6), (40, 2)))

PATTERNS: dict[str, tuple[Pattern, ...]] = {
    # Watts.
    "fridge": (short((19, 92), (37, 3)), short((291, 0), (12, 61))),
    "washer": (week(_WASH, _IDLE, _IDLE, _WASH, _IDLE, _WASH, _IDLE), short((60, 1))),
    "dishwasher": (week(*(_DISHES, _IDLE) * 2, *(_DISHES,) * 3), short((60, 1))),
    "boiler": (day((300, 0), (94, 1990), (680, 0), (61, 1990)), short((60, 2))),
    "office": (week(*(_WORK,) * 5, _IDLE, _IDLE), *_RIPPLE),
    "lights": (
        day((250, 0), (130, 240), (600, 0), (320, 420)),
        seasons(60, 30, 0, 0, 20, 50),
    ),
    "phase": (
        hours(
            *(140, 130, 130, 140, 180, 420, 610, 480, 350, 310, 300, 380),
            *(330, 300, 310, 420, 690, 910, 840, 700, 620, 480, 300, 190),
        ),
        week(_WASH, _IDLE, _DISHES, _WASH, _DISHES, _WASH, _DISHES),
        short((19, 92), (37, 3)),
        seasons(210, 130, 40, 30, 90, 190),
    ),
    "heat_pump": (
        short((26, 640), (33, 0), (14, 380), (41, 0)),
        seasons(780, 420, 60, 10, 240, 650),
        hours(*(0,) * 4, *(220,) * 4, *(0,) * 8, *(180,) * 5, *(0,) * 3),
    ),
    "fan": (hours(*(0,) * 6, *(38,) * 11, *(12,) * 5, *(0,) * 2), short((60, 2))),
    # Milliamperes.
    "pump": (short((21, 2870), (64, 0)), seasons(90, 60, 40, 40, 60, 90)),
    "feeder": (
        hours(
            *(900, 850, 850, 900, 1100, 2600, 4300, 5200, 6100, 6400, 6600, 6200),
            *(5900, 6300, 6400, 6100, 5200, 4100, 2900, 2100, 1600, 1300, 1100, 1000),
        ),
        short((13, 640), (29, 120), (8, 1310), (23, 0)),
    ),
    # Litres an hour.
    "water": (
        day(
            (330, 0), (9, 480), (4, 0), (7, 510), (90, 0), (5, 130), (560, 0), (6, 240)
        ),
        week(_IDLE, *(day((640, 0), (11, 320)),) * 2, *(_IDLE,) * 3, day((600, 190))),
        short((173, 0), (1, 360)),
    ),
    "visitors": (hours(*(0,) * 7, *(6, 22, 31, 27, 44, 38, 26, 21, 18, 9), *(0,) * 7),),
    # Hundredths of a millimetre an hour.
    "rain": (short((1830, 0), (95, 210), (20, 640), (310, 0), (50, 90)),),
    # Zero or one.
    "door": (short((212, 0), (2, 1), (95, 0), (1, 1)),),
    "leak": (short((60 * 24 * 41, 0), (35, 1)),),
}


def load(kind: str, seed: int) -> Load:
    """Return a load of a kind; different seeds have different phases."""
    return Load(
        tuple(
            Cycle(
                pattern.steps,
                pattern.phase + random_int(seed, f"{kind}{index}", pattern.jitter),
            )
            for index, pattern in enumerate(PATTERNS[kind])
        )
    )
