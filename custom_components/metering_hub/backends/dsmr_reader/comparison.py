"""Notice what has changed on past days, by two requests a day.

The first counts the stored telegrams, which late ones add to. The server deletes most
of them when they are some weeks old, so fewer telegrams are no news, and where they
became fewer, none are counted for a while. The second fetches the statistics of the
days, which the server computes once and keeps.
Source: docs/wire/dsmr_reader.md, Stored telegrams, Statistics and Retention.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
import hashlib

from ..base import Comparison, Memory
from ..common.counts import (
    CountChanges,
    Counts,
    between_seconds,
    count_days,
    counts_from_json,
    find_count_changes,
)
from ..common.http import Json
from ..common.parse import as_object
from ..common.times import as_day, as_utc_moment, local_midnight
from .client import DsmrReaderClient
from .models import DayStatistics

DAY = timedelta(days=1)

COUNTED_AFTER = DAY
"""Later telegrams are not counted yet; each import of news looks at them anyway."""

FORGOTTEN_AFTER = timedelta(days=30)
"""When old telegrams are counted again although they once became fewer."""

DIGEST_LETTERS = 8


@dataclass(frozen=True, slots=True)
class _Kept:
    """How long telegrams are kept, as it was noticed at a moment."""

    length: timedelta
    noticed: datetime

    def begin(self, start: datetime, now: datetime) -> datetime:
        """Return from when on telegrams are counted."""
        if now - self.noticed > FORGOTTEN_AFTER:
            return start
        return max(start, now - self.length)


class HistoryComparer:
    """Compares the telegrams and days of the server with what was seen of them.

    `days` are the statistics of the days that were compared last, if any were.
    """

    def __init__(self, client: DsmrReaderClient) -> None:
        """Initialize the comparer."""
        self._client = client
        self.days: Sequence[DayStatistics] = ()

    async def compare(
        self,
        keys: Collection[str],
        span: tuple[datetime, datetime],
        zone: tzinfo,
        seen: Memory,
    ) -> Comparison:
        """Return from when on points differ in the span [start, now], all alike.

        This takes two requests if nothing has changed. The first time, it takes one
        more for each day. Raises BackendError.
        """
        start, now = span
        days = await self._days(span, zone)
        kept = _kept(seen)
        counts = counts_from_json(seen.get("counts"))
        changed = _first_changed(days, seen, zone)
        if counts is None:
            begin, end = between_seconds(start), between_seconds(now - COUNTED_AFTER)
            counts = await count_days(begin, end, self._client.count_telegrams)
            changed = start
        else:
            begin = start if kept is None else kept.begin(start, now)
            changes = await self._counts(counts.since(begin), now)
            counts = changes.counts
            if changes.removed is not None:
                kept = _Kept(now - changes.removed - DAY, now)
            changed = min(filter(None, (changed, changes.added)), default=None)
        return Comparison(
            since=_since(keys, seen, changed, start),
            seen={
                "keys": dict.fromkeys(sorted(keys), True),
                "counts": counts.as_json(),
                "days": {**days},
                **_kept_json(kept),
            },
        )

    async def _days(
        self, span: tuple[datetime, datetime], zone: tzinfo
    ) -> Mapping[str, str]:
        """Return a digest of the statistics of each whole local day in the span."""
        first, last = (moment.astimezone(zone).date() for moment in span)
        self.days = await self._client.days(first + DAY, last)
        return {day.day.isoformat(): _digest(day) for day in self.days}

    async def _counts(self, seen: Counts, now: datetime) -> CountChanges:
        """Return the changes of the counts, which then go on until a day ago.

        If there is none, one request shows that and counts the new telegrams: the last
        telegram that was counted still stands at its place in the list.
        """
        until, (moment, number) = between_seconds(now - COUNTED_AFTER), seen.last
        if until <= moment:
            return await find_count_changes(seen, self._client.count_telegrams)
        total, is_same = await self._client.count_beyond(
            seen.begin, until, moment, number
        )
        if is_same:
            counts = seen.with_last(until, total)
            return CountChanges(first=None, added=None, removed=None, counts=counts)
        changes = await find_count_changes(seen, self._client.count_telegrams)
        return replace(changes, counts=changes.counts.with_last(until, total))


def _since(
    keys: Collection[str], seen: Memory, changed: datetime | None, start: datetime
) -> Mapping[str, datetime]:
    """Return from when on points differ; those that were not seen, from `start` on."""
    known = as_object(seen.get("keys"))
    return {
        key: max(start, changed) if changed and key in known else start
        for key in keys
        if changed or key not in known
    }


def _digest(day: DayStatistics) -> str:
    """Return a few letters that differ if the statistics of a day do."""
    times = {name: time.isoformat() for name, time in day.times.items()}
    parts: Sequence[Mapping[str, object]] = (day.positions, day.amounts, times)
    text = repr([sorted(part.items()) for part in parts])
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LETTERS]


def _first_changed(
    days: Mapping[str, str], seen: Memory, zone: tzinfo
) -> datetime | None:
    """Return the start of the first day whose statistics differ from those seen.

    Those of days after the last one seen are new.
    """
    before = as_object(seen.get("days"))
    first, last = min(days, default=""), max(before, default="")
    changed = (
        day
        for day in sorted({*days, *before})
        if first <= day <= last and days.get(day) != before.get(day)
    )
    day = as_day(next(changed, None))
    return None if day is None else local_midnight(day, zone)


def _kept(seen: Memory) -> _Kept | None:
    """Return how long telegrams are kept, if that was noticed."""
    noticed = as_utc_moment(seen.get("noticed"))
    until = as_utc_moment(seen.get("kept"))
    return None if noticed is None or until is None else _Kept(noticed - until, noticed)


def _kept_json(kept: _Kept | None) -> dict[str, Json]:
    """Return how long telegrams are kept, as it is stored."""
    if kept is None:
        return {}
    return {
        "noticed": kept.noticed.isoformat(),
        "kept": (kept.noticed - kept.length).isoformat(),
    }
