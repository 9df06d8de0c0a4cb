"""Fixtures: a backend in front of a simulated Beaver IoT whose time stands still."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from aiohttp import ClientSession, TCPConnector
import pytest

from custom_components.metering_hub.backends.common import http
from custom_components.metering_hub.backends.milesight.backend import MilesightBackend
from custom_components.metering_hub.metering.model import Inventory, Point, Reading
from simulators.milesight import Entity, MilesightSimulator
from simulators.server import serve
from tests.simulators.milesight.conftest import Clock, clock

SETTINGS = {
    "username": "admin@example.com",
    "password": "Simulated-1",
    "client_id": "iab",
    "client_secret": "milesight*iab",
    "tenant": "default",
    "verify_ssl": True,
}


@dataclass
class Beaver:
    """A backend, its simulator, and where that is."""

    backend: MilesightBackend
    simulator: MilesightSimulator
    url: str

    @property
    def clock(self) -> Clock:
        return clock(self.simulator)

    async def inventory(self) -> Inventory:
        """Log in and look around."""
        await self.backend.connect()
        return await self.backend.inventory()

    def entity(self, device: str, identifier: str) -> Entity:
        """Return a simulated entity by its device's name and its own identifier."""
        return self.simulator.world.entity(device, identifier)

    def key(self, device: str, identifier: str) -> str:
        """Return the key of the point that an entity should be."""
        return point_key(self.entity(device, identifier).key)

    def point(self, inventory: Inventory, device: str, identifier: str) -> Point:
        return inventory.points[self.key(device, identifier)]

    async def read(self, points: Iterable[Point]) -> dict[str, Reading]:
        """Return the readings of points, all of which the server must answer for."""
        latest = await self.backend.latest(list(points))
        assert not latest.failed
        return dict(latest.readings)

    def asked(self) -> list[str]:
        """Return the paths that were asked for since the last call, and forget them."""
        requests = self.simulator.faults.requests
        paths = [request.path.removeprefix("/api/v1") for request in requests]
        self.simulator.faults.clear_requests()
        return paths


type Connect = Callable[..., Awaitable[Beaver]]


def point_key(entity_key: str) -> str:
    """Return the key of a point as the rules say, for keys of the simulator."""
    plain = "".join(c if c.isalnum() else "_" for c in entity_key.lower())
    return "_".join(part for part in plain.split("_") if part)


@pytest.fixture
async def connect(
    socket_enabled: None, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Connect]:
    """Return a function that puts a backend in front of a simulator."""
    monkeypatch.setattr(http, "RETRY_DELAY", (0.0, 0.0))
    async with AsyncExitStack() as stack:
        # Like Home Assistant's own where a person does not want certificates checked.
        connector = TCPConnector(ssl=False)
        session = await stack.enter_async_context(ClientSession(connector=connector))

        async def put(simulator: MilesightSimulator, **changes: object) -> Beaver:
            url = await stack.enter_async_context(serve(simulator.app))
            settings = {**SETTINGS, "url": url, **changes}
            backend = MilesightBackend(session, settings, {}, clock=simulator.clock)
            return Beaver(backend, simulator, url)

        yield put
