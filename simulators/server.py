"""Serve an aiohttp application on a real socket of this machine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from ssl import SSLContext

from aiohttp import web

NUMBER = "X-Simulated-Answer"
"""The header with the number of an answer, counted from 1, if answers are numbered."""


def number_answers(app: web.Application) -> None:
    """Add the number of each answer to its headers."""
    numbers = count(1)

    async def number(_: web.Request, response: web.StreamResponse) -> None:
        """Add the number of the answer."""
        response.headers[NUMBER] = str(next(numbers))

    app.on_response_prepare.append(number)


@asynccontextmanager
async def serve(
    app: web.Application,
    host: str = "127.0.0.1",
    port: int = 0,
    ssl_context: SSLContext | None = None,
) -> AsyncIterator[str]:
    """Serve the application and yield its base URL without a trailing slash.

    Port 0 picks a free one; raise OSError if the port is already in use.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, ssl_context=ssl_context)
        await site.start()
        bound: int = runner.addresses[0][1]
        yield f"{'http' if ssl_context is None else 'https'}://{host}:{bound}"
    finally:
        await runner.cleanup()
