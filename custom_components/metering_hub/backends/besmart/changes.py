"""Find out what may have changed in the history since the last look.

The server does not report changes. New values are noticed by the polls of the latest
values. Late and corrected values are found only by reading the whole trailing window
again, once an hour.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..base import HistoryChanges
from .const import HISTORY_INTERVAL, POLL_INTERVAL
from .history import HistoryReader
from .latest import LatestReader
from .models import SignalId

FULL_LOOK_AFTER = timedelta(hours=1) - HISTORY_INTERVAL / 2
"""The look that is closest to an hour after the last full one is due."""

_RECENT = 2 * POLL_INTERVAL + timedelta(minutes=1)
"""Signals whose last poll is older are not being polled."""


@dataclass(frozen=True, slots=True)
class Mark:
    """When the whole trailing window was read last."""

    read_at: datetime


def find_changes(
    signals: Collection[SignalId],
    history: HistoryReader,
    latest: LatestReader,
    start: datetime,
    now: datetime,
    mark: object,
) -> HistoryChanges:
    """Return since when readings may have changed, without any request.

    `mark` is the mark of the last call; without one, everything may have changed.
    """
    is_due = not isinstance(mark, Mark) or now - mark.read_at >= FULL_LOOK_AFTER
    if is_due or any(map(history.is_failing, signals)):
        return HistoryChanges(since=start, mark=Mark(now))
    changed = [
        time
        for signal in signals
        # Signals without any reading in the window wait for the next full look.
        if (time := history.latest_time(signal)) is not None
        and time > start
        and _may_have_grown(latest, signal, time, now)
    ]
    return HistoryChanges(since=min(changed, default=None), mark=mark)


def _may_have_grown(
    latest: LatestReader, signal: SignalId, read_until: datetime, now: datetime
) -> bool:
    """Return True if there may be values that are later than the history read."""
    polled_at, value = latest.polled_at(signal), latest.value(signal)
    if polled_at is None or now - polled_at > _RECENT:
        return True
    return value is not None and value.time > read_until
