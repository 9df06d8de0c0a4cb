"""A proxy between a client and a simulator that can fail in every way."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from enum import StrEnum
import socket
import ssl
from typing import override

import aiohttp
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from multidict import CIMultiDict

from simulators.faults import Fault, Faults, Handler

from .actions import CREDENTIALS
from .authority import HOST, Certificate

MAX_BODY = 64 << 20
_HOP_BY_HOP = frozenset(
    {"connection", "content-length", "keep-alive", "transfer-encoding", "host"}
)


class Link(StrEnum):
    """How a client gets to the server, or why it does not."""

    GOOD = "good"
    NO_NAME = "no_name"
    NOBODY = "nobody"
    """Nothing listens."""
    SILENT = "silent"
    """The network swallows the packets of a new connection."""
    PLAIN = "plain"
    """The port is that of a server without TLS."""


LOOPBACK = "127.0.0.1"


class FaultProxy(AbstractResolver):
    """Passes requests on to `target`, unless a trouble is in force.

    It also is the resolver that its clients use, so the name of the proxy may be
    unknown or lead astray. `tokens` are the credentials seen in headers.
    """

    def __init__(
        self,
        target: str,
        contexts: Mapping[Certificate, ssl.SSLContext],
        forget: Callable[[], None],
    ) -> None:
        """Initialize without a trouble; `forget` makes clients resolve its name."""
        self._forget = forget
        self.faults = Faults()
        self.link = Link.GOOD
        self.certificate = Certificate.GOOD
        self.tokens: set[str] = set()
        self.released = asyncio.Event()
        self._ports: dict[Link, int] = {}
        self._target = target
        self._contexts = contexts
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self._waiting: Callable[[], None] | None = None
        self._trigger = ""
        self._skip = 0

    @property
    def url(self) -> str:
        """Return the address that a user enters."""
        return f"https://{HOST}:{self._ports[Link.GOOD]}"

    # The resolver.

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the address of the proxy; raises OSError if there is none."""
        if host != HOST or self.link is Link.NO_NAME:
            raise OSError(None, "DNS lookup failed")
        return [
            ResolveResult(
                hostname=host,
                host=LOOPBACK,
                port=self._ports[self.link],
                family=socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    @override
    async def close(self) -> None:
        """Close nothing: the test has made the resolver."""

    real_close = close

    # Troubles.

    def put(
        self, begin: Callable[[FaultProxy], None], trigger: str = "", skip: int = 0
    ) -> None:
        """Let a trouble begin: at once, or with a request.

        That is the one after `skip` requests whose path contains `trigger`.
        """
        self.faults.clear_requests()
        self.released.clear()
        self._trigger, self._skip, self._waiting = trigger, skip, None
        if trigger:
            self._waiting = lambda: begin(self)
        else:
            begin(self)
            self.cut()

    @property
    def has_begun(self) -> bool:
        """Return True if no trouble waits for its request any more."""
        return self._waiting is None

    def lift(self) -> None:
        """End all trouble."""
        self._waiting = None
        self.faults.clear()
        self.link, self.certificate = Link.GOOD, Certificate.GOOD
        self.released.set()
        self.cut()

    def cut(self) -> None:
        """Abort all connections of clients, which then ask for the name again."""
        self._forget()
        if self._runner is None or self._runner.server is None:
            return
        for connection in list(self._runner.server.connections):
            if connection.transport is not None:
                connection.transport.abort()

    def add(self, fault: Fault) -> None:
        """Put a fault of HTTP in force."""
        self.faults.add(fault)

    # The server.

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[FaultProxy]:
        """Listen at all addresses while the context is entered."""
        app = web.Application(
            middlewares=[self._watch, self.faults.middleware],
            client_max_size=MAX_BODY,
            handler_args={"max_line_size": 1 << 16, "max_field_size": 1 << 16},
        )
        app.router.add_route("*", "/{path:.*}", self._forward)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        async with aiohttp.ClientSession(auto_decompress=False) as self._session:
            context = self._choosing_context()
            await web.TCPSite(runner, LOOPBACK, 0, ssl_context=context).start()
            await web.TCPSite(runner, LOOPBACK, 0).start()
            self._runner = runner
            self._ports = dict(
                zip(
                    (Link.GOOD, Link.PLAIN),
                    (address[1] for address in runner.addresses),
                    strict=True,
                )
            )
            with _nobody() as nobody, _silent() as silent:
                self._ports |= {Link.NOBODY: nobody, Link.SILENT: silent}
                yield self
            self.lift()
            await runner.cleanup()

    def _choosing_context(self) -> ssl.SSLContext:
        """Return a context that takes the certificate of the moment."""

        def choose(
            connection: ssl.SSLSocket | ssl.SSLObject, _name: str | None, _: object
        ) -> None:
            connection.context = self._contexts[self.certificate]

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.sni_callback = choose
        return context

    @web.middleware
    async def _watch(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """Note credentials, and begin the trouble that waits for this request."""
        for name in CREDENTIALS:
            if name in request.headers:
                self.tokens.add(request.headers[name])
        if self._waiting is not None and self._trigger in request.path:
            if self._skip == 0:
                begin, self._waiting = self._waiting, None
                begin()
                if not self.is_http:
                    self.cut()
                    return web.Response()
            self._skip -= 1
        return await handler(request)

    @property
    def is_http(self) -> bool:
        """Return True if clients still reach the proxy."""
        return (self.link, self.certificate) == (Link.GOOD, Certificate.GOOD)

    async def _forward(self, request: web.Request) -> web.Response:
        """Return the answer of the simulator."""
        assert self._session is not None
        headers = CIMultiDict(request.headers)
        for name in _HOP_BY_HOP - {"host"}:
            headers.popall(name, None)
        try:
            async with self._session.request(
                request.method,
                f"{self._target}{request.raw_path}",
                data=await request.read(),
                headers=headers,
                allow_redirects=False,
            ) as answer:
                body = await answer.read()
        except aiohttp.ClientError:
            return web.Response(status=502)
        kept = CIMultiDict(answer.headers)
        for name in _HOP_BY_HOP:
            kept.popall(name, None)
        return web.Response(status=answer.status, body=body, headers=kept)


@contextmanager
def _nobody() -> Iterator[int]:
    """Yield a port that is taken, but at which nothing listens."""
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        yield taken.getsockname()[1]


@contextmanager
def _silent() -> Iterator[int]:
    """Yield a port that answers no new connection, because its queue is full."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server((LOOPBACK, 0), backlog=0))
        address = listener.getsockname()
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            with suppress(BlockingIOError):
                waiting.connect(address)
        yield address[1]
