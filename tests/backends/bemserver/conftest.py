"""Fixtures: a backend in front of a simulated campus, with a clock that tests set."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiohttp import ClientSession
import pytest

from custom_components.metering_hub.backends.base import Latest
from custom_components.metering_hub.backends.bemserver.backend import BemserverBackend
from custom_components.metering_hub.backends.common import http
from custom_components.metering_hub.metering.model import Inventory, Point, Reading
from simulators.bemserver import DEFAULT_EMAIL, DEFAULT_PASSWORD, BemserverSimulator
from simulators.server import serve
from tests.simulators.bemserver.conftest import Clock

NOW = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)


@dataclass
class Campus:
    """A backend, its simulator, and the inventory that it gave last."""

    backend: BemserverBackend
    simulator: BemserverSimulator
    clock: Clock
    inventory: Inventory = field(default_factory=lambda: Inventory({}, {}))

    def point(self, key: str) -> Point:
        return self.inventory.points[key]

    def series(self) -> list[Point]:
        """Return the points of series."""
        return [
            point
            for key, point in self.inventory.points.items()
            if key.startswith("timeseries_")
        ]

    async def look(self) -> Inventory:
        self.inventory = await self.backend.inventory()
        return self.inventory

    async def poll(self, *keys: str) -> Latest:
        points = [self.point(key) for key in keys] if keys else self.series()
        return await self.backend.latest(points)

    async def past(
        self, keys: Sequence[str], start: datetime, end: datetime | None = None
    ) -> dict[str, list[Reading]]:
        """Return all readings of the past, and hold every chunk to the contract."""
        found: dict[str, list[Reading]] = {key: [] for key in keys}
        points = [self.point(key) for key in keys]
        until = start
        end = end or self.clock()
        async for chunk in self.backend.history(points, start, end):
            assert until < chunk.until <= end
            until = chunk.until
            for key, readings in chunk.readings.items():
                times = [reading.time for reading in readings]
                assert times == sorted(times)
                found[key] += readings
        return found

    def asked(self, path: str = "") -> int:
        """Return how often the server was asked, and forget it."""
        number = self.simulator.faults.count(path)
        self.simulator.faults.clear_requests()
        return number


type Connect = Callable[..., Awaitable[Campus]]


@pytest.fixture(autouse=True)
def short_retry_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "RETRY_DELAY", (0.0, 0.001))


@pytest.fixture
async def connect(socket_enabled: None) -> AsyncIterator[Connect]:
    """Return a function that serves a simulator and connects a backend to it."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(ClientSession())

        async def to(
            *, years: float = 0.03, series: int = 0, **options: list[str]
        ) -> Campus:
            clock = Clock(NOW)
            simulator = BemserverSimulator(1, years, series, clock=clock)
            url = await stack.enter_async_context(serve(simulator.app))
            settings = {
                "url": url,
                "email": DEFAULT_EMAIL,
                "password": DEFAULT_PASSWORD,
            }
            backend = BemserverBackend(session, settings, {**options}, clock=clock)
            campus = Campus(backend, simulator, clock)
            await backend.connect()
            return campus

        yield to


@pytest.fixture
async def campus(connect: Connect) -> Campus:
    """Return a campus whose inventory was read, and nothing else."""
    campus = await connect()
    await campus.look()
    campus.simulator.faults.clear_requests()
    return campus
