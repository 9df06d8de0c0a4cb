"""The past of entities: bounded windows of time, oldest first.

Source: ../shared/wire/milesight.md §6. The server gives pages newest first, so that a
window must be known as a whole before its oldest value is. Windows are made as long as
a bounded number of values fills them.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ...metering.reading_columns import ReadingColumns, number
from ..base import HistoryChunk
from ..common.concurrency import gather_parts
from .catalogue import Source
from .client import MilesightClient
from .models import Page, Stored
from .values import value_of

HISTORY_AT_ONCE = 1000
"""How many values a page has."""

FIRST_WINDOW = timedelta(days=1)
NARROWEST_WINDOW = timedelta(minutes=10)
WIDEST_WINDOW = timedelta(days=30)

VALUES_PER_WINDOW = 3 * HISTORY_AT_ONCE
VALUES_PER_ENTITY = HISTORY_AT_ONCE // 2
MOST_VALUES = 20_000
"""How many values a window should have: a few pages, or where each entity is asked for
by itself, half a page of each; and no more than what memory has room for."""

_EDGE = timedelta(milliseconds=1)
"""Nobody says whether both ends of a span are part of it, so it is asked for wider."""


@dataclass(frozen=True, slots=True)
class PastReader:
    """Reads the past; `together` says that the server takes several ids at a time."""

    client: MilesightClient
    together: bool

    async def chunks(
        self, sources: Sequence[Source], start: datetime, end: datetime
    ) -> AsyncIterator[HistoryChunk]:
        """Yield all readings in [start, end], oldest chunk first."""
        by_id = {source.entity.id: source for source in sources}
        groups = [[*by_id]] if self.together else [[each] for each in by_id]
        target = min(
            max(VALUES_PER_WINDOW, VALUES_PER_ENTITY * len(groups)), MOST_VALUES
        )
        cursor, end = start.astimezone(UTC), end.astimezone(UTC)
        window = FIRST_WINDOW
        while cursor < end and by_id:
            stop = min(cursor + window, end)
            begun = [_Span(group, cursor - _EDGE, stop) for group in groups]
            firsts = await self._gather([self._page(span, 1) for span in begun])
            total = sum(page.total for page in firsts)
            if total > 2 * target and stop - cursor > NARROWEST_WINDOW:
                window = _resized(stop - cursor, total, target)
                continue
            rests = await self._gather(
                [
                    self._rest(span, page)
                    for span, page in zip(begun, firsts, strict=True)
                ]
            )
            pages = [page.rows for page in firsts]
            pages += [rows for rest in rests for rows in rest]
            yield HistoryChunk(readings=await _readings(pages, by_id), until=stop)
            window = _resized(window, total, target)
            cursor = stop

    async def oldest(self, sources: Sequence[Source], now: datetime) -> datetime | None:
        """Return when the oldest value of all was measured; two requests for each."""
        moments = await self._gather(
            [self._oldest(source.entity.id, now) for source in sources]
        )
        return min((time for time in moments if time), default=None)

    async def _oldest(self, entity_id: str, now: datetime) -> datetime | None:
        """Return the time of an entity's oldest value: the last page of one row.

        The list grows at its other end, so that the page is asked for again where it
        has moved.
        """
        number = 1
        while True:
            page = await self.client.history([entity_id], None, now, number, 1)
            if page.total <= number:
                return page.rows[-1].time if page.rows else None
            number = page.total

    async def _gather[Part](
        self, parts: Sequence[Coroutine[None, None, Part]]
    ) -> list[Part]:
        """Return all parts; a hole would look like hours without readings."""
        found, failures = await gather_parts(dict(enumerate(parts)))
        for failure in failures.values():
            raise failure
        return [found[index] for index in range(len(parts))]

    async def _page(self, span: _Span, number: int) -> Page[Stored]:
        return await self.client.history(
            span.entity_ids, span.start, span.end, number, HISTORY_AT_ONCE
        )

    async def _rest(self, span: _Span, first: Page[Stored]) -> list[Sequence[Stored]]:
        """Return the values of all pages of a span but the first, by page."""
        pages = -(-first.total // HISTORY_AT_ONCE)
        return [(await self._page(span, number)).rows for number in range(2, pages + 1)]


@dataclass(frozen=True, slots=True)
class _Span:
    """What one question is about."""

    entity_ids: Sequence[str]
    start: datetime
    end: datetime


def _resized(window: timedelta, values: int, target: int) -> timedelta:
    """Return a window that will have about as many values as it should."""
    # A day is no measure of a night: no more than four times as long at once.
    share = min(target / values, 4.0) if values else 4.0
    return min(max(window * share, NARROWEST_WINDOW), WIDEST_WINDOW)


async def _readings(
    pages: Iterable[Sequence[Stored]], by_id: Mapping[str, Source]
) -> dict[str, ReadingColumns]:
    """Return stored values as readings; other work may go on between two pages."""
    found: dict[str, dict[float, float]] = {}
    for page in pages:
        for row in page:
            if (source := by_id.get(row.entity_id)) is None:
                continue
            if (value := number(value_of(source, row.value))) is not None:
                column = found.setdefault(source.point.key, {})
                column[row.time.timestamp()] = value
        await asyncio.sleep(0)
    columns: dict[str, ReadingColumns] = {}
    for key, column in found.items():
        times = sorted(column)
        columns[key] = ReadingColumns(times, [column[time] for time in times])
    return columns
