"""Receive changes from the server's MQTT broker (since 1.2.2).

The broker announces all changes of a tenant by entity id, including those of entities
that the user may not see. Source: docs/wire/milesight.md, Push.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
import ssl

import aiohttp
from aiomqtt import MqttError
from yarl import URL

from ..common.json_text import decode_json
from ..common.log_limit import limited_logger
from ..common.parse import as_object
from ..errors import UnreachableError
from .catalogue import Catalogue
from .inventory_need import InventoryNeed
from .models import as_id
from .mqtt_broker import BrokerEndpoint, BrokerLogin, broker_endpoints
from .mqtt_client import MqttClient
from .push_flood import MAX_MESSAGE_BYTES, Flood
from .server import Server

KEEPALIVE = 50
"""Seconds; the web page uses the same."""

CONNECT_TIMEOUT = 5.0
"""Seconds; a port may accept connections and stay silent, and others follow."""

CLOSE_TIMEOUT = 1.0
"""Seconds for which the end of a watch waits until the connection is closed."""

_LOGGER = limited_logger(__name__)
"""aiomqtt and paho log here what a broker does wrong, which may be much."""

CLOSING: set[asyncio.Task[None]] = set()
"""Connections that are still being closed: the event loop alone would forget them."""


async def watch_mqtt(
    server: Server,
    get_catalogue: Callable[[], Catalogue],
    need: InventoryNeed,
    verify_ssl: bool,
) -> AsyncGenerator[frozenset[str]]:
    """Yield the keys of points that have new values, first an empty set.

    Announced entities that the catalogue lacks are noted in `need`, and while there is
    a need, empty sets are yielded, too. Raises NotFoundError if the release has no
    broker, UnreachableError if the broker refuses or cannot be reached, or if the
    connection is lost, and EndlessError if it floods Home Assistant.
    """
    info = await server.client.broker_info()
    login = await server.client.broker_login()
    context = await asyncio.to_thread(_make_tls_context, verify_ssl)
    endpoints = broker_endpoints(info, URL(server.url))
    flood = Flood()
    make_client = partial(_make_client, login=login, context=context, flood=flood)
    async with AsyncExitStack() as stack:
        client = await _connect(stack, server.session, endpoints, make_client, context)
        try:
            await client.subscribe(login.exchange_topic)
            yield frozenset()
            async for message in client.messages:
                flood.check()
                catalogue = get_catalogue()
                announced = _announced_ids(message.payload)
                need.note_ids(announced, catalogue.entity_ids)
                known = catalogue.keys_by_id
                keys = frozenset(known[each] for each in announced if each in known)
                if keys or need.is_needed:
                    yield keys
        except MqttError as err:
            raise UnreachableError("MQTT: the connection was lost") from err


async def _connect(
    stack: AsyncExitStack,
    session: aiohttp.ClientSession,
    endpoints: Iterable[BrokerEndpoint],
    make_client: Callable[[BrokerEndpoint], MqttClient],
    context: ssl.SSLContext,
) -> MqttClient:
    """Return a client of the first endpoint that works; `stack` will disconnect it."""
    failures: list[str] = []
    for endpoint in endpoints:
        try:
            await _check(session, endpoint, context)
            client = make_client(endpoint)
            return await stack.enter_async_context(_connected(client))
        except (MqttError, OSError, aiohttp.ClientError, ValueError) as err:
            # Host names that cannot be one are a ValueError.
            # The type alone, because the text may contain the address.
            failures.append(f"{endpoint}: {type(err).__name__}")
    raise UnreachableError(", ".join(failures))


async def _check(
    session: aiohttp.ClientSession, endpoint: BrokerEndpoint, context: ssl.SSLContext
) -> None:
    """Check that an endpoint answers; raises OSError or ClientError.

    aiomqtt connects in a thread, which a silent port would hold for a whole keepalive,
    and which cannot be cancelled.
    """
    async with asyncio.timeout(CONNECT_TIMEOUT):
        if endpoint.path is None:
            _, writer = await asyncio.open_connection(
                endpoint.host,
                endpoint.port,
                ssl=context if endpoint.is_encrypted else None,
            )
            writer.close()
            return
        async with session.ws_connect(
            endpoint.url,
            protocols=("mqtt",),
            ssl=context if endpoint.is_encrypted else True,
            timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_TIMEOUT),
        ):
            pass


def _make_client(
    endpoint: BrokerEndpoint,
    login: BrokerLogin,
    context: ssl.SSLContext,
    flood: Flood,
) -> MqttClient:
    """Return a client for an endpoint that is not connected yet."""
    return MqttClient(
        endpoint,
        login,
        context,
        flood,
        keepalive=KEEPALIVE,
        timeout=CONNECT_TIMEOUT,
        logger=_LOGGER,
    )


@asynccontextmanager
async def _connected(client: MqttClient) -> AsyncGenerator[MqttClient]:
    """Connect a client to the broker, and disconnect it at the end.

    If aiomqtt is cancelled while it connects, it leaks its socket and callbacks. So
    after a cancellation it goes on until the connection is made or refused, and then
    closes it, but nobody waits long for that.
    """
    connecting = asyncio.ensure_future(client.__aenter__())
    try:
        # Unlike `shield`, `wait` logs no exception that nobody retrieves.
        await asyncio.wait({connecting})
        connecting.result()
        yield client
    finally:
        closing = asyncio.create_task(_close(client, connecting))
        CLOSING.add(closing)
        closing.add_done_callback(CLOSING.discard)
        await asyncio.wait({closing}, timeout=CLOSE_TIMEOUT)


async def _close(client: MqttClient, connecting: asyncio.Future[MqttClient]) -> None:
    """Disconnect a client as soon as it is connected, if it ever is."""
    try:
        with suppress(MqttError):
            await connecting
            await client.__aexit__(None, None, None)
            # asyncio logs the loss of a connection as an error unless somebody asks for
            # it, which only the messages do.
            async for _ in client.messages:
                pass
    finally:
        client.drop()


def _make_tls_context(verify: bool) -> ssl.SSLContext:
    """Return the TLS settings; this blocks, because it loads the CA certificates."""
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _announced_ids(payload: object) -> list[str]:
    """Return the ids of the entities that a message names."""
    if not isinstance(payload, bytes | bytearray) or len(payload) > MAX_MESSAGE_BYTES:
        return []
    try:
        event = decode_json(payload)
    except ValueError:
        return []
    ids = as_object(as_object(event).get("payload")).get("entity_ids")
    named = ids if isinstance(ids, list) else []
    return [each for item in named if (each := as_id(item)) is not None]
