"""Listen to the WebSocket of the releases up to 1.2.1.

Source: ../shared/wire/milesight.md §8. The server keeps one subscription per user, not
per connection: whoever subscribes last gets the messages, and whoever leaves takes the
subscription along. So Home Assistant needs a user of its own.
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
from .server import Server

PATH = "/websocket"
HANDSHAKE_TIMEOUT = 10.0
"""Seconds; a token that the server does not accept is never answered at all."""

HEARTBEAT = 10.0
"""Seconds between two signs of life; the web page uses the same."""

_MOST_BYTES = 1024 * 1024
_BUSY = frozenset({429, 502, 503, 504})


async def watch_websocket(
    server: Server, catalogue: Callable[[], Catalogue]
) -> AsyncGenerator[frozenset[str]]:
    """Yield the keys of points that have new values, first an empty set.

    Raises NotFoundError where the release has no WebSocket, UnreachableError where
    it cannot be reached or is lost.
    """
    # A request whose token is renewed, if need be: the WebSocket would only be silent.
    await server.client.user()
    socket = await _connect(server)
    try:
        listener = _Listener(socket)
        subscribed: Catalogue | None = None
        while True:
            known = catalogue()
            if known is not subscribed:
                keys: list[Json] = [*known.keys_by_entity_key]
                await listener.send("Exchange", {"entity_key": keys})
                if subscribed is None:
                    yield frozenset()
                subscribed = known
            if changed := _changed(await listener.next(), known):
                yield changed
    finally:
        await socket.close()


class _Listener:
    """A connection, and whether it still lives."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        """Take a connection that is open."""
        self._socket = socket
        self._echoes = False
        self._waits_for_echo = False

    async def send(self, event_type: str, payload: Json) -> None:
        """Send an event; raises UnreachableError."""
        frame = orjson.dumps({"event_type": event_type, "payload": payload})
        try:
            await self._socket.send_str(frame.decode())
        except (aiohttp.ClientError, ConnectionError) as err:
            raise UnreachableError("WebSocket: the connection is lost") from err

    async def next(self) -> dict[str, Json]:
        """Return the next event, or an empty one after a while of silence.

        Silence is broken by a heartbeat. Servers since 1.1.0 send it back; one that
        has done so and stops is lost.
        """
        try:
            async with asyncio.timeout(HEARTBEAT):
                message = await self._socket.receive()
        except TimeoutError:
            if self._echoes and self._waits_for_echo:
                raise UnreachableError("WebSocket: no sign of life") from None
            self._waits_for_echo = True
            await self.send("Heartbeat", "ping")
            return {}
        if message.type is not WSMsgType.TEXT:
            if message.type in (WSMsgType.BINARY, WSMsgType.PING, WSMsgType.PONG):
                return {}
            raise UnreachableError("WebSocket: the connection is lost")
        self._waits_for_echo = False
        event = _parsed(message.data)
        self._echoes |= event.get("event_type") == "Heartbeat"
        return event


async def _connect(server: Server) -> ClientWebSocketResponse:
    url = URL(f"{server.url}{PATH}")
    headers = await server.auth.headers()
    try:
        async with asyncio.timeout(HANDSHAKE_TIMEOUT):
            return await server.session.ws_connect(
                url, headers=headers, max_msg_size=_MOST_BYTES
            )
    except TimeoutError as err:
        raise UnreachableError("WebSocket: no answer in time") from err
    except aiohttp.WSServerHandshakeError as err:
        if err.status in _BUSY:
            raise UnreachableError(f"WebSocket: HTTP {err.status}") from err
        raise NotFoundError("the server has no WebSocket") from err
    except aiohttp.ClientError as err:
        # The type alone, because the text of aiohttp's errors names the address.
        raise UnreachableError(f"WebSocket: {type(err).__name__}") from err


def _parsed(text: str) -> dict[str, Json]:
    try:
        event: Json = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return as_object(event)


def _changed(event: dict[str, Json], catalogue: Catalogue) -> frozenset[str]:
    """Return the keys of the points that an event names; others may be in it."""
    keys = as_object(event.get("payload")).get("entity_key")
    known = catalogue.keys_by_entity_key
    return frozenset(
        known[key]
        for key in (keys if isinstance(keys, list) else [])
        if isinstance(key, str) and key in known
    )
