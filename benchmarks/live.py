"""Row "poll": from bytes on the socket to written states.

It is compared with what nobody can avoid: the wire, which is the same requests with
answers that are parsed and dropped, plus the floor, which is Home Assistant writing the
states that changed. If none did, that is the wire alone.
"""

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

_GOALS = {100: 1.25, 10: 1.5, 0: 1.25}
_NEAREST = {("dsmr_reader", 0): 1.15}
"""The goals of cases that come nearer to the limit than others."""

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
            ours, other = partial(poll, hass, entry), partial(floor.write, writes)
            wire = partial(send, hass, requests)
            costs = await in_turns(Meter(hass), size.runs, other, wire, ours)
            return [
                self._line(costs, writes),
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

    def _line(self, costs: Sequence[Sequence[Cost]], writes: int) -> Line:
        """Return the line about CPU time."""
        floor, wire, ours = ([cost.cpu for cost in found] for found in costs)
        least = [sum(pair) for pair in zip(floor, wire, strict=True)]
        ratio = ratios(ours, least)
        whole = costs[-1]
        return Line(
            row=f"poll, {_WHAT[self.percent]}",
            case=f"{self.backend}, {self.points:,} points",
            ours=f"{_text(ours)} ms, {writes:,} writes",
            other=f"floor {_text(floor)} + wire {_text(wire)} = {_text(least)} ms",
            result=f"{ratio.text()} x",
            figure=ratio.middle,
            goal=Goal(_NEAREST.get((self.backend, self.percent), _GOALS[self.percent])),
            details={
                "wall_ms": Spread.of([cost.wall for cost in whole]).middle * 1000,
                "workers_ms": Spread.of([c.workers for c in whole]).middle * 1000,
                "recorder_ms": Spread.of([c.recorder for c in whole]).middle * 1000,
                "writes": writes,
            },
        )


def _text(seconds: Sequence[float]) -> str:
    """Return the spread of some times in milliseconds."""
    return Spread.of(seconds).text(1000)


def _loop_line(case: str, holds: Sequence[Hold], plain: Sequence[Hold]) -> Line:
    """Return the line about the longest hold of all runs and of each run."""
    floor = Spread.of([hold.own for hold in plain])
    spread = Spread.of([hold.own for hold in holds])
    longest = max(holds, key=lambda hold: hold.own)
    return Line(
        row="loop",
        case=case,
        ours=f"longest {longest.text()}",
        other=f"longest by run {floor.text(1000, 1)} ms",
        result=f"{longest.own * 1000:.1f} ms; by run {spread.text(1000, 1)}",
        figure=longest.own * 1000,
        goal=_HOLD,
        details={
            "garbage_ms": max(hold.collecting for hold in holds) * 1000,
            "elapsed_ms": max(hold.wall for hold in holds) * 1000,
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
