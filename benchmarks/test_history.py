"""What the import of history costs, against the recorder fed with ready rows.

Run by script/bench. Prints one line per figure; each limit is asserted.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from datetime import UTC, datetime, timedelta
import logging
import os
import resource
import time
from typing import Self

import pytest

from custom_components.metering_hub.backends.base import (
    Backend,
    Capability,
    HistoryChunk,
    Identity,
    Latest,
)
from custom_components.metering_hub.backends.dsmr_reader import SPEC
from custom_components.metering_hub.history.hourly import Row
from custom_components.metering_hub.history.importer import MAX_ROWS, Importer
from custom_components.metering_hub.history.recorded import settle, write
from custom_components.metering_hub.history.registers import RegisterHours
from custom_components.metering_hub.history.statistic import Scope, point_statistic
from custom_components.metering_hub.model import (
    Inventory,
    Kind,
    Point,
    Quantity,
    Reading,
)
from homeassistant.core import HomeAssistant

logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)

HOUR = timedelta(hours=1)
YEARS = int(os.environ.get("BENCH_YEARS", "10"))
REGISTERS, CHUNK = 5, 500
HOURS = YEARS * 8760
END = datetime(2026, 11, 1, tzinfo=UTC)
START = END - HOURS * HOUR
MINUTES_OF_A_YEAR = 525_600
POINTS = [
    Point(
        key=f"register_{number}",
        device_key="meter",
        quantity=Quantity.ENERGY,
        kind=Kind.REGISTER,
        unit="kWh",
        has_history=True,
    )
    for number in range(REGISTERS)
]


class HourlyMeter(Backend):
    """A backend without a wire: ten years of hourly positions of five registers."""

    async def connect(self) -> Identity:
        return Identity(unique_id="bench", title="Bench", version=None)

    async def inventory(self) -> Inventory:
        return Inventory({}, {point.key: point for point in POINTS})

    async def latest(self, points: Collection[Point]) -> Latest:
        return Latest(readings={})

    async def history_start(self, points: Collection[Point]) -> datetime:
        return START

    async def history(
        self, points: Collection[Point], start: datetime, end: datetime
    ) -> AsyncIterator[HistoryChunk]:
        first = max(0, (start - START) // HOUR)
        for begin in range(first, HOURS + 1, CHUNK):
            hours = range(begin, min(begin + CHUNK, HOURS + 1))
            readings = [
                Reading(time=START + hour * HOUR, value=hour * 0.25) for hour in hours
            ]
            yield HistoryChunk(
                readings={point.key: readings for point in points},
                until=readings[-1].time,
            )


class LoopWatch:
    """Measures the longest time for which the event loop did nothing else."""

    longest = 0.0

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()

    async def _watch(self) -> None:
        last = time.perf_counter()
        while True:
            # Spinning would take the time from the recorder's thread.
            await asyncio.sleep(0.002)
            now = time.perf_counter()
            self.longest = max(self.longest, now - last - 0.002)
            last = now


def say(text: str) -> None:
    """Print a figure where script/bench shows it."""
    print(f"  {text}")


def memory() -> float:
    """Return the highest memory use of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.fixture
def persistent_database() -> bool:
    """Let the recorder write to a file, as at home."""
    return True


async def feed_ready_rows(hass: HomeAssistant) -> float:
    """Return the rows per second of the recorder alone."""
    began = time.perf_counter()
    for number, point in enumerate(POINTS):
        statistic = point_statistic(f"metering_hub:floor_{number}_", point, "Floor")
        for begin in range(0, HOURS, MAX_ROWS):
            rows = [
                Row(start=START + hour * HOUR, state=hour * 0.25, sum=hour * 0.25)
                for hour in range(begin, min(begin + MAX_ROWS, HOURS))
            ]
            write(hass, statistic, rows)
            await settle(hass)
    return REGISTERS * HOURS / (time.perf_counter() - began)


async def test_backfill(recorder_mock: object, hass: HomeAssistant) -> None:
    """Ten years of five registers: rate, memory, and what is left of the loop."""
    async with LoopWatch() as floor_watch:
        floor = await feed_ready_rows(hass)
    idle = memory()
    importer = Importer(hass, HourlyMeter(), SPEC_WITHOUT_PRICES)
    scope = Scope(
        points=POINTS,
        prefix="metering_hub:bench_",
        names={point.key: point.key for point in POINTS},
        start=None,
    )
    began = time.perf_counter()
    async with LoopWatch() as watch:
        written = await importer.run(scope, lambda *_: None)
    rate = sum(written.values()) / (time.perf_counter() - began)
    grown = memory() - idle
    say(f"backfill: {sum(written.values())} rows, {rate:.0f} rows/s")
    say(f"recorder alone: {floor:.0f} rows/s; ratio {rate / floor:.2f} (goal 0.9)")
    say(f"memory above the recorder alone: {grown:.0f} MB (goal 50)")
    held, floor_held = watch.longest * 1000, floor_watch.longest * 1000
    say(f"longest hold of the loop: {held:.1f} ms; recorder alone {floor_held:.1f} ms")
    assert sum(written.values()) == REGISTERS * HOURS
    assert grown < 50


def test_hourly_maths() -> None:
    """A year of one-minute readings, in chunks as they come off the wire."""
    readings = [
        Reading(time=END + timedelta(minutes=minute), value=minute * 0.01)
        for minute in range(MINUTES_OF_A_YEAR)
    ]
    hours = RegisterHours()
    began = time.process_time()
    rows = 0
    for begin in range(0, MINUTES_OF_A_YEAR, CHUNK):
        part = readings[begin : begin + CHUNK]
        rows += len(hours.add(part, part[-1].time))
    used = time.process_time() - began
    say(f"hourly maths: {MINUTES_OF_A_YEAR} readings in {used:.2f} s of CPU (goal 2)")
    assert rows == MINUTES_OF_A_YEAR // 60 - 1
    assert used < 2


SPEC_WITHOUT_PRICES = type(SPEC)(
    key="bench",
    name="Bench",
    fields=(),
    make=SPEC.make,
    poll_interval=SPEC.poll_interval,
    history_window=SPEC.history_window,
    capabilities=frozenset({Capability.HISTORY}),
)
