"""Programs that the demo starts and stops."""

import asyncio
from collections.abc import AsyncIterator
import contextlib
from pathlib import Path
import signal
import socket
import sys

from .progress import say

HOST = "127.0.0.1"
ROOT = Path(__file__).resolve().parent.parent


def free_port(wanted: int) -> int:
    """Return the wanted port, or a free one if it is taken."""
    for port in (wanted, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            # A port that was closed a moment ago is free, as it is for a server.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
            return int(probe.getsockname()[1])
    sys.exit("demo: no free port on 127.0.0.1")


@contextlib.asynccontextmanager
async def running(
    name: str, *command: str, restart_code: int | None = None
) -> AsyncIterator[asyncio.Task[None]]:
    """Run a program until the end of the block, and exit if the program ends.

    A program that ends with `restart_code` asks to be started again.
    """

    async def start() -> asyncio.subprocess.Process:
        """Start the program in its own process group."""
        return await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, start_new_session=True
        )

    process = await start()

    async def watch() -> None:
        """Start the program again as often as it asks, and exit when it ends."""
        nonlocal process
        while (code := await process.wait()) == restart_code:
            say(f"{name} restarts.")
            process = await start()
        sys.exit(f"demo: {name} ended by itself (exit code {code})")

    watcher = asyncio.create_task(watch())
    try:
        yield watcher
    finally:
        watcher.cancel()
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), 30)
        if process.returncode is None:
            process.kill()
