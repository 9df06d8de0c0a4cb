"""Choose between the server's two push protocols: MQTT and the old WebSocket.

Both announce which entities have new values, but not the values themselves.
Source: docs/wire/milesight.md, Push.
"""

from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import aclosing
from dataclasses import dataclass

from .catalogue import Catalogue
from .inventory_need import InventoryNeed
from .push_mqtt import watch_mqtt
from .push_websocket import NoWebSocketError, watch_websocket
from .server import Server


@dataclass(frozen=True, slots=True, kw_only=True)
class PushContext:
    """What is watched, as it is at any time while a server is watched.

    `polled` are the keys of the points that polls read. Announced entities that the
    catalogue lacks are noted in `need`.
    """

    get_catalogue: Callable[[], Catalogue]
    polled: Collection[str]
    need: InventoryNeed


async def watch_server(
    server: Server,
    context: PushContext,
    *,
    may_have_websocket: bool,
    verify_ssl: bool,
) -> AsyncGenerator[frozenset[str]]:
    """Yield the keys of points that have new values, first an empty set; see Backend.

    Up to 1.2.1 there is the WebSocket, from 1.2.2 on MQTT. The broker of 1.2.0 and
    1.2.1 announces no changes, so the WebSocket is tried first where the release may
    have one. If it cannot be reached, nothing is yielded before the broker announces
    something, so that nobody takes its silence for push.

    Raises NotFoundError if the server has neither, and the errors of both protocols.
    """
    get_catalogue = context.get_catalogue
    if may_have_websocket:
        try:
            async with aclosing(
                watch_websocket(server, get_catalogue, context.polled)
            ) as changes:
                async for keys in changes:
                    yield get_catalogue().with_readings(keys)
        except NoWebSocketError:
            # This release has a broker instead.
            pass
        else:
            return
    async with aclosing(
        watch_mqtt(server, get_catalogue, context.need, verify_ssl)
    ) as changes:
        if may_have_websocket:
            # The first empty set only says that the broker accepted the subscription.
            await anext(changes, None)
        async for keys in changes:
            yield get_catalogue().with_readings(keys)
