"""What was heard of series: their newest values, and those of the last hours.

Nothing is asked here. Every answer repeats most of the one before, and only what it
says otherwise is read.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from ...metering.model import Reading
from ..common.http import Json
from ..common.parse import as_number
from ..common.times import as_moment

KEPT = 2000
"""The most values of a series that are taken out of an answer, the newest ones: more
would hold the event loop."""

NONE: Mapping[str, Json] = {}

type Timed = tuple[datetime, float]
"""When a value was measured, or began, and what it is."""


@dataclass(slots=True)
class Heard:
    """What was last heard of a series; `gap` lies between its last two values.

    It is a new one after every answer that says something else than the one before.
    """

    time: datetime
    value: float
    gap: timedelta | None = None
    _reading: Reading | None = None

    def reading(self, *, is_amount: bool) -> Reading:
        """Return it as the one reading that it is; an amount began at its time."""
        if self._reading is None:
            since = self.time if is_amount else None
            self._reading = Reading(time=self.time, value=self.value, since=since)
        return self._reading


class HeardValues:
    """Keeps the newest value of each series, and of some all since a moment."""

    def __init__(self) -> None:
        """Start having heard of nothing."""
        self._heard: dict[int, Heard] = {}
        self._since: dict[int, datetime] = {}
        self._recent: dict[int, dict[datetime, float]] = {}
        self._answers: dict[int, Mapping[str, Json]] = {}
        self.intervals: Mapping[int, timedelta] = {}

    def of(self, series_id: int) -> Heard | None:
        """Return what was last heard of a series."""
        return self._heard.get(series_id)

    def since(self, series_id: int) -> datetime | None:
        """Return since when all values of a series are kept, if they are."""
        return self._since.get(series_id)

    def recent(self, series_id: int) -> Mapping[datetime, float]:
        """Return the values of a series since the moment that `collect` said."""
        return self._recent.get(series_id, {})

    def interval(self, series_id: int) -> timedelta | None:
        """Return how often a series has a value: as the server says, or as seen."""
        if known := self.intervals.get(series_id):
            return known
        heard = self._heard.get(series_id)
        return heard.gap if heard else None

    def collect(self, series_ids: Iterable[int], since: datetime) -> None:
        """Keep all values of these series from a moment on, besides the newest."""
        for number in series_ids:
            before = self._since.get(number)
            if before is None or since < before:
                # What was read before counts from now on, too.
                self._answers.pop(number, None)
            self._since[number] = since
            recent = self._recent.get(number, {})
            self._recent[number] = {t: v for t, v in recent.items() if t >= since}

    def forget(self, series_ids: Iterable[int]) -> None:
        """Be as if these series had never been heard of."""
        for number in series_ids:
            self._heard.pop(number, None)
            self._recent.pop(number, None)
            self._answers.pop(number, None)

    def keep(self, series_ids: Collection[int]) -> None:
        """Forget what is remembered of all other series."""
        known = {*self._heard, *self._recent, *self._since}
        self.forget(gone := known.difference(series_ids))
        for number in gone:
            self._since.pop(number, None)

    def take(self, number: int, points: Mapping[str, Json]) -> int:
        """Take over the values of a series; return how many had to be read for that.

        Every answer repeats most of the one before. What is no number is none.
        """
        before = self._answers.get(number, NONE)
        if points == before:
            return 0
        self._answers[number] = points
        # All are in UTC, so that they sort as texts.
        labels = sorted(points)[-KEPT:]
        last_two = [*islice(_read(points, reversed(labels)), 2)]
        if not last_two:
            return len(labels)
        self._hear(number, *last_two)
        if (since := self._since.get(number)) is None:
            return len(last_two)
        news = [label for label in labels if before.get(label) != points[label]]
        recent = self._recent.setdefault(number, {})
        recent |= {time: value for time, value in _read(points, news) if time >= since}
        return len(news) + len(last_two)

    def _hear(self, number: int, last: Timed, one_before: Timed | None = None) -> None:
        """Take note of the newest values of a series in an answer."""
        heard = self._heard.get(number)
        time, value = last
        gap = heard.gap if heard else None
        if heard is not None and time < heard.time:
            time, value = heard.time, heard.value
        elif one_before is not None:
            gap = time - one_before[0]
        self._heard[number] = Heard(time, value, gap)


def _read(points: Mapping[str, Json], labels: Iterable[str]) -> Iterator[Timed]:
    """Yield what values are numbers, and their times."""
    for label in labels:
        value, time = as_number(points[label]), as_moment(label)
        if value is not None and time is not None:
            yield time, value
