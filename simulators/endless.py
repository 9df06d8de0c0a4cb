"""Answers that never come to an end, as broken or hostile servers send them.

They fit every simulator: the length of a list is `count` in DSMR-reader's, `total` in
Beaver IoT's, and a header in BEMServer's. They cost a simulator next to nothing, so
that tests can see what a client does with them.
"""

import asyncio
from dataclasses import dataclass, field
from itertools import count
import re

from aiohttp import hdrs, web
from orjson import dumps, loads

from .faults import Handler, Json

PAGINATION = "X-Pagination"
_TOTALS = re.compile(r'("total(?:_pages)?":\s*)\d+')
_PAGE = 100


@dataclass(frozen=True, slots=True)
class LyingTotal:
    """Answer with the real page, which says that the list has `total` rows."""

    total: int = 10**9

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Return the page with another length of the list."""
        return _relabelled(await handler(_unconditional(request)), self.total)


@dataclass(slots=True)
class RepeatedPage:
    """Answer the first page for ever, whichever is asked for."""

    total: int
    _first: web.Response | None = None

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Return the first answer again."""
        if self._first is None:
            whole = await handler(_unconditional(request))
            self._first = _relabelled(whole, self.total)
        return _copy(self._first, _body(self._first))


@dataclass(slots=True)
class EndlessPages:
    """Answer a page of new rows for ever: copies of the first row with other ids.

    The list always says that it ends after `ahead` pages more. Each row has `padding`
    more bytes.
    """

    ahead: int = 1
    rows: int = _PAGE
    padding: int = 0
    id_field: str = "id"
    _numbers: count[int] = field(default_factory=lambda: count(1_000_000))
    _first: web.StreamResponse | None = None
    _answered: int = 0

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Return the next page."""
        if self._first is None:
            self._first = await handler(_unconditional(request))
        answer: Json = loads(_body(self._first))
        rows = _rows_of(answer)
        first = rows[0] if rows and isinstance(rows[0], dict) else {}
        padding: dict[str, Json] = {"padding": "x" * self.padding}
        row = {**first, **(padding if self.padding else {})}
        self._answered += self.rows
        rows[:] = [
            {**row, self.id_field: self._id(row, next(self._numbers))}
            for _ in range(self.rows)
        ]
        page = _copy(self._first, dumps(answer))
        return _relabelled(page, self._answered + self.ahead * self.rows)

    def _id(self, row: dict[str, Json], number: int) -> Json:
        """Return an id of the same type as a row's."""
        return str(number) if isinstance(row.get(self.id_field), str) else number


@dataclass(frozen=True, slots=True)
class Drip:
    """Send the real answer a byte at a time, with a pause in seconds after each."""

    pause: float

    async def apply(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Send bytes until all are sent or the client goes away."""
        whole = await handler(request)
        slow = web.StreamResponse(status=whole.status)
        slow.content_type = whole.content_type
        slow.force_close()
        await slow.prepare(request)
        for byte in _body(whole):
            await slow.write(bytes((byte,)))
            await asyncio.sleep(self.pause)
        return slow


def _unconditional(request: web.Request) -> web.Request:
    """Return a request that is not answered with "not modified"."""
    if hdrs.IF_NONE_MATCH not in request.headers:
        # One whose body was recorded cannot be copied, and has no such header.
        return request
    headers = request.headers.copy()
    headers.popall(hdrs.IF_NONE_MATCH)
    return request.clone(headers=headers)


def _relabelled(whole: web.StreamResponse, total: int) -> web.Response:
    """Return an answer whose list says that it has so many rows."""
    answer: Json = loads(_body(whole))
    if isinstance(answer, dict):
        data = answer.get("data")
        if isinstance(data, dict) and "total" in data:
            answer = {**answer, "data": {**data, "total": total}}
        elif "count" in answer:
            answer = {**answer, "count": total}
    page = _copy(whole, dumps(answer))
    if PAGINATION in page.headers:
        pages = -(-total // _PAGE)
        page.headers[PAGINATION] = _TOTALS.sub(
            lambda found: f"{found[1]}{pages if 'pages' in found[1] else total}",
            page.headers[PAGINATION],
        )
    # What is kept of another total has not changed otherwise.
    page.headers.pop(hdrs.ETAG, None)
    return page


def _copy(whole: web.StreamResponse, body: bytes) -> web.Response:
    """Return an answer with another body."""
    page = web.Response(status=whole.status, body=body, content_type=whole.content_type)
    for name in (PAGINATION, hdrs.ETAG):
        if name in whole.headers:
            page.headers[name] = whole.headers[name]
    return page


def _rows_of(answer: Json) -> list[Json]:
    """Return the rows of a page: the list itself, so that it can be changed."""
    rows: Json = answer
    if isinstance(answer, dict):
        data = answer.get("data")
        inner = data if isinstance(data, dict) else answer
        rows = inner.get("content") or inner.get("results")
    return rows if isinstance(rows, list) else []


def _body(response: web.StreamResponse) -> bytes:
    """Return the body of a response; empty if it is streamed."""
    body = response.body if isinstance(response, web.Response) else b""
    return body if isinstance(body, bytes) else b""
