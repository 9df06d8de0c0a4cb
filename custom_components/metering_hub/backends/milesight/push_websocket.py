"""Receive changes from the WebSocket of the releases up to 1.2.1.

The server keeps one subscription per user, not per connection: the last subscriber gets
the messages, and any disconnect ends the subscription. So Home Assistant needs a user
of its own. Source: docs/wire/milesight.md, Push.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable

import aiohttp
from aiohttp import ClientWebSocketResponse, WSMsgType
import orjson
from yarl import URL

from ..common.http import Json
from ..common.parse import as_object
from ..errors import NotFoundError, UnreachableError
from .catalogue import Catalogue
from .models import Object
from .server import Server

PATH = "/websocket"
HANDSHAKE_TIMEOUT = 10.0
"""Seconds; the server never answers a handshake with an invalid token."""

HEARTBEAT = 10.0
"""Seconds of silence before a heartbeat is sent; the web page uses the same."""

_MAX_MESSAGE_BYTES = 1024 * 1024
_BUSY = frozenset({429, 502, 503, 504})


async def watch_websocket(
    server: Server, get_catalogue: Callable[[], Catalogue]
) -> AsyncGenerator[frozenset[str]]:
    """Yield the keys of points that have new values, first an empty set.

    Raises NotFoundError if the release has no WebSocket, and UnreachableError if it
    cannot be reached or the connection is lost.
    """
    # This renews a token that was revoked; the handshake would only time out.
    await server.client.user()
    socket = await _connect(server)
    try:
        connection = _Connection(socket)
        subscribed: Catalogue | None = None
        while True:
            catalogue = get_catalogue()
            if catalogue is not subscribed:
                keys: list[Json] = [*catalogue.keys_by_entity_key]
                await connection.send("Exchange", {"entity_key": keys})
                if subscribed is None:
                    yield frozenset()
                subscribed = catalogue
            if changed := _changed_keys(await connection.receive(), catalogue):
                yield changed
    finally:
        await socket.close()


class _Connection:
    """A connection that is kept alive, and checked, by heartbeats."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        """Initialize the connection; `socket` is open."""
        self._socket = socket
        self._has_echo = False
        self._is_echo_due = False

    async def send(self, event_type: str, payload: Json) -> None:
        """Send an event; raises UnreachableError."""
        frame = orjson.dumps({"event_type": event_type, "payload": payload})
        try:
            await self._socket.send_str(frame.decode())
        except (aiohttp.ClientError, ConnectionError) as err:
            raise UnreachableError("WebSocket: the connection was lost") from err

    async def receive(self) -> Object:
        """Return the next event, or an empty one after HEARTBEAT seconds of silence.

        Servers since 1.1.0 echo heartbeats. Raises UnreachableError if the connection
        is closed, or if a server that has echoed one does not do so again.
        """
        try:
            async with asyncio.timeout(HEARTBEAT):
                message = await self._socket.receive()
        except TimeoutError:
            if self._has_echo and self._is_echo_due:
                raise UnreachableError("WebSocket: no answer to a heartbeat") from None
            self._is_echo_due = True
            await self.send("Heartbeat", "ping")
            return {}
        if message.type is not WSMsgType.TEXT:
            if message.type in (WSMsgType.BINARY, WSMsgType.PING, WSMsgType.PONG):
                return {}
            raise UnreachableError("WebSocket: the connection was lost")
        self._is_echo_due = False
        event = _parse_event(message.data)
        self._has_echo |= event.get("event_type") == "Heartbeat"
        return event


async def _connect(server: Server) -> ClientWebSocketResponse:
    """Return an open WebSocket; raises NotFoundError or UnreachableError."""
    url = URL(f"{server.url}{PATH}")
    headers = await server.auth.headers()
    try:
        async with asyncio.timeout(HANDSHAKE_TIMEOUT):
            return await server.session.ws_connect(
                url, headers=headers, max_msg_size=_MAX_MESSAGE_BYTES
            )
    except TimeoutError as err:
        raise UnreachableError("WebSocket: no answer in time") from err
    except aiohttp.WSServerHandshakeError as err:
        if err.status in _BUSY:
            raise UnreachableError(f"WebSocket: HTTP {err.status}") from err
        raise NotFoundError("the server has no WebSocket") from err
    except aiohttp.ClientError as err:
        # The type alone, because the text of aiohttp's errors contains the address.
        raise UnreachableError(f"WebSocket: {type(err).__name__}") from err


def _parse_event(text: str) -> Object:
    """Parse an event; anything but a JSON object is an empty one."""
    try:
        event: Json = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return as_object(event)


def _changed_keys(event: Object, catalogue: Catalogue) -> frozenset[str]:
    """Return the keys of the points that an event names; unknown keys are ignored."""
    keys = as_object(event.get("payload")).get("entity_key")
    known = catalogue.keys_by_entity_key
    return frozenset(
        known[key]
        for key in (keys if isinstance(keys, list) else [])
        if isinstance(key, str) and key in known
    )
