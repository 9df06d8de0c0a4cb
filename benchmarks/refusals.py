"""Row "refusals": the requests of besmart for set-up, a poll and a refused poll."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aiohttp import ClientSession

from custom_components.metering_hub.backends.besmart.backend import BesmartBackend
from custom_components.metering_hub.backends.besmart.points import signal_of
from custom_components.metering_hub.backends.errors import BackendError
from custom_components.metering_hub.metering.model import Point
from simulators.besmart import BesmartSimulator, default_sensors
from simulators.besmart.sensors import plant
from simulators.faults import Fault, html_error
from simulators.server import serve

from .size import Size
from .table import Line

_PER_BATCH = 50
_REFUSED = 404
_MORE_IF_REFUSED = 2
_LISTS = 10
"""The login, and the requests that find out what the server has."""


@dataclass(frozen=True, slots=True)
class Case:
    """An account with a number of sensors, whose names are requested one by one."""

    sensors: int

    async def measure(self, size: Size) -> Sequence[Line]:
        """Count requests; the simulator runs here, because it has to start refusing."""
        start = datetime.now(UTC).replace(minute=0, second=0) - timedelta(days=10)
        own = len(default_sensors(1, start))
        meters = plant(1, start, max(0, self.sensors - own))
        simulator = BesmartSimulator(sensors=meters)
        async with serve(simulator.app) as url, ClientSession() as session:
            settings = {
                "url": f"{url}/api",
                "login": simulator.login,
                "password": simulator.password,
            }
            backend = BesmartBackend(session, settings, {})
            await backend.connect()
            points = (await backend.inventory()).points.values()
            set_up = simulator.faults.take_count()
            shown = [point for point in points if point.enabled_default]
            await backend.latest(shown)
            # The first poll may ask whether long answers are complete.
            simulator.faults.take_count()
            await backend.latest(shown)
            poll = simulator.faults.take_count()
            simulator.faults.add(Fault(html_error(_REFUSED), path="signals/"))
            with suppress(BackendError):
                await backend.latest(shown)
            refused = simulator.faults.take_count()
        looked_at = _batches([each for each in points if signal_of(each)])
        return [
            self._line("set-up", set_up, _LISTS + self.sensors + looked_at),
            self._line("poll", poll, _batches([p for p in shown if signal_of(p)])),
            self._line("refused poll", refused, poll + _MORE_IF_REFUSED),
        ]

    def _line(self, what: str, requests: int, most: int) -> Line:
        """Return the line of a number of requests."""
        case = f"besmart, {self.sensors} sensors, {what}"
        return Line.of_requests("refusals", case, requests, most)


def _batches(points: Sequence[Point]) -> int:
    """Return the fewest requests that can read these points."""
    return -(-len(points) // _PER_BATCH)


CASES = tuple(Case(sensors) for sensors in (3, 50, 200))
