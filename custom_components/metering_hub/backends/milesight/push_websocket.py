"""Receive changes from the WebSocket of the releases up to 1.2.1.

The server keeps one subscription per user, not per connection: the last subscriber gets
the messages, and any disconnect ends the subscription. So Home Assistant needs a user
of its own. Source: docs/wire/milesight.md, WebSocket.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection

import aiohttp
from aiohttp import ClientWebSocketResponse, WSMsgType
import orjson
from yarl import URL

from ..common.http import Json
from ..common.json_text import decode_json
from ..common.parse import as_object
from ..errors import NotFoundError, UnreachableError
from .catalogue import Catalogue
from .models import Object
from .push_flood import MAX_MESSAGE_BYTES, Flood
from .server import Server

PATH = "/websocket"
API_PORT = 9200
WEBSOCKET_PORT = 9201
"""The server's own ports, if it is not behind nginx, which forwards both."""

HANDSHAKE_TIMEOUT = 10.0
"""Seconds; the server never answers a handshake with an invalid token."""

HEARTBEAT = 10.0
"""Seconds of silence before a heartbeat is sent; the web page uses the same."""

RESUBSCRIBE_AFTER = 60.0
"""Seconds after which a subscription is renewed: a browser of the same user, which
replaces it, silences Home Assistant for no longer than this."""

LONGEST_FRAME = 65_536
"""Bytes; the server closes the connection at a longer one, and of several subscriptions
the last one replaces the others."""

_BUSY = frozenset({429, 502, 503, 504})


class NoWebSocketError(NotFoundError):
    """The server has no WebSocket, or its port is not known or not open."""


async def watch_websocket(
    server: Server,
    get_catalogue: Callable[[], Catalogue],
    polled: Collection[str],
) -> AsyncGenerator[frozenset[str]]:
    """Yield the keys of points that have new values, first an empty set.

    Only the points with `polled` keys are subscribed to, which may become more. Raises
    NoWebSocketError, NotFoundError if there are too many points for a subscription,
    UnreachableError if the server cannot be reached or the connection is lost, and
    EndlessError if it floods Home Assistant.
    """
    subscription = _Subscription(get_catalogue, polled)
    frame = subscription.renewed()
    # This renews a token that was revoked; the handshake would only time out.
    await server.client.user()
    socket = await _connect(server)
    try:
        connection = _Connection(socket)
        await connection.send(frame)
        yield frozenset()
        flood = Flood()
        while True:
            if subscription.is_outdated:
                await connection.send(subscription.renewed())
            event = await connection.receive()
            flood.count()
            flood.check()
            if changed := _changed_keys(event, get_catalogue()):
                yield changed
    finally:
        await socket.close()


class _Subscription:
    """The entities whose changes the server announces, by their keys."""

    def __init__(
        self, get_catalogue: Callable[[], Catalogue], polled: Collection[str]
    ) -> None:
        """Initialize without a subscription; see `watch_websocket`."""
        self._get_catalogue = get_catalogue
        self._polled = polled
        self._catalogue: Catalogue | None = None
        self._polled_count = 0
        self._renew_at = 0.0

    @property
    def is_outdated(self) -> bool:
        """Return True if the server has to be told again."""
        return (
            self._get_catalogue() is not self._catalogue
            or len(self._polled) != self._polled_count
            or asyncio.get_running_loop().time() >= self._renew_at
        )

    def renewed(self) -> bytes:
        """Return the frame that subscribes to what is polled now.

        Raises NotFoundError if it is longer than the server accepts.
        """
        self._catalogue = self._get_catalogue()
        self._polled_count = len(self._polled)
        self._renew_at = asyncio.get_running_loop().time() + RESUBSCRIBE_AFTER
        keys: list[Json] = [
            entity_key
            for entity_key, key in self._catalogue.keys_by_entity_key.items()
            if key in self._polled
        ]
        frame = _frame("Exchange", {"entity_key": keys})
        if len(frame) > LONGEST_FRAME:
            raise NotFoundError(
                f"WebSocket: {len(keys)} values are too many for a subscription"
            )
        return frame


class _Connection:
    """A connection that is kept alive, and checked, by heartbeats."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        """Initialize the connection; `socket` is open."""
        self._socket = socket
        self._has_echo = False
        self._is_echo_due = False

    async def send(self, frame: bytes) -> None:
        """Send a frame; raises UnreachableError."""
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
            await self.send(_frame("Heartbeat", "ping"))
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
    """Return an open WebSocket; raises NoWebSocketError or UnreachableError."""
    url = _url(server)
    headers = await server.auth.headers()
    try:
        async with asyncio.timeout(HANDSHAKE_TIMEOUT):
            return await server.session.ws_connect(
                url, headers=headers, max_msg_size=MAX_MESSAGE_BYTES
            )
    except TimeoutError as err:
        raise UnreachableError("WebSocket: no answer in time") from err
    except aiohttp.WSServerHandshakeError as err:
        if err.status in _BUSY:
            raise UnreachableError(f"WebSocket: HTTP {err.status}") from err
        raise NoWebSocketError("the server has no WebSocket") from err
    except aiohttp.ClientConnectorError as err:
        if not server.has_proxy:
            raise NoWebSocketError("the port of the WebSocket is closed") from err
        raise UnreachableError(f"WebSocket: {type(err).__name__}") from err
    except aiohttp.ClientError as err:
        # The type alone, because the text of aiohttp's errors contains the address.
        raise UnreachableError(f"WebSocket: {type(err).__name__}") from err


def _url(server: Server) -> URL:
    """Return the address of the WebSocket; raises NoWebSocketError if it is unknown."""
    if server.has_proxy:
        return URL(f"{server.url}{PATH}")
    url = URL(server.url)
    if url.port != API_PORT:
        raise NoWebSocketError("the port of the WebSocket is unknown")
    return url.with_port(WEBSOCKET_PORT).with_path(PATH)


def _frame(event_type: str, payload: Json) -> bytes:
    """Return the frame of an event."""
    return orjson.dumps({"event_type": event_type, "payload": payload})


def _parse_event(text: str) -> Object:
    """Parse an event; anything but a JSON object is an empty one."""
    try:
        return as_object(decode_json(text.encode()))
    except ValueError:
        return {}


def _changed_keys(event: Object, catalogue: Catalogue) -> frozenset[str]:
    """Return the keys of the points that an event names; unknown keys are ignored."""
    keys = as_object(event.get("payload")).get("entity_key")
    known = catalogue.keys_by_entity_key
    return frozenset(
        known[key]
        for key in (keys if isinstance(keys, list) else [])
        if isinstance(key, str) and key in known
    )
