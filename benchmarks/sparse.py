"""Row "bytes": what a poll that brings nothing new takes from BEMServer."""

from collections.abc import Sequence

from .home import add, home, keep, poll, simulator
from .servers import with_points
from .size import Size
from .table import Goal, Line
from .wire import recorded, weigh

BATCH = 50
POINTS = 500
LIMIT_KB = 30


async def measure(size: Size) -> Sequence[Line]:
    """Weigh a poll of series of all intervals, from a minute to a month."""
    points = size.of(POINTS)
    options = (*with_points("bemserver", points), "--monthly", "--changing", "0")
    async with simulator("bemserver", *options) as server, home() as hass:
        entry = await add(hass, server)
        await keep(hass, entry, points)
        await poll(hass, entry)
        with recorded() as requests:
            await poll(hass, entry)
        weight = await weigh(hass, requests)
    per_batch = weight / 1000 / -(-points // BATCH)
    return [
        Line(
            row="bytes of a poll, nothing changed",
            case=f"bemserver, {points:,} points, one of them monthly",
            ours=f"{weight / 1000:.0f} kB in {len(requests)} requests",
            other="",
            result=f"{per_batch:.1f} kB per {BATCH} series",
            figure=per_batch,
            goal=Goal(LIMIT_KB, unit="kB"),
        )
    ]
