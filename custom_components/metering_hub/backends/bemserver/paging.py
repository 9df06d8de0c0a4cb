"""Reading BEMServer's lists, whole or page by page.

Source: docs/wire/bemserver.md, Paging. Most answers have an ETag, so a list that has
not changed is answered without a body.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import batched
import re

from ..common.bounds import check_row_count
from ..common.concurrency import gather_parts
from ..common.http import HttpClient
from ..common.messages import QueryValue, Request
from ..common.parse import as_integer
from ..common.shapes import require_objects, require_some
from ..errors import AnswerTooLargeError, ProtocolError
from .api_address import ApiAddress
from .models import Row

PAGE_SIZE = 100
"""The server's maximum."""

PAGES_AT_ONCE = 8
"""Pages that are waited for together; if one fails, no later one is requested."""

MAX_KEPT_BYTES = 32 * 1024 * 1024
"""The answers of all lists together, which take several times as much when parsed.

Of 5,000 series there are about 25,000 rows: their places, links and intervals, which
have 5 MB.
"""

_TOTAL_PAGES = re.compile(r'"total_pages":\s*(\d{1,18})')

type Params = Mapping[str, QueryValue]

type _PageKey = tuple[object, ...]
"""The endpoint of a list, its filters, and the number of the page if it has pages."""


@dataclass(frozen=True, slots=True)
class _Page[T]:
    """The parsed rows of an answer, with its ETag and its X-Pagination header.

    `size` is that of the answer in bytes.
    """

    etag: str | None
    rows: Sequence[T]
    pagination: str = ""
    size: int = field(default=0, compare=False)

    @property
    def is_counted(self) -> bool:
        """Return True if the header says how long the list is."""
        return _TOTAL_PAGES.search(self.pagination) is not None

    @property
    def page_count(self) -> int:
        """Parse the page count in {"total", "total_pages", ...}."""
        found = _TOTAL_PAGES.search(self.pagination)
        return int(found[1]) if found else 1


class PageSchedule:
    """Selects the pages of long lists to read again.

    First pages are always read, because they also give the number of rows. The other
    pages take turns, so that a catalogue of thousands of series is read again within a
    few hours instead of by dozens of requests every hour.
    """

    def __init__(self) -> None:
        """Initialize without any pages to read."""
        self._budget = 0
        self._next: dict[object, int] = {}

    def start_round(self, budget: int) -> None:
        """Allow so many later pages, of all lists together, to be read again."""
        self._budget = budget

    def keep_only(self, keys: Collection[object]) -> None:
        """Forget the turns of all other lists."""
        self._next = {key: turn for key, turn in self._next.items() if key in keys}

    def due(self, key: object, page_count: int) -> list[int]:
        """Return the numbers of a list's later pages to read in this round."""
        later = page_count - 1
        if later <= 0:
            return []
        count = min(later, self._budget)
        self._budget -= count
        first = self._next.get(key, 0)
        self._next[key] = (first + count) % later
        return [2 + (first + step) % later for step in range(count)]


class ListReader:
    """Reads the lists of a server; raises the errors of `HttpClient.request`.

    Raises TooManyRowsError and AnswerTooLargeError for more than real servers have.
    """

    def __init__(self, http: HttpClient, api: ApiAddress) -> None:
        """Initialize with a client that logs in."""
        self._http = http
        self._api = api
        self._pages: dict[_PageKey, _Page[object]] = {}
        self._used: set[_PageKey] = set()
        self._schedule = PageSchedule()

    def start_round(self, budget: int) -> None:
        """Allow so many later pages of paged lists to be read again.

        Lists that were not read since the last round are forgotten, because those of a
        campaign that is gone would stay for ever.
        """
        self._pages = {key: self._pages[key] for key in self._used & self._pages.keys()}
        self._schedule.keep_only({key[:-1] for key in self._pages})
        self._used = set()
        self._schedule.start_round(budget)

    async def whole[T](
        self,
        endpoint: str,
        parse: Callable[[Row], T | None],
        params: Params | None = None,
    ) -> Sequence[T]:
        """Return a list that is not paged."""
        params = params or {}
        page = await self._fetch(endpoint, params, parse, _key(endpoint, params))
        return page.rows

    async def paged[T](
        self, endpoint: str, params: Params, parse: Callable[[Row], T | None]
    ) -> Sequence[T]:
        """Return all rows of a paged list, without duplicates.

        All pages are read if the number of rows has changed, otherwise only the first
        one and those that are due.
        """
        key = _key(endpoint, params)
        before = self._pages.get((*key, 1))
        first = await self._fetch(endpoint, _page(params, 1), parse, (*key, 1))
        if not first.is_counted:
            # A part of a list would look as if the rest had been removed.
            self._pages.pop((*key, 1), None)
            raise ProtocolError(f"GET {endpoint}: a page without its count")
        check_row_count(first.page_count * PAGE_SIZE, f"GET {endpoint}")
        later = range(2, first.page_count + 1)
        # Pages that are not due must outlast a round that begins meanwhile.
        self._used.update((*key, page) for page in later)
        due = set(later)
        if before == first and all((*key, page) in self._pages for page in later):
            due = set(self._schedule.due(key, first.page_count))
        for numbers in batched(sorted(due), PAGES_AT_ONCE, strict=False):
            _, failures = await gather_parts(
                {
                    number: self._fetch(
                        endpoint, _page(params, number), parse, (*key, number)
                    )
                    for number in numbers
                }
            )
            for failure in failures.values():
                raise failure
        rows: list[T] = []
        for number in range(1, first.page_count + 1):
            if (page := self._pages.get((*key, number))) is None:
                raise ProtocolError(f"GET {endpoint}: a page was released meanwhile")
            rows += page.rows  # type: ignore[arg-type]  # Of the same parse.
        return [*dict.fromkeys(rows)]

    async def _fetch[T](
        self,
        endpoint: str,
        params: Params,
        parse: Callable[[Row], T | None],
        key: _PageKey,
    ) -> _Page[T]:
        """Return a page; the kept one if the server answers that it has not changed."""
        self._used.add(key)
        kept: _Page[T] | None = self._pages.get(key)  # type: ignore[assignment]  # Of the same parse.
        request = Request(
            path=self._api.path(endpoint),
            params=params,
            etag=kept.etag if kept else None,
        )
        answer = await self._http.request(request)
        if answer.status == 304 and kept is not None:
            return kept
        objects = require_objects(answer.body, request)
        if "page" in params:
            check_row_count(len(objects), f"GET {endpoint}", PAGE_SIZE)
        self._check_kept(answer.size, endpoint)
        with_ids = [row for row in objects if as_integer(row.get("id")) is not None]
        require_some(with_ids, objects, request)
        rows = [item for row in objects if (item := parse(row)) is not None]
        headers = answer.headers
        pagination = headers.get("X-Pagination", "")
        page = _Page(headers.get("ETag"), rows, pagination, answer.size)
        self._pages[key] = page
        return page

    def _check_kept(self, more: int, endpoint: str) -> None:
        """Raise AnswerTooLargeError, and release all rows, if they are too many."""
        kept = more + sum(page.size for page in self._pages.values())
        if kept > MAX_KEPT_BYTES:
            self._pages.clear()
            raise AnswerTooLargeError(
                f"GET {endpoint}: more than {MAX_KEPT_BYTES} bytes with the other lists"
            )


def _key(endpoint: str, params: Params) -> _PageKey:
    """Return what identifies a list: its endpoint and filters."""
    return (endpoint, *sorted((name, str(value)) for name, value in params.items()))


def _page(params: Params, number: int) -> Params:
    """Return the query of one page."""
    return {**params, "page_size": PAGE_SIZE, "page": number}
