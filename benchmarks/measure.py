"""Clocks and statistics: CPU time by thread, and the median of some runs."""

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
"""Runs before the measured ones."""

_PAGE = resource.getpagesize() / 2**20


def held() -> float:
    """Return the resident memory of this process in MB."""
    statm = Path("/proc/self/statm").read_text(encoding="ascii")
    return int(statm.split()[1]) * _PAGE


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of some work in seconds.

    `loop` is the CPU time of the event loop's thread, `recorder` that of the recorder's
    thread, and `workers` that of all others; `wall` is the elapsed time.
    """

    loop: float
    workers: float
    recorder: float
    wall: float

    @property
    def cpu(self) -> float:
        """Return the CPU time without the recorder's, which is the same for all."""
        return self.loop + self.workers

    def __sub__(self, before: Self) -> Cost:
        """Return the cost since an earlier moment."""
        return Cost(
            self.loop - before.loop,
            self.workers - before.workers,
            self.recorder - before.recorder,
            self.wall - before.wall,
        )


class Meter:
    """Reads the CPU clocks of this process; call it from the event loop's thread."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Find the recorder's thread."""
        self._instance = get_instance(hass)
        ident = self._instance.ident
        if ident is None:
            raise RuntimeError("the recorder does not run")
        self._recorder = time.pthread_getcpuclockid(ident)

    def now(self) -> Cost:
        """Return the cost until now."""
        loop = time.thread_time()
        recorder = time.clock_gettime(self._recorder)
        workers = time.process_time() - loop - recorder
        return Cost(loop, workers, recorder, time.perf_counter())

    async def cost(self, work: Callable[[], Awaitable[object]]) -> Cost:
        """Return the cost of some work, without that of earlier garbage and states."""
        await self._instance.async_block_till_done()
        gc.collect()
        before = self.now()
        await work()
        return self.now() - before


@dataclass(frozen=True, slots=True)
class Spread:
    """The median, the lowest and the highest of some figures."""

    middle: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> Spread:
        """Return the spread of at least one figure."""
        return cls(median(figures), min(figures), max(figures))

    def text(self, factor: float = 1.0, digits: int = 2) -> str:
        """Return a text like "1.10 (1.05-1.20)", with each figure times `factor`."""
        middle, lowest, highest = (
            f"{figure * factor:,.{digits}f}"
            for figure in (self.middle, self.lowest, self.highest)
        )
        return f"{middle} ({lowest}\N{EN DASH}{highest})"


def ratios(ours: Sequence[float], others: Sequence[float]) -> Spread:
    """Return the ratios of pairs of figures that were measured together."""
    return Spread.of([own / other for own, other in zip(ours, others, strict=True)])


async def in_turns(
    meter: Meter, runs: int, *works: Callable[[], Awaitable[object]]
) -> list[list[Cost]]:
    """Measure several kinds of work in turns, under the same load of the machine."""
    costs: list[list[Cost]] = [[] for _ in works]
    for number in range(-WARM_UPS, runs):
        for found, work in zip(costs, works, strict=True):
            cost = await meter.cost(work)
            if number >= 0:
                found.append(cost)
    return costs
