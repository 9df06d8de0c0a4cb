"""Row "poll": from bytes on the socket to written states, compared with the floor."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
import time

from .floor import add_floor, plans
from .home import add, home, keep, poll, shown, simulator, written
from .loop import Hold, hold
from .measure import Cost, Meter, Spread, in_turns, ratios
from .servers import with_points
from .size import Size
from .table import Goal, Line
from .wire import recorded, send

_GOALS = {100: 1.25, 10: 1.5, 0: 0.05}
_WHAT = {100: "all changed", 10: "10 % changed", 0: "nothing changed"}
_HOLD = Goal(10, unit="ms")


@dataclass(frozen=True, slots=True)
class Case:
    """A server with a number of points, of which `percent` change per poll."""

    backend: str
    points: int
    percent: int

    @property
    def name(self) -> str:
        """Return the name on the command line."""
        return f"{self.backend}-{self.points}-{self.percent}"

    async def measure(self, size: Size) -> Sequence[Line]:
        """Measure polls, the floor and the wire in turns, and then the event loop."""
        points = size.of(self.points)
        options = (
            *with_points(self.backend, points),
            "--changing",
            str(self.percent),
        )
        async with simulator(self.backend, *options) as server, home() as hass:
            entry = await add(hass, server)
            await keep(hass, entry, points)
            entities = shown(hass, entry)
            floor = await add_floor(hass, plans(hass, entities))
            await poll(hass, entry)
            begin = time.time()
            with recorded() as requests:
                await poll(hass, entry)
            writes = written(hass, begin)
            # The floor writes as many states; if nothing changed, it writes all.
            share = writes or None
            ours, other = partial(poll, hass, entry), partial(floor.write, share)
            wire = partial(send, hass, requests)
            costs = await in_turns(Meter(hass), size.runs, other, wire, ours)
            return [
                self._line(costs, writes, share or len(floor.sensors)),
                _loop_line(
                    f"poll, {self.what}",
                    [await hold(hass, ours) for _ in range(size.runs)],
                    [await hold(hass, other) for _ in range(size.runs)],
                ),
            ]

    @property
    def what(self) -> str:
        """Return a description of the case for the table."""
        return f"{self.backend}, {self.points:,} points, {_WHAT[self.percent]}"

    def _line(
        self, costs: Sequence[Sequence[Cost]], writes: int, plain_writes: int
    ) -> Line:
        """Return the line about CPU time."""
        plain, wire, own = costs
        ratio = ratios([cost.cpu for cost in own], [cost.cpu for cost in plain])
        loops = ratios([cost.loop for cost in own], [cost.loop for cost in plain])
        own_cpu = Spread.of([cost.cpu for cost in own])
        plain_cpu = Spread.of([cost.cpu for cost in plain])
        wire_cpu = Spread.of([cost.cpu for cost in wire])
        wire_ratio = ratios([cost.cpu for cost in wire], [cost.cpu for cost in plain])
        wall = Spread.of([cost.wall for cost in own])
        return Line(
            row=f"poll, {_WHAT[self.percent]}",
            case=f"{self.backend}, {self.points:,} points",
            ours=f"{own_cpu.text(1000)} ms, {writes} writes; "
            f"the wire alone {wire_cpu.text(1000)} ms",
            other=f"{plain_cpu.text(1000)} ms, {plain_writes} writes",
            result=f"{ratio.text()} x; the wire alone {wire_ratio.middle:.2f} x",
            figure=ratio.middle,
            goal=Goal(_GOALS[self.percent]),
            details={
                "loop_ratio": loops.middle,
                "wall_ms": wall.middle * 1000,
                "workers_ms": Spread.of([c.workers for c in own]).middle * 1000,
                "recorder_ms": Spread.of([c.recorder for c in own]).middle * 1000,
                "writes": writes,
            },
        )


def _loop_line(case: str, holds: Sequence[Hold], plain: Sequence[Hold]) -> Line:
    """Return the line about the longest hold of all runs and of each run."""
    floor = Spread.of([hold.wall for hold in plain])
    spread = Spread.of([hold.wall for hold in holds])
    cpu = Spread.of([hold.cpu for hold in holds])
    longest = max(holds, key=lambda hold: hold.wall)
    return Line(
        row="loop",
        case=case,
        ours=f"longest {longest.text()}",
        other=f"longest by run {floor.text(1000, 1)} ms",
        result=f"{longest.wall * 1000:.1f} ms; by run {spread.text(1000, 1)}",
        figure=longest.wall * 1000,
        goal=_HOLD,
        details={
            "garbage_ms": max(hold.collecting for hold in holds) * 1000,
            "cpu_by_run_ms": cpu.text(1000, 1),
        },
    )


_SERVERS = (
    ("milesight", 1000),
    ("milesight", 5000),
    ("bemserver", 500),
    ("bemserver", 2000),
    ("besmart", 1000),
    ("dsmr_reader", 22),
)
CASES = tuple(
    Case(backend, points, percent) for backend, points in _SERVERS for percent in _GOALS
)
