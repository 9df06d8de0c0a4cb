"""Simulated servers in this process, whose clocks can be moved and which can fail."""

from collections.abc import AsyncIterator, Callable, Sequence
import contextlib
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web

from demo.processes import HOST, free_port
from demo.servers import KINDS, Kind, Server
from simulators.__main__ import SIMULATORS, parser
from simulators.faults import Drop, Fault, Faults

SECRET = "simulated-secret"  # noqa: S105  It opens nothing but a simulator.


@dataclass(slots=True)
class StandingClock:
    """A clock that stands until it is moved; calling it returns aware UTC."""

    now: datetime

    def __call__(self) -> datetime:
        """Return the time that was set."""
        return self.now


@dataclass(slots=True)
class Simulated:
    """A server that runs in this process; `faults` are in force at once."""

    server: Server
    runner: web.AppRunner
    faults: Faults = field(default_factory=Faults)
    _site: web.TCPSite | None = None

    async def appear(self) -> None:
        """Listen on the port of the server, unless it does already."""
        if self._site is None:
            site = web.TCPSite(self.runner, HOST, self.server.port, reuse_address=True)
            await site.start()
            self._site = site

    async def vanish(self) -> None:
        """Refuse connections, and close those that are open at their next request."""
        if self._site is not None:
            await self._site.stop()
            self._site = None
            self.faults.add(Fault(Drop()))


def kind_of(backend: str) -> Kind:
    """Return the kind of the server of a backend; raises KeyError."""
    return {kind.backend: kind for kind in KINDS}[backend]


@contextlib.asynccontextmanager
async def simulated(
    backend: str,
    options: Sequence[str],
    clock: Callable[[], datetime] | None = None,
) -> AsyncIterator[Simulated]:
    """Run the server of a backend with its options until the end of the block."""
    server = Server(kind_of(backend), free_port(0), SECRET, tuple(options))
    arguments = parser().parse_args(server.command[3:])
    if clock is not None:
        arguments.clock = clock
    app = SIMULATORS[backend].build(arguments).app
    faults = Faults()
    # The first middleware is the outermost one, so a fault spares the server its work.
    app.middlewares.insert(0, faults.middleware)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        running = Simulated(server, runner, faults)
        await running.appear()
        yield running
    finally:
        await runner.cleanup()
