"""Row "top-up": looking for new history where there is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import event

from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance

from .backfill import imported
from .home import add, answers, home, simulator
from .measure import Meter, Spread, in_turns, ratios
from .size import Size
from .table import Goal, Line
from .wire import recorded, send

if TYPE_CHECKING:
    from custom_components.metering_hub.data import MeteringHubConfigEntry

_TIMES = 10
"""So many top-ups are one run: each takes a few milliseconds."""


class _Statements:
    """Counts what is asked of the recorder's statistics, and what is written there."""

    def __init__(self, hass: HomeAssistant) -> None:
        self.count = 0
        event.listen(get_instance(hass).engine, "before_cursor_execute", self._note)

    def _note(
        self, _connection: object, _cursor: object, said: str, *_: object
    ) -> None:
        # Home Assistant's own states go on being written meanwhile.
        self.count += "statistics" in said


@dataclass(frozen=True, slots=True)
class Case:
    """A server whose clock stands still."""

    backend: str
    options: str

    async def measure(self, size: Size) -> Sequence[Line]:
        """Import once, and look again and again."""
        options = (*self.options.split(), "--still")
        async with simulator(self.backend, *options) as server, home() as hass:
            entry = await add(hass, server, history=True)
            history = await imported(entry)
            # The second look notes that what the first one left is complete.
            await history.async_refresh()
            await get_instance(hass).async_block_till_done()
            with recorded() as sent:
                await history.async_refresh()
            if not sent:
                with recorded() as sent:
                    await _read_one_point(entry)

            async def ours() -> None:
                for _ in range(_TIMES):
                    await history.async_refresh()

            async def other() -> None:
                for _ in range(_TIMES):
                    await send(hass, sent)

            plain, own = await in_turns(Meter(hass), size.runs, other, ours)
            statements, before = _Statements(hass), await answers(server)
            await ours()
            asked = await answers(server) - before - 1
        ratio = ratios([c.wall for c in own], [c.wall for c in plain])
        wall = Spread.of([c.wall / _TIMES for c in own])
        trip = Spread.of([c.wall / _TIMES for c in plain])
        case = f"{self.backend}, nothing new"
        return [
            Line(
                "top-up",
                case,
                f"{wall.text(1000)} ms, {asked / _TIMES:g} requests",
                f"one request: {trip.text(1000)} ms",
                f"{ratio.text()} x",
                ratio.middle,
                Goal(2),
            ),
            Line(
                "top-up",
                f"{case}, questions to the database and writes",
                f"{statements.count / _TIMES:g}",
                "",
                f"{statements.count / _TIMES:g}",
                statements.count / _TIMES,
                Goal(0, "equal", "statements"),
            ),
        ]


async def _read_one_point(entry: MeteringHubConfigEntry) -> None:
    """Ask for the newest value of one point: the smallest request of all."""
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
