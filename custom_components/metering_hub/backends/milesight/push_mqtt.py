"""Listen to the server's MQTT broker (since 1.2.2).

Source: ../shared/wire/milesight.md §8. The broker tells of all changes of a tenant by
entity id, as far as the user may see the entities or not.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
import ssl
from typing import Literal

from aiomqtt import Client, MqttError
import orjson
from yarl import URL

from ..common.http import Json
from ..common.parse import as_object
from ..errors import UnreachableError
from .catalogue import Catalogue
from .models import BrokerInfo, BrokerLogin, as_id
from .server import Server

KEEPALIVE = 50
"""Seconds; what the web page uses."""

CONNECT_TIMEOUT = 10.0
MOST_WAITING = 1000
"""How many messages may wait to be read; polling makes up for those that are lost."""

_MOST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class _Door:
    """A way into the broker."""

    host: str = field(repr=False)
    port: int
    transport: Literal["tcp", "websockets"]
    encrypted: bool

    def __str__(self) -> str:
        """Name the way, without the address."""
        return f"MQTT over {'TCP' if self.transport == 'tcp' else 'WebSocket'}"


async def watch_mqtt(
    server: Server, catalogue: Callable[[], Catalogue], verify_ssl: bool
) -> AsyncGenerator[frozenset[str]]:
    """Yield the keys of points that have new values, first an empty set.

    Raises UnreachableError where the broker refuses, cannot be reached or is lost.
    """
    info = await server.client.broker_info()
    login = await server.client.broker_login()
    context = await asyncio.to_thread(_tls_context, verify_ssl)
    async with AsyncExitStack() as stack:
        client = await _enter(stack, server, info, login, context)
        try:
            topic = f"beaver-iot/{login.username}/downlink/web/exchange"
            await client.subscribe(topic)
            yield frozenset()
            async for message in client.messages:
                if keys := _changed(message.payload, catalogue()):
                    yield keys
        except MqttError as err:
            raise UnreachableError("MQTT: the connection is lost") from err


async def _enter(
    stack: AsyncExitStack,
    server: Server,
    info: BrokerInfo,
    login: BrokerLogin,
    context: ssl.SSLContext,
) -> Client:
    """Return a client that is connected, through the first door that opens."""
    failed: list[str] = []
    for door in _doors(info, URL(server.url)):
        client = Client(
            door.host,
            door.port,
            transport=door.transport,
            websocket_path=info.ws_path if door.transport == "websockets" else None,
            tls_context=context if door.encrypted else None,
            username=login.username,
            password=login.password,
            identifier=login.client_id,
            clean_session=True,
            keepalive=KEEPALIVE,
            timeout=CONNECT_TIMEOUT,
            max_queued_incoming_messages=MOST_WAITING,
        )
        try:
            return await stack.enter_async_context(_uncut(client))
        except MqttError as err:
            # The type alone, because the text may name the address.
            failed.append(f"{door}: {type(err).__name__}")
    raise UnreachableError(", ".join(failed) or "MQTT: no way to the broker is known")


@asynccontextmanager
async def _uncut(client: Client) -> AsyncGenerator[Client]:
    """Connect to the broker, and not to be cancelled in the middle of it.

    The library would leave its socket open and its callbacks behind, so that a
    cancelled connection is first made, or refused, and then closed.
    """
    connecting = asyncio.ensure_future(client.__aenter__())
    try:
        # Waiting leaves it alone, and unlike a shield says nothing of how it ended.
        await asyncio.wait({connecting})
    except asyncio.CancelledError:
        with suppress(MqttError):
            await connecting
            await client.__aexit__(None, None, None)
        raise
    connecting.result()
    try:
        yield client
    finally:
        await client.__aexit__(None, None, None)


def _doors(info: BrokerInfo, url: URL) -> Iterator[_Door]:
    """Yield the ways into the broker, the most direct first.

    What the server does not tell is as for the web page, whose nginx passes WebSocket
    connections on. Where that page is encrypted, nothing is sent in clear.
    """
    host, port = info.host or url.host or "", url.port or 80
    if url.scheme == "https":
        if info.mqtts_port is not None:
            yield _Door(
                host=host, port=info.mqtts_port, transport="tcp", encrypted=True
            )
        port = info.wss_port or port
        yield _Door(host=host, port=port, transport="websockets", encrypted=True)
        return
    if info.mqtt_port is not None:
        yield _Door(host=host, port=info.mqtt_port, transport="tcp", encrypted=False)
    port = info.ws_port or port
    yield _Door(host=host, port=port, transport="websockets", encrypted=False)


def _tls_context(verify: bool) -> ssl.SSLContext:
    """Return how to encrypt; reading the certificates blocks."""
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _changed(payload: object, catalogue: Catalogue) -> frozenset[str]:
    """Return the keys of the points that a message names; others may be in it."""
    if not isinstance(payload, bytes | bytearray) or len(payload) > _MOST_BYTES:
        return frozenset()
    try:
        event: Json = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return frozenset()
    ids = as_object(as_object(event).get("payload")).get("entity_ids")
    known = catalogue.keys_by_id
    return frozenset(
        known[entity_id]
        for item in (ids if isinstance(ids, list) else [])
        if (entity_id := as_id(item)) is not None and entity_id in known
    )
