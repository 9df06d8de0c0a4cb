"""Read stored values in bounded time windows, oldest first.

The server returns the newest page first, so a whole window has to be read before its
oldest value is known. The length of the windows adapts to the number of values in them.
Source: docs/wire/milesight.md, History.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ...metering.reading_columns import ReadingColumns, number
from ..base import EARLIEST, HistoryChunk
from ..common.concurrency import gather_parts
from ..errors import BackendError, ProtocolError
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


type Group = tuple[str, ...]
"""The ids of the entities in one request."""


@dataclass(frozen=True, slots=True)
class _Span:
    """The entities and the time span of one request."""

    entity_ids: Group
    start: datetime
    end: datetime


@dataclass(slots=True)
class HistoryFailures:
    """What could not be read, by point key: starts of histories, and whole histories.

    An import that does not know where a point starts must leave it out.
    """

    unknown_starts: dict[str, BackendError] = field(default_factory=dict)
    histories: set[str] = field(default_factory=set)

    def has_any(self, sources: Iterable[Source]) -> bool:
        """Return True if the history of any of these could not be read to the end."""
        return any(source.point.key in self.histories for source in sources)

    def take_unknown(self, sources: Iterable[Source]) -> dict[str, BackendError]:
        """Return the unknown starts of points, and forget them."""
        keys = [source.point.key for source in sources]
        known = self.unknown_starts
        return {key: known.pop(key) for key in keys if key in known}


class _Pass:
    """One pass over the history of points, from which those that fail are removed."""

    def __init__(self, sources: Sequence[Source], failures: HistoryFailures) -> None:
        """Initialize with all points; raises BackendError if all starts are unknown."""
        self.by_id = {source.entity.id: source for source in sources}
        self.failed: dict[str, str] = {}
        self._failures = failures
        failures.histories -= {source.point.key for source in sources}
        unknown = failures.take_unknown(sources)
        self.remove(
            {
                (source.entity.id,): unknown[source.point.key]
                for source in sources
                if source.point.key in unknown
            }
        )

    def remove(self, failures: Mapping[Group, BackendError]) -> None:
        """Remove the points of groups of entities; raises BackendError if none is left.

        Readings after a gap would be taken for a continuation.
        """
        for group, error in failures.items():
            for entity_id in group:
                key = self.by_id.pop(entity_id).point.key
                self.failed[key] = str(error)
                self._failures.histories.add(key)
        if failures and not self.by_id:
            raise next(iter(failures.values()))


@dataclass(frozen=True, slots=True)
class HistoryReader:
    """Reads stored values; `has_batches` allows several entities in one request."""

    client: MilesightClient
    has_batches: bool
    failures: HistoryFailures

    async def chunks(
        self, sources: Sequence[Source], start: datetime, end: datetime
    ) -> AsyncIterator[HistoryChunk]:
        """Yield all readings in [start, end], oldest first.

        Points that fail are left out of the remaining chunks. Raises BackendError if
        all of them fail.
        """
        reading = _Pass(sources, self.failures)
        cursor, end = start.astimezone(UTC), end.astimezone(UTC)
        window = FIRST_WINDOW
        while cursor < end and (groups := self._groups(reading)):
            stop = min(cursor + window, end)
            target = _target(groups)
            spans = {group: _Span(group, cursor - _MARGIN, stop) for group in groups}
            first_pages, failures = await gather_parts(
                {group: self._page(span, 1) for group, span in spans.items()}
            )
            reading.remove(failures)
            total = sum(page.total for page in first_pages.values())
            if total > 2 * target and stop - cursor > NARROWEST_WINDOW:
                window = _resize(stop - cursor, total, target)
                continue
            more_pages, failures = await gather_parts(
                {
                    group: self._more_pages(spans[group], page)
                    for group, page in first_pages.items()
                }
            )
            reading.remove(failures)
            pages = [first_pages[group].rows for group in more_pages]
            pages += [rows for more in more_pages.values() for rows in more]
            readings = await _make_readings(pages, reading.by_id)
            failed = {**reading.failed}
            yield HistoryChunk(readings=readings, until=stop, failed=failed)
            window = _resize(window, total, target)
            cursor = stop

    def _groups(self, reading: _Pass) -> list[Group]:
        """Return the entities that remain, by request."""
        if self.has_batches:
            return [tuple(reading.by_id)] if reading.by_id else []
        return [(entity_id,) for entity_id in reading.by_id]

    async def first_reading(
        self, sources: Sequence[Source], now: datetime
    ) -> datetime | None:
        """Return the time of the oldest stored value; two requests per source.

        Raises BackendError if none is known, and the server did not answer for all.
        """
        self.failures.take_unknown(sources)
        times, failures = await gather_parts(
            {
                source.point.key: self._first_reading(source.entity.id, now)
                for source in sources
            }
        )
        first = min((time for time in times.values() if time), default=None)
        if first is None:
            for failure in failures.values():
                raise failure
        self.failures.unknown_starts |= failures
        return first

    async def _first_reading(self, entity_id: str, now: datetime) -> datetime | None:
        """Return the time of an entity's oldest value that a set clock has stamped.

        It is the last page of one row. New values move it, so it is requested again
        until it is the last one.
        """
        number = 1
        while True:
            page = _readable(
                await self.client.history([entity_id], EARLIEST, now, number, 1)
            )
            if page.total <= number:
                return page.rows[-1].time if page.rows else None
            number = page.total

    async def _page(self, span: _Span, number: int) -> Page[StoredValue]:
        """Return a page of a span."""
        return _readable(
            await self.client.history(
                span.entity_ids, span.start, span.end, number, PAGE_SIZE
            )
        )

    async def _more_pages(
        self, span: _Span, first_page: Page[StoredValue]
    ) -> list[Sequence[StoredValue]]:
        """Return the rows of all pages of a span except the first, by page."""
        pages = -(-first_page.total // PAGE_SIZE)
        return [(await self._page(span, number)).rows for number in range(2, pages + 1)]


def _readable(page: Page[StoredValue]) -> Page[StoredValue]:
    """Return a page; raises ProtocolError if none of its rows is readable."""
    if page.size and not page.rows:
        raise ProtocolError("a page of stored values without a readable one")
    return page


def _target(groups: Sequence[Group]) -> int:
    """Return the number of values that a window should have."""
    return min(max(VALUES_PER_WINDOW, VALUES_PER_ENTITY * len(groups)), MAX_VALUES)


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
