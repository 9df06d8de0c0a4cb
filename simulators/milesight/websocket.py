"""The WebSocket of releases 1.0 to 1.2.1.

Source: docs/wire/milesight.md, Push.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress

from aiohttp import WSMsgType, hdrs, web
from orjson import JSONDecodeError, dumps, loads

from simulators.faults import Json

from .auth import Sessions
from .knobs import Knobs
from .releases import HEARTBEAT
from .wire import ApiError

_EXCHANGE = "Exchange"
_BEARER = "Bearer "
_CHECK_INTERVAL = 0.05
_LONGEST_FRAME = 65_536
"""Bytes; a longer frame closes the connection (1009)."""


class WebSocketPush:
    """The connections, and the subscription of each user (not connection)."""

    def __init__(self, knobs: Knobs, sessions: Sessions) -> None:
        """Initialize without connections."""
        self._knobs = knobs
        self._sessions = sessions
        self._connections: dict[str, list[web.WebSocketResponse]] = {}
        self._runner: web.AppRunner | None = None
        self.port: int | None = None
        self.subscriptions: dict[str, frozenset[str]] = {}

    async def start(self, host: str, port: int) -> None:
        """Serve the WebSocket on its own port, beside that of the API."""
        app = web.Application()
        app.router.add_get("/websocket", self.handle)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop serving the WebSocket on its own port."""
        runner, self._runner, self.port = self._runner, None, None
        if runner is not None:
            await runner.cleanup()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve a connection until it ends."""
        header = request.headers.get(hdrs.AUTHORIZATION, "")
        given = request.query.get("Authorization", header)
        if not given.startswith(_BEARER):
            return web.Response(status=403)
        try:
            user = self._sessions.user(given).user_id
        except ApiError:
            # The server only logs this and never answers the handshake.
            return await _silence(request)
        if self._knobs.websocket_silent:
            return await _silence(request)
        # aiohttp refuses from this size on.
        socket = web.WebSocketResponse(max_msg_size=_LONGEST_FRAME + 1)
        await socket.prepare(request)
        self._connections.setdefault(user, []).append(socket)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._message(user, socket, message.data)
        finally:
            self._connections[user].remove(socket)
            # Closing any of the user's connections removes the subscription.
            self.subscriptions.pop(user, None)
        return socket

    async def announce(self, keys: Iterable[str]) -> None:
        """Send all keys to each user who subscribed to any of them."""
        listed = list(keys)
        frame = dumps({"event_type": _EXCHANGE, "payload": {"entity_key": listed}})
        for user, wanted in list(self.subscriptions.items()):
            if wanted.isdisjoint(listed):
                continue
            for socket in list(self._connections.get(user, ())):
                if not socket.closed:
                    await socket.send_str(frame.decode())

    async def flood(self, messages: int, size: int) -> None:
        """Send so many frames that name nothing to all who are connected."""
        frame = dumps({"event_type": _EXCHANGE, "payload": {"x": "x" * size}}).decode()
        for sockets in list(self._connections.values()):
            for socket in list(sockets):
                for _ in range(messages):
                    # A client that has had enough disconnects.
                    with suppress(ConnectionError):
                        await socket.send_str(frame)

    async def drop(self) -> None:
        """Close all connections."""
        for sockets in list(self._connections.values()):
            for socket in list(sockets):
                await socket.close()

    async def _message(
        self, user: str, socket: web.WebSocketResponse, raw: str
    ) -> None:
        """Handle a frame: echo a heartbeat, or replace the subscription."""
        try:
            frame: Json = loads(raw)
        except JSONDecodeError:
            return
        event = frame.get("event_type") if isinstance(frame, dict) else None
        if event == "Heartbeat" and HEARTBEAT.has(self._knobs.release):
            await socket.send_str(raw)
        elif event == _EXCHANGE and isinstance(frame, dict):
            payload = frame.get("payload")
            keys = payload.get("entity_key") if isinstance(payload, dict) else None
            if isinstance(keys, list):
                self.subscriptions[user] = frozenset(map(str, keys))


async def _silence(request: web.Request) -> web.StreamResponse:
    """Wait until the client gives up."""
    # No event reports that a client has disconnected before the handshake.
    while (transport := request.transport) and not transport.is_closing():  # noqa: ASYNC110
        await asyncio.sleep(_CHECK_INTERVAL)
    return web.Response()
