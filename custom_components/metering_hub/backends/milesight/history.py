"""Read stored values in bounded time windows, oldest first.

The server returns the newest page first, so a whole window has to be read before its
oldest value is known. The length of the windows adapts to the number of values in them.
Source: docs/wire/milesight.md, History.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ...metering.reading_columns import ReadingColumns, number
from ..base import EARLIEST, HistoryChunk
from ..common.concurrency import gather_parts
from .catalogue import Source
from .client import MilesightClient
from .models import Page, StoredValue
from .values import value_parser

PAGE_SIZE = 1000
"""Stored values per page."""

FIRST_WINDOW = timedelta(days=1)
NARROWEST_WINDOW = timedelta(minutes=10)
WIDEST_WINDOW = timedelta(days=30)

VALUES_PER_WINDOW = 3 * PAGE_SIZE
VALUES_PER_ENTITY = PAGE_SIZE // 2
MAX_VALUES = 20_000
"""The number of values that a window should have: a few pages, or half a page for each
entity that needs a request of its own, up to a limit that fits into memory."""

_MARGIN = timedelta(milliseconds=1)
"""Requests start this much earlier, in case the server excludes the start of a span."""


@dataclass(frozen=True, slots=True)
class _Span:
    """The entities and the time span of one request."""

    entity_ids: Sequence[str]
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class HistoryReader:
    """Reads stored values; `has_batches` allows several entities in one request."""

    client: MilesightClient
    has_batches: bool

    async def chunks(
        self, sources: Sequence[Source], start: datetime, end: datetime
    ) -> AsyncIterator[HistoryChunk]:
        """Yield all readings in [start, end], oldest first; raises BackendError."""
        by_id = {source.entity.id: source for source in sources}
        groups = [[*by_id]] if self.has_batches else [[each] for each in by_id]
        target = min(
            max(VALUES_PER_WINDOW, VALUES_PER_ENTITY * len(groups)), MAX_VALUES
        )
        cursor, end = start.astimezone(UTC), end.astimezone(UTC)
        window = FIRST_WINDOW
        while cursor < end and by_id:
            stop = min(cursor + window, end)
            spans = [_Span(group, cursor - _MARGIN, stop) for group in groups]
            first_pages = await _gather([self._page(span, 1) for span in spans])
            total = sum(page.total for page in first_pages)
            if total > 2 * target and stop - cursor > NARROWEST_WINDOW:
                window = _resize(stop - cursor, total, target)
                continue
            more_pages = await _gather(
                [
                    self._more_pages(span, page)
                    for span, page in zip(spans, first_pages, strict=True)
                ]
            )
            pages = [page.rows for page in first_pages]
            pages += [rows for group_pages in more_pages for rows in group_pages]
            yield HistoryChunk(readings=await _make_readings(pages, by_id), until=stop)
            window = _resize(window, total, target)
            cursor = stop

    async def first_reading(
        self, sources: Sequence[Source], now: datetime
    ) -> datetime | None:
        """Return the time of the oldest stored value; two requests per source."""
        times = await _gather(
            [self._first_reading(source.entity.id, now) for source in sources]
        )
        return min((time for time in times if time), default=None)

    async def _first_reading(self, entity_id: str, now: datetime) -> datetime | None:
        """Return the time of an entity's oldest value that a set clock has stamped.

        It is the last page of one row. New values move it, so it is requested again
        until it is the last one.
        """
        number = 1
        while True:
            page = await self.client.history([entity_id], EARLIEST, now, number, 1)
            if page.total <= number:
                return page.rows[-1].time if page.rows else None
            number = page.total

    async def _page(self, span: _Span, number: int) -> Page[StoredValue]:
        """Return a page of a span."""
        return await self.client.history(
            span.entity_ids, span.start, span.end, number, PAGE_SIZE
        )

    async def _more_pages(
        self, span: _Span, first_page: Page[StoredValue]
    ) -> list[Sequence[StoredValue]]:
        """Return the rows of all pages of a span except the first, by page."""
        pages = -(-first_page.total // PAGE_SIZE)
        return [(await self._page(span, number)).rows for number in range(2, pages + 1)]


async def _gather[Part](parts: Sequence[Coroutine[None, None, Part]]) -> list[Part]:
    """Return all parts; raises BackendError, since a gap would look like no data."""
    results, failures = await gather_parts(dict(enumerate(parts)))
    for failure in failures.values():
        raise failure
    return [results[index] for index in range(len(parts))]


def _resize(window: timedelta, values: int, target: int) -> timedelta:
    """Return a window that will hold about `target` values."""
    # Values are not spread evenly, so a window grows to four times its length at most.
    factor = min(target / values, 4.0) if values else 4.0
    return min(max(window * factor, NARROWEST_WINDOW), WIDEST_WINDOW)


async def _make_readings(
    pages: Iterable[Sequence[StoredValue]], by_id: Mapping[str, Source]
) -> dict[str, ReadingColumns]:
    """Return the readings of stored values by point key, oldest first."""
    parsers = {
        entity_id: (source.point.key, value_parser(source))
        for entity_id, source in by_id.items()
    }
    values: dict[str, dict[float, float]] = {}
    for page in pages:
        for row in page:
            if (found := parsers.get(row.entity_id)) is None:
                continue
            key, parse = found
            if (value := number(parse(row.value))) is not None:
                values.setdefault(key, {})[row.time.timestamp()] = value
        await asyncio.sleep(0)
    readings: dict[str, ReadingColumns] = {}
    for key, by_time in values.items():
        times = sorted(by_time)
        readings[key] = ReadingColumns(times, [by_time[time] for time in times])
    return readings
