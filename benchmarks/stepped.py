"""A simulated server whose clock the benchmark moves.

A day of it takes as long as its answers do. The clock stays behind Home Assistant's,
because a reading from the future is rejected.
"""

from argparse import Namespace
from collections.abc import AsyncIterator
import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from demo.processes import HOST, free_port
from demo.servers import KINDS, Server
from simulators.__main__ import SIMULATORS, parser
from simulators.server import number_answers, serve

from .home import SECRET


@dataclass(slots=True)
class SteppedClock:
    """A clock that stands still until it is moved."""

    now: datetime

    def __call__(self) -> datetime:
        """Return the current time in UTC."""
        return self.now

    def move(self, step: timedelta) -> None:
        """Move the clock forwards."""
        self.now += step


@contextlib.asynccontextmanager
async def stepped_simulator(
    backend: str, clock: SteppedClock, *options: str
) -> AsyncIterator[Server]:
    """Run a simulated server in this process, by a clock that the caller moves."""
    kind = next(kind for kind in KINDS if kind.backend == backend)
    server = Server(kind, free_port(0), SECRET, options)
    # The first three are the Python program and its module.
    parsed = parser().parse_args(server.command[3:], Namespace(clock=clock))
    running = SIMULATORS[backend].build(parsed)
    number_answers(running.app)
    async with serve(running.app, HOST, server.port):
        yield server
