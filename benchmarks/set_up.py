"""Row "set-up": from the last click until all states exist.

It is judged by Home Assistant alone, and beside that compared with what nobody can
avoid: Home Assistant and the wire, which are the requests of the first values.
"""

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
from .wire import Sent, recorded, send


@dataclass(frozen=True, slots=True)
class _Costs:
    """The costs of an entry, of the floor, and of the entry's requests alone."""

    own: Cost
    plain: Cost
    wire: Cost


@dataclass(frozen=True, slots=True)
class Case:
    """A server whose meters have about 1,000 points that are enabled by default."""

    backend: str
    meters: int

    async def measure(self, size: Size) -> Sequence[Line]:
        """Set up an entry and the floor in turns, and remove both each time."""
        plans: Sequence[Plan] = ()
        found: list[_Costs] = []
        meters = max(1, self.meters // size.divisor)
        options = (*POPULATIONS[self.backend].of(meters), "--still")
        async with simulator(self.backend, *options) as server, home() as hass:
            for run in range(-WARM_UPS, size.runs):
                costs, plans = await _both(hass, server, plans, ours_first=run % 2 == 0)
                if run >= 0:
                    found.append(costs)
            holds = await _holds(hass, server, plans)
        return [self._line(found, plans), self._loop_line(*holds)]

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

    def _line(self, found: Sequence[_Costs], plans: Sequence[Plan]) -> Line:
        """Return the line about CPU time."""
        own = [costs.own.cpu for costs in found]
        plain = [costs.plain.cpu for costs in found]
        wire = [costs.wire.cpu for costs in found]
        ratio = ratios(own, plain)
        least = ratios(own, [sum(pair) for pair in zip(plain, wire, strict=True)])
        shown = sum(plan.enabled for plan in plans)
        return Line(
            "set-up",
            f"{self.backend}, {shown:,} of {len(plans):,} points shown",
            f"{Spread.of(own).text(1000, 0)} ms",
            f"{Spread.of(plain).text(1000, 0)} ms; "
            f"the wire alone {Spread.of(wire).text(1000, 0)} ms",
            f"{ratio.text()} x; with the wire {least.text()} x",
            ratio.middle,
            Goal(1.15),
            {
                "wall_ms": Spread.of([c.own.wall for c in found]).middle * 1000,
                "floor_wall_ms": Spread.of([c.plain.wall for c in found]).middle * 1000,
                "with_wire": least.middle,
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
) -> tuple[_Costs, Sequence[Plan]]:
    """Return the costs of both and of the wire, and the sensors of the entry."""
    meter = Meter(hass)
    form = await offer(hass, server)
    entries: list[ConfigEntry] = []
    requests: list[Sent] = []

    async def ours() -> None:
        """Set up the entry."""
        with recorded() as sent:
            entries.append(await confirm(hass, form))
        requests.extend(sent)

    async def other() -> None:
        """Set up the floor."""
        entries.append((await add_floor(hass, plans)).entry)

    works: list[Callable[[], Awaitable[None]]] = [ours, other]
    costs = {}
    for work in works if ours_first else works[::-1]:
        costs[work] = await meter.cost(work)
    wire = await meter.cost(lambda: send(hass, requests))
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
    return _Costs(costs[ours], costs[other], wire), found


CASES = (
    Case("milesight", 74),
    Case("bemserver", 1000),
    Case("besmart", 66),
)
