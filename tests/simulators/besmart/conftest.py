"""Fixtures for the besmart simulator: a stopped clock, a socket, a client."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aiohttp import ClientSession
import orjson
import pytest

from simulators.besmart import HOUSE_MID, BesmartSimulator, Sensor, default_sensors
from simulators.faults import Json
from simulators.server import serve
from simulators.times import epoch

NOW = datetime(2026, 11, 21, 2, 33, 20, tzinfo=UTC)
START = datetime(2026, 3, 26, 23, 0, tzinfo=UTC)

type Row = dict[str, Json]


@dataclass(frozen=True)
class Reply:
    """An answer; `json` is its body."""

    status: int
    content_type: str
    json: Json

    @property
    def row(self) -> Row:
        """Return the body as an object."""
        assert isinstance(self.json, dict)
        return self.json

    @property
    def rows(self) -> list[Row]:
        """Return the body as a list of objects."""
        return objects(self.json)


@dataclass(frozen=True)
class Point:
    """A sample in an answer of any shape."""

    time: Json
    value: Json
    type: Json
    origin: Json


@dataclass
class BesmartApi:
    """A simple client of a running simulator."""

    simulator: BesmartSimulator
    session: ClientSession
    url: str
    token: str = ""

    @property
    def house(self) -> Sensor:
        """Return the sensor with most signals."""
        return self.simulator.sensor(HOUSE_MID)

    async def ask(
        self,
        path: str,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        body: Json | bytes = b"",
        **query: int | str,
    ) -> Reply:
        """Request a path below /api/, with the token unless there are headers."""
        sent = {"Authorization": f"Bearer {self.token}"} if headers is None else headers
        async with self.session.request(
            method,
            f"{self.url}/api/{path}",
            headers=sent,
            data=body if isinstance(body, bytes) else orjson.dumps(body),
            params=query,
        ) as response:
            raw = await response.read()
            return Reply(response.status, response.content_type, orjson.loads(raw))

    async def log_in(self, **headers: str) -> Reply:
        """Log in with the right credentials and keep the token."""
        body: Json = {"login": self.simulator.login, "password": "right"}
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        reply = await self.ask("users/token", "POST", headers=sent, body=body)
        if reply.status == 200:
            self.token = str(reply.row["token"])
        return reply

    async def get_data(
        self,
        start: datetime,
        end: datetime,
        moid: int = 32,
        sensor: Sensor | None = None,
        **query: int | str,
    ) -> Reply:
        """Request the data of [start, end), of the house by default."""
        return await self.ask(
            data_path(sensor or self.house, moid),
            since=epoch(start) * 1000,
            till=epoch(end) * 1000,
            **query,
        )

    async def points(
        self,
        start: datetime,
        end: datetime,
        moid: int = 32,
        sensor: Sensor | None = None,
        **query: int | str,
    ) -> list[Point]:
        """Return the samples of [start, end)."""
        return points((await self.get_data(start, end, moid, sensor, **query)).row)


def objects(value: Json) -> list[Row]:
    """Return a list of objects, checked to be one."""
    assert isinstance(value, list)
    rows = [row for row in value if isinstance(row, dict)]
    assert len(rows) == len(value)
    return rows


def data_path(sensor: Sensor, moid: int) -> str:
    return f"sensors/{sensor.client_cid}.{sensor.sensor_mid}/signals/{moid}/data"


def points(answer: Row) -> list[Point]:
    """Return the samples of an answer with rows or columns."""
    data = answer["data"]
    if isinstance(data, list):
        names = ("time", "value", "type", "origin")
        return [Point(*(row.get(name) for name in names)) for row in objects(data)]
    assert isinstance(data, dict)
    columns = []
    for name in ("time", "value", "type", "origin"):
        column = data[name]
        assert isinstance(column, list)
        columns.append(column)
    return [Point(*row) for row in zip(*columns, strict=True)]


def ms(at: datetime) -> int:
    return epoch(at) * 1000


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


@pytest.fixture
def besmart() -> BesmartSimulator:
    """Return a simulator of today's edition with eight months of history."""
    return BesmartSimulator(
        password="right", sensors=default_sensors(7, START), clock=lambda: NOW
    )


@pytest.fixture
async def besmart_api(
    socket_enabled: None, besmart: BesmartSimulator
) -> AsyncIterator[BesmartApi]:
    """Serve the simulator on a real socket and log in."""
    async with serve(besmart.app) as url, ClientSession() as session:
        api = BesmartApi(besmart, session, url)
        assert (await api.log_in()).status == 200
        besmart.faults.clear_requests()
        yield api
