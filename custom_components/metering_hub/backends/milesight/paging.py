"""Fetch lists that the server returns in pages."""

from collections.abc import Awaitable, Callable

from .models import Page


async def fetch_all_rows[Row](
    fetch: Callable[[int], Awaitable[Page[Row]]], identify: Callable[[Row], str]
) -> list[Row]:
    """Return the rows of all pages, each row once.

    `fetch` takes a page number from 1 on; `identify` returns the id of a row. The
    number of rows decides when to stop, because a page past the end repeats page 1
    instead of being empty (Source: docs/wire/milesight.md, JSON).
    """
    rows: dict[str, Row] = {}
    number = fetched = 0
    while True:
        number += 1
        page = await fetch(number)
        rows |= {identify(row): row for row in page.rows}
        fetched += page.size
        if page.size == 0 or fetched >= page.total:
            return list(rows.values())
