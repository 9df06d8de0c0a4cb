"""Fixtures: a backend in front of a simulated house, and a reader of its past."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

from aiohttp import ClientSession
import pytest

from custom_components.metering_hub.backends.common import http
from custom_components.metering_hub.backends.dsmr_reader.backend import (
    DsmrReaderBackend,
)
from custom_components.metering_hub.metering.model import Kind, Point, Quantity, Reading
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.house import Channel, House
from simulators.server import serve

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

type Times = dict[datetime, float]
type Connect = Callable[[DsmrReaderSimulator], Awaitable[Past]]


def point(key: str) -> Point:
    """Return a point of this key; of a point, only the key counts here."""
    return Point(
        key=key, device_key="meter", quantity=Quantity.ENERGY, kind=Kind.REGISTER
    )


@dataclass
class Past:
    """A backend, its simulator, and what it tells."""

    backend: DsmrReaderBackend
    simulator: DsmrReaderSimulator

    async def read(
        self, keys: Sequence[str], start: datetime, end: datetime
    ) -> dict[str, Times]:
        """Return the readings by time, and hold every chunk against the contract."""
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
        """Return what the house's meter showed."""
        return self.simulator.house.register(CHANNELS[key], moment) / 1000

    def asked(self, path: str = "") -> int:
        """Return how often the server was asked, and forget it."""
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

        async def to(simulator: DsmrReaderSimulator) -> Past:
            url = await stack.enter_async_context(serve(simulator.app))
            settings = {"url": url, "api_key": KEY}
            backend = DsmrReaderBackend(session, settings, {}, clock=simulator.clock)
            await backend.inventory()
            simulator.faults.clear_requests()
            return Past(backend, simulator)

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
