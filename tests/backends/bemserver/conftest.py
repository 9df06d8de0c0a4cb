"""Fixtures: a backend in front of a simulated campus, with a clock that tests set."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from aiohttp import ClientSession, TraceConfig, TraceResponseChunkReceivedParams
import pytest

from custom_components.metering_hub.backends.base import Latest, Memory
from custom_components.metering_hub.backends.bemserver.backend import BemserverBackend
from custom_components.metering_hub.backends.common import http
from custom_components.metering_hub.metering.inventory import Inventory
from custom_components.metering_hub.metering.model import Point, Reading
from simulators.bemserver import DEFAULT_EMAIL, DEFAULT_PASSWORD, BemserverSimulator
from simulators.server import serve
from tests.simulators.bemserver.conftest import Clock

NOW = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)


@dataclass
class Campus:
    """A backend, its simulator, and the inventory that was read last."""

    backend: BemserverBackend
    simulator: BemserverSimulator
    clock: Clock
    make_backend: Callable[[], BemserverBackend]
    traffic: Counter[str]
    inventory: Inventory = field(default_factory=lambda: Inventory({}, {}))
    polled: dict[tuple[str, ...], list[Point]] = field(default_factory=dict)

    def point(self, key: str) -> Point:
        """Return a point of the inventory."""
        return self.inventory.points[key]

    def series(self) -> list[Point]:
        """Return the points of series."""
        return [
            point
            for key, point in self.inventory.points.items()
            if key.startswith("timeseries_")
        ]

    async def restart(self, memory: Memory | None = None) -> None:
        """Connect a new backend with a memory, by default that of the old one."""
        memory = self.backend.remember() if memory is None else memory
        self.backend = self.make_backend()
        self.backend.restore(memory)
        await self.backend.connect()

    async def read_inventory(self) -> Inventory:
        """Read the inventory and return it."""
        self.inventory = await self.backend.inventory()
        self.polled.clear()
        return self.inventory

    async def poll(self, *keys: str) -> Latest:
        """Read the latest values of these points, or of all series.

        As in Home Assistant, all polls of the same points have the same list of them.
        """
        points = [self.point(key) for key in keys] if keys else self.series()
        return await self.backend.latest(self.polled.setdefault(keys, points))

    async def history(
        self, keys: Sequence[str], start: datetime, end: datetime | None = None
    ) -> dict[str, list[Reading]]:
        """Return the history of points, and check that chunks are in order."""
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

    def count_bytes(self) -> int:
        """Return the bytes of answers since the last call."""
        return self.traffic.pop("bytes", 0)

    def count_requests(self, path: str = "") -> int:
        """Return the number of requests since the last call."""
        number = self.simulator.faults.count(path)
        self.simulator.faults.clear_requests()
        return number


async def count_chunk(
    traffic: Counter[str],
    _session: ClientSession,
    _context: object,
    params: TraceResponseChunkReceivedParams,
) -> None:
    """Count the bytes of an answer."""
    traffic["bytes"] += len(params.chunk)


type Connect = Callable[..., Awaitable[Campus]]


@pytest.fixture(autouse=True)
def short_retry_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeat failed requests without waiting."""
    monkeypatch.setattr(http, "RETRY_DELAY", (0.0, 0.001))


@pytest.fixture
async def connect(socket_enabled: None) -> AsyncIterator[Connect]:
    """Return a function that serves a simulator and connects a backend to it."""
    async with AsyncExitStack() as stack:
        traffic, trace = Counter[str](), TraceConfig()
        trace.on_response_chunk_received.append(partial(count_chunk, traffic))
        session = await stack.enter_async_context(ClientSession(trace_configs=[trace]))

        async def to(
            *, years: float = 0.03, series: int = 0, **options: list[str]
        ) -> Campus:
            """Serve a simulator and connect to it; `options` are set-up fields."""
            clock = Clock(NOW)
            simulator = BemserverSimulator(1, years, series, clock=clock)
            url = await stack.enter_async_context(serve(simulator.app))
            settings = {
                "url": url,
                "email": DEFAULT_EMAIL,
                "password": DEFAULT_PASSWORD,
            }

            def make_backend() -> BemserverBackend:
                """Return a backend that is not connected yet."""
                return BemserverBackend(session, settings, {**options}, clock=clock)

            campus = Campus(make_backend(), simulator, clock, make_backend, traffic)
            await campus.backend.connect()
            return campus

        yield to


@pytest.fixture
async def campus(connect: Connect) -> Campus:
    """Return a campus whose inventory has been read, and nothing else."""
    campus = await connect()
    await campus.read_inventory()
    campus.simulator.faults.clear_requests()
    return campus


async def connect_and_poll(connect: Connect, series: int) -> Campus:
    """Return a campus with so many series that has been polled twice."""
    campus = await connect(series=series)
    await campus.read_inventory()
    await campus.poll()
    campus.clock.forward(minutes=1)
    await campus.poll()
    campus.count_requests()
    return campus
