"""Row "day": a day of DSMR-reader's past, compared with reading all its telegrams."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
import time
from types import SimpleNamespace

import aiohttp

from custom_components.metering_hub.backends.dsmr_reader.backend import (
    DsmrReaderBackend,
)
from custom_components.metering_hub.backends.dsmr_reader.client import DsmrReaderClient
from custom_components.metering_hub.backends.dsmr_reader.telegram_pages import (
    telegram_pages,
)
from custom_components.metering_hub.metering.model import Kind
from demo.processes import HOST

from .home import SECRET, simulator
from .size import Size
from .table import Goal, Line

DAY = timedelta(days=1)
MEGABYTE = 1_000_000
MOST_REQUESTS = Goal(3, unit="requests")
MOST_MEGABYTES = Goal(1, unit="MB")


@dataclass(slots=True)
class Load:
    """The requests to a server, the bytes of its answers, and the seconds."""

    requests: int = 0
    size: int = 0
    seconds: float = 0.0

    @property
    def text(self) -> str:
        """Return all three for the table."""
        megabytes = self.size / MEGABYTE
        return f"{self.requests} requests, {megabytes:.2f} MB, {self.seconds:.1f} s"


@contextlib.asynccontextmanager
async def _counted() -> AsyncIterator[tuple[aiohttp.ClientSession, Load]]:
    """Open a session that counts what it asks for and receives."""
    load, trace = Load(), aiohttp.TraceConfig()

    async def count(
        session: aiohttp.ClientSession,
        context: SimpleNamespace,
        params: aiohttp.TraceRequestEndParams,
    ) -> None:
        """Count a request and the bytes of its answer, of which the server tells."""
        load.requests += 1
        load.size += params.response.content_length or 0

    trace.on_request_end.append(count)
    async with aiohttp.ClientSession(trace_configs=[trace]) as session:
        yield session, load


async def _load_of(load: Load, work: Callable[[], Awaitable[None]]) -> Load:
    """Return what some work has cost, apart from everything before it."""
    requests, size, begun = load.requests, load.size, time.perf_counter()
    await work()
    seconds = time.perf_counter() - begun
    return Load(load.requests - requests, load.size - size, seconds)


@dataclass(frozen=True, slots=True)
class Case:
    """A server whose meter sends a telegram every `interval` seconds."""

    interval: int

    async def measure(self, size: Size) -> Sequence[Line]:
        """Read the registers and the power of the day before yesterday both ways."""
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        start, end = today - 2 * DAY, today - DAY
        options = ("--interval", str(self.interval), "--years", "0.1")
        async with (
            simulator("dsmr_reader", *options) as server,
            _counted() as (session, load),
        ):
            url = f"http://{HOST}:{server.port}"
            settings = {"url": url, "api_key": SECRET}
            backend = DsmrReaderBackend(session, settings, {})
            points = [
                point
                for point in (await backend.inventory()).points.values()
                if point.kind is Kind.REGISTER or point.key == "electricity_power"
            ]

            async def ours() -> None:
                """Read the day as an import does."""
                async for _ in backend.history(points, start, end):
                    pass

            client = DsmrReaderClient(session, url, SECRET)
            until = start + (end - start) / size.divisor

            async def telegrams() -> None:
                """Read all telegrams of the day."""
                async for _ in telegram_pages(client, start, until):
                    pass

            own = await _load_of(load, ours)
            other = await _load_of(load, telegrams)
        return self._lines(own, other)

    def _lines(self, own: Load, other: Load) -> list[Line]:
        """Return a line about the requests, and one about the bytes."""
        case = f"dsmr_reader, a telegram every {self.interval} s"
        megabytes = own.size / MEGABYTE
        return [
            Line(
                "day",
                f"{case}, {name}",
                own.text,
                other.text,
                f"{figure:.3g} {goal.unit}",
                figure,
                goal,
            )
            for name, figure, goal in (
                ("requests", own.requests, MOST_REQUESTS),
                ("bytes", megabytes, MOST_MEGABYTES),
            )
        ]


CASES = (Case(10), Case(1))
