"""What of the past may have changed since the last look.

The server cannot tell. New values are seen by the polls of the newest ones; late and
corrected values only by reading the whole trailing window again, once an hour.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..base import HistoryChanges
from .history import Past
from .latest import Newest
from .models import SignalId

LOOK_AGAIN = timedelta(minutes=50)
"""Less than an hour, because looks come every 15 minutes and not to the second."""

_RECENT = timedelta(minutes=11)
"""A poll so long ago is one that goes on: two intervals of five minutes."""


@dataclass(frozen=True, slots=True)
class Mark:
    """When the whole window was read last."""

    looked: datetime


def find_changes(
    signals: Collection[SignalId],
    past: Past,
    newest: Newest,
    start: datetime,
    now: datetime,
    mark: object,
) -> HistoryChanges:
    """Tell since when readings may differ from those read before; asks nothing."""
    is_due = not isinstance(mark, Mark) or now - mark.looked >= LOOK_AGAIN
    if is_due or past.failing & set(signals):
        return HistoryChanges(since=start, mark=Mark(now))
    # Signals without anything in the window wait for the next look at all of it.
    seen = {
        signal: time
        for signal in signals
        if (time := past.newest.get(signal)) is not None and time > start
    }
    grown = [
        time
        for signal, time in seen.items()
        if _may_have_grown(newest, signal, time, now)
    ]
    return HistoryChanges(since=min(grown, default=None), mark=mark)


def _may_have_grown(
    newest: Newest, signal: SignalId, seen: datetime, now: datetime
) -> bool:
    """Tell whether there may be values after the newest that the past has."""
    asked, value = newest.asked.get(signal), newest.values.get(signal)
    if asked is None or now - asked > _RECENT:
        return True
    return value is not None and value.time > seen
