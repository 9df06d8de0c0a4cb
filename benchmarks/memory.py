"""Row "memory": what polling takes, above an idle Home Assistant."""

from collections.abc import Sequence
import gc
from pathlib import Path
import resource
from statistics import linear_regression

from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance

from .floor import add_floor, plans
from .home import add, home, keep, poll, shown, simulator
from .servers import with_points
from .size import Size
from .table import Goal, Line

_POLLS, _EVERY, _POINTS = 1000, 20, 1000
_PAGE = resource.getpagesize() / 2**20


async def used(hass: HomeAssistant) -> float:
    """Return the memory that this process holds, in MB, once nothing waits any more."""
    await get_instance(hass).async_block_till_done()
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE  # noqa: ASYNC240  The kernel's own file does not block.


async def measure(size: Size) -> Sequence[Line]:
    """Poll a thousand points a thousand times."""
    polls = size.of(_POLLS)
    points = size.of(_POINTS)
    options = (*with_points("milesight", points), "--changing", "100")
    async with simulator("milesight", *options) as server, home() as hass:
        idle = await used(hass)
        entry = await add(hass, server)
        await keep(hass, entry, points)
        begun = await used(hass)
        course: list[tuple[int, float]] = []
        for number in range(1, polls + 1):
            await poll(hass, entry)
            if number % _EVERY == 0 or number == polls:
                course.append((number, await used(hass)))
        end = course[-1][1]
        await add_floor(hass, plans(hass, shown(hass, entry)))
        floor = await used(hass) - end
    late = course[len(course) // 2 :] if len(course) > 3 else course * 2
    slope, _ = linear_regression(*zip(*late, strict=True)) if polls > 100 else (0.0, 0)
    case = f"{points:,} points, {polls:,} polls"
    return [
        Line(
            "memory",
            f"{case}, above idle",
            f"{end - idle:.1f} MB ({begun - idle:.1f} before the first poll)",
            f"idle {idle:.0f} MB; the floor's sensors alone: {floor:.1f} MB",
            f"{end - idle:.1f} MB",
            end - idle,
            Goal(30, unit="MB"),
            {"course": ", ".join(f"{used:.1f}" for _, used in course)},
        ),
        Line(
            "memory",
            f"{case}, growth in the second half",
            f"{slope * 1024:.2f} KB per poll",
            "",
            f"{slope * polls / 2:.1f} MB",
            slope * polls / 2,
            Goal(1, unit="MB"),
        ),
    ]
