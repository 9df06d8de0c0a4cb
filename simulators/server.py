"""Serve an aiohttp application on a real socket of this machine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from ssl import SSLContext

from aiohttp import web

NUMBER = "X-Simulated-Answer"
"""The header with the number of an answer, from 1 on, where answers are numbered."""


def number_answers(app: web.Application) -> None:
    """Let each answer say how many there were, to who sees nothing but answers."""
    numbers = count(1)

    async def number(_: web.Request, response: web.StreamResponse) -> None:
        response.headers[NUMBER] = str(next(numbers))

    app.on_response_prepare.append(number)


@asynccontextmanager
async def serve(
    app: web.Application,
    host: str = "127.0.0.1",
    port: int = 0,
    ssl_context: SSLContext | None = None,
) -> AsyncIterator[str]:
    """Serve the application and yield its base URL, without a slash at the end.

    Port 0 picks a free one; a port that is taken raises OSError.
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
