"""Row "disk": what a day of DSMR-reader writes by default, compared with core's `rest`.

The clock of the simulator is moved through a few minutes of each hour of a day. Both
read the same moments, and what they write is extrapolated to the whole day.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import text

from endurance.simulated import StandingClock, simulated
from homeassistant.components.sensor import ATTR_STATE_CLASS
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.recorder import get_instance

from .backfill import feed
from .home import add, home, poll
from .one_meter import READING, SENSORS, TODAY, read_rest, yaml
from .size import Size
from .table import Goal, Line

if TYPE_CHECKING:
    from custom_components.metering_hub.data import MeteringHubConfigEntry

_DAY = timedelta(days=1)
_HOURS = 24
_FAST = timedelta(seconds=10)
_REST = timedelta(seconds=30)
"""The default interval of core's `rest`, and of the updates of core's `dsmr`."""

_MINUTE = timedelta(minutes=1)
_SLOWEST = timedelta(minutes=5)
"""Points with a longer poll interval are observed at this one, to save time."""

_CYCLES: Mapping[timedelta, int] = {_FAST: 12, _REST: 6, _MINUTE: 6, _SLOWEST: 3}
"""How often each interval is observed in an hour."""

_OUR_STEPS: Mapping[str, timedelta] = {READING: _FAST, TODAY: _MINUTE}
"""The intervals at which we read the paths of `rest`, if not at the slowest."""

_STATISTICS_ROWS = 24 * 12 + 24
"""Rows per day of a sensor's own statistics: 5-minute and hourly."""

_MOST = Goal(1.2)

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


@dataclass(slots=True)
class _Found:
    """The number of changes of each entity in a number of cycles."""

    changes: Counter[str] = field(default_factory=Counter)
    cycles: int = 0

    def per_day(self, entity_id: str, step: timedelta) -> float:
        """Return the changes per day of an entity that is polled at an interval."""
        return self.changes[entity_id] / self.cycles * (_DAY / step)


type _Observed = Mapping[timedelta, _Found]
"""What was found by the interval of the cycles."""


async def _observe(
    changes: _Changes,
    found: _Observed,
    work: Callable[[], Awaitable[None]],
    clock: StandingClock,
    hours: int,
) -> None:
    """Count the changes in cycles of every interval, in hours spread over a day."""
    begin = clock.now
    for hour in range(hours):
        clock.now = begin + hour * _DAY / hours
        for step, cycles in _CYCLES.items():
            # What has changed since the last hour is not a change of these cycles, and
            # a first reading that is old becomes available with the second.
            await work()
            clock.now += step
            await work()
            before = changes.by_entity.copy()
            for _ in range(cycles):
                clock.now += step
                await work()
            found[step].changes += changes.by_entity - before
            found[step].cycles += cycles


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
class _Written:
    """What one of the integrations writes in a day, and its sensors with statistics."""

    states: float
    sensors: int


@dataclass(frozen=True, slots=True)
class _Day:
    """What a day writes, and the bytes per row.

    `same` is `rest` at our intervals, and `usual` is `rest` at its own.
    """

    own: _Written
    same: _Written
    usual: _Written
    dsmr: float
    registry: int
    state_bytes: float
    row_bytes: float

    def megabytes(self, written: _Written) -> float:
        """Return the size of a day's states and of the sensors' own statistics."""
        statistics = written.sensors * _STATISTICS_ROWS * self.row_bytes
        return (written.states * self.state_bytes + statistics) / 1e6

    def lines(self) -> Sequence[Line]:
        """Return the lines of the table."""
        registry = Line(
            "disk",
            "a day of DSMR-reader at defaults: registry writes",
            str(self.registry),
            "`rest`: 0",
            str(self.registry),
            self.registry,
            Goal(0, "equal", "writes"),
        )
        return [
            *self._compared("at our intervals", self.same, _MOST),
            *self._compared("every 30 s", self.usual, None),
            registry,
        ]

    def _compared(self, what: str, rest: _Written, goal: Goal | None) -> Sequence[Line]:
        """Return the lines about the writes and the bytes, compared with `rest`."""
        own_mb, rest_mb = self.megabytes(self.own), self.megabytes(rest)
        writes, size = self.own.states / rest.states, own_mb / rest_mb
        case = f"a day of DSMR-reader at defaults, `rest` {what}"
        return [
            Line(
                "disk",
                f"{case}: state writes",
                f"{self.own.states:,.0f} ({self.own.sensors} sensors)",
                f"`rest`: {rest.states:,.0f} ({rest.sensors} sensors); "
                f"`dsmr`, computed from its 30 s: {self.dsmr:,.0f}",
                f"{writes:.2f} x",
                writes,
                goal,
            ),
            Line(
                "disk",
                f"{case}: database",
                f"{own_mb:.1f} MB",
                f"`rest`: {rest_mb:.1f} MB",
                f"{size:.2f} x",
                size,
                goal,
                details={
                    "bytes_per_state": self.state_bytes,
                    "bytes_per_statistics_row": self.row_bytes,
                },
            ),
        ]


async def measure(size: Size) -> Sequence[Line]:
    """Observe the cycles of both, and measure the size of their rows."""
    hours = max(2, _HOURS // size.divisor)
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    clock = StandingClock(today - _DAY)
    async with (
        simulated("dsmr_reader", ("--years", "0.1"), clock) as running,
        home(yaml(running.server)) as hass,
    ):
        entry = await add(hass, running.server)
        changes = _Changes(hass)

        async def both() -> None:
            """Read the same moment with both integrations."""
            await poll(hass, entry)
            await read_rest(hass)

        found = {step: _Found() for step in _CYCLES}
        observe = partial(_observe, changes, found, both, clock, hours)
        state_bytes = await _bytes_per_row(hass, "states", observe)
        await entry.runtime_data.inventory.async_refresh()
        await hass.async_block_till_done()
        own, dsmr = _own_writes(hass, entry, found)

        rows = partial(feed, hass, 5, 2000 // size.divisor)
        return _Day(
            own=own,
            same=_rest_writes(hass, found, _OUR_STEPS, _SLOWEST),
            usual=_rest_writes(hass, found, {}, _REST),
            dsmr=dsmr,
            registry=changes.registry,
            state_bytes=state_bytes,
            row_bytes=await _bytes_per_row(hass, "statistics", rows),
        ).lines()


def _rest_writes(
    hass: HomeAssistant,
    found: _Observed,
    steps: Mapping[str, timedelta],
    default: timedelta,
) -> _Written:
    """Return a day's state writes of `rest` at these intervals of its paths."""
    registry = er.async_get(hass)
    writes, sensors = 0.0, 0
    for number, sensor in enumerate(SENSORS):
        entity_id = registry.async_get_entity_id("sensor", "rest", f"rest_{number}")
        if entity_id is None:
            raise RuntimeError(f"rest has no sensor {sensor.name}")
        step = steps.get(sensor.path, default)
        writes += found[step].per_day(entity_id, step)
        sensors += _has_statistics(hass, entity_id)
    return _Written(writes, sensors)


def _own_writes(
    hass: HomeAssistant, entry: MeteringHubConfigEntry, found: _Observed
) -> tuple[_Written, float]:
    """Return a day's state writes of our sensors, and those of `dsmr`."""
    from custom_components.metering_hub.identifiers import point_unique_id  # noqa: PLC0415  Home Assistant must load the integration first.

    registry = er.async_get(hass)
    usual = entry.runtime_data.readings.update_interval or _SLOWEST
    writes = dsmr = 0.0
    sensors = 0
    for key, point in entry.runtime_data.inventory.data.points.items():
        unique_id = point_unique_id(entry, key)
        entity_id = registry.async_get_entity_id("sensor", "metering_hub", unique_id)
        if entity_id is None or hass.states.get(entity_id) is None:
            continue
        sensors += _has_statistics(hass, entity_id)
        step = point.poll_interval or usual
        writes += found[min(step, _SLOWEST)].per_day(entity_id, step)
        if key.startswith(_TELEGRAM):
            dsmr += found[_REST].per_day(entity_id, _REST)
    return _Written(writes, sensors), dsmr


def _has_statistics(hass: HomeAssistant, entity_id: str) -> bool:
    """Return True if the recorder makes statistics of a sensor."""
    state = hass.states.get(entity_id)
    return state is not None and ATTR_STATE_CLASS in state.attributes
