"""Read spans of stored values completely, one page after the other.

Each page begins where the one before ended, instead of being the next one by number: it
repeats the rows of that moment, which shows that nothing was lost between the two.
Source: docs/wire/milesight.md, History.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from ..common.bounds import check_row_count
from ..common.json_text import LONG_BYTES
from ..errors import AnswerTooLargeError, ProtocolError
from .client import MilesightClient
from .models import Page, StoredValue

FIRST_SIZE = 2500
SMALLEST_SIZE = 100
LARGEST_SIZE = 20_000

MAX_SPAN_ROWS = 200_000
"""Rows of a span that are read at once: more would not fit into memory.

A span of a thousand entities is read in ten minutes at least, in which those of a
LoRaWAN network report ten times each.
"""

USUAL_BYTES = LONG_BYTES * 3 // 4
"""The size that answers should have: a longer one is decoded many times as slowly."""

MILLISECOND = timedelta(milliseconds=1)
"""The finest time resolution of the server."""

_SUBJECT = "stored values of a span"


class Span(NamedTuple):
    """The entities of a request, and the moments between which they are read.

    Both ends are included.
    """

    entity_ids: Sequence[str]
    start: datetime
    end: datetime


class PageSize:
    """How many rows to ask for, so that answers are neither too many nor too large."""

    def __init__(self) -> None:
        """Initialize with a size that fits, unless the values are long texts."""
        self.rows = FIRST_SIZE

    def learn(self, page: Page[StoredValue], asked: int) -> None:
        """Follow the size of a full page; it grows to its double at most."""
        if page.size == asked and page.answer_bytes:
            fitting = page.size * USUAL_BYTES // page.answer_bytes
            most = min(2 * asked, LARGEST_SIZE)
            self.rows = max(SMALLEST_SIZE, min(fitting, most))

    def halve(self, asked: int) -> None:
        """Ask for half as many rows as in a request whose answer was too large."""
        self.rows = min(self.rows, max(asked // 2, 1))


class ForeignRowsError(ProtocolError):
    """A page has stored values of entities that were not asked for."""


class ChangedMeanwhileError(ProtocolError):
    """The stored values of a span changed while they were read."""


async def read_one_row(
    client: MilesightClient, span: Span, *, is_newest_first: bool = False
) -> Page[StoredValue]:
    """Return the oldest or the newest row of a span, on a page that has their number.

    Raises ProtocolError for a page that contradicts the request, and BackendError.
    """
    page = await client.history(*span, 1, is_newest_first=is_newest_first)
    check_page(page, span, 1)
    return page


class PageReader:
    """Reads the pages of stored values, and checks that they continue each other."""

    def __init__(self, client: MilesightClient, size: PageSize) -> None:
        """Initialize the reader with the size that earlier answers led to."""
        self._client = client
        self._size = size

    async def first_page(self, span: Span) -> Page[StoredValue]:
        """Return the oldest rows of a span, in order of time and then of arrival.

        Raises ProtocolError for a page that contradicts the request, and BackendError.
        """
        while True:
            asked = self._size.rows
            try:
                page = await self._client.history(*span, asked)
            except AnswerTooLargeError:
                if asked == 1:
                    raise
                self._size.halve(asked)
                continue
            check_page(page, span, asked)
            self._size.learn(page, asked)
            return page

    async def rest(
        self, span: Span, first: Page[StoredValue]
    ) -> list[Sequence[StoredValue]]:
        """Return the rows of a span after its first page, by page.

        Raises ChangedMeanwhileError if a row of the page before is missing,
        TooManyRowsError for more than MAX_SPAN_ROWS, and the errors of `first_page`.
        """
        pages: list[Sequence[StoredValue]] = []
        page, count = first, first.size
        while page.size < page.total:
            check_row_count(count + page.total - page.size, _SUBJECT, MAX_SPAN_ROWS)
            last = page.rows[-1]
            repeated = _count_at(page, last.millis)
            left = page.total - page.size + repeated
            if repeated == len(page.rows):
                self._size.rows = min(2 * max(self._size.rows, page.size), LARGEST_SIZE)
            following = await self.first_page(span._replace(start=last.time))
            if following.total < left or not _repeats(following, page, repeated):
                raise ChangedMeanwhileError("stored values changed while being read")
            if following.size <= repeated and following.size < following.total:
                raise ProtocolError("too many stored values of the same moment")
            pages.append(following.rows[repeated:])
            count += following.size - repeated
            page = following
        return pages


def _count_at(page: Page[StoredValue], millis: int) -> int:
    """Return how many rows at the end of a page have a time."""
    rows = page.rows
    return next(
        (n for n in range(len(rows)) if rows[-1 - n].millis != millis), len(rows)
    )


def _repeats(following: Page[StoredValue], page: Page[StoredValue], count: int) -> bool:
    """Return True if a page begins with the last rows of the one before."""
    return [*following.rows[:count]] == [*page.rows[-count:]]


def check_page(page: Page[StoredValue], span: Span, asked: int) -> None:
    """Raise ProtocolError for a page that is not what was asked for.

    A row that is lost, repeated, or out of order would be a wrong number.
    """
    if page.size and not page.rows:
        raise ProtocolError("a page of stored values without a readable one")
    if page.size != min(page.total, asked):
        raise ProtocolError("a page of stored values of another length")
    known = frozenset(span.entity_ids)
    if any(row.entity_id not in known for row in page.rows):
        raise ForeignRowsError("stored values of entities that were not asked for")
    if page.rows and not (
        span.start - MILLISECOND <= page.rows[0].time
        and page.rows[-1].time <= span.end + MILLISECOND
    ):
        raise ProtocolError("stored values outside of the span")
    for before, after in pairwise(page.rows):
        if after.millis < before.millis:
            raise ProtocolError("stored values that are not in order of time")
        if (
            after.millis == before.millis
            and after.id is not None
            and before.id is not None
            and after.id <= before.id
        ):
            raise ProtocolError("stored values that are repeated, or not in order")
