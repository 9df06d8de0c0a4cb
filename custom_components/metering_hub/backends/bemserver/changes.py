"""What of the past may have changed since the last look.

The server cannot tell. New values are seen by the polls of the newest ones; late and
corrected values only by reading the whole trailing window again, once an hour.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..base import HistoryChanges
from .latest import LatestValues
from .value_cache import HeardValues

LOOK_AGAIN = timedelta(minutes=50)
"""Less than an hour, because looks come every 15 minutes and not to the second."""

_RECENT = timedelta(minutes=3)
"""A poll so long ago is one that goes on: they come every minute."""


@dataclass(frozen=True, slots=True)
class Mark:
    """When the whole window was read last, and what was then newest of each series."""

    looked: datetime
    newest: Mapping[int, datetime]


def find_changes(
    series_ids: Collection[int],
    heard: HeardValues,
    latest: LatestValues,
    start: datetime,
    now: datetime,
    mark: object,
) -> HistoryChanges:
    """Tell since when values may differ from those read before; asks nothing."""
    newest = {
        number: last.time
        for number in series_ids
        if (last := heard.of(number)) is not None
    }
    if not isinstance(mark, Mark) or now - mark.looked >= LOOK_AGAIN:
        return HistoryChanges(since=start, mark=Mark(now, newest))
    changed = [
        mark.newest.get(number, start)
        for number in series_ids
        if newest.get(number) != mark.newest.get(number)
        or not _is_polled(latest.asked(number), now)
    ]
    if not changed:
        return HistoryChanges(since=None, mark=mark)
    return HistoryChanges(
        since=max(start, min(changed)), mark=Mark(mark.looked, newest)
    )


def _is_polled(asked: datetime | None, now: datetime) -> bool:
    """Tell whether a series' newest value is known."""
    return asked is not None and now - asked <= _RECENT
