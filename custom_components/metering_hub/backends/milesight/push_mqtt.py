"""Receive changes from the server's MQTT broker (since 1.2.2).

The broker announces all changes of a tenant by entity id, including those of entities
that the user may not see. Source: docs/wire/milesight.md, Push.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
import ssl

from aiomqtt import Client, MqttError
import orjson
from yarl import URL

from ..common.http import Json
from ..common.parse import as_object
from ..errors import UnreachableError
from .catalogue import Catalogue
from .models import as_id
from .mqtt_broker import BrokerEndpoint, BrokerInfo, BrokerLogin, broker_endpoints
from .server import Server

KEEPALIVE = 50
"""Seconds; the web page uses the same."""

CONNECT_TIMEOUT = 10.0
MAX_QUEUED_MESSAGES = 1000
"""Polling makes up for messages that are lost beyond this number."""

_MAX_MESSAGE_BYTES = 1024 * 1024


async def watch_mqtt(
    server: Server, get_catalogue: Callable[[], Catalogue], verify_ssl: bool
) -> AsyncGenerator[frozenset[str]]:
    """Yield the keys of points that have new values, first an empty set.

    Raises UnreachableError if the broker refuses or cannot be reached, or if the
    connection is lost.
    """
    info = await server.client.broker_info()
    login = await server.client.broker_login()
    context = await asyncio.to_thread(_make_tls_context, verify_ssl)
    async with AsyncExitStack() as stack:
        client = await _connect(stack, server, info, login, context)
        try:
            await client.subscribe(login.exchange_topic)
            yield frozenset()
            async for message in client.messages:
                if keys := _changed_keys(message.payload, get_catalogue()):
                    yield keys
        except MqttError as err:
            raise UnreachableError("MQTT: the connection was lost") from err


async def _connect(
    stack: AsyncExitStack,
    server: Server,
    info: BrokerInfo,
    login: BrokerLogin,
    context: ssl.SSLContext,
) -> Client:
    """Return a connected client, which `stack` will disconnect."""
    failures: list[str] = []
    for endpoint in broker_endpoints(info, URL(server.url)):
        client = _make_client(endpoint, info, login, context)
        try:
            return await stack.enter_async_context(_connected(client))
        except MqttError as err:
            # The type alone, because the text may contain the address.
            failures.append(f"{endpoint}: {type(err).__name__}")
    raise UnreachableError(", ".join(failures))


def _make_client(
    endpoint: BrokerEndpoint,
    info: BrokerInfo,
    login: BrokerLogin,
    context: ssl.SSLContext,
) -> Client:
    """Return a client for an endpoint that is not connected yet."""
    return Client(
        endpoint.host,
        endpoint.port,
        transport=endpoint.transport,
        websocket_path=info.ws_path if endpoint.transport == "websockets" else None,
        tls_context=context if endpoint.is_encrypted else None,
        username=login.username,
        password=login.password,
        identifier=login.client_id,
        clean_session=True,
        keepalive=KEEPALIVE,
        timeout=CONNECT_TIMEOUT,
        max_queued_incoming_messages=MAX_QUEUED_MESSAGES,
    )


@asynccontextmanager
async def _connected(client: Client) -> AsyncGenerator[Client]:
    """Connect a client to the broker, and disconnect it at the end.

    If aiomqtt is cancelled while it connects, it leaks its socket and callbacks. So a
    cancellation waits until the connection is made or refused, and then closes it.
    """
    connecting = asyncio.ensure_future(client.__aenter__())
    try:
        # Unlike `shield`, `wait` logs no exception that nobody retrieves.
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


def _make_tls_context(verify: bool) -> ssl.SSLContext:
    """Return the TLS settings; this blocks, because it loads the CA certificates."""
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _changed_keys(payload: object, catalogue: Catalogue) -> frozenset[str]:
    """Return the keys of the points that a message names; unknown ids are ignored."""
    if not isinstance(payload, bytes | bytearray) or len(payload) > _MAX_MESSAGE_BYTES:
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
