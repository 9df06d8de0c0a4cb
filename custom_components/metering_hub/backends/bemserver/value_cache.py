"""The latest value of each series, and recent values of some series.

Most of every answer repeats the one before, so only values that differ are parsed. Of
values of the same time, that of the better data state counts: states have a rank, of
which 0 is the best (see `DataStates`).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

from ...metering.model import Reading
from ..common.http import Json
from ..common.parse import as_number
from ..common.times import as_moment
from ..errors import ProtocolError

MAX_VALUES = 2000
"""Values parsed per series and answer, latest first: more block the event loop."""

ASSUMED_INTERVAL = timedelta(minutes=5)
"""The interval of a series until it is known, which bounds the size of answers."""

MAX_REPEATED = 9
"""Known values of a series that a poll requests again, because they may be corrected.

Those of fifty series are at most 17 kB.
"""

NO_VALUES: Mapping[str, Json] = {}

type TimedValue = tuple[datetime, float]
"""A value with the time of its measurement or the start of its interval."""


class _RankedValue(NamedTuple):
    """A value with the rank of its state."""

    rank: int
    value: float


@dataclass(slots=True)
class CachedValue:
    """The latest value of a series; `gap` is the time since the value before.

    `rank` is that of the state in which it was found.

    It is replaced by another object whenever an answer differs from the one before.
    """

    time: datetime
    value: float
    gap: timedelta | None = None
    rank: int = 0
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
        self._filled: set[int] = set()
        self._recent: dict[int, dict[datetime, _RankedValue]] = {}
        self._answers: dict[int, dict[int, Mapping[str, Json]]] = {}
        self._newest: dict[int, dict[int, datetime]] = {}
        self._intervals: Mapping[int, timedelta] = {}
        self._revision = 0
        self._needs_revision = 0

    @property
    def revision(self) -> int:
        """Return a number that grows whenever anything in the cache changes."""
        return self._revision

    @property
    def needs_revision(self) -> int:
        """Return a number that grows whenever polls need other requests than before.

        New values alone only let them start later.
        """
        return self._needs_revision

    def _note_needs(self) -> None:
        """Note that polls need other requests from now on."""
        self._revision += 1
        self._needs_revision += 1

    def update_intervals(self, intervals: Mapping[int, timedelta]) -> None:
        """Set the intervals that are known for certain, by series."""
        self._intervals = intervals
        self._note_needs()

    def latest(self, series_id: int) -> CachedValue | None:
        """Return the latest value of a series."""
        return self._latest.get(series_id)

    def newest(self, series_id: int, rank: int) -> datetime | None:
        """Return the time of the newest value in a state, as far as it is known."""
        return self._newest.get(series_id, {}).get(rank)

    def note_silence(self, series_id: int, rank: int, since: datetime) -> None:
        """Note that a series has no value in a state since a time."""
        self._newest.setdefault(series_id, {}).setdefault(rank, since)
        self._revision += 1

    def needed_since(self, series_id: int, now: datetime) -> datetime | None:
        """Return since when a series has to be requested for its kept values, if so.

        Once all of them are known, the last ones are enough.
        """
        since = self._since.get(series_id)
        if since is None or series_id not in self._filled:
            return since
        return max(since, now - MAX_REPEATED * self.expected_interval(series_id))

    def fill(self, series_ids: AbstractSet[int]) -> None:
        """Note that all values since the time given to `keep_since` are known."""
        new = self._since.keys() & series_ids - self._filled
        if new:
            self._filled |= new
            self._note_needs()

    def sum_since(self, series_id: int, since: datetime) -> float | None:
        """Return the sum of all values of a series since a time; `None` without any.

        The time is not before the one given to `keep_since`.
        """
        kept = self._recent.get(series_id, {})
        values = [each.value for time, each in kept.items() if time >= since]
        return sum(values) if values else None

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
        self._note_needs()
        for number in series_ids:
            before = self._since.get(number)
            if before is None or since < before:
                # Values of earlier answers have to be parsed again.
                self._answers.pop(number, None)
                self._filled.discard(number)
            self._since[number] = since
            recent = self._recent.get(number, {})
            self._recent[number] = {t: v for t, v in recent.items() if t >= since}

    def keep_only(self, series_ids: Collection[int]) -> None:
        """Forget all other series."""
        self._note_needs()
        self._filled &= {*series_ids}
        for known in (
            self._latest,
            self._recent,
            self._answers,
            self._since,
            self._newest,
        ):
            for number in known.keys() - series_ids:
                del known[number]

    def store(self, number: int, values: Mapping[str, Json], rank: int = 0) -> int:
        """Store the values of a series; return how many of them were parsed.

        `values` are keyed by ISO 8601 times in UTC. Non-numeric values are ignored, but
        the server never stores any: raises ProtocolError if there is nothing else.
        """
        answers = self._answers.setdefault(number, {})
        before = answers.get(rank, NO_VALUES)
        if values == before:
            return 0
        # Times that are all in UTC sort as text.
        labels = sorted(values)[-MAX_VALUES:]
        last_two = [*islice(_parse(values, reversed(labels)), 2)]
        if labels and not last_two:
            raise ProtocolError("a series without a single readable value")
        answers[rank] = values
        self._revision += 1
        if not last_two:
            return 0
        self._store_latest(number, rank, *last_two)
        if (since := self._since.get(number)) is None:
            return len(last_two)
        changed = [label for label in labels if before.get(label) != values[label]]
        recent = self._recent.setdefault(number, {})
        for time, value in _parse(values, changed):
            known = recent.get(time)
            if time >= since and (known is None or rank <= known.rank):
                recent[time] = _RankedValue(rank, value)
        return len(changed) + len(last_two)

    def _store_latest(
        self,
        number: int,
        rank: int,
        last: TimedValue,
        second_last: TimedValue | None = None,
    ) -> None:
        """Replace the latest value of a series, unless the answer is older or worse."""
        cached = self._latest.get(number)
        time, value = last
        newest = self._newest.setdefault(number, {})
        newest[rank] = max(time, newest.get(rank, time))
        gap = cached.gap if cached else None
        if cached is not None and (time, -rank) < (cached.time, -cached.rank):
            time, value, rank = cached.time, cached.value, cached.rank
        elif second_last is not None:
            gap = time - second_last[0]
        if cached is not None and cached.rank != rank:
            # The other state may have had other values in between.
            self._filled.discard(number)
        if cached is None or cached.rank != rank:
            self._note_needs()
        self._latest[number] = CachedValue(time, value, gap, rank)


def _parse(values: Mapping[str, Json], labels: Iterable[str]) -> Iterator[TimedValue]:
    """Yield the numeric values at these times."""
    for label in labels:
        value, time = as_number(values[label]), as_moment(label)
        if value is not None and time is not None:
            yield time, value
