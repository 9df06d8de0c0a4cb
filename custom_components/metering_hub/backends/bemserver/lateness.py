"""Which series of a device are late, or have stopped to have cleaned values."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from .data_states import CLEANED_WITHIN, DataStates
from .value_cache import ValueCache

HOUR = timedelta(hours=1)

MISSED_VALUES = 3
"""A series is late if it has missed so many values."""


class Lateness:
    """Finds series whose newest value is older than usual."""

    def __init__(self, states: DataStates, cache: ValueCache) -> None:
        """Initialize with what the polls find."""
        self._states = states
        self._cache = cache

    def late(
        self, series: Iterable[tuple[int, bool]], now: datetime
    ) -> tuple[list[int], bool]:
        """Return the late series, and whether anything is known of any of them.

        Each series is given with whether it has intervals, which are stamped at their
        start.
        """
        late: list[int] = []
        is_known = False
        for number, has_intervals in series:
            if (cached := self._cache.latest(number)) is None:
                continue
            is_known = True
            interval = self._cache.interval(number) or HOUR
            value_end = cached.time + (interval if has_intervals else timedelta())
            is_late = now - value_end > max(MISSED_VALUES * interval, HOUR)
            if is_late or self._has_stopped(number, interval, now):
                late.append(number)
        return late, is_known

    def _has_stopped(self, number: int, interval: timedelta, now: datetime) -> bool:
        """Return True if the best state of a series has no values any longer."""
        best = self._states.of(number)
        rank = None if best is None else self._states.rank(best)
        newest = None if rank is None else self._cache.newest(number, rank)
        within = max(CLEANED_WITHIN, MISSED_VALUES * interval)
        return newest is not None and now - newest >= within
