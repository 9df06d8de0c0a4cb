"""Row "set-up": from the last click until all states exist."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from demo.servers import Server
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .bench_floor import Plan
from .floor import add_floor, plan_of
from .home import confirm, home, offer, simulator
from .loop import Hold, hold
from .measure import WARM_UPS, Cost, Meter, Spread, ratios
from .servers import POPULATIONS
from .size import Size
from .table import Goal, Line


@dataclass(frozen=True, slots=True)
class Case:
    """A server whose meters have about 1,000 points that are enabled by default."""

    backend: str
    meters: int

    async def measure(self, size: Size) -> Sequence[Line]:
        """Set up an entry and the floor in turns, and remove both each time."""
        plans: Sequence[Plan] = ()
        own: list[Cost] = []
        plain: list[Cost] = []
        meters = max(1, self.meters // size.divisor)
        options = (*POPULATIONS[self.backend].of(meters), "--still")
        async with simulator(self.backend, *options) as server, home() as hass:
            for run in range(-WARM_UPS, size.runs):
                own_cost, plain_cost, plans = await _both(
                    hass, server, plans, ours_first=run % 2 == 0
                )
                if run >= 0:
                    own.append(own_cost)
                    plain.append(plain_cost)
            holds = await _holds(hass, server, plans)
        return [self._line(own, plain, plans), self._loop_line(*holds)]

    def _loop_line(self, own: Hold, plain: Hold) -> Line:
        """Return the line about the event loop."""
        return Line(
            "loop",
            f"set-up, {self.backend}",
            own.text(),
            plain.text(),
            f"{own.own * 1000:.1f} ms",
            own.own * 1000,
            Goal(10, unit="ms"),
        )

    def _line(
        self, own: Sequence[Cost], plain: Sequence[Cost], plans: Sequence[Plan]
    ) -> Line:
        """Return the line about CPU time."""
        ratio = ratios([cost.cpu for cost in own], [cost.cpu for cost in plain])
        own_cpu = Spread.of([cost.cpu for cost in own])
        plain_cpu = Spread.of([cost.cpu for cost in plain])
        shown = sum(plan.enabled for plan in plans)
        return Line(
            "set-up",
            f"{self.backend}, {shown:,} of {len(plans):,} points shown",
            f"{own_cpu.text(1000, 0)} ms",
            f"{plain_cpu.text(1000, 0)} ms",
            f"{ratio.text()} x",
            ratio.middle,
            Goal(1.15),
            {
                "wall_ms": Spread.of([cost.wall for cost in own]).middle * 1000,
                "floor_wall_ms": Spread.of([c.wall for c in plain]).middle * 1000,
            },
        )


async def _holds(
    hass: HomeAssistant, server: Server, plans: Sequence[Plan]
) -> tuple[Hold, Hold]:
    """Return the longest holds while an entry and the floor are set up."""
    form = await offer(hass, server)
    own = await hold(hass, lambda: confirm(hass, form))
    return own, await hold(hass, lambda: add_floor(hass, plans))


async def _both(
    hass: HomeAssistant, server: Server, plans: Sequence[Plan], *, ours_first: bool
) -> tuple[Cost, Cost, Sequence[Plan]]:
    """Return the costs of an entry and of the floor, and the sensors of the entry."""
    meter = Meter(hass)
    form = await offer(hass, server)
    entries: list[ConfigEntry] = []

    async def ours() -> None:
        """Set up the entry."""
        entries.append(await confirm(hass, form))

    async def other() -> None:
        """Set up the floor."""
        entries.append((await add_floor(hass, plans)).entry)

    works: list[Callable[[], Awaitable[None]]] = [ours, other]
    costs = {}
    for work in works if ours_first else works[::-1]:
        costs[work] = await meter.cost(work)
    registry = er.async_get(hass)
    found = [
        plan_of(hass, each)
        for entry in entries
        if entry.domain == "metering_hub"
        for each in er.async_entries_for_config_entry(registry, entry.entry_id)
    ]
    for entry in entries:
        await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    return costs[ours], costs[other], found


CASES = (
    Case("milesight", 74),
    Case("bemserver", 1000),
    Case("besmart", 66),
)
