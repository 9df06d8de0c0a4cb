"""Read stored values in bounded time windows, oldest first.

The length of the windows adapts to the number of values in them.
Source: docs/wire/milesight.md, History.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import batched

from ...metering.model import Kind
from ...metering.reading_columns import ReadingColumns, number
from ..base import HistoryChunk
from ..common.concurrency import LoopYielder, gather_parts
from ..errors import BackendError
from .client import BATCH_SIZE, MilesightClient, to_millis
from .history_batches import BatchProbe
from .history_pages import (
    ChangedMeanwhileError,
    ForeignRowsError,
    PageReader,
    PageSize,
    Span,
)
from .history_starts import HistoryStarts
from .models import Page, StoredValue
from .sources import Source
from .values import value_parser

FIRST_WINDOW = timedelta(days=1)
NARROWEST_WINDOW = timedelta(minutes=10)
WIDEST_WINDOW = timedelta(days=90)

MAX_VALUES = 200_000
"""The number of values in a window of many requests that fits into memory."""

FULL_PAGES = 2.0
"""A window of a single request holds more than its page, so that pages are full."""

PARTLY_FULL = 0.8
"""A window of several requests holds less, so that each is answered by one page."""

_PARSED_PER_TURN = 1000

type Group = tuple[str, ...]
"""The ids of the entities in one request."""


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
        self.failed: dict[str, BackendError] = {}
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
                self.failed[key] = error
                self._failures.histories.add(key)
        if failures and not self.by_id:
            raise next(iter(failures.values()))


@dataclass(frozen=True, slots=True)
class HistoryMemory:
    """What is known of a server's history while it is connected."""

    failures: HistoryFailures = field(default_factory=HistoryFailures)
    page_size: PageSize = field(default_factory=PageSize)
    batches: BatchProbe = field(default_factory=BatchProbe)
    starts: HistoryStarts = field(default_factory=HistoryStarts)


@dataclass(frozen=True, slots=True)
class _Window:
    """What was read of a window: the rows before `until`, by page.

    `fullness` is how many times it held what a window should hold. If the window was
    too long to be read, `until` is its start.
    """

    pages: Sequence[Sequence[StoredValue]]
    until: datetime
    fullness: float


class HistoryReader:
    """Reads the stored values of a server."""

    def __init__(self, client: MilesightClient, memory: HistoryMemory) -> None:
        """Initialize the reader with what is known of the server."""
        self._client = client
        self._memory = memory
        self._pages = PageReader(client, memory.page_size)

    async def chunks(
        self, sources: Sequence[Source], start: datetime, end: datetime
    ) -> AsyncIterator[HistoryChunk]:
        """Yield all readings in [start, end], oldest first.

        Points that fail are left out of the remaining chunks. Raises BackendError if
        all of them fail.
        """
        reading = _Pass(sources, self._memory.failures)
        cursor, end = start.astimezone(UTC), end.astimezone(UTC)
        window = FIRST_WINDOW
        has_batches = await self._has_batches([*reading.by_id], end)
        while cursor < end and (groups := _groups([*reading.by_id], has_batches)):
            stop = min(cursor + window, end)
            found = await self._read(reading, groups, cursor, stop)
            if found.until > cursor:
                readings = await _make_readings(found, reading.by_id)
                failed = {**reading.failed}
                yield HistoryChunk(readings=readings, until=found.until, failed=failed)
            window = _resize(stop - cursor, found.fullness)
            cursor = found.until

    async def first_reading(
        self, sources: Sequence[Source], now: datetime
    ) -> datetime | None:
        """Return the time of the oldest stored value that a set clock has stamped.

        Raises BackendError if none is known, and the server did not answer for all.
        """
        failures, starts = self._memory.failures, self._memory.starts
        failures.take_unknown(sources)
        ids = {source.entity.id: source.point.key for source in sources}
        if await self._has_batches([*ids], now):
            return await starts.first_of_all(self._client, [*ids], now)
        failed = await starts.find(self._client, [*ids], now)
        first = starts.earliest(ids)
        if first is None:
            for failure in failed.values():
                raise failure
        failures.unknown_starts |= {ids[each]: err for each, err in failed.items()}
        return first

    async def _has_batches(self, entity_ids: Sequence[str], now: datetime) -> bool:
        """Return True if one request returns the rows of several entities."""
        return await self._memory.batches.has_batches(self._client, entity_ids, now)

    def _fullness(self, pages: Collection[Page[StoredValue]]) -> float:
        """Return how many times a window holds what it should hold.

        `pages` are the first ones of its requests. Of several requests, no answer
        should be longer than a page, and all of them together have to fit into memory.
        """
        totals = [page.total for page in pages]
        size = self._memory.page_size.rows
        if len(totals) == 1:
            return totals[0] / (FULL_PAGES * size)
        most = max(totals, default=0)
        return max(most / (PARTLY_FULL * size), sum(totals) / MAX_VALUES)

    async def _read(
        self, reading: _Pass, groups: Sequence[Group], start: datetime, stop: datetime
    ) -> _Window:
        """Read the rows of groups in [start, stop], or as many as one page holds.

        Points that fail are removed. Nothing is read if there are far too many rows.
        """
        spans = {group: Span(group, start, stop) for group in groups}
        first, failures = await gather_parts(
            {group: self._pages.first_page(span) for group, span in spans.items()}
        )
        self._remove(reading, failures)
        fullness = self._fullness(first.values())
        if len(first) == 1:
            (page,) = first.values()
            if page.size < page.total and (until := _complete_until(page)) > start:
                last = to_millis(until)
                rows = [row for row in page.rows if row.millis < last]
                return _Window([rows], until, fullness)
        if fullness > 2 and stop - start > NARROWEST_WINDOW:
            return _Window([], start, fullness)
        found, failures = await gather_parts(
            {group: self._all(spans[group], page) for group, page in first.items()}
        )
        self._remove(reading, failures)
        return _Window(
            [rows for pages in found.values() for rows in pages], stop, fullness
        )

    async def _all(
        self, span: Span, first: Page[StoredValue]
    ) -> Sequence[Sequence[StoredValue]]:
        """Return all rows of a span, whose first page was read, by page.

        If they change meanwhile, they are read again, but only once.
        """
        try:
            return [first.rows, *await self._pages.rest(span, first)]
        except ChangedMeanwhileError:
            first = await self._pages.first_page(span)
            return [first.rows, *await self._pages.rest(span, first)]

    def _remove(self, reading: _Pass, failures: Mapping[Group, BackendError]) -> None:
        """Remove the points that failed; raises BackendError if none is left."""
        if any(isinstance(error, ForeignRowsError) for error in failures.values()):
            self._memory.batches.deny()
        reading.remove(failures)


def _complete_until(page: Page[StoredValue]) -> datetime:
    """Return up to when the rows of a full page are all there are.

    The rows of a second stay together, because they are judged together.
    """
    return page.rows[-1].time.replace(microsecond=0)


def _groups(entity_ids: Sequence[str], has_batches: bool) -> list[Group]:
    """Return the entities by request."""
    size = BATCH_SIZE if has_batches else 1
    return [*batched(entity_ids, size, strict=False)]


def _resize(window: timedelta, fullness: float) -> timedelta:
    """Return a window that will hold about as much as it should."""
    # Values are not spread evenly, so a window grows to four times its length at most.
    factor = min(1 / fullness, 4.0) if fullness else 4.0
    return min(max(window * factor, NARROWEST_WINDOW), WIDEST_WINDOW)


async def _make_readings(
    found: _Window, by_id: Mapping[str, Source]
) -> dict[str, ReadingColumns]:
    """Return the readings of stored values by point key, oldest first.

    Of a measured value, the last one counts that was stored of a moment. Of a register,
    the rules decide between all of them.
    """
    readings = {source.point.key: ReadingColumns() for source in by_id.values()}
    sinks = {
        entity_id: (
            readings[source.point.key],
            value_parser(source),
            source.point.kind is Kind.REGISTER,
        )
        for entity_id, source in by_id.items()
    }
    yielder = LoopYielder(_PARSED_PER_TURN)
    for page in found.pages:
        for row in page:
            if (sink := sinks.get(row.entity_id)) is None:
                continue
            columns, parse, is_register = sink
            if (value := number(parse(row.value))) is None:
                continue
            time = row.millis / 1000
            if not is_register and columns.times and columns.times[-1] == time:
                columns.values[-1] = value
            else:
                columns.add(time, value)
        await yielder.spend(len(page))
    return {key: columns for key, columns in readings.items() if columns}
