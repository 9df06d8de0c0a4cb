"""One home with all four backends: a simulator of each, and its config entry."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from freezegun.api import FrozenDateTimeFactory
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.backends.milesight.push_mqtt import CLOSING
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from simulators import bemserver, besmart, dsmr_reader, milesight
from simulators.house import House
from simulators.server import serve

DOMAIN = "metering_hub"
DAYS = 2
API_KEY = "4f1e9c0d7b6a5832"
POLL: Mapping[str, float] = {
    "bemserver": 60,
    "besmart": 300,
    "dsmr_reader": 60,
    "milesight": 30,
}
"""The usual interval of each backend in seconds, after which failures are repeated."""

LOGIN = "anna"
PASSWORD = "correct horse"

type Simulator = (
    bemserver.BemserverSimulator
    | besmart.BesmartSimulator
    | dsmr_reader.DsmrReaderSimulator
    | milesight.MilesightSimulator
)


def simulators(now: datetime) -> dict[str, Simulator]:
    """Return a simulator of each backend, with a few days of history before `now`."""
    start = now.replace(minute=0) - timedelta(days=DAYS)
    clock = dt_util.utcnow
    return {
        "bemserver": bemserver.BemserverSimulator(1, DAYS / 365, clock=clock),
        "besmart": besmart.BesmartSimulator(
            edition="2026",
            login=LOGIN,
            password=PASSWORD,
            clock=clock,
            sensors=besmart.default_sensors(7, start),
            delay=timedelta(minutes=15),
        ),
        "dsmr_reader": dsmr_reader.DsmrReaderSimulator(
            House(7, start), api_key=API_KEY, clock=clock, interval=300
        ),
        "milesight": milesight.MilesightSimulator(
            version="1.3", clock=clock, start=start, seed=7, device_count=6
        ),
    }


@asynccontextmanager
async def four_servers(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, now: datetime
) -> AsyncIterator[dict[str, str]]:
    """Serve the simulators, and yield the host and port of each."""
    async with serving(hass, freezer, simulators(now)) as hosts:
        yield hosts


@asynccontextmanager
async def serving(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    chosen: Mapping[str, Simulator],
) -> AsyncIterator[dict[str, str]]:
    """Serve these simulators, and yield the host and port of each."""

    async def let_time_pass() -> None:
        while True:
            freezer.tick(0.1)
            await asyncio.sleep(0)

    async with AsyncExitStack() as stack:
        yield {
            key: urlsplit(await stack.enter_async_context(serve(simulator.app))).netloc
            for key, simulator in chosen.items()
        }
        # Pushing servers wait a moment for clients that hang up, and time is frozen.
        passing = asyncio.create_task(let_time_pass())
        for entry in hass.config_entries.async_loaded_entries(DOMAIN):
            await hass.config_entries.async_unload(entry.entry_id)
        # Nobody waits long for a connection to close, and time passes fast here.
        await asyncio.gather(*CLOSING)
    passing.cancel()


@asynccontextmanager
async def one_server(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, now: datetime, backend: str
) -> AsyncIterator[tuple[Simulator, MockConfigEntry]]:
    """Serve the simulator of a backend, and set up an entry of all that it has."""
    simulator = simulators(now)[backend]
    async with serving(hass, freezer, {backend: simulator}) as hosts:
        entry = MockConfigEntry(
            domain=DOMAIN,
            title="Server",
            minor_version=3,
            unique_id=f"{backend}:one",
            data={
                "backend": backend,
                **connections(dict.fromkeys(POLL, hosts[backend]))[backend],
            },
            options={"history": False, "devices": [], "new_devices": True},
        )
        entry.add_to_hass(hass)
        assert await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
        yield simulator, entry


def connections(hosts: Mapping[str, str]) -> dict[str, dict[str, object]]:
    """Return the data of each backend's config entry."""
    urls = {key: f"http://{host}" for key, host in hosts.items()}
    return {
        "bemserver": {
            "url": urls["bemserver"],
            "email": bemserver.DEFAULT_EMAIL,
            "password": bemserver.DEFAULT_PASSWORD,
            "verify_ssl": True,
        },
        "besmart": {
            "url": f"{urls['besmart']}/api",
            "login": LOGIN,
            "password": PASSWORD,
        },
        "dsmr_reader": {
            "url": urls["dsmr_reader"],
            "api_key": API_KEY,
            "verify_ssl": True,
        },
        "milesight": {
            "url": urls["milesight"],
            "username": milesight.DEFAULT_USERNAME,
            "password": milesight.DEFAULT_PASSWORD,
            "client_id": "iab",
            "client_secret": "milesight*iab",
            "tenant": "default",
            "verify_ssl": True,
        },
    }
