"""What the wire alone costs: the same requests, whose answers are parsed and dropped.

No client can do with less: without reading an answer, nobody knows what it says.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
import contextlib
from dataclasses import dataclass

import aiohttp
import orjson

from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession

_REQUEST = "_request"

type _Ask = Callable[
    ..., contextlib.AbstractAsyncContextManager[aiohttp.ClientResponse]
]


@dataclass(frozen=True, slots=True)
class Sent:
    """A request that was made, as aiohttp takes it."""

    method: str
    url: object
    options: Mapping[str, object]


@contextlib.contextmanager
def recorded() -> Iterator[list[Sent]]:
    """Take note of all requests that any aiohttp session makes."""
    # A session of Home Assistant cannot be given a trace any more, so that the method
    # itself is replaced.
    plain = getattr(aiohttp.ClientSession, _REQUEST)
    sent: list[Sent] = []

    async def noted(
        session: aiohttp.ClientSession, method: str, url: object, **options: object
    ) -> object:
        sent.append(Sent(method, url, options))
        return await plain(session, method, url, **options)

    setattr(aiohttp.ClientSession, _REQUEST, noted)
    try:
        yield sent
    finally:
        setattr(aiohttp.ClientSession, _REQUEST, plain)


async def send(hass: HomeAssistant, requests: Sequence[Sent]) -> None:
    """Make these requests again, on Home Assistant's own session."""
    ask: _Ask = async_get_clientsession(hass).request
    for request in requests:
        async with ask(request.method, request.url, **request.options) as response:
            body = await response.read()
        if response.content_type == "application/json":
            orjson.loads(body)
