"""Row "top-up": looking for new history when there is none."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import event

from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance

from .backfill import imported
from .home import add, answers, home, simulator
from .measure import Cost, Meter, Spread, in_turns, ratios
from .size import Size
from .table import Goal, Line
from .wire import recorded, send

if TYPE_CHECKING:
    from custom_components.metering_hub.data import MeteringHubConfigEntry

_TIMES = 10
"""The top-ups of one run, because each takes only a few milliseconds."""


class _Statements:
    """Counts SQL statements that read or write the recorder's statistics."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Listen to the statements of the recorder's database."""
        self.count = 0
        event.listen(get_instance(hass).engine, "before_cursor_execute", self._note)

    def _note(
        self, _connection: object, _cursor: object, statement: str, *_: object
    ) -> None:
        """Count a statement, unless it is about Home Assistant's states."""
        self.count += "statistics" in statement


@dataclass(frozen=True, slots=True)
class Case:
    """A server whose clock stands still."""

    backend: str
    options: str

    async def measure(self, size: Size) -> Sequence[Line]:
        """Import once, and then look for new history again and again."""
        options = (*self.options.split(), "--still")
        async with simulator(self.backend, *options) as server, home() as hass:
            entry = await add(hass, server, history=True)
            history = await imported(entry)
            # The second run notes that what the first one left is complete.
            await history.async_refresh()
            await get_instance(hass).async_block_till_done()
            with recorded() as sent:
                await history.async_refresh()
            if not sent:
                with recorded() as sent:
                    await _read_one_point(entry)
            ours = partial(_repeat, history.async_refresh)
            other = partial(_repeat, partial(send, hass, sent))
            plain, own = await in_turns(Meter(hass), size.runs, other, ours)
            statements, before = _Statements(hass), await answers(server)
            await ours()
            requests = await answers(server) - before - 1
        return self._lines(own, plain, requests / _TIMES, statements.count / _TIMES)

    def _lines(
        self,
        own: Sequence[Cost],
        plain: Sequence[Cost],
        requests: float,
        statements: float,
    ) -> Sequence[Line]:
        """Return the lines of the table; requests and statements are per top-up."""
        ratio = ratios([cost.wall for cost in own], [cost.wall for cost in plain])
        wall = Spread.of([cost.wall / _TIMES for cost in own])
        trip = Spread.of([cost.wall / _TIMES for cost in plain])
        case = f"{self.backend}, nothing new"
        return [
            Line(
                "top-up",
                case,
                f"{wall.text(1000)} ms, {requests:g} requests",
                f"one request: {trip.text(1000)} ms",
                f"{ratio.text()} x",
                ratio.middle,
                Goal(2),
            ),
            Line(
                "top-up",
                f"{case}, queries and writes of the database",
                f"{statements:g}",
                "",
                f"{statements:g}",
                statements,
                Goal(0, "equal", "statements"),
            ),
        ]


async def _repeat(work: Callable[[], Awaitable[object]]) -> None:
    """Do some work as often as one run is measured for."""
    for _ in range(_TIMES):
        await work()


async def _read_one_point(entry: MeteringHubConfigEntry) -> None:
    """Read the latest value of one point, which is the smallest request."""
    backend = entry.runtime_data.backend
    point = next(
        point
        for point in entry.runtime_data.inventory.data.points.values()
        if point.has_history
    )
    await backend.latest([point])


CASES = (
    Case("dsmr_reader", "--years 0.02"),
    Case("milesight", "--devices 20 --days 7 --no-push"),
    Case("besmart", "--years 0.1"),
    Case("bemserver", "--years 0.05"),
)
