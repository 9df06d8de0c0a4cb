"""Clocks and statistics: CPU time by thread, and the middle of some runs."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
import gc
from pathlib import Path
import resource
from statistics import median
import time
from typing import Self

from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance

WARM_UPS = 2
"""Runs before those that count."""

_PAGE = resource.getpagesize() / 2**20


def held() -> float:
    """Return the memory that this process holds, in MB, as the kernel says."""
    statm = Path("/proc/self/statm").read_text(encoding="ascii")
    return int(statm.split()[1]) * _PAGE


@dataclass(frozen=True, slots=True)
class Cost:
    """What something took, in seconds.

    `loop` is CPU time of the event loop's thread, `recorder` of the recorder's thread,
    and `workers` of all others; `wall` is how long it took.
    """

    loop: float
    workers: float
    recorder: float
    wall: float

    @property
    def cpu(self) -> float:
        """Return the CPU time without the recorder's, which does as much per state."""
        return self.loop + self.workers

    def __sub__(self, before: Self) -> Cost:
        """Return what was taken since `before`."""
        return Cost(
            self.loop - before.loop,
            self.workers - before.workers,
            self.recorder - before.recorder,
            self.wall - before.wall,
        )


class Meter:
    """Reads the clocks of this process's threads; only for the event loop's thread."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Find the recorder's thread."""
        self._instance = get_instance(hass)
        ident = self._instance.ident
        if ident is None:
            raise RuntimeError("the recorder does not run")
        self._recorder = time.pthread_getcpuclockid(ident)

    def now(self) -> Cost:
        """Return what was used until now."""
        loop = time.thread_time()
        recorder = time.clock_gettime(self._recorder)
        workers = time.process_time() - loop - recorder
        return Cost(loop, workers, recorder, time.perf_counter())

    async def cost(self, work: Callable[[], Awaitable[object]]) -> Cost:
        """Return what some work costs, garbage and states of before excluded."""
        await self._instance.async_block_till_done()
        gc.collect()
        before = self.now()
        await work()
        return self.now() - before


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle of some figures, and the lowest and highest of them."""

    middle: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> Spread:
        """Return the spread of at least one figure."""
        return cls(median(figures), min(figures), max(figures))

    def text(self, factor: float = 1.0, digits: int = 2) -> str:
        """Return it as "1.10 (1.05-1.20)", each figure times `factor`."""
        middle, lowest, highest = (
            f"{figure * factor:,.{digits}f}"
            for figure in (self.middle, self.lowest, self.highest)
        )
        return f"{middle} ({lowest}\N{EN DASH}{highest})"


def ratios(ours: Sequence[float], others: Sequence[float]) -> Spread:
    """Return how much more ours are, pair by pair: each pair was taken in one go."""
    return Spread.of([own / other for own, other in zip(ours, others, strict=True)])


async def in_turns(
    meter: Meter, runs: int, *works: Callable[[], Awaitable[object]]
) -> list[list[Cost]]:
    """Measure kinds of work in turns, so that all see the same machine."""
    costs: list[list[Cost]] = [[] for _ in works]
    for number in range(-WARM_UPS, runs):
        for found, work in zip(costs, works, strict=True):
            cost = await meter.cost(work)
            if number >= 0:
                found.append(cost)
    return costs
