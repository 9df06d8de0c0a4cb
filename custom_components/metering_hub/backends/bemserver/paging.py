"""Read BEMServer's lists: whole or in pages, and again only what may have changed.

Source: ../shared/wire/bemserver.md §3. Most answers have an ETag, so that what is kept
is only asked for whether it still stands.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
import re

from ..common.concurrency import gather_parts
from ..common.http import HttpClient, QueryValue, Request
from ..common.parse import as_objects
from ..errors import ProtocolError
from .models import Row

PAGE_SIZE = 100
"""The most that the server gives on a page."""

MAX_PAGES = 1000
"""100,000 rows: beyond, a page count is a slip and not a list."""

_TOTAL_PAGES = re.compile(r'"total_pages":\s*(\d{1,9})')

type Params = Mapping[str, QueryValue]


@dataclass(frozen=True, slots=True)
class _Kept[T]:
    """An answer that may still stand: its tag, if any, its rows and the paging."""

    etag: str | None
    rows: Sequence[T]
    pagination: str = ""

    @property
    def pages(self) -> int:
        """Read the number of pages out of {"total", "total_pages", ...}."""
        found = _TOTAL_PAGES.search(self.pagination)
        return min(int(found[1]), MAX_PAGES) if found else 1


class Pages:
    """Chooses which pages of long lists are asked for again.

    The first page always is: it also tells the number of rows. Of the others, as
    many as `budget` allows, in turn, so that a catalogue of thousands of series is
    looked through in a few hours instead of by dozens of requests each hour.
    """

    def __init__(self, budget: int) -> None:
        """Start a round; `budget` is for all lists together."""
        self.budget = budget
        self._turn: dict[object, int] = {}

    def due(self, key: object, pages: int) -> list[int]:
        """Return the later pages of a list to ask for in this round."""
        later = pages - 1
        if later <= 0:
            return []
        count = min(later, self.budget)
        self.budget -= count
        first = self._turn.get(key, 0)
        self._turn[key] = (first + count) % later
        return [2 + (first + step) % later for step in range(count)]


class Lists:
    """Reads the lists of one server; raises as `HttpClient.request` does."""

    def __init__(self, http: HttpClient) -> None:
        """Take a client that is logged in; nothing is kept yet."""
        self._http = http
        self._kept: dict[object, _Kept[object]] = {}
        self.pages = Pages(0)

    async def all[T](
        self,
        path: str,
        parse: Callable[[Row], T | None],
        params: Params | None = None,
    ) -> Sequence[T]:
        """Return a list that comes as a whole."""
        return (await self._ask(path, params or {}, parse)).rows

    async def paged[T](
        self, path: str, params: Params, parse: Callable[[Row], T | None]
    ) -> Sequence[T]:
        """Return all rows of a list in pages.

        A user in two groups that share a scope gets rows twice, so that they are made
        unique. Where the number of rows changed, all pages are asked for; else those
        whose turn it is.
        """
        key = _key(path, params)
        before = self._kept.get((*key, 1))
        first = await self._ask(path, _page(params, 1), parse, (*key, 1))
        later = range(2, first.pages + 1)
        asked = set(later)
        if before == first and all((*key, page) in self._kept for page in later):
            asked = set(self.pages.due(key, first.pages))
        _, failures = await gather_parts(
            {
                number: self._ask(path, _page(params, number), parse, (*key, number))
                for number in asked
            }
        )
        for failure in failures.values():
            raise failure
        rows: list[T] = []
        for number in range(1, first.pages + 1):
            rows += self._kept[(*key, number)].rows  # type: ignore[arg-type]  # Of the same parse.
        return [*dict.fromkeys(rows)]

    async def _ask[T](
        self,
        path: str,
        params: Params,
        parse: Callable[[Row], T | None],
        key: tuple[object, ...] | None = None,
    ) -> _Kept[T]:
        """Return an answer: the kept one where the server says that it still stands."""
        key = key or _key(path, params)
        kept: _Kept[T] | None = self._kept.get(key)  # type: ignore[assignment]  # Of the same parse.
        request = Request(path=path, params=params, etag=kept.etag if kept else None)
        answer = await self._http.request(request)
        if answer.status == 304 and kept is not None:
            return kept
        if not isinstance(answer.body, list):
            raise ProtocolError(f"GET {path}: no list")
        rows = [
            item for row in as_objects(answer.body) if (item := parse(row)) is not None
        ]
        headers = answer.headers
        found = _Kept(headers.get("ETag"), rows, headers.get("X-Pagination", ""))
        self._kept[key] = found
        return found


def _key(path: str, params: Params) -> tuple[object, ...]:
    return (path, *sorted((name, str(value)) for name, value in params.items()))


def _page(params: Params, number: int) -> Params:
    return {**params, "page_size": PAGE_SIZE, "page": number}
