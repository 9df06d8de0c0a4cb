"""Has anything changed? By counting stored telegrams, because each has only a time."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..base import HistoryChanges
from .history_client import HistoryClient, Newest
from .positions import whole_hour
from .telegram_history import EXTRA_KEYS, EXTRA_LAG, POWER

_DRIFT = timedelta(days=1)
"""So long, the same anchor is counted from while `start` moves on."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What was stored since `anchor` at the last look."""

    anchor: datetime
    seen: Newest


async def find_changes(
    client: HistoryClient, keys: Collection[str], start: datetime, mark: object
) -> HistoryChanges:
    """Tell since when stored telegrams may differ from those at `mark`.

    One request where nothing is new, two where something is, and once a day, when the
    anchor follows `start`, one more.
    """
    if not isinstance(mark, Mark) or start < mark.anchor:
        seen = await client.newest(start)
        return HistoryChanges(since=start, mark=Mark(start, seen))
    new = mark
    if moved := start - mark.anchor > _DRIFT:
        # Before the comparison: what comes in between is then found next time.
        new = Mark(start, await client.newest(start))
    now = await client.newest(mark.anchor)
    if not moved:
        new = Mark(mark.anchor, now)
    if (now.count, now.time) == (mark.seen.count, mark.seen.time):
        return HistoryChanges(since=None, mark=new)
    if not await _only_grew(client, mark.seen, now):
        return HistoryChanges(since=start, mark=new)
    return HistoryChanges(since=max(start, _since(keys, mark.seen, start)), mark=new)


async def _only_grew(client: HistoryClient, before: Newest, now: Newest) -> bool:
    """Tell whether it is certain that all that is new came after the newest of before.

    It is where as many telegrams as before are older than that one.
    """
    if before.time is None or before.ties is None or now.time is None:
        return False
    if now.time < before.time or now.count <= before.count:
        return False
    # Up to what was just seen, lest a telegram that comes meanwhile spoil the sum.
    tail = await client.count_readings(before.time, now.time)
    return now.count - tail == before.count - before.ties


def _since(keys: Collection[str], before: Newest, start: datetime) -> datetime:
    since = before.time or start
    if POWER in keys:
        # The power of an hour with few readings is held back until there are more.
        since = min(since, whole_hour(since))
    if EXTRA_KEYS & set(keys):
        # New telegrams bring positions that were measured before they came.
        lag = since - EXTRA_LAG
        since = min(since, max(before.extra_time or lag, lag))
    return since
