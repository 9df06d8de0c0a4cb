"""Notice which stored values were added on past days, by counting them.

A device that was offline may send old values later. A page of stored values has their
number, for up to a thousand entities: two such requests show that nothing was added.
Old releases count a single entity at a time.
Stored values cannot be changed, and are deleted after a year only.
Source: docs/wire/milesight.md, History.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
import hashlib
from itertools import batched

from ..base import Comparison, Memory
from ..common.counts import Counts, count_days, counts_from_json, find_count_changes
from ..common.http import Json
from ..common.parse import as_object
from .client import BATCH_SIZE, MilesightClient
from .history_pages import MILLISECOND, Span, read_one_row
from .sources import Source

COUNTED_AFTER = timedelta(hours=1)
"""Later values are not counted yet, because most of them are just arriving."""

DIGEST_LETTERS = 12


async def compare_counts(
    client: MilesightClient,
    sources: Sequence[Source],
    start: datetime,
    now: datetime,
    seen: Memory,
    *,
    has_batches: bool,
) -> Comparison:
    """Return the points of which values may have been added in the span [start, now].

    This takes two requests for each batch of up to a thousand entities, all points of
    which differ alike. The first time, it takes one for each day. Without
    `has_batches`, each entity is counted alone, and the first time as a whole. Raises
    BackendError.
    """
    batches = as_object(seen.get("batches"))
    since: dict[str, datetime] = {}
    found: dict[str, Json] = {}
    ordered = sorted(sources, key=lambda source: source.entity.id)
    size = BATCH_SIZE if has_batches else 1
    for batch in batched(ordered, size, strict=False):
        ids = [source.entity.id for source in batch]
        name = hashlib.sha256(" ".join(ids).encode()).hexdigest()[:DIGEST_LETTERS]
        known = counts_from_json(batches.get(name))
        counter = _Counter(client, ids)
        changed, counts = await counter.compare(known, start, now)
        found[name] = counts.as_json()
        if changed is not None:
            since |= {source.point.key: max(start, changed) for source in batch}
    return Comparison(since=since, seen={"batches": found})


class _Counter:
    """Counts the stored values of some entities."""

    def __init__(self, client: MilesightClient, ids: Sequence[str]) -> None:
        """Initialize the counter."""
        self._client = client
        self._ids = ids

    async def count(self, begin: datetime, end: datetime) -> int:
        """Return the number of values after `begin`, up to `end`.

        Raises BackendError.
        """
        first = begin + MILLISECOND
        if end <= first:
            return 0
        return (await read_one_row(self._client, Span(self._ids, first, end))).total

    async def compare(
        self, seen: Counts | None, start: datetime, now: datetime
    ) -> tuple[datetime | None, Counts]:
        """Return since when the numbers differ from those seen, and the new ones.

        Without any seen, they differ from `start` on. Raises BackendError.
        """
        end = now - COUNTED_AFTER
        if seen is None and len(self._ids) > 1:
            return start, await count_days(start, end, self.count)
        if seen is None:
            number = await self.count(start, end)
            return start, Counts(start).with_last(end, number)
        # A single entity was counted as a whole, which is one span of 30 days.
        is_single = len(self._ids) == 1
        kept = seen.overlapping(start) if is_single else seen.since(start)
        changes = await find_count_changes(kept, self.count)
        begin = changes.counts.begin
        if begin >= end:
            return changes.first, changes.counts
        number = await self.count(begin, end)
        return changes.first, changes.counts.with_last(end, number)
