"""Fixtures for the DSMR-reader simulator: a fixed house, a server, a client."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

from aiohttp import ClientSession
import orjson
import pytest

from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.faults import Json
from simulators.house import House
from simulators.server import serve

KEY = "test-key"
# The moment at which most captures were made.
NOW = datetime(2026, 11, 21, 2, 33, 20, tzinfo=UTC)
START = datetime(2026, 3, 26, 23, 0, tzinfo=UTC)


@dataclass
class Got:
    """An answer as it came, and its body parsed where it is JSON."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Json]:
        """Return the body as an object."""
        parsed = orjson.loads(self.body)
        assert isinstance(parsed, dict)
        return parsed

    @property
    def rows(self) -> list[dict[str, Json]]:
        """Return the rows of a list."""
        results = self.json["results"]
        assert isinstance(results, list)
        return [row for row in results if isinstance(row, dict)]


@dataclass
class Api:
    """A client of a running simulator."""

    simulator: DsmrReaderSimulator
    session: ClientSession
    url: str

    async def get(
        self, path: str, method: str = "GET", headers: dict[str, str] | None = None
    ) -> Got:
        """Request a path below /api/v2/ with the right key (or other headers)."""
        sent = {"X-AUTHKEY": KEY} if headers is None else headers
        url = f"{self.url}/api/v2/{path}"
        async with self.session.request(method, url, headers=sent) as response:
            body = await response.read()
            return Got(response.status, dict(response.headers), body)


@pytest.fixture
def house() -> House:
    """Return a house with eight months of history."""
    return House(7, START)


@pytest.fixture
def simulator(house: House) -> DsmrReaderSimulator:
    """Return a simulator whose clock stands still."""
    return DsmrReaderSimulator(house, api_key=KEY, clock=lambda: NOW)


@pytest.fixture
async def api(
    socket_enabled: None, simulator: DsmrReaderSimulator
) -> AsyncIterator[Api]:
    """Serve the simulator on a real socket."""
    async with serve(simulator.app) as url, ClientSession() as session:
        yield Api(simulator, session, url)
