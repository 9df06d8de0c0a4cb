"""Serve an aiohttp application on a real socket of this machine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ssl import SSLContext

from aiohttp import web


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
