"""Ports that are closed, or that accept connections and never answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import socket


def unused_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port: int = closed.getsockname()[1]
        return port


@asynccontextmanager
async def silent_port() -> AsyncIterator[int]:
    """Return a port that accepts connections and never answers."""
    writers: list[asyncio.StreamWriter] = []

    async def accept(
        _reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Keep a connection open."""
        writers.append(writer)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    for writer in writers:
        writer.close()
    server.close()
