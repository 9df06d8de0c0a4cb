"""The servers that are simulated, and what the program knows of each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from aiohttp import web

from custom_components.metering_hub.backends import BACKENDS
from custom_components.metering_hub.backends.base import BackendSpec, Settings
from custom_components.metering_hub.history.statistic import Scope
from custom_components.metering_hub.metering.inventory import Inventory
from custom_components.metering_hub.metering.model import Kind, Point
from simulators import bemserver, besmart, dsmr_reader, milesight
from simulators.bemserver.store import Gap
from simulators.dsmr_reader.knobs import Late
from simulators.faults import Faults
from simulators.house import House

from .clock import START, now

PORT = 8080
URL = f"http://server:{PORT}"
DAYS = 6
"""Days of history: more than most imports read again."""
SEED = 7

GAP = START - timedelta(hours=60), START - timedelta(hours=51)
"""The hours of which two servers have no reading, so that they are estimated."""

type Simulator = (
    bemserver.BemserverSimulator
    | besmart.BesmartSimulator
    | dsmr_reader.DsmrReaderSimulator
    | milesight.MilesightSimulator
)


@dataclass(frozen=True, kw_only=True)
class World:
    """A backend and its server.

    Polls come every `poll` seconds. All readings of an hour have arrived `lag` after
    its end. At most so many `requests` are sent in ten minutes.
    """

    key: str
    make: Callable[[], Simulator]
    settings: Settings
    options: Mapping[str, list[str]] = field(default_factory=dict)
    poll: float
    lag: timedelta
    requests: int
    points: int = 6

    @property
    def spec(self) -> BackendSpec:
        """Return the spec of the backend."""
        return BACKENDS[self.key]

    def chosen(self, inventory: Inventory) -> list[Point]:
        """Return the points that are polled and imported."""
        kinds: dict[Kind, list[Point]] = {}
        for key in sorted(inventory.points):
            point = inventory.points[key]
            if point.has_history and point.enabled_default:
                kinds.setdefault(point.kind, []).append(point)
        counted = [*kinds.get(Kind.REGISTER, ()), *kinds.get(Kind.INTERVAL, ())]
        return [*counted[: self.points], *kinds.get(Kind.INSTANT, ())[:1]]

    def scope(self, points: list[Point]) -> Scope:
        """Return what is imported."""
        return Scope(
            points=points,
            prefix=f"metering_hub:{self.key}_simulated_",
            names={point.key: point.key for point in points},
            start=None,
        )


def _dsmr_reader() -> Simulator:
    house = House(SEED, START - timedelta(days=DAYS))
    simulator = dsmr_reader.DsmrReaderSimulator(house, clock=now, interval=900)
    simulator.late.append(Late(*GAP, arrives=START + timedelta(days=365)))
    return simulator


def _besmart() -> Simulator:
    return besmart.BesmartSimulator(
        edition="2026",
        clock=now,
        sensors=besmart.default_sensors(SEED, START - timedelta(days=DAYS)),
        delay=timedelta(minutes=15),
    )


def _bemserver() -> Simulator:
    simulator = bemserver.BemserverSimulator(1, DAYS / 365, clock=now)
    simulator.gaps.append(Gap(*GAP))
    return simulator


def _milesight() -> Simulator:
    return milesight.MilesightSimulator(
        version="1.3",
        clock=now,
        start=START - timedelta(days=DAYS),
        seed=SEED,
        device_count=6,
        mqtt_port=None,
        websocket_port=None,
        push=False,
    )


WORLDS: Mapping[str, World] = {
    world.key: world
    for world in (
        World(
            key="dsmr_reader",
            make=_dsmr_reader,
            settings={
                "url": URL,
                "api_key": dsmr_reader.DEFAULT_KEY,
                "verify_ssl": True,
            },
            poll=300,
            lag=timedelta(minutes=30),
            requests=300,
        ),
        World(
            key="besmart",
            make=_besmart,
            settings={
                "url": f"{URL}/api",
                "login": besmart.DEFAULT_LOGIN,
                "password": besmart.DEFAULT_PASSWORD,
            },
            poll=300,
            lag=timedelta(minutes=45),
            requests=300,
        ),
        World(
            key="bemserver",
            make=_bemserver,
            settings={
                "url": URL,
                "email": bemserver.DEFAULT_EMAIL,
                "password": bemserver.DEFAULT_PASSWORD,
                "verify_ssl": True,
            },
            poll=300,
            lag=timedelta(minutes=45),
            requests=300,
        ),
        World(
            key="milesight",
            make=_milesight,
            settings={
                "url": URL,
                "username": milesight.DEFAULT_USERNAME,
                "password": milesight.DEFAULT_PASSWORD,
                "client_id": "iab",
                "client_secret": "milesight*iab",
                "tenant": "default",
                "verify_ssl": True,
            },
            poll=300,
            lag=timedelta(minutes=45),
            requests=300,
        ),
    )
}


class Server:
    """The application of a simulator, with its requests counted."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._runner: web.AppRunner | None = None
        self.requests: list[float] = []

    @property
    def faults(self) -> Faults:
        """Return the faults of the server's answers."""
        return self._simulator.faults

    async def start(self) -> None:
        """Listen; a server that crashed and came back does so again."""
        app = self._simulator.app
        app.on_response_prepare.append(self._date)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "0.0.0.0", PORT).start()  # noqa: S104 simulated

    async def _date(self, _: web.Request, response: web.StreamResponse) -> None:
        self.requests.append((now() - START).total_seconds())
        if "Date" not in response.headers:
            response.headers["Date"] = now().strftime("%a, %d %b %Y %H:%M:%S GMT")
