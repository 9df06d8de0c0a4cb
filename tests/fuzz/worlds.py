"""The four backends, each in front of a simulator whose answers an example mutates."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from random import Random

from aiohttp import ClientSession, TCPConnector, web

from custom_components.metering_hub.backends.base import Backend, Memory
from custom_components.metering_hub.backends.bemserver.backend import BemserverBackend
from custom_components.metering_hub.backends.besmart.backend import BesmartBackend
from custom_components.metering_hub.backends.dsmr_reader.backend import (
    DsmrReaderBackend,
)
from custom_components.metering_hub.backends.milesight.backend import MilesightBackend
from simulators.bemserver import DEFAULT_EMAIL, DEFAULT_PASSWORD, BemserverSimulator
from simulators.besmart import BesmartSimulator, default_sensors
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.faults import Fault, Faults
from simulators.house import House
from simulators.milesight import MilesightSimulator
from simulators.server import serve
from tests import captures

from .mutations import Mutator
from .watching import (
    FOCUSES,
    WATCHES,
    Answers,
    Findings,
    Mutating,
    Recorded,
    use,
    watched,
)

NOW = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)
START = NOW - timedelta(days=10)
LOGINS = ("token", "login", "oauth")
"""Parts of the paths of logins, which most examples spare to get further."""


@dataclass(frozen=True, slots=True)
class World:
    """A simulator's application and faults, and how to make a backend for its URL."""

    app: web.Application
    faults: Faults
    make: Callable[[ClientSession, str], Backend]
    recorded: Recorded = field(default_factory=dict)
    has_push: bool = False


def dsmr_reader() -> World:
    """Return the world of DSMR-reader."""
    simulator = DsmrReaderSimulator(
        House(7, START), api_key="key", clock=lambda: NOW, interval=60
    )
    return World(
        simulator.app,
        simulator.faults,
        lambda session, url: DsmrReaderBackend(
            session, {"url": url, "api_key": "key"}, {}, clock=lambda: NOW
        ),
        _bodies(captures.dsmr_reader()),
    )


def bemserver() -> World:
    """Return the world of BEMServer."""
    simulator = BemserverSimulator(1, 0.03, 0, clock=lambda: NOW)
    settings = {"email": DEFAULT_EMAIL, "password": DEFAULT_PASSWORD}
    return World(
        simulator.app,
        simulator.faults,
        lambda session, url: BemserverBackend(
            session, {**settings, "url": url}, {}, clock=lambda: NOW
        ),
        _bodies(captures.bemserver()),
    )


def besmart() -> World:
    """Return the world of besmart."""
    simulator = BesmartSimulator(
        sensors=default_sensors(3, START)[:2], clock=lambda: NOW
    )
    for sensor in simulator.sensors:
        sensor.signals = (32, 34, 53, 103)
    return World(
        simulator.app,
        simulator.faults,
        lambda session, url: BesmartBackend(
            session,
            {
                "url": f"{url}/api",
                "login": simulator.login,
                "password": simulator.password,
            },
            {},
            clock=lambda: NOW,
        ),
    )


def milesight(version: str = "1.3") -> World:
    """Return the world of a release of Beaver IoT."""
    simulator = MilesightSimulator(START, 7, 4, version=version, clock=lambda: NOW)
    # Whatever the server says of its broker, the login is accepted.
    simulator.notifier.broker.accepts_all = True
    settings = {
        "username": "admin@example.com",
        "password": "Simulated-1",
        "client_id": "iab",
        "client_secret": "milesight*iab",
        "tenant": "default",
        "verify_ssl": True,
    }
    return World(
        simulator.app,
        simulator.faults,
        lambda session, url: MilesightBackend(
            session, {**settings, "url": url}, {}, clock=lambda: NOW
        ),
        has_push=True,
    )


def _bodies(found: Iterable[captures.Capture]) -> Recorded:
    """Return the recorded JSON of successful answers by path."""
    bodies: dict[str, list[bytes]] = {}
    for each in found:
        is_json = each.body[:1] in (b"[", b"{")
        if each.status == HTTPStatus.OK and each.method == "GET" and is_json:
            bodies.setdefault(each.path, []).append(each.body)
    return bodies


WORLDS: Mapping[str, Callable[[], World]] = {
    "dsmr_reader": dsmr_reader,
    "bemserver": bemserver,
    "besmart": besmart,
    "milesight": milesight,
    "milesight_1_0": lambda: milesight("1.0.0"),
    "milesight_1_2_5": lambda: milesight("1.2.5"),
}


class Running:
    """A world that is served, in which examples are tried one after the other."""

    def __init__(self, world: World, session: ClientSession, url: str) -> None:
        """Initialize with an address."""
        self._world = world
        self._session = session
        self._url = url
        self._answers: Answers = {}

    async def attempt(self, seed: int) -> Findings:
        """Try the example of a seed; the same one does the same things."""
        random = Random(seed)
        mutator = Mutator(random, [])
        findings = Findings(mutator)
        mutating = Mutating(
            mutator,
            self._answers,
            random.choice((0.2, 0.5, 1.0)),
            random.randrange(20),
            () if random.random() < 0.15 else LOGINS,
            self._world.recorded,
            random.choice((1, 1, 2, 4, None)),
            random.randrange(FOCUSES) if random.random() < 0.5 else None,
        )
        has_history = random.random() < 0.4
        watches = 1
        if self._world.has_push and random.random() < 0.2:
            mutating.is_push_only, mutating.share, mutating.most = True, 1.0, None
            has_history, watches = False, WATCHES
        self._world.faults.clear()
        self._world.faults.add(Fault(mutating))
        async with watched(findings):
            backend = self._world.make(self._session, self._url)
            await use(backend, findings, NOW, has_history=has_history, watches=watches)
        return findings

    async def learn(self) -> Memory:
        """Return what a backend remembers after it was used without any fault."""
        self._world.faults.clear()
        backend = self._world.make(self._session, self._url)
        await use(backend, Findings(Mutator(Random(), [])), NOW)
        return backend.remember()


@asynccontextmanager
async def running(name: str) -> AsyncIterator[Running]:
    """Serve a world."""
    world = WORLDS[name]()
    async with (
        ClientSession(connector=TCPConnector(ssl=False)) as session,
        serve(world.app) as url,
    ):
        yield Running(world, session, url)
