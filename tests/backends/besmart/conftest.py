"""Fixtures: a backend and a simulated besmart with a clock that tests move."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from aiohttp import ClientSession
import pytest

from custom_components.metering_hub.backends.base import Latest
from custom_components.metering_hub.backends.besmart.backend import BesmartBackend
from custom_components.metering_hub.backends.besmart.client import BesmartClient
from custom_components.metering_hub.backends.besmart.models import (
    SensorId,
    SignalId,
    SignalType,
)
from custom_components.metering_hub.backends.besmart.points import Learned, make_point
from custom_components.metering_hub.backends.common import http
from custom_components.metering_hub.metering.inventory import Inventory
from custom_components.metering_hub.metering.model import Kind, Point, Reading
from custom_components.metering_hub.metering.point_settings import PointSettings
from simulators.besmart import (
    CLIENT,
    HOUSE_MID,
    BesmartSimulator,
    Sensor,
    default_sensors,
)
from simulators.besmart.sensors import Meter
from simulators.server import serve

NOW = datetime(2026, 11, 21, 17, 33, 20, tzinfo=UTC)
START = NOW.replace(hour=0, minute=0, second=0) - timedelta(days=40)
LATEST = NOW.replace(minute=15, second=0)
QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)
ALWAYS = datetime.max.replace(tzinfo=UTC)
HOUSE = SensorId(CLIENT, HOUSE_MID)
HOUSE_TEXT = str(HOUSE)
HOUSE_KEY = f"sensor_{CLIENT}_{HOUSE_MID}"
SIGNALS = (32, 34, 53, 103)

TEN = (32, 34, 36, 38, 40, 42, 44, 46, 53, 103)
DATA_ENDINGS = ("/data", "/data/v2")

UNKNOWN_TYPE = SignalType(
    moid=451,
    symbol="X",
    description="Coś nowego",
    unit="kW.h",
    is_incremental=None,
    obis=None,
)

both_editions = pytest.mark.parametrize("edition", ["2021", "2026"])


def key(moid: int, mid: int = HOUSE_MID) -> str:
    """Return the key of a signal's point."""
    return f"sensor_{CLIENT}_{mid}_signal_{moid}"


def signal_point(
    moid: int,
    type_: SignalType | None = None,
    unit: str | None = None,
    verdict: Kind | None = None,
    worded: Kind | None = None,
    said: PointSettings | None = None,
) -> Point:
    """Return the point of a signal of sensor 1.2."""
    return make_point(
        SignalId(SensorId(1, 2), moid),
        type_,
        Learned(unit=unit, verdict=verdict, worded=worded),
        said or PointSettings(),
        used_names=set(),
    )


@dataclass
class Clock:
    """A clock that tests move."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now

    def pass_(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)


@dataclass
class Bench:
    """A simulator, and how to connect to it."""

    simulator: BesmartSimulator
    clock: Clock
    session: ClientSession
    url: str
    options: dict[str, list[str]] = field(default_factory=dict)

    @property
    def house(self) -> Sensor:
        """Return the sensor that most tests use."""
        return self.simulator.sensor(HOUSE_MID)

    def backend(self) -> BesmartBackend:
        """Return a new backend, as after a restart."""
        settings = {
            "url": self.url,
            "login": self.simulator.login,
            "password": self.simulator.password,
        }
        return BesmartBackend(self.session, settings, self.options, clock=self.clock)

    def client(self, workspace_key: str | None = None) -> BesmartClient:
        """Return a new client."""
        credentials = self.simulator.login, self.simulator.password
        return BesmartClient(
            self.session, self.url, credentials, workspace_key, clock=self.clock
        )

    def true(self, moid: int, at: datetime = LATEST) -> float:
        """Return the true value of the house's meter."""
        return self.simulator.shown(self.house, moid, at)

    def count(self, path: str) -> int:
        """Return how many requests had this path."""
        return sum(r.path == path for r in self.simulator.faults.requests)

    def asked(self, *endings: str) -> int:
        """Return how many requests had a path with these endings, and clear them.

        Without endings, those for data are counted.
        """
        requests = list(self.simulator.faults.requests)
        self.simulator.faults.clear_requests()
        endings = endings or DATA_ENDINGS
        return sum(request.path.endswith(endings) for request in requests)


def add_meters(
    bench: Bench, count: int, signals: tuple[int, ...] = TEN
) -> list[Sensor]:
    """Let there be so many meters with these signals, and return them."""
    first = bench.house
    first.signals = signals
    others = [
        Sensor(
            HOUSE_MID + number,
            f"Dom {number}",
            signals,
            first.house,
            meters=[Meter(START, {}, number)],
        )
        for number in range(1, count)
    ]
    bench.simulator.sensors[:] = [first, *others]
    return bench.simulator.sensors


type MakeBench = Callable[..., Awaitable[Bench]]


@pytest.fixture(autouse=True)
def short_retry_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retry without a delay."""
    monkeypatch.setattr(http, "RETRY_DELAY", (0.0, 0.001))


@pytest.fixture
async def make_bench(socket_enabled: None) -> AsyncIterator[MakeBench]:
    """Return a function that serves a simulator with some settings."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(ClientSession())

        async def make(**knobs: object) -> Bench:
            """Serve a simulator with some settings."""
            clock = Clock()
            knobs = {
                "sensors": default_sensors(3, START)[:1],
                "delay": QUARTER,
                **knobs,
            }
            simulator = BesmartSimulator(clock=clock, **knobs)  # type: ignore[arg-type]  # Checked by the tests.
            simulator.sensors[0].signals = SIGNALS
            url = await stack.enter_async_context(serve(simulator.app))
            return Bench(simulator, clock, session, f"{url}/api")

        yield make


@pytest.fixture
async def bench(make_bench: MakeBench, edition: str) -> Bench:
    """Return a bench with a house of a few signals."""
    return await make_bench(edition=edition)


@pytest.fixture
def edition() -> str:
    """Return the server's edition; `both_editions` lets a test run with each."""
    return "2026"


async def latest(backend: BesmartBackend, inventory: Inventory) -> Latest:
    """Return the latest readings of all points."""
    return await backend.latest(list(inventory.points.values()))


async def history_points(
    backend: BesmartBackend, *moids: int
) -> tuple[list[Point], list[Point]]:
    """Return the points of some signals, and all points that have a history."""
    points = (await backend.inventory()).points
    with_history = [point for point in points.values() if point.has_history]
    return [points[key(moid)] for moid in moids], with_history


async def read_history(
    backend: BesmartBackend, points: Sequence[Point], start: datetime, end: datetime
) -> Mapping[str, list[Reading]]:
    """Return all readings of a span, and check that chunks keep to the contract."""
    found: dict[str, list[Reading]] = {point.key: [] for point in points}
    until = start
    async for chunk in backend.history(points, start, end):
        for name, readings in chunk.readings.items():
            times = [reading.time for reading in readings]
            assert times == sorted(times)
            assert all(until <= time <= end for time in times)
            found[name] += readings
        assert until < chunk.until <= end
        until = chunk.until
    assert until == end
    return found
