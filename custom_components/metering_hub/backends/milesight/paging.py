"""Fetch lists that the server returns in pages."""

from collections.abc import Awaitable, Callable

from ..common.bounds import (
    MAX_ROWS,
    check_answer_count,
    check_byte_count,
    check_row_count,
)
from ..errors import ProtocolError
from .client import PAGE_SIZE
from .models import Page

MAX_PAGES = MAX_ROWS // PAGE_SIZE
"""All pages but the last are full, so no list has more."""


async def fetch_all_rows[Row](
    fetch: Callable[[int], Awaitable[Page[Row]]], identify: Callable[[Row], str]
) -> list[Row]:
    """Return the rows of all pages, each row once.

    `fetch` takes a page number from 1 on; `identify` returns the id of a row. The
    number of rows decides when to stop, because a page past the end repeats page 1
    instead of being empty (Source: docs/wire/milesight.md, JSON).

    Raises TooManyRowsError for a list that is, or says that it is, longer than
    MAX_ROWS, AnswerTooLargeError for one of so many bytes, EndlessError for pages
    without end, and ProtocolError for pages that repeat each other: what is missing
    would be taken for removed.
    """
    rows: dict[str, Row] = {}
    number = fetched = size = 0
    while True:
        number += 1
        check_answer_count(number, "a list in pages", MAX_PAGES)
        page = await fetch(number)
        fetched += page.size
        check_row_count(max(fetched, page.total), "a list in pages")
        size += page.answer_bytes
        check_byte_count(size, "a list in pages")
        known = len(rows)
        rows |= {identify(row): row for row in page.rows}
        if page.size == 0 or fetched >= page.total:
            return list(rows.values())
        if page.rows and len(rows) == known:
            raise ProtocolError("a page that repeats the rows of others")
