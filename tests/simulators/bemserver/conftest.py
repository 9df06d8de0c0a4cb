"""The BEMServer simulator on a real socket, with a clock that stands still."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast
from urllib.parse import quote, urlencode

from aiohttp import ClientSession
import orjson
import pytest
from yarl import URL

from simulators.bemserver import DEFAULT_EMAIL, DEFAULT_PASSWORD, BemserverSimulator
from simulators.faults import Json
from simulators.server import serve

# The moment at which the captures were made.
NOW = datetime(2026, 11, 21, 2, 28, 23, tzinfo=UTC)
ADMIN = ("admin@example.com", "admin-pass-1")
OUTSIDER = ("outsider@example.com", "outsider-pass-1")

type Row = dict[str, Json]


@dataclass
class Clock:
    """A clock that tests set."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **spans: float) -> None:
        self.now += timedelta(**spans)


@dataclass
class Answer:
    """An answer as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Row:
        parsed = orjson.loads(self.body)
        assert isinstance(parsed, dict)
        return parsed

    @property
    def rows(self) -> list[Row]:
        parsed = orjson.loads(self.body)
        assert isinstance(parsed, list)
        return cast("list[Row]", parsed)

    @property
    def ids(self) -> list[int]:
        return [int(str(row["id"])) for row in self.rows]

    @property
    def points(self) -> dict[str, dict[str, float | None]]:
        """Return the values of timeseries_data, by label and time."""
        return cast("dict[str, dict[str, float | None]]", self.json)

    @property
    def errors(self) -> Json:
        """Return the errors of the query of a 422."""
        assert self.status == 422
        errors = self.json["errors"]
        assert isinstance(errors, dict)
        return errors["query"]


@dataclass
class Bem:
    """A client of a running simulator that is logged in as the reader."""

    simulator: BemserverSimulator
    clock: Clock
    session: ClientSession
    url: str
    token: str = ""
    renewal: str = ""
    headers: dict[str, str] = field(
        default_factory=lambda: {"Accept": "application/json"}
    )

    async def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str | None] | None = None,
        body: Json = None,
    ) -> Answer:
        """Send a request; a header that is None is left out."""
        sent = {**self.headers, "Authorization": f"Bearer {self.token}"}
        sent |= {**(headers or {})}  # type: ignore[arg-type]  # None is removed next.
        sent = {name: value for name, value in sent.items() if value is not None}
        url = URL(f"{self.url}{path}", encoded=True)
        async with self.session.request(
            method, url, headers=sent, json=body, allow_redirects=False
        ) as response:
            return Answer(response.status, response.headers, await response.read())

    async def get(self, path: str, **headers: str | None) -> Answer:
        """GET a path; underscores in the names of headers become dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.send("GET", path, named)

    async def log_in(
        self, email: str = DEFAULT_EMAIL, password: str = DEFAULT_PASSWORD
    ) -> Answer:
        """Log in and use the tokens, if there are any."""
        got = await self.send(
            "POST",
            "/auth/token",
            {"Authorization": None},
            {"email": email, "password": password},
        )
        if got.status == 200 and got.json["status"] == "success":
            self.token = str(got.json["access_token"])
            self.renewal = str(got.json["refresh_token"])
        return got

    async def refresh(self, token: str | None = None) -> Answer:
        """Request a new pair of tokens."""
        bearer = {"Authorization": f"Bearer {token or self.renewal}"}
        return await self.send("POST", "/auth/token/refresh", bearer)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bemserver(clock: Clock) -> BemserverSimulator:
    return BemserverSimulator(years=1.5, clock=clock)


@pytest.fixture
async def bem(
    socket_enabled: None, bemserver: BemserverSimulator, clock: Clock
) -> AsyncIterator[Bem]:
    """Serve the simulator and log in as the reader."""
    async with serve(bemserver.app) as url, ClientSession() as session:
        client = Bem(bemserver, clock, session, url)
        assert (await client.log_in()).status == 200
        yield client


def query(**parameters: datetime | int | str | list[int] | list[str]) -> str:
    """Return a query string: times in ISO 8601, lists repeated."""
    pairs = []
    for name, value in parameters.items():
        values = value if isinstance(value, list) else [value]
        for item in values:
            text = item.isoformat() if isinstance(item, datetime) else str(item)
            pairs.append((name, text))
    return urlencode(pairs, quote_via=quote)


def window(
    series: int | list[int],
    hours: float = 2,
    end: datetime = NOW,
    state: int = 2,
    **more: datetime | int | str | list[str],
) -> str:
    """Return the query for the points of some hours before a time."""
    start = end - timedelta(hours=hours)
    return query(
        timeseries=series, start_time=start, end_time=end, data_state=state, **more
    )
