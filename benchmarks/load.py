"""Row "load": the requests and bytes that a server answers at defaults.

Polls of each interval are counted once and extrapolated to a day, because a real day
would take as long.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from homeassistant.core import HomeAssistant

from .home import add, home, poll, simulator
from .size import Size
from .table import Goal, Line
from .wire import Sent, recorded, weigh

if TYPE_CHECKING:
    from custom_components.metering_hub.data import MeteringHubConfigEntry

_MINUTES = 24 * 60
_DAY = timedelta(days=1)
_IDLE = ("--changing", "0")
_CHANGING = ("--changing", "100")
_NEXT_TELEGRAM = 11
"""Seconds until the simulated meter has sent another telegram."""


@dataclass(slots=True)
class _Load:
    """What a server answers in a day."""

    requests: float = 0.0
    size: float = 0.0

    async def add(
        self, hass: HomeAssistant, requests: Sequence[Sent], times: float
    ) -> None:
        """Add requests that are made a number of times a day."""
        self.requests += times * len(requests)
        self.size += times * await weigh(hass, requests)

    @property
    def text(self) -> str:
        """Return the figures per minute and per day."""
        return (
            f"{self.requests / _MINUTES:.1f} requests and "
            f"{self.size / _MINUTES / 1000:.1f} kB a minute; "
            f"{self.requests:,.0f} requests and {self.size / 1e6:,.1f} MB a day"
        )


@dataclass(frozen=True, slots=True)
class Case:
    """A backend whose values change or not; before each poll, `pause` seconds pass."""

    backend: str
    options: Sequence[str]
    is_changing: bool
    pause: float = 0.0
    goal: Goal | None = None

    @property
    def name(self) -> str:
        """Return the name on the command line."""
        return f"{self.backend}-{'changing' if self.is_changing else 'idle'}"

    @property
    def what(self) -> str:
        """Return a description of the case for the table."""
        if not self.is_changing:
            return "nothing changed"
        return "a new telegram for each poll" if self.pause else "all changed"

    async def measure(self, _size: Size) -> Sequence[Line]:
        """Count what the enabled entities ask for, and the list of devices."""
        async with simulator(self.backend, *self.options) as server, home() as hass:
            entry = await add(hass, server)
            await poll(hass, entry)
            load = await _load_of(hass, entry, self.pause)
            points = len(set(entry.runtime_data.readings.async_contexts()))
        per_minute = load.requests / _MINUTES
        return [
            Line(
                "load",
                f"{self.backend} at defaults, {points:,} points, {self.what}",
                load.text,
                "",
                f"{per_minute:.1f} requests a minute",
                per_minute,
                self.goal,
                details={"bytes_per_day": load.size},
            )
        ]


async def _load_of(
    hass: HomeAssistant, entry: MeteringHubConfigEntry, pause: float
) -> _Load:
    """Return the load of a day: polls of what is due together, and inventories."""
    from custom_components.metering_hub.backends import BACKENDS  # noqa: PLC0415  Home Assistant must load the integration first.
    from custom_components.metering_hub.coordinator import INVENTORY_INTERVAL  # noqa: PLC0415  Home Assistant must load the integration first.
    from custom_components.metering_hub.live.schedule import PollGroups  # noqa: PLC0415  Home Assistant must load the integration first.

    inventory = entry.runtime_data.inventory
    keys = set(entry.runtime_data.readings.async_contexts())
    points = [point for key, point in inventory.data.points.items() if key in keys]
    groups = PollGroups.of(points, BACKENDS[entry.data["backend"]].poll_interval)
    load, intervals = _Load(), sorted(groups.groups)
    for number, interval in enumerate(intervals, start=1):
        due = groups.points_of(tuple(intervals[:number]))
        longer = _DAY / intervals[number] if number < len(intervals) else 0.0
        # The first read of a group may ask for what later ones know.
        await inventory.backend.latest(due)
        await asyncio.sleep(pause)
        with recorded() as requests:
            await inventory.backend.latest(due)
        await load.add(hass, requests, _DAY / interval - longer)
    with recorded() as requests:
        await inventory.backend.inventory()
    await load.add(hass, requests, _DAY / INVENTORY_INTERVAL)
    return load


_MOST = Goal(10, unit="requests a minute")
_YEARS = ("--years", "0.1")

CASES = (
    Case("dsmr_reader", (*_YEARS, *_IDLE), is_changing=False, goal=_MOST),
    # Positions that grow by whole kWh with every answer would pass for a new meter's.
    Case("dsmr_reader", _YEARS, is_changing=True, pause=_NEXT_TELEGRAM, goal=_MOST),
    *(
        Case(backend, (*options, *changes), is_changing=changes is _CHANGING)
        for backend, options in (
            ("milesight", ("--no-push",)),
            ("bemserver", _YEARS),
            ("besmart", _YEARS),
        )
        for changes in (_IDLE, _CHANGING)
    ),
)
