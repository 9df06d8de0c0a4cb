"""Row "growth": the cost of a poll by the number of points."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import log
from statistics import linear_regression

from .home import add, home, keep, poll, simulator
from .measure import WARM_UPS, Meter, Spread
from .servers import with_points
from .size import Size
from .table import Goal, Line

POINTS = (5000, 1000, 100, 10)


@dataclass(frozen=True, slots=True)
class Case:
    """A server with at least as many points as the largest size."""

    backend: str

    async def measure(self, size: Size) -> Sequence[Line]:
        """Measure polls of fewer and fewer points, in which every value has changed."""
        largest = with_points(self.backend, size.of(max(POINTS)))
        options = (*largest, "--changing", "100")
        costs: dict[int, Spread] = {}
        async with simulator(self.backend, *options) as server, home() as hass:
            entry = await add(hass, server)
            meter, work = Meter(hass), partial(poll, hass, entry)
            for points in (size.of(points) for points in POINTS):
                await keep(hass, entry, points)
                found = [
                    (await meter.cost(work)).cpu for _ in range(WARM_UPS + size.runs)
                ]
                costs[points] = Spread.of(found[WARM_UPS:])
        exponent, _ = linear_regression(
            [log(points) for points in costs],
            [log(cost.middle) for cost in costs.values()],
        )
        steep, _ = linear_regression(
            [log(points) for points in list(costs)[:2]],
            [log(cost.middle) for cost in list(costs.values())[:2]],
        )
        return [
            Line(
                "growth",
                f"{self.backend}, CPU of a poll",
                "; ".join(
                    f"{points:,}: {cost.middle * 1000:.1f} ms"
                    for points, cost in sorted(costs.items())
                ),
                "linear",
                f"exponent {exponent:.2f} ({steep:.2f} above 1,000)",
                max(exponent, steep),
                Goal(1.05, unit=""),
            )
        ]


CASES = (
    Case("milesight"),
    Case("bemserver"),
    Case("besmart"),
)
