"""A server of each backend behind the proxy, with few devices and two days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from simulators.bemserver import BemserverSimulator
from simulators.besmart import HOUSE_MID, BesmartSimulator
from simulators.dsmr_reader import DsmrReaderSimulator
from simulators.milesight import MilesightSimulator
from tests.integration.conftest import NOW
from tests.integration.four_servers import (
    API_KEY,
    DOMAIN,
    Simulator,
    connections,
    simulators,
)

from .authority import HOST

__all__ = ["DOMAIN", "NOW"]

type Rows = Mapping[str, Sequence[Mapping[str, object]]]
"""The rows of statistics by the id of the statistic, without its prefix."""

DONE = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
"""Hours before this one do not change any more."""

SECTIONS: Mapping[str, frozenset[str]] = {
    "milesight": frozenset({"client_id", "client_secret", "tenant", "verify_ssl"})
}
"""The fields that a form has in its section of advanced ones."""


@dataclass(frozen=True, slots=True)
class Server:
    """What the phases need to know about a backend.

    `inventory` is in the path of the first request after the login at set-up, and
    `history` in that of requests of history, of which the import has more than `skip`.
    `volatile` are the ends of the ids of entities that follow Home Assistant's clock,
    or other entities.
    """

    inventory: str
    history: str
    skip: int
    poll: timedelta
    history_interval: timedelta = timedelta(minutes=15)
    volatile: frozenset[str] = frozenset()

    def stable(self, states: Mapping[str, str]) -> dict[str, str]:
        """Return the states without those that follow Home Assistant's clock."""
        return {
            key: state
            for key, state in states.items()
            if not key.endswith(tuple(self.volatile))
        }


SERVERS: Mapping[str, Server] = {
    "bemserver": Server("/campaigns/", "/timeseries_data/", 1, timedelta(minutes=1)),
    "besmart": Server(
        "signals/types",
        "signals/data",
        1,
        timedelta(minutes=5),
        volatile=frozenset({"_data_delay"}),
    ),
    "dsmr_reader": Server(
        "/api/",
        "dsmrreading",
        1,
        timedelta(minutes=1),
        timedelta(minutes=5),
        volatile=frozenset({"_cost_this_month", "_cost_this_year"}),
    ),
    "milesight": Server(
        "device/search",
        "history/search",
        1,
        timedelta(seconds=30),
        volatile=frozenset({"_update_mode"}),
    ),
}


def small_server(backend: str, *, is_live: bool) -> Simulator:
    """Return a simulator with few series, because importing takes long.

    One that `is_live` has a reading each minute, where that is not the case anyway.
    """
    simulator = simulators(NOW)[backend]
    if isinstance(simulator, BemserverSimulator):
        for number in simulator.world.series.keys() - {1, 13, 16}:
            simulator.world.delete_series(number)
    if isinstance(simulator, BesmartSimulator):
        simulator.sensors = [simulator.sensor(HOUSE_MID)]
        simulator.sensors[0].signals = (32, 34)
    if is_live and isinstance(simulator, DsmrReaderSimulator):
        simulator.interval = 60
    if isinstance(simulator, MilesightSimulator):
        # Its name is that of the proxy, which has no broker.
        simulator.mqtt_host = "127.0.0.1"
    return simulator


def entry_data(backend: str, url: str) -> dict[str, object]:
    """Return the data of an entry of the server at an address."""
    data = connections(dict.fromkeys(SERVERS, HOST))[backend]
    path = "/api" if backend == "besmart" else ""
    return {**data, "url": f"{url}{path}"}


def form(backend: str, url: str) -> dict[str, object]:
    """Return what a user fills into the form of the server at an address."""
    data = entry_data(backend, url)
    section = {
        name: data.pop(name) for name in SECTIONS.get(backend, ()) if name in data
    }
    return {**data, "advanced": section} if section else data


def secrets(backend: str) -> frozenset[str]:
    """Return what no log may contain, beside the address."""
    data = entry_data(backend, "")
    names = ("password", "api_key", "client_secret", "email", "username")
    return frozenset({API_KEY, *(str(data[each]) for each in names if each in data)})
