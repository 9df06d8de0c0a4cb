"""Make a simulator misbehave on purpose, and record the requests it receives.

`Faults.middleware` fits into any aiohttp application. A `Fault` selects requests and
how many of them it affects; its action decides what happens to them.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar, Protocol
from urllib.parse import parse_qs

from aiohttp import hdrs, web
from multidict import CIMultiDict, CIMultiDictProxy, MultiDict, MultiDictProxy
from orjson import JSONDecodeError, dumps, loads

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
type Json = dict[str, Json] | list[Json] | str | int | float | bool | None
type Row = dict[str, Json]
"""A JSON object."""

_CHUNK = 64 * 1024
_LOG_SIZE = 20_000
# Headers that describe the body, which a fault replaces.
_BODY_HEADERS = (hdrs.CONTENT_LENGTH, hdrs.CONTENT_ENCODING, hdrs.TRANSFER_ENCODING)


class Action(Protocol):
    """The effect of a fault on a request."""

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer the request; `handler` returns the answer without this fault."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer with this response instead; the real handler is not called."""

    status: int
    body: str | bytes = b""
    content_type: str = "text/html"
    headers: Mapping[str, str] = field(default_factory=dict)

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Return the prepared status, body and headers."""
        body = self.body.encode() if isinstance(self.body, str) else self.body
        headers = {hdrs.CONTENT_TYPE: self.content_type, **self.headers}
        return web.Response(status=self.status, body=body, headers=headers)


@dataclass(frozen=True, slots=True)
class Delay:
    """Wait for a number of seconds before handling the request."""

    seconds: float

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer late."""
        await asyncio.sleep(self.seconds)
        return await handler(request)


@dataclass(frozen=True, slots=True)
class Drop:
    """Close the connection without sending anything."""

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Reset the connection."""
        _hang_up(request)
        return web.Response()


@dataclass(frozen=True, slots=True)
class Truncate:
    """Announce the full length, send part of the body, then close."""

    part: float = 0.5

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Stop in the middle of the real answer."""
        whole = await handler(request)
        body = _body(whole)
        cut = web.StreamResponse(status=whole.status, headers=_headers(whole))
        cut.content_length = len(body)
        cut.force_close()
        await cut.prepare(request)
        await cut.write(body[: int(len(body) * self.part)])
        if request.transport is not None:
            request.transport.close()
        return cut


@dataclass(frozen=True, slots=True)
class Huge:
    """Stream at least `size` bytes of plausible JSON without holding it in memory."""

    size: int
    head: bytes = b'{"count":1,"next":null,"previous":null,"results":['
    row: bytes = b'{"id":1,"value":"0.000"}'
    tail: bytes = b"]}"

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Send rows until the size is reached or the client disconnects."""
        response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: "application/json"})
        response.enable_chunked_encoding()
        response.force_close()
        await response.prepare(request)
        # A client that has enough hangs up, which is no error of this server.
        with suppress(ConnectionError):
            await self._send(response)
        return response

    async def _send(self, response: web.StreamResponse) -> None:
        """Send rows until the size is reached; raises ConnectionError."""
        await response.write(self.head)
        rows = b",".join([self.row] * max(1, _CHUNK // len(self.row)))
        sent = len(self.head)
        while sent < self.size:
            await response.write(rows + b",")
            sent += len(rows) + 1
        await response.write(self.row + self.tail)


@dataclass(frozen=True, slots=True)
class MutateJson:
    """Answer with the real JSON after `change` has been applied to it."""

    change: Callable[[Json], Json]

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Return the changed JSON with the same status and headers.

        An answer without a body stays as it is.
        """
        whole = await handler(request)
        if not (plain := _body(whole)):
            return whole
        body = dumps(self.change(loads(plain)))
        answer = web.Response(status=whole.status, body=body, headers=_headers(whole))
        if whole.keep_alive is False:
            answer.force_close()
        return answer


@dataclass(frozen=True, slots=True)
class Fault:
    """An action and the requests it affects.

    `path` is a prefix if it starts with a slash, otherwise any part of the path; an
    empty one matches every path. The first `skip` matching requests pass, then `times`
    requests are affected (None: no limit).
    """

    action: Action
    path: str = ""
    times: int | None = None
    skip: int = 0
    method: str | None = None

    def matches(self, request: web.Request) -> bool:
        """Return True if the fault applies to this request."""
        if self.method is not None and self.method != request.method:
            return False
        return _path_matches(self.path, request.path)


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """A request that a simulator received; `time` is aware UTC.

    `fields` are the names in its body, if that is a form, or JSON with objects.
    """

    method: str
    path: str
    query: MultiDictProxy[str]
    headers: CIMultiDictProxy[str]
    time: datetime
    fields: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Armed:
    """A fault in force and the number of matching requests so far."""

    fault: Fault
    seen: int = 0


class Faults:
    """The faults in force and the bounded request log of one simulator.

    Each of `observers` is told each request to any simulator of this process.
    """

    observers: ClassVar[list[Callable[[RecordedRequest], None]]] = []

    def __init__(self, log_size: int = _LOG_SIZE) -> None:
        """Initialize without faults; the log keeps the last `log_size` requests."""
        self.requests: deque[RecordedRequest] = deque(maxlen=log_size)
        self._armed: list[_Armed] = []

    def add(self, fault: Fault) -> Fault:
        """Add a fault; several matching faults apply in the order they were added."""
        self._armed.append(_Armed(fault))
        return fault

    def clear(self) -> None:
        """Remove all faults."""
        self._armed.clear()

    def take_count(self) -> int:
        """Return the number of recorded requests, and clear the log."""
        count = len(self.requests)
        self.clear_requests()
        return count

    def clear_requests(self) -> None:
        """Clear the request log."""
        self.requests.clear()

    def count(self, path: str = "", method: str | None = None) -> int:
        """Count recorded requests; `path` matches as in `Fault`."""
        return sum(
            _path_matches(path, request.path) and method in (None, request.method)
            for request in self.requests
        )

    @web.middleware
    async def middleware(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """Record the request and apply the faults that match it."""
        recorded = RecordedRequest(
            request.method,
            request.path,
            MultiDictProxy(MultiDict(request.query)),
            CIMultiDictProxy(CIMultiDict(request.headers)),
            datetime.now(UTC),
            await _fields(request),
        )
        self.requests.append(recorded)
        for observer in self.observers:
            observer(recorded)
        for fault in reversed(self._take(request)):
            handler = _wrap(fault.action, handler)
        return await handler(request)

    def _take(self, request: web.Request) -> list[Fault]:
        """Return the faults that affect this request and count it against them."""
        hit = []
        for armed in [armed for armed in self._armed if armed.fault.matches(request)]:
            armed.seen += 1
            fault = armed.fault
            if armed.seen > fault.skip:
                hit.append(fault)
            if fault.times is not None and armed.seen >= fault.skip + fault.times:
                self._armed.remove(armed)
        return hit


def html_error(status: int, text: str = "Server Error") -> Answer:
    """Return an HTML error page like those of proxies and web frameworks."""
    return Answer(status, f"<html><body><h1>{status} {text}</h1></body></html>")


def busy(status: int, retry_after: int | str) -> Answer:
    """Return a 429 or 503 with Retry-After in seconds or as an HTTP date."""
    return Answer(
        status, b"{}", "application/json", {hdrs.RETRY_AFTER: str(retry_after)}
    )


def redirect(target: str, status: int = 301) -> Answer:
    """Return a redirect to a URL, possibly of another origin."""
    return Answer(status, headers={hdrs.LOCATION: target})


def set_fields(**values: Json) -> MutateJson:
    """Set fields of the object, or of each row in its `results`."""
    return MutateJson(lambda answer: _edit(answer, lambda row: {**row, **values}))


def drop_fields(*names: str) -> MutateJson:
    """Remove fields from the object, or from each row in its `results`."""
    return MutateJson(
        lambda answer: _edit(
            answer, lambda row: {key: row[key] for key in row if key not in names}
        )
    )


def _edit(answer: Json, edit: Callable[[dict[str, Json]], dict[str, Json]]) -> Json:
    """Apply `edit` to the object, to each row of a list, or to its `results`."""
    rows = answer.get("results") if isinstance(answer, dict) else answer
    if isinstance(rows, list):
        edited: list[Json] = [
            edit(row) if isinstance(row, dict) else row for row in rows
        ]
        return {**answer, "results": edited} if isinstance(answer, dict) else edited
    return edit(answer) if isinstance(answer, dict) else answer


def _wrap(action: Action, handler: Handler) -> Handler:
    """Return a handler that applies an action around another handler."""

    async def wrapped(request: web.Request) -> web.StreamResponse:
        """Apply the action to the request."""
        return await action.apply(request, handler)

    return wrapped


def _path_matches(wanted: str, path: str) -> bool:
    """Return True if the path starts with, or contains, the wanted text."""
    return path.startswith(wanted) if wanted.startswith("/") else wanted in path


def _body(response: web.StreamResponse) -> bytes:
    """Return the body of a response; empty if it is streamed."""
    body = response.body if isinstance(response, web.Response) else b""
    return body if isinstance(body, bytes) else b""


def _headers(response: web.StreamResponse) -> CIMultiDict[str]:
    """Return the headers without those that describe the replaced body."""
    headers = CIMultiDict(response.headers)
    for name in _BODY_HEADERS:
        headers.popall(name, None)
    return headers


async def _fields(request: web.Request) -> frozenset[str]:
    """Return the names in a body; the handler can still read it afterwards."""
    if not request.can_read_body:
        return frozenset()
    text = await request.read()
    if request.content_type == "application/x-www-form-urlencoded":
        return frozenset(parse_qs(text.decode("latin-1"), keep_blank_values=True))
    try:
        body = loads(text)
    except JSONDecodeError:
        return frozenset()
    objects = body if isinstance(body, list) else [body]
    return frozenset(
        name for each in objects if isinstance(each, dict) for name in each
    )


def _hang_up(request: web.Request) -> None:
    """Abort the connection of a request."""
    if request.transport is not None:
        request.transport.abort()
