"""Row "requests": the requests of a poll by the number of points."""

from collections.abc import Sequence
from dataclasses import dataclass

from .home import add, answers, home, keep, poll, simulator
from .servers import with_points
from .size import Size
from .table import Goal, Line

POINTS = (5000, 1000, 100, 10)


@dataclass(frozen=True, slots=True)
class Case:
    """A backend, and the number of points that one request can read."""

    backend: str
    batch: int

    async def measure(self, size: Size) -> Sequence[Line]:
        """Count the requests of a poll, from many points to few."""
        lines = []
        largest = with_points(self.backend, size.of(max(POINTS)))
        options = (*largest, "--changing", "100")
        async with simulator(self.backend, *options) as server, home() as hass:
            entry = await add(hass, server)
            for points in (size.of(points) for points in POINTS):
                await keep(hass, entry, points)
                await poll(hass, entry)
                before = await answers(server)
                await poll(hass, entry)
                asked = await answers(server) - before - 1
                fewest = -(-points // self.batch)
                lines.append(
                    Line(
                        "requests",
                        f"{self.backend}, {points:,} points",
                        str(asked),
                        f"{points:,} / {self.batch}: {fewest}",
                        f"{asked - fewest:+d}",
                        asked - fewest,
                        Goal(0, unit="more"),
                    )
                )
        return lines[::-1]


CASES = (
    Case("milesight", 1000),
    Case("bemserver", 50),
    Case("besmart", 50),
)
