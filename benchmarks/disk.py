"""Row "disk": what a day of DSMR-reader at its defaults writes, against core's `rest`.

A day is not waited for. Each cadence is watched for some cycles of a simulator whose
clock runs faster, and counted up to a day of such cycles; so is what a row takes.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

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

_DAY = timedelta(days=1)
_CYCLES = 30
_SPEED = 100
_REST = timedelta(seconds=30)
"""How often core's `rest` reads by default, and core's `dsmr` shows its telegrams."""

_SLOWEST = timedelta(minutes=1)
"""What is read less often changes so seldom that it is watched at this step."""

_STATISTICS_ROWS = 24 * 12 + 24
"""Rows that Home Assistant's own statistics of a sensor take per day."""

_TELEGRAM = (
    "electricity_delivered",
    "electricity_returned",
    "electricity_power",
    "electricity_voltage",
    "electricity_current",
    "gas",
    "power_failures",
)
"""How the keys begin of what a telegram says, which is what core's `dsmr` shows."""


class _Changes:
    """Counts states that change, as each of them is a row on the disk."""

    def __init__(self, hass: HomeAssistant) -> None:
        self.by_entity: Counter[str] = Counter()
        self.registry = 0
        hass.bus.async_listen(EVENT_STATE_CHANGED, self._note)
        hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, self._note_registry)
        hass.bus.async_listen(dr.EVENT_DEVICE_REGISTRY_UPDATED, self._note_registry)

    def _note(self, event: Event[EventStateChangedData]) -> None:
        self.by_entity[event.data["entity_id"]] += 1

    def _note_registry(
        self,
        _event: Event[er.EventEntityRegistryUpdatedData]
        | Event[dr.EventDeviceRegistryUpdatedData],
    ) -> None:
        self.registry += 1


@dataclass(frozen=True, slots=True)
class _Found:
    """How often each entity changed in so many cycles of a step."""

    changes: Counter[str]
    cycles: int

    def per_day(self, entity_id: str, step: timedelta) -> float:
        """Return the changes per day of an entity that is read at a step."""
        return self.changes[entity_id] / self.cycles * (_DAY / step)


async def _watch(
    seen: _Changes, work: Callable[[], Awaitable[None]], step: timedelta, cycles: int
) -> _Found:
    """Let cycles pass, each after a step of the simulated time."""
    await work()
    before = seen.by_entity.copy()
    loop = asyncio.get_running_loop()
    due = loop.time()
    for _ in range(cycles):
        due += step.total_seconds() / _SPEED
        await asyncio.sleep(max(0.0, due - loop.time()))
        await work()
    return _Found(seen.by_entity - before, cycles)


async def _size(hass: HomeAssistant, table: str) -> tuple[int, int]:
    """Return the bytes of the database, and how many rows a table has."""
    recorder = get_instance(hass)
    await recorder.async_block_till_done()

    def read() -> tuple[int, int]:
        with recorder.get_session() as session:
            pages = session.execute(text("PRAGMA page_count")).scalar_one()
            page = session.execute(text("PRAGMA page_size")).scalar_one()
            rows = session.execute(text(f"SELECT COUNT(*) FROM {table}")).scalar_one()  # noqa: S608  Our own names.
            return pages * page, rows

    return await recorder.async_add_executor_job(read)


async def _bytes_per_row(
    hass: HomeAssistant, table: str, work: Callable[[], Awaitable[object]]
) -> float:
    size, rows = await _size(hass, table)
    await work()
    new_size, new_rows = await _size(hass, table)
    return (new_size - size) / max(1, new_rows - rows)


async def measure(size: Size) -> Sequence[Line]:
    """Watch the cycles of both, and what their rows take."""
    cycles = max(3, _CYCLES // size.divisor)
    async with (
        simulator("dsmr_reader", "--years", "0.1", "--speed", str(_SPEED)) as server,
        home(yaml(server)) as hass,
    ):
        from custom_components.metering_hub.identifiers import point_unique_id  # noqa: PLC0415  Home Assistant must load the integration first.

        entry = await add(hass, server)
        seen = _Changes(hass)

        async def ours() -> None:
            await poll(hass, entry)

        async def theirs() -> None:
            await read_rest(hass)

        steps = {timedelta(seconds=10), _REST, _SLOWEST}
        found = {step: await _watch(seen, ours, step, cycles) for step in sorted(steps)}
        rest = await _watch(seen, theirs, _REST, cycles)
        await entry.runtime_data.inventory.async_refresh()
        await hass.async_block_till_done()
        registry = er.async_get(hass)
        readings = entry.runtime_data.readings
        usual = readings.update_interval or _SLOWEST
        own = plain = 0.0
        shown = 0
        for key, point in entry.runtime_data.inventory.data.points.items():
            unique_id = point_unique_id(entry, key)
            entity_id = registry.async_get_entity_id(
                "sensor", "metering_hub", unique_id
            )
            if entity_id is None or hass.states.get(entity_id) is None:
                continue
            shown += 1
            step = point.poll_interval or usual
            own += found[min(step, _SLOWEST)].per_day(entity_id, step)
            if key.startswith(_TELEGRAM):
                plain += found[_REST].per_day(entity_id, _REST)
        others = sum(
            rest.per_day(entity_id, _REST)
            for entity_id in rest.changes
            if entity_id.startswith("sensor.rest_")
        )

        async def some_states() -> None:
            for _ in range(cycles):
                await asyncio.sleep(0.1)
                await ours()

        state_bytes = await _bytes_per_row(hass, "states", some_states)
        row_bytes = await _bytes_per_row(
            hass, "statistics", lambda: feed(hass, 5, 2000 // size.divisor)
        )
    statistics = shown * _STATISTICS_ROWS * row_bytes
    rest_statistics = len(SENSORS) * _STATISTICS_ROWS * row_bytes
    own_mb = (own * state_bytes + statistics) / 1e6
    rest_mb = (others * state_bytes + rest_statistics) / 1e6
    case = "a day of DSMR-reader at defaults, counted up"
    return [
        Line(
            "disk",
            f"{case}: state writes",
            f"{own:,.0f} ({shown} sensors)",
            f"`rest`: {others:,.0f} ({len(SENSORS)} sensors); "
            f"`dsmr`, computed from its 30 s: {plain:,.0f}",
            f"{own / others:.2f} x",
            own / others,
        ),
        Line(
            "disk",
            f"{case}: registry writes",
            str(seen.registry),
            "`rest`: 0",
            str(seen.registry),
            seen.registry,
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
                "bytes_per_state": state_bytes,
                "bytes_per_statistics_row": row_bytes,
            },
        ),
    ]
