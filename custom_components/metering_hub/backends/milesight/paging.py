"""Lists that come in pages."""

from collections.abc import Awaitable, Callable

from .models import Page


async def all_rows[Row](
    fetch: Callable[[int], Awaitable[Page[Row]]], identify: Callable[[Row], str]
) -> list[Row]:
    """Return the rows of all pages, each once; `fetch` is given a number from 1 on.

    The end is where as many rows have come as the list has: a page past the end would
    be page 1 again, and not an empty one.
    """
    found: dict[str, Row] = {}
    number = reached = 0
    while True:
        number += 1
        page = await fetch(number)
        found |= {identify(row): row for row in page.rows}
        reached += page.size
        if page.size == 0 or reached >= page.total:
            return list(found.values())
