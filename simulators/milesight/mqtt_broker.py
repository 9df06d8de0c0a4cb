"""A broker of MQTT 3.1.1 for QoS 0, over TCP and over WebSocket.

It does what Beaver IoT's web client needs: user name and password, subscriptions below
the user's own prefix, pings, and messages from the server to the clients.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from errno import EADDRINUSE

from aiohttp import WSMsgType, web

from .knobs import Knobs
from .mqtt_packets import (
    Connect,
    Kind,
    Packet,
    PacketError,
    PacketReader,
    Refusal,
    connack,
    matches,
    parse_connect,
    parse_subscribe,
    parse_unsubscribe,
    pingresp,
    publish,
    suback,
    unsuback,
)

type Receive = Callable[[], Awaitable[bytes]]
type Send = Callable[[bytes], Awaitable[None]]

_CHUNK = 64 * 1024
_FIRST_PACKET = 10.0
_LEVEL = 4


@dataclass(eq=False, slots=True)
class _Client:
    """A connection that has been accepted."""

    send: Send
    task: asyncio.Task[None]
    connect: Connect
    filters: set[str] = field(default_factory=set)


class Broker:
    """The connected clients and their subscriptions."""

    def __init__(self, knobs: Knobs) -> None:
        """Initialize without clients and without a port."""
        self._knobs = knobs
        self._server: asyncio.Server | None = None
        self._clients: dict[str, _Client] = {}
        self._open: set[asyncio.Task[None]] = set()
        self.port: int | None = None
        self.published = 0
        self.accepts_all = False

    @property
    def clients(self) -> int:
        """Return the number of connected clients."""
        return len(self._clients)

    @property
    def subscriptions(self) -> list[str]:
        """Return all subscribed topic filters."""
        return [one for client in self._clients.values() for one in client.filters]

    async def start(self, host: str, port: int) -> None:
        """Listen on TCP; use a free port if the given one is already in use."""
        try:
            self._server = await asyncio.start_server(self._accept, host, port)
        except OSError as error:
            if error.errno != EADDRINUSE:
                raise
            self._server = await asyncio.start_server(self._accept, host, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and close all connections."""
        if self._server is not None:
            self._server.close()
        self._server = self.port = None
        await self.drop()

    async def drop(self) -> None:
        """Close all connections, like a broker that restarts."""
        tasks = list(self._open)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def publish(self, topic: str, payload: bytes, times: int = 1) -> None:
        """Send a message to all clients that subscribed to its topic, so many times."""
        packet = publish(topic, payload) * times
        self.published += times
        for client in list(self._clients.values()):
            if any(matches(one, topic) for one in client.filters):
                # A client that is disconnecting loses the message: QoS 0.
                with suppress(ConnectionError):
                    await client.send(packet)

    async def websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Serve a client over WebSocket."""
        socket = web.WebSocketResponse(protocols=("mqtt",))
        await socket.prepare(request)

        async def receive() -> bytes:
            """Return the data of the next message; empty at the end."""
            message = await socket.receive()
            return message.data if message.type is WSMsgType.BINARY else b""

        await self._track(receive, socket.send_bytes, lambda: self._knobs.mqtt_silent)
        await socket.close()
        return socket

    async def _accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Serve a client over TCP."""

        async def send(data: bytes) -> None:
            """Send data to the client."""
            writer.write(data)
            await writer.drain()

        def is_silent() -> bool:
            """Return True if clients over TCP are not answered."""
            return self._knobs.mqtt_silent or self._knobs.mqtt_port_silent

        await self._track(lambda: reader.read(_CHUNK), send, is_silent)
        writer.close()

    async def _track(
        self, receive: Receive, send: Send, is_silent: Callable[[], bool]
    ) -> None:
        """Serve a client in a separate task, which can be cancelled."""
        task = asyncio.create_task(self._serve(receive, send, is_silent))
        self._open.add(task)
        try:
            await asyncio.wait((task,))
        finally:
            task.cancel()
            self._open.discard(task)

    async def _serve(
        self, receive: Receive, send: Send, is_silent: Callable[[], bool]
    ) -> None:
        """Exchange packets with a client until either side disconnects."""
        packets, client, wait = PacketReader(), None, _FIRST_PACKET
        try:
            while data := await asyncio.wait_for(receive(), wait or None):
                if is_silent():
                    wait = 0.0
                    continue
                for packet in packets.feed(data):
                    if client is None:
                        client = await self._connect(packet, send)
                        # 3.1.2.10: one and a half times the keep-alive.
                        wait = client.connect.keepalive * 1.5
                    else:
                        await self._handle(client, packet)
        except PacketError, ConnectionError, TimeoutError:
            pass
        finally:
            if client is not None:
                self._leave(client)

    def _leave(self, client: _Client) -> None:
        """Remove a client, unless another one has taken its client id."""
        if self._clients.get(client.connect.client_id) is client:
            del self._clients[client.connect.client_id]

    async def _connect(self, packet: Packet, send: Send) -> _Client:
        """Accept a client; raise PacketError after a refusal."""
        if packet.kind != Kind.CONNECT:
            raise PacketError("The first packet must be CONNECT")
        connect = parse_connect(packet.body)
        refusal = self._refusal(connect)
        await send(connack(refusal))
        if refusal is not Refusal.NONE:
            raise PacketError(refusal.name)
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("A client is served in a task")
        client = _Client(send, task, connect)
        before = self._clients.get(connect.client_id)
        self._clients[connect.client_id] = client
        if before is not None:
            # 3.1.4: a second connection with a client id ends the first.
            before.task.cancel()
        return client

    def _refusal(self, connect: Connect) -> Refusal:
        """Return the answer to a CONNECT packet."""
        knobs = self._knobs
        if connect.protocol != "MQTT" or connect.level != _LEVEL:
            return Refusal.PROTOCOL
        if self.accepts_all:
            return Refusal.NONE
        if knobs.mqtt_refuses:
            return Refusal.NOT_AUTHORIZED
        right = (connect.username, connect.password) == (
            f"web_mqtt@{knobs.tenant}",
            knobs.mqtt_password,
        )
        return Refusal.NONE if right else Refusal.CREDENTIALS

    async def _handle(self, client: _Client, packet: Packet) -> None:
        """Answer a packet of a connected client; raise PacketError."""
        if packet.kind == Kind.SUBSCRIBE:
            packet_id, filters = parse_subscribe(packet.body)
            prefix = f"beaver-iot/{client.connect.username}/"
            granted = [one.startswith(prefix) for one in filters]
            client.filters |= {one for one in filters if one.startswith(prefix)}
            await client.send(suback(packet_id, granted))
        elif packet.kind == Kind.UNSUBSCRIBE:
            packet_id, filters = parse_unsubscribe(packet.body)
            client.filters -= set(filters)
            await client.send(unsuback(packet_id))
        elif packet.kind == Kind.PINGREQ:
            await client.send(pingresp())
        elif packet.kind in (Kind.CONNECT, Kind.DISCONNECT):
            raise PacketError("The client disconnects")
