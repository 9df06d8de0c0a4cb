"""Find out what changed by counting stored telegrams, which carry no other mark.

Source: docs/wire/dsmr_reader.md, Stored telegrams.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..base import HistoryChanges
from ..common.times import whole_hour
from .client import DsmrReaderClient
from .meters import EXTRA_KEYS, EXTRA_LAG, POWER_KEY
from .models import TelegramSummary

_ANCHOR_LIFE = timedelta(days=1)
"""The time for which telegrams are counted from the same anchor while `start` moves."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The telegrams that were stored since `anchor` at the last look."""

    anchor: datetime
    seen: TelegramSummary


async def find_changes(
    client: DsmrReaderClient,
    keys: Collection[str],
    start: datetime,
    until: datetime,
    mark: object,
) -> HistoryChanges:
    """Return from when on the stored telegrams may differ from those at `mark`.

    Telegrams after `until` are in the future. With one of them as the latest, every
    later look would find telegrams before it and take them for late ones.

    This takes one request if nothing is new and two if something is. Once a day, it
    takes one more to move the anchor up to `start`.
    """
    if not isinstance(mark, Mark) or start < mark.anchor:
        seen = await client.telegram_summary(start, until)
        return HistoryChanges(since=start, mark=Mark(start, seen))
    new = mark
    if is_moved := start - mark.anchor > _ANCHOR_LIFE:
        # Made first, so that a telegram stored in between is found next time.
        new = Mark(start, await client.telegram_summary(start, until))
    now = await client.telegram_summary(mark.anchor, until)
    if not is_moved:
        new = Mark(mark.anchor, now)
    if (now.count, now.time) == (mark.seen.count, mark.seen.time):
        return HistoryChanges(since=None, mark=new)
    if not await _has_only_grown(client, mark.seen, now):
        return HistoryChanges(since=start, mark=new)
    since = max(start, _changed_since(keys, mark.seen, start))
    return HistoryChanges(since=since, mark=new)


async def _has_only_grown(
    client: DsmrReaderClient, before: TelegramSummary, now: TelegramSummary
) -> bool:
    """Return True if every new telegram is later than the last one seen before.

    That is so if as many telegrams as before are older than that one.
    """
    if before.time is None or before.ties is None or now.time is None:
        return False
    if now.time < before.time or now.count <= before.count:
        return False
    # Up to the latest one in `now`: telegrams that arrive meanwhile must not count.
    tail = await client.count_telegrams(before.time, now.time)
    return now.count - tail == before.count - before.ties


def _changed_since(
    keys: Collection[str], before: TelegramSummary, start: datetime
) -> datetime:
    """Return the earliest time that readings of new telegrams can have."""
    since = before.time or start
    if POWER_KEY in keys:
        # The power of an hour with few telegrams is held back until there are more.
        since = min(since, whole_hour(since))
    if EXTRA_KEYS & set(keys):
        # New telegrams bring positions that were measured before they arrived.
        lag = since - EXTRA_LAG
        since = min(since, max(before.extra_time or lag, lag))
    return since
