"""The cost of the wire alone: the same requests, with parsed and dropped responses.

No client can cost less, because every response has to be parsed.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
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
    """The arguments of a request that was made with aiohttp."""

    method: str
    url: object
    options: Mapping[str, object]


@contextlib.contextmanager
def recorded() -> Iterator[list[Sent]]:
    """Record the requests of all aiohttp sessions."""
    # Home Assistant's session already exists and cannot get a trace, so the method
    # itself is replaced.
    plain = getattr(aiohttp.ClientSession, _REQUEST)
    sent: list[Sent] = []

    async def noted(
        session: aiohttp.ClientSession, method: str, url: object, **options: object
    ) -> object:
        """Record a request and make it."""
        sent.append(Sent(method, url, options))
        return await plain(session, method, url, **options)

    setattr(aiohttp.ClientSession, _REQUEST, noted)
    try:
        yield sent
    finally:
        setattr(aiohttp.ClientSession, _REQUEST, plain)


async def send(hass: HomeAssistant, requests: Sequence[Sent]) -> None:
    """Make these requests again with Home Assistant's session."""
    async for content_type, body in _answers(hass, requests):
        if content_type == "application/json":
            orjson.loads(body)


async def weigh(hass: HomeAssistant, requests: Sequence[Sent]) -> int:
    """Return the bytes of the answers to these requests, which are made again."""
    return sum([len(body) async for _, body in _answers(hass, requests)])


async def _answers(
    hass: HomeAssistant, requests: Sequence[Sent]
) -> AsyncIterator[tuple[str, bytes]]:
    """Yield the content types and the bodies of the answers to these requests."""
    ask: _Ask = async_get_clientsession(hass).request
    for request in requests:
        async with ask(request.method, request.url, **request.options) as response:
            body = await response.read()
        yield response.content_type, body
