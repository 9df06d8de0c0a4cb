"""Row "disk": what a day of DSMR-reader writes by default, compared with core's `rest`.

Each poll interval is observed for a few cycles of a simulator whose clock runs faster,
and the writes are extrapolated to a day.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import text

from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.recorder import get_instance

from .backfill import feed
from .home import add, home, poll, simulator
from .one_meter import SENSORS, read_rest, yaml
from .size import Size
from .table import Goal, Line

if TYPE_CHECKING:
    from custom_components.metering_hub.data import MeteringHubConfigEntry

_DAY = timedelta(days=1)
_CYCLES = 30
_SPEED = 100
_REST = timedelta(seconds=30)
"""The default interval of core's `rest`, and of the updates of core's `dsmr`."""

_SLOWEST = timedelta(minutes=1)
"""Points with a longer poll interval are observed at this one, to save time."""

_STATISTICS_ROWS = 24 * 12 + 24
"""Rows per day of a sensor's own statistics: 5-minute and hourly."""

_TELEGRAM = (
    "electricity_delivered",
    "electricity_returned",
    "electricity_power",
    "electricity_voltage",
    "electricity_current",
    "gas",
    "power_failures",
)
"""Prefixes of the keys of points in a telegram, which core's `dsmr` shows too."""


class _Changes:
    """Counts changed states, each of which is a row on disk, and registry updates."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Listen to Home Assistant's events."""
        self.by_entity: Counter[str] = Counter()
        self.registry = 0
        hass.bus.async_listen(EVENT_STATE_CHANGED, self._note)
        hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, self._note_registry)
        hass.bus.async_listen(dr.EVENT_DEVICE_REGISTRY_UPDATED, self._note_registry)

    def _note(self, event: Event[EventStateChangedData]) -> None:
        """Count a changed state."""
        self.by_entity[event.data["entity_id"]] += 1

    def _note_registry(
        self,
        _event: Event[er.EventEntityRegistryUpdatedData]
        | Event[dr.EventDeviceRegistryUpdatedData],
    ) -> None:
        """Count an update of a registry."""
        self.registry += 1


@dataclass(frozen=True, slots=True)
class _Found:
    """The number of changes of each entity in a number of cycles."""

    changes: Counter[str]
    cycles: int

    def per_day(self, entity_id: str, step: timedelta) -> float:
        """Return the changes per day of an entity that is polled at an interval."""
        return self.changes[entity_id] / self.cycles * (_DAY / step)


async def _watch(
    changes: _Changes, work: Callable[[], Awaitable[None]], step: timedelta, cycles: int
) -> _Found:
    """Run cycles, each of them a step of the simulated time after the last."""
    await work()
    before = changes.by_entity.copy()
    loop = asyncio.get_running_loop()
    due = loop.time()
    for _ in range(cycles):
        due += step.total_seconds() / _SPEED
        await asyncio.sleep(max(0.0, due - loop.time()))
        await work()
    return _Found(changes.by_entity - before, cycles)


async def _size(hass: HomeAssistant, table: str) -> tuple[int, int]:
    """Return the size of the database in bytes, and the rows of a table."""
    recorder = get_instance(hass)
    await recorder.async_block_till_done()

    def read() -> tuple[int, int]:
        """Query the database."""
        with recorder.get_session() as session:
            pages = session.execute(text("PRAGMA page_count")).scalar_one()
            page = session.execute(text("PRAGMA page_size")).scalar_one()
            rows = session.execute(text(f"SELECT COUNT(*) FROM {table}")).scalar_one()  # noqa: S608  Our own names.
            return pages * page, rows

    return await recorder.async_add_executor_job(read)


async def _bytes_per_row(
    hass: HomeAssistant, table: str, work: Callable[[], Awaitable[object]]
) -> float:
    """Return the bytes that a row takes on disk, by writing some."""
    size, rows = await _size(hass, table)
    await work()
    new_size, new_rows = await _size(hass, table)
    return (new_size - size) / max(1, new_rows - rows)


@dataclass(frozen=True, slots=True)
class _Day:
    """What a day writes: states of us, of `rest` and of `dsmr`, and bytes per row."""

    own: float
    rest: float
    dsmr: float
    sensors: int
    registry: int
    state_bytes: float
    row_bytes: float

    def megabytes(self, states: float, sensors: int) -> float:
        """Return the size of a day's states and of the sensors' own statistics."""
        statistics = sensors * _STATISTICS_ROWS * self.row_bytes
        return (states * self.state_bytes + statistics) / 1e6

    def lines(self) -> Sequence[Line]:
        """Return the lines of the table."""
        own_mb = self.megabytes(self.own, self.sensors)
        rest_mb = self.megabytes(self.rest, len(SENSORS))
        case = "a day of DSMR-reader at defaults, counted up"
        return [
            Line(
                "disk",
                f"{case}: state writes",
                f"{self.own:,.0f} ({self.sensors} sensors)",
                f"`rest`: {self.rest:,.0f} ({len(SENSORS)} sensors); "
                f"`dsmr`, computed from its 30 s: {self.dsmr:,.0f}",
                f"{self.own / self.rest:.2f} x",
                self.own / self.rest,
            ),
            Line(
                "disk",
                f"{case}: registry writes",
                str(self.registry),
                "`rest`: 0",
                str(self.registry),
                self.registry,
                Goal(0, "equal", "writes"),
            ),
            Line(
                "disk",
                f"{case}: database",
                f"{own_mb:.1f} MB",
                f"`rest`: {rest_mb:.1f} MB",
                f"{own_mb / rest_mb:.2f} x",
                own_mb / rest_mb,
                details={
                    "bytes_per_state": self.state_bytes,
                    "bytes_per_statistics_row": self.row_bytes,
                },
            ),
        ]


async def measure(size: Size) -> Sequence[Line]:
    """Observe the cycles of both, and measure the size of their rows."""
    cycles = max(3, _CYCLES // size.divisor)
    async with (
        simulator("dsmr_reader", "--years", "0.1", "--speed", str(_SPEED)) as server,
        home(yaml(server)) as hass,
    ):
        entry = await add(hass, server)
        changes = _Changes(hass)
        work = partial(poll, hass, entry)
        steps = sorted({timedelta(seconds=10), _REST, _SLOWEST})
        found = {step: await _watch(changes, work, step, cycles) for step in steps}
        rest = await _watch(changes, partial(read_rest, hass), _REST, cycles)
        await entry.runtime_data.inventory.async_refresh()
        await hass.async_block_till_done()
        own, dsmr, sensors = _daily_writes(hass, entry, found)

        async def some_states() -> None:
            """Poll a few times, so that states are written."""
            for _ in range(cycles):
                await asyncio.sleep(0.1)
                await work()

        rows = partial(feed, hass, 5, 2000 // size.divisor)
        return _Day(
            own=own,
            rest=sum(
                rest.per_day(entity_id, _REST)
                for entity_id in rest.changes
                if entity_id.startswith("sensor.rest_")
            ),
            dsmr=dsmr,
            sensors=sensors,
            registry=changes.registry,
            state_bytes=await _bytes_per_row(hass, "states", some_states),
            row_bytes=await _bytes_per_row(hass, "statistics", rows),
        ).lines()


def _daily_writes(
    hass: HomeAssistant,
    entry: MeteringHubConfigEntry,
    found: Mapping[timedelta, _Found],
) -> tuple[float, float, int]:
    """Return a day's state writes of our sensors and of `dsmr`, and our sensors."""
    from custom_components.metering_hub.identifiers import point_unique_id  # noqa: PLC0415  Home Assistant must load the integration first.

    registry = er.async_get(hass)
    usual = entry.runtime_data.readings.update_interval or _SLOWEST
    own = dsmr = 0.0
    sensors = 0
    for key, point in entry.runtime_data.inventory.data.points.items():
        unique_id = point_unique_id(entry, key)
        entity_id = registry.async_get_entity_id("sensor", "metering_hub", unique_id)
        if entity_id is None or hass.states.get(entity_id) is None:
            continue
        sensors += 1
        step = point.poll_interval or usual
        own += found[min(step, _SLOWEST)].per_day(entity_id, step)
        if key.startswith(_TELEGRAM):
            dsmr += found[_REST].per_day(entity_id, _REST)
    return own, dsmr, sensors
