"""How many values an hour of a series has if none is missing.

A series need not have a declared interval, and a declared one may be wrong, so the
values themselves have to show it: a complete hour has as many as most hours of its
week. The interval may also change, and then most hours of a week have another number.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from itertools import groupby

from ..base import Memory
from ..common.http import Json
from ..common.parse import as_integer, as_object
from .timeseries_client import Column

HOUR_SECONDS = 3600
DAY_SECONDS = 24 * HOUR_SECONDS
WEEK_SECONDS = 7 * DAY_SECONDS

ENOUGH_HOURS = 12
"""Hours with values that are needed to learn a number: an outage is often shorter."""

OFTEN = 1 / 3
"""The share of hours with one value less at which they are complete, too: an interval
of seven minutes has nine values in some hours and eight in others."""

type Counts = Mapping[float, int]
"""Numbers of values by the start of the hour or day; those without values are missing.

Times are epoch seconds.
"""


class CompleteHours:
    """Remembers how many values a complete hour of each series has."""

    def __init__(self) -> None:
        """Initialize without any numbers."""
        self._usual: dict[int, int] = {}

    def partial_hours(self, series_id: int, hours: Column) -> list[float]:
        """Return the hours that lack values, and learn how many a complete one has.

        `hours` are numbers of values by the start of the hour (epoch seconds). Hours
        without any value are left out, and one with more than usual is complete.
        """
        partial: list[float] = []
        for week in _weeks(hours):
            complete = self._learn(series_id, week)
            partial += [hour for hour, count in week.items() if count < complete]
        return partial

    def may_lack_values(
        self, series_id: int, days: Column, start: float, end: float
    ) -> bool:
        """Return True if an hour in [start, end) may lack values.

        `days` are numbers of values by the start of the day in UTC; times are epoch
        seconds. A day that has as many values as its complete hours and as most days of
        its week lacks none.
        """
        if (usual := self._usual.get(series_id)) is None:
            return True
        first, last = (at // WEEK_SECONDS for at in (start, end))
        near = {at: n for at, n in days.items() if first <= at // WEEK_SECONDS <= last}
        for week in _weeks(near):
            complete = max(24 * usual, _most_frequent(Counter(week.values())))
            for day, count in week.items():
                is_inside = day < end and day + DAY_SECONDS > start
                if is_inside and count < complete:
                    return True
        return False

    def keep_only(self, series_ids: Collection[int]) -> None:
        """Forget all other series."""
        self._usual = {n: count for n, count in self._usual.items() if n in series_ids}

    def restore(self, memory: Memory) -> None:
        """Restore what `remember` returned."""
        for label, value in as_object(memory.get("complete")).items():
            number, count = as_integer(label), as_integer(value)
            if number is not None and count is not None and count > 0:
                self._usual[number] = count

    def remember(self) -> dict[str, Json]:
        """Return the number of values of a complete hour by series."""
        return {"complete": {str(n): count for n, count in self._usual.items()}}

    def _learn(self, series_id: int, week: Counts) -> int:
        """Return how many values a complete hour of a week has, and remember it.

        Where values are often lost, no number is that of most hours: then what was
        known before still holds.
        """
        shares = Counter(week.values())
        found = _most_frequent(shares)
        supported = shares[found]
        if found > 1 and shares[found - 1] >= OFTEN * len(week):
            found -= 1
            supported += shares[found]
        known = self._usual.get(series_id)
        if len(week) < ENOUGH_HOURS:
            return known or found
        if known is None or 2 * supported > len(week):
            self._usual[series_id] = found
        return self._usual[series_id]


def _weeks(counts: Column) -> Iterator[Counts]:
    """Yield the hours or days with values, a week at a time, oldest first."""
    filled = sorted((at, round(count)) for at, count in counts.items() if count >= 1)
    for _, week in groupby(filled, key=lambda each: each[0] // WEEK_SECONDS):
        yield dict(week)


def _most_frequent(shares: Counter[int]) -> int:
    """Return the most frequent number; of several, the highest."""
    return max(shares, key=lambda number: (shares[number], number))
