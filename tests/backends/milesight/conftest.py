"""Fixtures: a backend in front of a simulated Beaver IoT whose time stands still."""

import asyncio
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Sequence,
)
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from aiohttp import ClientSession, TCPConnector
import pytest

from custom_components.metering_hub.backends.common import http
from custom_components.metering_hub.backends.milesight.auth import Credentials
from custom_components.metering_hub.backends.milesight.backend import MilesightBackend
from custom_components.metering_hub.backends.milesight.client import MilesightClient
from custom_components.metering_hub.backends.milesight.server import find_server
from custom_components.metering_hub.metering.inventory import Inventory
from custom_components.metering_hub.metering.model import Kind, Point, Reading
from simulators.faults import Json, MutateJson
from simulators.milesight import Entity, MilesightSimulator
from simulators.milesight.releases import HISTORY_OF_SEVERAL, parse_release
from simulators.server import serve
from tests.simulators.milesight.conftest import Clock, clock

LOGIN = {
    "username": "admin@example.com",
    "password": "Simulated-1",
    "client_id": "iab",
    "client_secret": "milesight*iab",
    "tenant": "default",
}
SETTINGS = {**LOGIN, "verify_ssl": True}

BATCH = "/entity/batch-get-status"
PAGES = "/entity/advanced-search"

type Values = dict[datetime, float]
type Changes = AsyncGenerator[frozenset[str]]


@dataclass
class Beaver:
    """A backend, its simulator, and where that is."""

    backend: MilesightBackend
    simulator: MilesightSimulator
    url: str
    session: ClientSession
    found: Inventory | None = None

    @property
    def clock(self) -> Clock:
        return clock(self.simulator)

    async def client(self) -> MilesightClient:
        """Return a client of the simulator that is not the backend's own."""
        server = await find_server(
            self.session, self.url, Credentials(**LOGIN), self.clock
        )
        return server.client

    async def inventory(self) -> Inventory:
        """Log in and return the inventory."""
        await self.backend.connect()
        self.found = await self.backend.inventory()
        return self.found

    def entity(self, device: str, identifier: str) -> Entity:
        """Return a simulated entity by its device's name and its own identifier."""
        return self.simulator.world.entity(device, identifier)

    def key(self, device: str, identifier: str) -> str:
        """Return the key of the point that an entity should be."""
        return point_key(self.entity(device, identifier).key)

    def point(self, inventory: Inventory, device: str, identifier: str) -> Point:
        return inventory.points[self.key(device, identifier)]

    async def points(self, places: Iterable[tuple[str, str]]) -> list[Point]:
        """Return the points of entities by device name and identifier."""
        inventory = await self.inventory()
        return [self.point(inventory, *place) for place in places]

    async def read(self, points: Iterable[Point]) -> dict[str, Reading]:
        """Return the readings of points, all of which the server must answer for."""
        remaining = list(points)
        readings: dict[str, Reading] = {}
        while True:
            latest = await self.backend.latest(remaining)
            assert not latest.failed
            readings |= latest.readings
            if not latest.pending:
                return readings
            remaining = [point for point in remaining if point.key in latest.pending]

    async def read_history(
        self, points: Sequence[Point], start: datetime, end: datetime
    ) -> dict[str, Values]:
        """Return all stored readings, and hold every chunk against the contract."""
        found: dict[str, Values] = {point.key: {} for point in points}
        until = start
        async for chunk in self.backend.history(points, start, end):
            assert chunk.until > until
            assert chunk.readings.keys() <= found.keys()
            for key, readings in chunk.readings.items():
                for reading in readings:
                    assert isinstance(reading.value, float)
                    # Before `until`, nothing comes after the chunk.
                    late = reading.time < until and reading.time not in found[key]
                    assert not late or reading.time < start
                    found[key][reading.time] = reading.value
            until = chunk.until
        assert until == end
        return found

    def requests(self) -> list[str]:
        """Return the paths of the requests since the last call, and forget them."""
        sent = self.simulator.faults.requests
        paths = [request.path.removeprefix("/api/v1") for request in sent]
        self.simulator.faults.clear_requests()
        return paths


def has_history_batches(version: str) -> bool:
    """Return True if a release returns the stored values of several entities."""
    return HISTORY_OF_SEVERAL.has(parse_release(version))


type Connect = Callable[..., Awaitable[Beaver]]


def point_key(entity_key: str) -> str:
    """Return the key of a point as the rules say, for keys of the simulator."""
    plain = "".join(c if c.isalnum() else "_" for c in entity_key.lower())
    return "_".join(part for part in plain.split("_") if part)


def shown(inventory: Inventory) -> list[Point]:
    """Return the points whose entities are enabled by default."""
    return [
        point
        for point in inventory.points.values()
        if point.enabled_default and point.kind is not Kind.ACTION
    ]


def rows_changed(**fields: Json) -> MutateJson:
    """Set fields of every row of a page."""

    def change(answer: Json) -> Json:
        assert isinstance(answer, dict)
        data = answer["data"]
        assert isinstance(data, dict)
        rows = data["content"]
        assert isinstance(rows, list)
        changed: list[Json] = [
            row | fields if isinstance(row, dict) else row for row in rows
        ]
        return answer | {"data": data | {"content": changed}}

    return MutateJson(change)


@asynccontextmanager
async def listening(beaver: Beaver) -> AsyncIterator[Changes]:
    """Poll all points, watch for changes, and wait until the connection stands."""
    assert beaver.found is not None
    points = beaver.found.points.values()
    await beaver.backend.latest([p for p in points if p.kind is not Kind.ACTION])
    changes = cast("Changes", beaver.backend.watch())
    try:
        hub = beaver.simulator.notifier
        first = asyncio.ensure_future(following(changes))
        # A subscription to the WebSocket is not acknowledged.
        await until(
            lambda: bool(hub.broker.subscriptions or hub.websocket.subscriptions)
        )
        is_proven_by_report = beaver.simulator.release == (1, 2, 2)
        if is_proven_by_report:
            await beaver.simulator.report_now("Laundry plug")
        assert bool(await first) is is_proven_by_report
        yield changes
    finally:
        await changes.aclose()


async def following(changes: Changes) -> frozenset[str]:
    """Return the next changes."""
    async with asyncio.timeout(5):
        return await anext(changes)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that the simulator does not announce."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  # There is no event to wait for.
            await asyncio.sleep(0.01)


@pytest.fixture
async def connect(
    socket_enabled: None, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Connect]:
    """Return a function that puts a backend in front of a simulator."""
    monkeypatch.setattr(http, "RETRY_DELAY", (0.0, 0.0))
    async with AsyncExitStack() as stack:
        # Like Home Assistant's own session if certificates are not checked.
        connector = TCPConnector(ssl=False)
        session = await stack.enter_async_context(ClientSession(connector=connector))

        async def put(simulator: MilesightSimulator, **changes: object) -> Beaver:
            url = await stack.enter_async_context(serve(simulator.app))
            settings = {**SETTINGS, "url": url, **changes}
            backend = MilesightBackend(session, settings, {}, clock=simulator.clock)
            return Beaver(backend, simulator, url, session)

        yield put
