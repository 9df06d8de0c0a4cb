"""A client of the Beaver IoT simulator that shares no code with it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from aiohttp import ClientResponse, ClientSession
import orjson

from simulators.faults import Json
from simulators.milesight import MilesightSimulator, User
from simulators.server import serve

NOW = datetime(2026, 11, 21, 2, 33, 20, tzinfo=UTC)
START = datetime(2025, 9, 3, 11, 7, 40, tzinfo=UTC)
VERSIONS = ("1.0.0", "1.1", "1.2.1", "1.2.3", "1.2.5", "1.3.0", "1.3.1")

type Object = dict[str, Json]


@dataclass
class Clock:
    """A clock that tests set."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **parts: float) -> None:
        self.now += timedelta(**parts)


def build(
    version: str = "1.3",
    *,
    count: int = 24,
    user: User | None = None,
    grouped: bool = False,
) -> MilesightSimulator:
    """Return a simulator whose clock the test sets."""
    return MilesightSimulator(
        START,
        7,
        count,
        grouped=grouped,
        version=version,
        clock=Clock(),
        user=user or User(),
    )


def clock(simulator: MilesightSimulator) -> Clock:
    assert isinstance(simulator.clock, Clock)
    return simulator.clock


@dataclass
class Got:
    """An answer: its status, headers and body."""

    status: int
    content_type: str
    body: bytes

    @property
    def json(self) -> Object:
        parsed = orjson.loads(self.body)
        assert isinstance(parsed, dict)
        return parsed

    @property
    def data(self) -> Json:
        assert self.status == 200, self.body
        assert self.json["status"] == "Success"
        return self.json["data"]

    @property
    def object(self) -> Object:
        data = self.data
        assert isinstance(data, dict)
        return data

    @property
    def rows(self) -> list[Object]:
        """Return the content of a page, or a list."""
        data = self.data
        content = data["content"] if isinstance(data, dict) else data
        assert isinstance(content, list)
        return [row for row in content if isinstance(row, dict)]

    @property
    def error(self) -> tuple[int, Json]:
        assert self.json["status"] == "Failed"
        return self.status, self.json["error_code"]


@dataclass
class Api:
    """A client of a server."""

    session: ClientSession
    url: str
    prefix: str = "/api/v1"
    headers: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str, **headers: str) -> Got:
        return await self.request("GET", path, headers=headers)

    async def post(self, path: str, body: Json = None, **headers: str) -> Got:
        sent = orjson.dumps({} if body is None else body)
        kind = {"Content-Type": "application/json"}
        return await self.request("POST", path, data=sent, headers=kind | headers)

    async def put(self, path: str, body: Json) -> Got:
        kind = {"Content-Type": "application/json"}
        return await self.request("PUT", path, data=orjson.dumps(body), headers=kind)

    async def request(
        self,
        method: str,
        path: str,
        *,
        data: bytes | dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Got:
        url = f"{self.url}{self.prefix}/{path}"
        sent = self.headers | (headers or {})
        async with self.session.request(method, url, data=data, headers=sent) as got:
            return await answer(got)

    async def token(self, tenant: str | None = None, **form: str) -> Got:
        """Request tokens; form fields default to valid ones."""
        fields = {
            "grant_type": "password",
            "client_id": "iab",
            "client_secret": "milesight*iab",
        }
        if "refresh_token" not in form:
            fields["username"] = "admin@example.com"
            fields["password"] = "Simulated-1"
        headers = {} if tenant is None else {"TENANT-ID": tenant}
        return await self.request(
            "POST", "oauth2/token", data=fields | form, headers=headers
        )

    async def login(self, **form: str) -> Object:
        tokens = (await self.token(**form)).object
        self.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        return tokens


@dataclass(kw_only=True)
class Beaver(Api):
    """A client of a simulator in this process."""

    simulator: MilesightSimulator


async def answer(response: ClientResponse) -> Got:
    return Got(response.status, response.content_type, await response.read())


@asynccontextmanager
async def beaver(
    simulator: MilesightSimulator | None = None,
) -> AsyncIterator[Beaver]:
    """Serve a simulator on a real socket and log in to it."""
    running = simulator or build()
    async with serve(running.app) as url, ClientSession() as session:
        prefix = "/api/v1" if running.nginx else ""
        client = Beaver(session, url, prefix, simulator=running)
        await client.login()
        yield client
