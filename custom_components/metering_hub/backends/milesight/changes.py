"""Detect newly stored values by the times of the latest values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched

from ..base import HistoryChanges
from .catalogue import Source
from .client import BATCH_SIZE, MilesightClient

FULL_READ_INTERVAL = timedelta(hours=6)
"""How often the whole window is read again: a device that was offline may send older
values later, which the time of its latest value does not show."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The times of the latest values by entity id, and when all was read last."""

    times: Mapping[str, datetime]
    last_full_read: datetime


async def find_changes(
    client: MilesightClient,
    sources: Sequence[Source],
    start: datetime,
    mark: object,
    now: datetime,
) -> HistoryChanges:
    """Return the time since which stored values may differ from those at `mark`.

    This takes one request per 1,000 entities. Raises BackendError.
    """
    entity_ids = [source.entity.id for source in sources]
    times: dict[str, datetime] = {}
    for batch in batched(entity_ids, BATCH_SIZE, strict=False):
        statuses = await client.statuses(batch)
        times |= {key: status.time for key, status in statuses.items() if status.time}
    if not isinstance(mark, Mark) or now - mark.last_full_read >= FULL_READ_INTERVAL:
        return HistoryChanges(since=start, mark=Mark(times, now))
    new_mark = Mark(times, mark.last_full_read)
    changed = [key for key, time in times.items() if mark.times.get(key) != time]
    if not changed:
        return HistoryChanges(since=None, mark=new_mark)
    since = min(mark.times.get(key, start) for key in changed)
    return HistoryChanges(since=max(start, since), mark=new_mark)
