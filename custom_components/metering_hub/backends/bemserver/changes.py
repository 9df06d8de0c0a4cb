"""Which part of the history may have changed since the last check.

The server cannot report changes. Polling the latest values reveals new ones; late and
corrected values are found only by reading the whole history window again every hour.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..base import HistoryChanges
from .const import HISTORY_INTERVAL, POLL_INTERVAL
from .latest import LatestReader
from .value_cache import ValueCache

FULL_READ_INTERVAL = timedelta(hours=1)
"""How often the whole history window is read."""

FULL_READ_AFTER = FULL_READ_INTERVAL - HISTORY_INTERVAL / 2
"""Checks are not punctual: without a margin, a full read may be one check late."""

POLLED_WITHIN = 3 * POLL_INTERVAL
"""After so long without a poll, a series is not polled any longer."""


@dataclass(frozen=True, slots=True)
class Mark:
    """When the whole window was read, and the time of each series' latest value."""

    read: datetime
    latest: Mapping[int, datetime]


class ChangeFinder:
    """Finds changes by the polls of latest values, without any request."""

    def __init__(self, cache: ValueCache, latest: LatestReader) -> None:
        """Initialize with what the polls find."""
        self._cache = cache
        self._latest = latest

    def find_changes(
        self,
        series_ids: Collection[int],
        start: datetime,
        now: datetime,
        mark: object,
    ) -> HistoryChanges:
        """Return since when values may differ; see `Backend.history_changes`."""
        latest = {
            number: cached.time
            for number in series_ids
            if (cached := self._cache.latest(number)) is not None
        }
        if not isinstance(mark, Mark) or now - mark.read >= FULL_READ_AFTER:
            return HistoryChanges(since=start, mark=Mark(now, latest))
        changed = [
            mark.latest.get(number, start)
            for number in series_ids
            if latest.get(number) != mark.latest.get(number)
            or not self._is_polled(number, now)
        ]
        if not changed:
            return HistoryChanges(since=None, mark=mark)
        return HistoryChanges(
            since=max(start, min(changed)), mark=Mark(mark.read, latest)
        )

    def _is_polled(self, series_id: int, now: datetime) -> bool:
        """Return True if the latest value of a series is known."""
        polled = self._latest.last_polled(series_id)
        return polled is not None and now - polled <= POLLED_WITHIN
