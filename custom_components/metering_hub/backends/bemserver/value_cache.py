"""The latest value of each series, and recent values of some series.

Most of every answer repeats the one before, so only values that differ are parsed.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from ...metering.model import Reading
from ..common.http import Json
from ..common.parse import as_number
from ..common.times import as_moment

MAX_VALUES = 2000
"""Values parsed per series and answer, latest first: more block the event loop."""

ASSUMED_INTERVAL = timedelta(minutes=5)
"""The interval of a series until it is known, which bounds the size of answers."""

NO_VALUES: Mapping[str, Json] = {}

type TimedValue = tuple[datetime, float]
"""A value with the time of its measurement or the start of its interval."""


@dataclass(slots=True)
class CachedValue:
    """The latest value of a series; `gap` is the time since the value before.

    It is replaced by another object whenever an answer differs from the one before.
    """

    time: datetime
    value: float
    gap: timedelta | None = None
    _reading: Reading | None = None

    def reading(self, *, is_amount: bool) -> Reading:
        """Return the value as a reading, always the same object."""
        if self._reading is None:
            since = self.time if is_amount else None
            self._reading = Reading(time=self.time, value=self.value, since=since)
        return self._reading


class ValueCache:
    """Caches the latest value of each series, and all values since a given time."""

    def __init__(self) -> None:
        """Initialize an empty cache."""
        self._latest: dict[int, CachedValue] = {}
        self._since: dict[int, datetime] = {}
        self._recent: dict[int, dict[datetime, float]] = {}
        self._answers: dict[int, Mapping[str, Json]] = {}
        self._intervals: Mapping[int, timedelta] = {}

    def update_intervals(self, intervals: Mapping[int, timedelta]) -> None:
        """Set the intervals that are known for certain, by series."""
        self._intervals = intervals

    def latest(self, series_id: int) -> CachedValue | None:
        """Return the latest value of a series."""
        return self._latest.get(series_id)

    def kept_since(self, series_id: int) -> datetime | None:
        """Return since when all values of a series are kept, if they are."""
        return self._since.get(series_id)

    def recent(self, series_id: int) -> Mapping[datetime, float]:
        """Return all values of a series since the time given to `keep_since`."""
        return self._recent.get(series_id, {})

    def interval(self, series_id: int) -> timedelta | None:
        """Return the interval of a series: the known one, or the latest gap."""
        if known := self._intervals.get(series_id):
            return known
        latest = self._latest.get(series_id)
        return latest.gap if latest else None

    def expected_interval(self, series_id: int) -> timedelta:
        """Return the interval of a series, or an assumption."""
        return self.interval(series_id) or ASSUMED_INTERVAL

    def keep_since(self, series_ids: Iterable[int], since: datetime) -> None:
        """Keep all values of these series from a time on."""
        for number in series_ids:
            before = self._since.get(number)
            if before is None or since < before:
                # Values of earlier answers have to be parsed again.
                self._answers.pop(number, None)
            self._since[number] = since
            recent = self._recent.get(number, {})
            self._recent[number] = {t: v for t, v in recent.items() if t >= since}

    def forget(self, series_ids: Iterable[int]) -> None:
        """Drop the values of these series."""
        for number in series_ids:
            self._latest.pop(number, None)
            self._recent.pop(number, None)
            self._answers.pop(number, None)

    def keep_only(self, series_ids: Collection[int]) -> None:
        """Forget all other series."""
        known = {*self._latest, *self._recent, *self._since}
        self.forget(gone := known.difference(series_ids))
        for number in gone:
            self._since.pop(number, None)

    def store(self, number: int, values: Mapping[str, Json]) -> int:
        """Store the values of a series; return how many of them were parsed.

        `values` are keyed by ISO 8601 times in UTC. Non-numeric values are ignored.
        """
        before = self._answers.get(number, NO_VALUES)
        if values == before:
            return 0
        self._answers[number] = values
        # Times that are all in UTC sort as text.
        labels = sorted(values)[-MAX_VALUES:]
        last_two = [*islice(_parse(values, reversed(labels)), 2)]
        if not last_two:
            return len(labels)
        self._store_latest(number, *last_two)
        if (since := self._since.get(number)) is None:
            return len(last_two)
        changed = [label for label in labels if before.get(label) != values[label]]
        recent = self._recent.setdefault(number, {})
        recent |= {
            time: value for time, value in _parse(values, changed) if time >= since
        }
        return len(changed) + len(last_two)

    def _store_latest(
        self, number: int, last: TimedValue, second_last: TimedValue | None = None
    ) -> None:
        """Replace the latest value of a series, unless the answer is older."""
        cached = self._latest.get(number)
        time, value = last
        gap = cached.gap if cached else None
        if cached is not None and time < cached.time:
            time, value = cached.time, cached.value
        elif second_last is not None:
            gap = time - second_last[0]
        self._latest[number] = CachedValue(time, value, gap)


def _parse(values: Mapping[str, Json], labels: Iterable[str]) -> Iterator[TimedValue]:
    """Yield the numeric values at these times."""
    for label in labels:
        value, time = as_number(values[label]), as_moment(label)
        if value is not None and time is not None:
            yield time, value
