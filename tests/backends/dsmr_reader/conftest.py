"""Fixtures: a backend connected to a simulated house or to a server of given rows."""

from bisect import bisect
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from aiohttp import ClientSession
import pytest

from custom_components.metering_hub.backends.base import Memory
from custom_components.metering_hub.backends.common import http
from custom_components.metering_hub.backends.dsmr_reader.backend import (
    DsmrReaderBackend,
)
from custom_components.metering_hub.metering.model import Kind, Point, Quantity, Reading
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.dsmr_reader.store import Store
from simulators.house import Channel, House, Outage
from simulators.server import serve

from .row_server import Row, RowServer

KEY = "test-key"
NOW = datetime(2026, 11, 21, 2, 33, 20, tzinfo=UTC)
START = datetime(2026, 3, 26, 23, 0, tzinfo=UTC)
POWER = "electricity_power"
CHANNELS = {
    "electricity_delivered_1": Channel.DELIVERED_1,
    "electricity_delivered_2": Channel.DELIVERED_2,
    "electricity_returned_1": Channel.RETURNED_1,
    "electricity_returned_2": Channel.RETURNED_2,
    "gas": Channel.GAS,
    "heat": Channel.HEAT,
    "water": Channel.WATER,
}
ELECTRICITY = tuple(CHANNELS)[:4]
REGISTERS = tuple(CHANNELS)[:5]

SINCE = datetime(2026, 10, 20, 12, 17, 20, tzinfo=UTC)
"""The time of the oldest stored telegram where only statistics are older."""

OUTAGE = Outage(
    datetime(2026, 10, 1, 9, 20, tzinfo=UTC), datetime(2026, 10, 2, 15, 40, tzinfo=UTC)
)

type Times = dict[datetime, float]
type ServeRows = Callable[[list[Row]], Awaitable[tuple[RowServer, DsmrReaderBackend]]]


def point(key: str) -> Point:
    """Return a point with this key, which is all that the history needs."""
    return Point(
        key=key, device_key="meter", quantity=Quantity.ENERGY, kind=Kind.REGISTER
    )


class Connect(Protocol):
    """Connects a backend to a simulator, perhaps with the memory of another one."""

    async def __call__(
        self, simulator: DsmrReaderSimulator, memory: Memory | None = None
    ) -> Connected: ...


@dataclass
class Connected:
    """A backend and the simulator that it is connected to."""

    backend: DsmrReaderBackend
    simulator: DsmrReaderSimulator

    async def read(
        self, keys: Sequence[str], start: datetime, end: datetime
    ) -> dict[str, Times]:
        """Return the readings by time, and check every chunk against the contract."""
        found: dict[str, Times] = {key: {} for key in keys}
        until = start
        points = [point(key) for key in keys]
        async for chunk in self.backend.history(points, start, end):
            for key, readings in chunk.readings.items():
                check_order(readings, until, end)
                found[key] |= {r.time: float(r.value) for r in readings}
            assert until <= chunk.until <= end
            until = chunk.until
        return {key: dict(sorted(times.items())) for key, times in found.items()}

    def true(self, key: str, moment: datetime) -> float:
        """Return the true position of the house's meter."""
        return self.simulator.house.register(CHANNELS[key], moment) / 1000

    def take_request_count(self, path: str = "") -> int:
        """Return the number of requests to a path, and forget all requests."""
        number = self.simulator.faults.count(path)
        self.simulator.faults.clear_requests()
        return number


def check_order(readings: Sequence[Reading], until: datetime, end: datetime) -> None:
    times = [reading.time for reading in readings]
    assert times == sorted(times)
    if times:
        assert until <= times[0]
        assert times[-1] <= end
        assert times[0].tzinfo is UTC


@pytest.fixture(autouse=True)
def short_retry_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "RETRY_DELAY", (0.0, 0.001))


@pytest.fixture
async def connect(socket_enabled: None) -> AsyncIterator[Connect]:
    """Return a function that serves a simulator and connects a backend to it."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(ClientSession())

        async def to(
            simulator: DsmrReaderSimulator, memory: Memory | None = None
        ) -> Connected:
            url = await stack.enter_async_context(serve(simulator.app))
            settings = {"url": url, "api_key": KEY}

            def now() -> datetime:
                """Return the time of the simulator, which tests change."""
                return simulator.clock()

            backend = DsmrReaderBackend(session, settings, {}, clock=now)
            backend.restore(memory or {})
            await backend.inventory()
            simulator.faults.clear_requests()
            return Connected(backend, simulator)

        yield to


def simulated(
    house: House | None = None, now: datetime = NOW, **knobs: object
) -> DsmrReaderSimulator:
    """Return a simulator whose clock stands still."""
    knobs = {"interval": 60, **knobs}
    return DsmrReaderSimulator(
        house or House(7, START),
        api_key=KEY,
        clock=lambda: now,
        **knobs,  # type: ignore[arg-type]
    )


@pytest.fixture
async def serve_rows(socket_enabled: None) -> AsyncIterator[ServeRows]:
    """Return a function that serves rows and returns a backend for them."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(ClientSession())

        async def to(rows: list[Row]) -> tuple[RowServer, DsmrReaderBackend]:
            server = RowServer(rows)
            url = await stack.enter_async_context(serve(server.app))
            settings = {"url": url, "api_key": "key"}
            return server, DsmrReaderBackend(session, settings, {}, clock=lambda: NOW)

        yield to


def utc(*numbers: int) -> datetime:
    """Return a moment in UTC."""
    return datetime(*numbers, tzinfo=UTC)  # type: ignore[misc, arg-type]


def at(times: Times, moment: datetime) -> float:
    """Return the position at a moment, on a straight line if it is between two."""
    if moment in times:
        return times[moment]
    ordered = list(times)
    index = bisect(ordered, moment)
    before, after = ordered[index - 1], ordered[index]
    part = (moment - before) / (after - before)
    return times[before] + part * (times[after] - times[before])


def stored(connected: Connected) -> list[datetime]:
    """Return the times of the telegrams that the simulator stores."""
    return [datetime.fromtimestamp(t, UTC) for t in Store(connected.simulator).readings]
