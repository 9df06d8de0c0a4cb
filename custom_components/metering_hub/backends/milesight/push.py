"""Which way a server pushes: over MQTT, or over its old WebSocket.

Source: ../shared/wire/milesight.md §8. Both only say what has a new value, not which.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from ..errors import NotFoundError
from .catalogue import Catalogue
from .features import Abilities
from .push_mqtt import watch_mqtt
from .push_websocket import watch_websocket
from .server import Server


async def watch(
    server: Server,
    abilities: Abilities,
    catalogue: Callable[[], Catalogue],
    verify_ssl: bool,
) -> AsyncGenerator[frozenset[str]]:
    """Yield the keys of points that have new values, first an empty set; see Backend.

    Up to 1.2.1 there is the WebSocket, behind nginx only: without, its port is not
    known. From 1.2.2 on there is MQTT; 1.2.0 and 1.2.1 have a broker, too, which does
    not tell of changes. So where the WebSocket may be, it is tried first.
    """
    if abilities.may_have_websocket and server.has_proxy:
        try:
            async with aclosing(watch_websocket(server, catalogue)) as changes:
                async for keys in changes:
                    yield keys
        except NotFoundError:
            # This release has a broker instead.
            pass
        else:
            return
    if abilities.broker is False:
        raise NotFoundError("this server tells of no changes")
    async with aclosing(watch_mqtt(server, catalogue, verify_ssl)) as changes:
        async for keys in changes:
            yield keys
