"""A server on the loopback interface that sends the exact bytes of a script."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from ssl import SSLContext

from multidict import CIMultiDict
import orjson

HOST = "127.0.0.1"

DROP = b""
"""The answer of a server that closes the connection without sending anything."""


@dataclass(frozen=True, slots=True)
class Received:
    """A received request."""

    method: str
    target: str
    headers: CIMultiDict[str]
    body: bytes


type Behaviour = Callable[[ScriptedServer, asyncio.StreamWriter], Awaitable[None]]
type Decision = Callable[[Received], bytes]


@dataclass(slots=True)
class ScriptedServer:
    """Answers the n-th request with the n-th step, and repeats the last one.

    A step is the bytes of an answer or a coroutine function that writes them.
    `decide` answers by looking at the request instead.
    """

    script: list[bytes | Behaviour] = field(default_factory=list)
    decide: Decision | None = None
    url: str = ""
    requests: list[Received] = field(default_factory=list)
    sent: int = 0
    running: int = 0
    most_running: int = 0
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def port(self) -> str:
        return self.url.rpartition(":")[2]

    @property
    def targets(self) -> list[str]:
        return [request.target for request in self.requests]

    async def send(self, writer: asyncio.StreamWriter, part: bytes) -> None:
        """Write a part, and count it once the operating system has accepted it."""
        writer.write(part)
        await writer.drain()
        self.sent += len(part)

    async def finished(self) -> None:
        """Wait until every request received so far is handled."""
        await asyncio.gather(*self.tasks)

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if (task := asyncio.current_task()) is not None:
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await self._answer(await _read_request(reader), writer)
        except asyncio.IncompleteReadError, ConnectionError:
            pass  # The client went away, as several tests want it to.
        finally:
            self.running -= 1
            writer.close()

    async def _answer(self, request: Received, writer: asyncio.StreamWriter) -> None:
        number = len(self.requests)
        self.requests.append(request)
        if self.decide is not None:
            await self.send(writer, self.decide(request))
            return
        step = self.script[min(number, len(self.script) - 1)]
        if isinstance(step, bytes):
            await self.send(writer, step)
        else:
            await step(self, writer)


@asynccontextmanager
async def running_server(
    *script: bytes | Behaviour,
    decide: Decision | None = None,
    tls: SSLContext | None = None,
) -> AsyncIterator[ScriptedServer]:
    """Run a server during the context."""
    scripted = ScriptedServer(list(script), decide)
    server = await asyncio.start_server(scripted.serve, HOST, 0, ssl=tls)
    scheme = "https" if tls else "http"
    scripted.url = f"{scheme}://{HOST}:{server.sockets[0].getsockname()[1]}"
    try:
        yield scripted
    finally:
        server.close()
        tasks = list(scripted.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def answer(
    status: int = 200,
    body: bytes = b"",
    *,
    content_type: str | None = "application/json",
    length: int | None = None,
    **headers: str,
) -> bytes:
    """Return the bytes of an answer; `length` may be larger than the body."""
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        f"Content-Length: {len(body) if length is None else length}",
        "Connection: close",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
    ]
    if content_type is not None:
        lines.append(f"Content-Type: {content_type}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def json_answer(value: object, status: int = 200, **headers: str) -> bytes:
    """Return an answer with JSON."""
    body = orjson.dumps(value)
    return answer(status, body, content_type="application/json", length=None, **headers)


def redirect(location: str | None, status: int = 302) -> bytes:
    """Return a redirect."""
    if location is None:
        return answer(status, content_type=None)
    return answer(status, content_type=None, Location=location)


def endless(status: int = 200, content_type: str = "application/json") -> Behaviour:
    """Return a step that sends 50 MB, or as much as the client accepts."""
    total = 50 * 1024 * 1024
    part = b" " * (64 * 1024)

    async def send(server: ScriptedServer, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(status, content_type=content_type, length=total))
        while server.sent < total:
            await server.send(writer, part)

    return send


def delayed(seconds: float, reply: bytes, *, head_start: int = 0) -> Behaviour:
    """Return a step that pauses before the answer, or after its first bytes."""

    async def send(server: ScriptedServer, writer: asyncio.StreamWriter) -> None:
        await server.send(writer, reply[:head_start])
        await asyncio.sleep(seconds)
        await server.send(writer, reply[head_start:])

    return send


async def _read_request(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers: CIMultiDict[str] = CIMultiDict()
    for line in lines:
        name, _, value = line.partition(":")
        headers.add(name, value.strip())
    body = await reader.readexactly(int(headers.get("Content-Length", "0")))
    return Received(method, target, headers, body)
