"""Row "releases": what a poll and a day's import ask of each release of Beaver IoT."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aiohttp import ClientSession

from custom_components.metering_hub.backends.milesight.backend import MilesightBackend
from custom_components.metering_hub.metering.model import Kind, Point
from simulators.milesight import DEFAULT_PASSWORD, DEFAULT_USERNAME, MilesightSimulator
from simulators.server import serve

from .size import Size
from .table import Line

POINTS = (100, 1000, 3000)
_POINTS_PER_DEVICE = 5
"""Fewer than devices have on average, so that there are enough of them."""

_ADVANCED_PAGE = 250
_PER_BATCH = 1000
_PER_START = 100
_WINDOWS = 10
"""How many pages a day may have, and windows in which it is read, beside the rows."""

_ROWS_PER_REQUEST = 2500
_ROWS_PER_DAY = 144


@dataclass(frozen=True, slots=True)
class Case:
    """A release of the server."""

    release: str

    async def measure(self, size: Size) -> Sequence[Line]:
        """Count the requests for several numbers of points."""
        lines: list[Line] = []
        for number in POINTS:
            lines += await self._count(size.of(number))
        return lines

    async def _count(self, number: int) -> Sequence[Line]:
        """Count the requests for a number of points."""
        now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        simulator = MilesightSimulator(
            version=self.release,
            start=now - timedelta(days=2),
            device_count=number // _POINTS_PER_DEVICE + 1,
        )
        async with serve(simulator.app) as url, ClientSession() as session:
            backend = MilesightBackend(session, _settings(url), {})
            await backend.connect()
            points = [*(await backend.inventory()).points.values()]
            shown = [each for each in points if _is_shown(each)][:number]
            simulator.faults.take_count()
            await _poll(backend, shown)
            polled = simulator.faults.take_count()
            series = [each for each in shown if each.has_history]
            await backend.history_start(series)
            async for _ in backend.history(series, now - timedelta(days=1), now):
                pass
            imported = simulator.faults.take_count()
        properties = len(simulator.world.entities)
        return [
            self._line(
                len(shown), "poll", polled, self._most_polled(number, properties)
            ),
            self._line(len(series), "day", imported, self._most_imported(len(series))),
        ]

    def _most_polled(self, points: int, properties: int) -> int:
        """Return how many requests a poll may take."""
        if self.release == "1.0.0":
            return points
        if self.release == "1.2.5":
            return min(points, -(-properties // _ADVANCED_PAGE))
        # The status of each device is read with its values.
        return -(-2 * points // _PER_BATCH)

    def _most_imported(self, series: int) -> int:
        """Return how many requests the import of a day may take."""
        if self.release == "1.0.0":
            # The oldest row, the rows, and whether there are more of them.
            return 3 * series + _WINDOWS
        rows = -(-series * _ROWS_PER_DAY // _ROWS_PER_REQUEST)
        return -(-series // _PER_START) + rows + _WINDOWS

    def _line(self, points: int, what: str, requests: int, most: int) -> Line:
        """Return the line of a number of requests."""
        case = f"Beaver IoT {self.release}, {points} points, {what}"
        return Line.of_requests("releases", case, requests, most)


async def _poll(backend: MilesightBackend, points: Sequence[Point]) -> None:
    """Read points, in as many parts as it takes."""
    left: Collection[Point] = points
    while left:
        latest = await backend.latest(left)
        left = [point for point in left if point.key in latest.pending]


def _is_shown(point: Point) -> bool:
    """Return True if a point is read by polls."""
    return point.enabled_default and point.kind is not Kind.ACTION


def _settings(url: str) -> dict[str, str]:
    """Return the settings of an entry."""
    return {
        "url": url,
        "username": DEFAULT_USERNAME,
        "password": DEFAULT_PASSWORD,
        "client_id": "iab",
        "client_secret": "milesight*iab",
        "tenant": "default",
    }


CASES = tuple(Case(release) for release in ("1.0.0", "1.2.5", "1.3.1"))
