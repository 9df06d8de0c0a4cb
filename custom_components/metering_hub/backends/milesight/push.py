"""Choose between the server's two push protocols: MQTT and the old WebSocket.

Both announce which entities have new values, but not the values themselves.
Source: docs/wire/milesight.md, Push.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from ..errors import NotFoundError
from .catalogue import Catalogue
from .features import Features
from .push_mqtt import watch_mqtt
from .push_websocket import watch_websocket
from .server import Server


async def watch_server(
    server: Server,
    features: Features,
    get_catalogue: Callable[[], Catalogue],
    verify_ssl: bool,
) -> AsyncGenerator[frozenset[str]]:
    """Yield the keys of points that have new values, first an empty set; see Backend.

    Up to 1.2.1 there is the WebSocket, whose port is known only behind nginx. From
    1.2.2 on there is MQTT. The broker of 1.2.0 and 1.2.1 announces no changes, so the
    WebSocket is tried first where the release may have one.

    Raises NotFoundError if the server has neither, and the errors of both protocols.
    """
    if features.may_have_websocket and server.has_proxy:
        try:
            async with aclosing(watch_websocket(server, get_catalogue)) as changes:
                async for keys in changes:
                    yield keys
        except NotFoundError:
            # This release has a broker instead.
            pass
        else:
            return
    if features.broker is False:
        raise NotFoundError("the server does not announce changes")
    async with aclosing(watch_mqtt(server, get_catalogue, verify_ssl)) as changes:
        async for keys in changes:
            yield keys
