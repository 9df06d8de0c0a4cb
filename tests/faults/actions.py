"""What a proxy does to single requests, beside what `simulators.faults` has."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
import gzip

from aiohttp import hdrs, web
from orjson import JSONDecodeError, dumps, loads

from simulators.faults import Answer, Handler, Json

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Silence:
    """Read the request, and answer only after `released`."""

    released: asyncio.Event

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Wait until the trouble is over."""
        await self.released.wait()
        return await handler(request)


@dataclass(frozen=True, slots=True)
class StopMidway:
    """Send the head and a part of the body, and then nothing, until `released`."""

    released: asyncio.Event

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Stall in the middle of the real answer."""
        cut = await _begin(request, await handler(request))
        await self.released.wait()
        cut.force_close()
        return cut


@dataclass(frozen=True, slots=True)
class ResetMidway:
    """Reset the connection in the middle of the body."""

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Send half of the real answer."""
        cut = await _begin(request, await handler(request))
        if request.transport is not None:
            request.transport.abort()
        return cut


@dataclass(frozen=True, slots=True)
class HangUp:
    """Close the connection politely, without an answer."""

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Close the server's side after the request."""
        if request.transport is not None:
            request.transport.close()
        return web.Response()


CREDENTIALS = (hdrs.AUTHORIZATION, "X-AUTHKEY")
"""The headers with what a login has returned, or with a key."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """Refuse credentials in headers, as far as they are `known`, if that is given.

    The answer to a login is `login`; without one, logins pass.
    """

    answer: Answer
    known: frozenset[str] | None = None
    login: Answer | None = None

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse a request or let it pass."""
        if self.login is not None and "/token" in request.path:
            return await self.login.apply(request, handler)
        sent = {
            request.headers[each] for each in CREDENTIALS if each in request.headers
        }
        if sent and (self.known is None or sent & self.known):
            return await self.answer.apply(request, handler)
        return await handler(request)


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Answer with the real JSON after `change`; what is no JSON passes."""

    change: Callable[[Json], Json]

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Return the changed JSON with the same status and headers."""
        whole = await handler(request)
        try:
            body = dumps(self.change(loads(_body(whole))))
        except JSONDecodeError:
            return whole
        return web.Response(status=whole.status, body=body, headers=whole.headers)


@dataclass(frozen=True, slots=True)
class Relabel:
    """Answer with the real body under another content type."""

    content_type: str

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Replace the content type."""
        whole = await handler(request)
        whole.headers[hdrs.CONTENT_TYPE] = self.content_type
        return whole


@dataclass(frozen=True, slots=True)
class ClockSkew:
    """Answer as a server whose clock is ahead; `ahead` may be negative."""

    ahead: timedelta

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Replace the `Date` header."""
        whole = await handler(request)
        moment = datetime.now(UTC) + self.ahead
        whole.headers[hdrs.DATE] = format_datetime(moment, usegmt=True)
        return whole


@dataclass(frozen=True, slots=True)
class RedirectToItself:
    """Redirect each request to its own address."""

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Redirect for ever."""
        return web.Response(status=302, headers={hdrs.LOCATION: str(request.rel_url)})


@dataclass(frozen=True, slots=True)
class GzipBomb:
    """Answer with a few kilobytes that unpack to `size` bytes of JSON."""

    size: int = 64 << 20
    packed: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Pack it once."""
        body = b'{"results":["' + b"0" * self.size + b'"]}'
        object.__setattr__(self, "packed", gzip.compress(body, 9))

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer with the packed bytes."""
        headers = {hdrs.CONTENT_ENCODING: "gzip", hdrs.CONTENT_TYPE: JSON}
        return web.Response(body=self.packed, headers=headers)


def nulls(answer: Json) -> Json:
    """Return JSON with null in the place of each value."""
    return _leaves(answer, lambda _: None)


def wrong_types(answer: Json) -> Json:
    """Return JSON in which texts are objects, numbers are lists, and so on."""
    return _leaves(answer, _another_type)


def _another_type(value: Json) -> Json:
    """Return something of another type than a value."""
    match value:
        case bool() | None:
            return "maybe"
        case str():
            return {"text": value}
        case _:
            return [value]


def _leaves(answer: Json, change: Callable[[Json], Json]) -> Json:
    """Return JSON with all values changed, but the same objects and lists."""
    if isinstance(answer, dict):
        return {key: _leaves(each, change) for key, each in answer.items()}
    if isinstance(answer, list):
        return [_leaves(each, change) for each in answer]
    return change(answer)


async def _begin(request: web.Request, whole: web.StreamResponse) -> web.StreamResponse:
    """Send the head and half of the body of an answer."""
    body = _body(whole)
    cut = web.StreamResponse(status=whole.status, headers=whole.headers)
    cut.content_length = len(body)
    await cut.prepare(request)
    await cut.write(body[: len(body) // 2])
    return cut


def _body(response: web.StreamResponse) -> bytes:
    """Return the body of a response."""
    body = response.body if isinstance(response, web.Response) else b""
    return body if isinstance(body, bytes) else b""
