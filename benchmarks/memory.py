"""Row "memory": the memory use of polling, above that of an idle Home Assistant."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
import gc
from itertools import pairwise
from multiprocessing import get_context
from statistics import median

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import get_instance
from homeassistant.loader import async_get_integration

from .bench_floor import Plan
from .floor import add_floor, plans
from .home import add, home, poll, run, simulator
from .measure import held
from .servers import POPULATIONS
from .size import Size
from .table import Goal, Line

_POLLS, _EVERY, _DEVICES = 1000, 20, 135


async def used(hass: HomeAssistant) -> float:
    """Return the memory use in MB, once the recorder has written everything."""
    await get_instance(hass).async_block_till_done()
    gc.collect()
    return held()


@dataclass(frozen=True, slots=True)
class _Course:
    """The memory use of an idle Home Assistant, at the start, and after some polls."""

    idle: float
    begun: float
    polls: Sequence[tuple[int, float]]

    @property
    def end(self) -> float:
        """Return the memory use at the end, above that of the idle Home Assistant."""
        return self.polls[-1][1] - self.idle

    def slope(self) -> float:
        """Return the median growth per poll in the second half of the polls.

        The recorder causes one single step with any sensors, which is not growth.
        """
        late = self.polls[len(self.polls) // 2 :]
        if len(late) < 3:
            return 0.0
        return median((b - a) / (m - n) for (n, a), (m, b) in pairwise(late))


async def _course(
    hass: HomeAssistant,
    idle: float,
    polls: int,
    work: Callable[[], Awaitable[object]],
) -> _Course:
    """Poll, and measure the memory use at regular intervals."""
    begun = await used(hass)
    course: list[tuple[int, float]] = []
    for number in range(1, polls + 1):
        await work()
        if number % _EVERY == 0 or number == polls:
            course.append((number, await used(hass)))
    return _Course(idle, begun, course)


async def polled(size: Size) -> Sequence[Line]:
    """Poll all points that are enabled by default, a thousand, a thousand times."""
    polls = size.of(_POLLS)
    options = _server(size)
    async with simulator("milesight", *options) as server, home() as hass:
        idle = await used(hass)
        entry = await add(hass, server)
        points = len(set(entry.runtime_data.readings.async_contexts()))

        async def work() -> None:
            """Poll once."""
            await poll(hass, entry)

        course = await _course(hass, idle, polls, work)
    case = f"{points:,} points, {polls:,} polls"
    growth = course.slope() * polls / 2
    return [
        _line(case, course, Goal(30, unit="MB")),
        Line(
            "memory",
            f"{case}, growth in the second half",
            f"{course.slope() * 1024:.2f} KB per poll",
            "",
            f"{growth:.1f} MB",
            growth,
            Goal(1, unit="MB"),
        ),
    ]


def _server(size: Size) -> Sequence[str]:
    """Return the options of a server with about a thousand points that are shown."""
    devices = max(1, _DEVICES // size.divisor)
    return *POPULATIONS["milesight"].of(devices), "--changing", "100"


@dataclass(frozen=True, slots=True)
class _SetUp:
    """What an entry takes before its first poll in MB, and plain sensors like its own.

    `code` is the part of it that the modules take, which any number of sensors share.
    """

    taken: float
    code: float
    plans: Sequence[Plan]


def _set_up(size: Size) -> _SetUp:
    """Set up an entry in this process."""

    async def work() -> _SetUp:
        """Load the integration first, and then add the entry."""
        options = _server(size)
        async with simulator("milesight", *options) as server, home() as hass:
            idle = await used(hass)
            integration = await async_get_integration(hass, "metering_hub")
            await integration.async_get_component()
            code = await used(hass) - idle
            entry = await add(hass, server)
            taken = await used(hass) - idle
            registry = er.async_get(hass)
            found = er.async_entries_for_config_entry(registry, entry.entry_id)
            return _SetUp(taken, code, plans(hass, found))

    return run(work)


async def floor(size: Size) -> Sequence[Line]:
    """Write the states of as many plain sensors a thousand times."""
    polls = size.of(_POLLS)
    # Memory that was used before is used again, so each has a process of its own.
    with ProcessPoolExecutor(1, get_context("spawn")) as child:
        loop = asyncio.get_running_loop()
        own = await loop.run_in_executor(child, _set_up, size)
    async with home() as hass:
        idle = await used(hass)
        sensors = await add_floor(hass, own.plans)
        shown = sum(plan.enabled for plan in own.plans)

        async def work() -> None:
            """Write the states of all that are shown once."""
            await sensors.write()
            await hass.async_block_till_done()

        course = await _course(hass, idle, polls, work)
    case = f"the floor: {shown:,} plain sensors, {polls:,} writes"
    return [_line(case, course), _compared(own, course)]


def _compared(own: _SetUp, plain: _Course) -> Line:
    """Return the line that compares both before the first poll."""
    entities, shown = len(own.plans), sum(plan.enabled for plan in own.plans)
    taken = plain.begun - plain.idle
    ratio = own.taken / taken
    return Line(
        "memory",
        f"{shown:,} of {entities:,} points shown, before the first poll, above idle",
        f"{own.taken:.1f} MB ({own.code:.1f} of it code)",
        f"as many plain sensors: {taken:.1f} MB",
        f"{ratio:.2f} x ({(own.taken - own.code) / taken:.2f} x without the code)",
        ratio,
        Goal(1.25),
        {"code_mb": own.code},
    )


def _line(case: str, course: _Course, goal: Goal | None = None) -> Line:
    """Return the line about the memory use at the end."""
    return Line(
        "memory",
        f"{case}, above idle",
        f"{course.end:.1f} MB ({course.begun - course.idle:.1f} before the first poll)",
        f"idle {course.idle:.0f} MB",
        f"{course.end:.1f} MB",
        course.end,
        goal,
        {"course": ", ".join(f"{at - course.idle:.1f}" for _, at in course.polls)},
    )
