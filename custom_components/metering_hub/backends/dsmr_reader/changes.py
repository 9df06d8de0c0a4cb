"""Find out what changed by counting stored telegrams, which carry no other mark.

Source: docs/wire/dsmr_reader.md, Stored telegrams.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..base import HistoryChanges
from ..common.counts import Counts, between_seconds, find_count_changes
from ..common.times import whole_hour
from .client import DsmrReaderClient
from .meters import EXTRA_KEYS, EXTRA_LAG, POWER_KEY
from .models import TelegramSummary

_ANCHOR_LIFE = timedelta(days=1)
"""The time for which telegrams are counted from the same anchor while `start` moves."""


_BETWEEN_COUNTS = timedelta(hours=1)
"""Late telegrams are found to this exactness, among those of the last looks."""

_MOST_COUNTS = 200
"""The counts that are kept: more than a week of them."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The telegrams that were stored since `anchor` at the last look.

    `counts` are those of earlier looks, up to the latest telegram of each.
    """

    anchor: datetime
    seen: TelegramSummary
    counts: Counts


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
    takes one more to move the anchor up to `start`. If telegrams came late, the hour of
    the first one is searched by counting, which takes about six more.
    """
    if not isinstance(mark, Mark) or start < mark.anchor:
        seen = await client.telegram_summary(start, until)
        return HistoryChanges(
            since=start, mark=Mark(start, seen, _counted(Counts(start), seen))
        )
    new = None
    if start - mark.anchor > _ANCHOR_LIFE:
        # Made first, so that a telegram stored in between is found next time.
        new = await client.telegram_summary(start, until)
    now = await client.telegram_summary(mark.anchor, until)
    if (now.count, now.time) == (mark.seen.count, mark.seen.time):
        since, counts = None, mark.counts
    elif await _has_only_grown(client, mark.seen, now):
        since, counts = _changed_since(keys, mark.seen, start), mark.counts
    else:
        changes = await find_count_changes(mark.counts, client.count_telegrams)
        counts = changes.counts
        since = _late_since(keys, changes.first or counts.last[0])
    counts = _counted(counts, now)
    found = Mark(mark.anchor, now, counts)
    if new is not None:
        found = Mark(start, new, _counted(_moved(counts, start, now, new), new))
    return HistoryChanges(since=since and max(start, since), mark=found)


def _counted(counts: Counts, seen: TelegramSummary) -> Counts:
    """Return the counts with that of a look, if the last one is an hour older."""
    if seen.time is None or seen.time.microsecond or len(counts.upto) >= _MOST_COUNTS:
        return counts
    moment = between_seconds(seen.time)
    if moment - counts.last[0] < _BETWEEN_COUNTS:
        return counts
    return counts.with_last(moment, seen.count)


def _moved(
    counts: Counts, anchor: datetime, now: TelegramSummary, new: TelegramSummary
) -> Counts:
    """Return the counts from a later anchor on, since which `new` were stored.

    A telegram that arrived between both looks makes the numbers too small. Then more
    than necessary is read after the next late telegram.
    """
    before = now.count - new.count
    upto = [(at, number - before) for at, number in counts.upto if at > anchor]
    return Counts(anchor, upto)


def _late_since(keys: Collection[str], first: datetime) -> datetime:
    """Return the earliest time that readings of late telegrams since `first` have."""
    if EXTRA_KEYS & set(keys):
        first -= EXTRA_LAG
    return whole_hour(first) if POWER_KEY in keys else first


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
