"""Has anything been stored since the last look? By the times of the latest values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched

from ..base import HistoryChanges
from .catalogue import Source
from .client import BATCH_SIZE, MilesightClient

FULL_LOOK = timedelta(hours=6)
"""How often the whole window is read again: a device that was out of reach may send
older values later, which the time of its latest value does not show."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The times of the latest values, and when everything was looked at."""

    times: Mapping[str, datetime]
    looked_at_all: datetime


async def find_changes(
    client: MilesightClient,
    sources: Sequence[Source],
    start: datetime,
    mark: object,
    now: datetime,
) -> HistoryChanges:
    """Tell since when stored values may differ from those at `mark`.

    One request for 1,000 entities, and the only one where nothing is new.
    """
    ids = [source.entity.id for source in sources]
    times: dict[str, datetime] = {}
    for chunk in batched(ids, BATCH_SIZE, strict=False):
        found = await client.statuses(chunk)
        times |= {key: each.time for key, each in found.items() if each.time}
    if not isinstance(mark, Mark) or now - mark.looked_at_all >= FULL_LOOK:
        return HistoryChanges(since=start, mark=Mark(times, now))
    new = Mark(times, mark.looked_at_all)
    changed = [key for key, time in times.items() if mark.times.get(key) != time]
    if not changed:
        return HistoryChanges(since=None, mark=new)
    since = min(mark.times.get(key, start) for key in changed)
    return HistoryChanges(since=max(start, since), mark=new)
