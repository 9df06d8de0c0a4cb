"""Detect newly stored values by counting them.

The number of values of a span and its newest value show whether anything was added, in
one request per batch of entities. Values that arrive late are counted like any others,
whether or not they are the latest ones.
Source: docs/wire/milesight.md, History.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched

from ..base import HistoryChanges
from ..common.concurrency import gather_parts
from .client import BATCH_SIZE, MilesightClient
from .history_pages import Span, read_one_row
from .sources import Source


@dataclass(frozen=True, slots=True)
class Seen:
    """How many values some entities had since `begin`, and the time of the newest."""

    begin: datetime
    total: int
    newest: datetime | None


async def find_changes(
    client: MilesightClient,
    sources: Sequence[Source],
    start: datetime,
    mark: object,
    now: datetime,
    *,
    has_batches: bool,
) -> HistoryChanges:
    """Return the time since which stored values may differ from those at `mark`.

    A mark is what was seen, by the entities that were counted together. This takes one
    request for each batch of entities, and two more where values were added. Without
    `has_batches`, a batch is a single entity. Raises BackendError.
    """
    known: Mapping[object, object] = mark if isinstance(mark, dict) else {}
    counter = _Counter(client, start, now)
    size = BATCH_SIZE if has_batches else 1
    ids = sorted(source.entity.id for source in sources)
    found, failures = await gather_parts(
        {
            batch: counter.compare(batch, known.get(batch))
            for batch in batched(ids, size, strict=False)
        }
    )
    if failures and not found:
        raise next(iter(failures.values()))
    new_mark = {batch: seen for batch, (_, seen) in found.items()}
    since = [moment for moment, _ in found.values() if moment is not None]
    if failures:
        since.append(start)
    if not since:
        return HistoryChanges(since=None, mark=new_mark)
    return HistoryChanges(since=max(start, min(since)), mark=new_mark)


class _Counter:
    """Counts the values of entities up to now."""

    def __init__(self, client: MilesightClient, start: datetime, now: datetime) -> None:
        """Initialize with the moment from which changes matter."""
        self._client = client
        self._start = start
        self._now = now

    async def compare(
        self, ids: Sequence[str], seen: object
    ) -> tuple[datetime | None, Seen]:
        """Return since when values differ from those seen, and what is there now.

        Raises BackendError.
        """
        if not isinstance(seen, Seen) or self._start < seen.begin:
            return self._start, await self._count(ids, self._start, self._now)
        present = await self._count(ids, seen.begin, self._now)
        if present == seen:
            return None, seen
        since = self._start
        if seen.newest is None:
            since = seen.begin
        elif seen.newest > seen.begin:
            before = await self._count(ids, seen.begin, seen.newest)
            if before == seen:
                since = seen.newest
        if self._start > seen.begin:
            # Otherwise the span would grow for ever.
            present = await self._count(ids, self._start, self._now)
        return since, present

    async def _count(self, ids: Sequence[str], begin: datetime, end: datetime) -> Seen:
        """Return what there is in [begin, end]; raises BackendError."""
        if end <= begin:
            return Seen(begin, 0, None)
        span = Span(ids, begin, end)
        page = await read_one_row(self._client, span, is_newest_first=True)
        newest = page.rows[0].time if page.rows else None
        return Seen(begin, page.total, newest)
