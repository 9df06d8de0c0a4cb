"""Row "memory": the memory use of polling, above that of an idle Home Assistant."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
import gc
from itertools import pairwise
from statistics import median

from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance

from .bench_floor import Plan
from .floor import add_floor
from .home import add, home, poll, simulator
from .measure import held
from .servers import POPULATIONS
from .size import Size
from .table import Goal, Line

_POLLS, _EVERY, _POINTS, _DEVICES = 1000, 20, 1000, 135


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
    devices = max(1, _DEVICES // size.divisor)
    options = (*POPULATIONS["milesight"].of(devices), "--changing", "100")
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


async def floor(size: Size) -> Sequence[Line]:
    """Write the states of a thousand plain sensors a thousand times."""
    points, polls = size.of(_POINTS), size.of(_POLLS)
    async with home() as hass:
        idle = await used(hass)
        plans = [
            Plan(
                key=f"meter_{number}",
                device=f"Device {number // 5}",
                name=f"Meter {number}",
                device_class="energy",
                state_class="total_increasing",
                unit="kWh",
                precision=2,
                enabled=True,
            )
            for number in range(points)
        ]
        sensors = await add_floor(hass, plans)

        async def work() -> None:
            """Write all states once."""
            await sensors.write()
            await hass.async_block_till_done()

        course = await _course(hass, idle, polls, work)
    return [_line(f"the floor: {points:,} plain sensors, {polls:,} writes", course)]


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
