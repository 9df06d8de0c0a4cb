"""What is known of all points now, however many askings overlap.

Nothing here knows Home Assistant or any backend. Every `datetime` is aware and in UTC.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ..backends.base import Latest
from ..metering.model import Point, Reading


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The newest readings, and the points whose reading cannot be trusted now.

    `unavailable` points are those whose part of the server failed, or whose last
    reading is too old.
    """

    readings: Mapping[str, Reading] = field(default_factory=dict)
    unavailable: frozenset[str] = frozenset()

    def changes(self, before: Snapshot) -> frozenset[str]:
        """Return the points of which this says something else than another one did."""
        if self is before:
            return frozenset()
        known = before.readings
        changed = [
            key
            for key, reading in self.readings.items()
            # What was not read anew is the same object, which is seen at once.
            if (other := known.get(key)) is not reading and other != reading
        ]
        gone = known.keys() - self.readings.keys()
        return (self.unavailable ^ before.unavailable).union(changed, gone)


class Answers:
    """The last answer for each point.

    A poll and the reading of single points may overlap, and the one that was asked
    first may be answered last. So each asking has a number, and an answer counts only
    where no later asking was answered before.
    """

    def __init__(self) -> None:
        """Start without an answer."""
        self._asked = 0
        self._answered = 0
        self._last: tuple[Collection[Point], Latest, set[str]] | None = None
        self._wanted: Collection[Point] | None = None
        self._perishable: Collection[Point] = ()
        self._known: Snapshot | None = None
        self._numbers: dict[str, int] = {}
        self._readings: dict[str, Reading] = {}
        self._failed: dict[str, str] = {}
        self._freshness = Freshness()

    @property
    def asked(self) -> int:
        """Return the number of the last asking that began."""
        return self._asked

    @property
    def failures(self) -> frozenset[str]:
        """Return why parts of the server did not answer, each reason once."""
        return frozenset(self._failed.values())

    def begin(self) -> int:
        """Return the number of an asking that begins now."""
        self._asked += 1
        return self._asked

    def is_later(self, key: str, asked: int) -> bool:
        """Tell whether a point's answer is of a later asking than `asked`."""
        return self._numbers.get(key, 0) > asked

    def take(self, asked: int, points: Collection[Point], latest: Latest) -> None:
        """Take over what was answered to asking `asked` for these points.

        Made for thousands of points: what is done for each is done by sets and dicts.
        """
        last = self._last
        is_in_order = asked >= self._answered
        if last is not None and last[0] is points and last[1] is latest and is_in_order:
            # The very answer of last time, and no other came in between.
            self._answered = asked
            self._numbers.update(dict.fromkeys(last[2], asked))
            return
        keys = {point.key for point in points}
        self._last = (points, latest, keys) if is_in_order else None
        self._known = None
        if not is_in_order:
            keys = {key for key in keys if not self.is_later(key, asked)}
        self._answered = max(self._answered, asked)
        self._numbers.update(dict.fromkeys(keys, asked))
        _take_over(self._readings, keys, latest.readings)
        _take_over(self._failed, keys, latest.failed)

    def snapshot(
        self, wanted: Collection[Point], now: datetime, shown: Snapshot | None = None
    ) -> Snapshot:
        """Return what is known of the wanted points, and forget all others.

        It is what is `shown` already, if that says the same.
        """
        if wanted is not self._wanted:
            self._keep(wanted)
        stale = {point.key for point in self._perishable if self._is_stale(point, now)}
        unavailable = frozenset(self._failed.keys() | stale)
        if self._known is None or self._known.unavailable != unavailable:
            known = Snapshot(dict(self._readings), unavailable)
            if shown is not None and not known.changes(shown):
                known = shown
            self._known = known
        return self._known

    def _keep(self, wanted: Collection[Point]) -> None:
        """Forget all points but these."""
        self._wanted, self._last, self._known = wanted, None, None
        self._perishable = [point for point in wanted if point.stale_after is not None]
        keys = {point.key for point in wanted}
        for known in (self._readings, self._failed, self._numbers):
            for key in known.keys() - keys:
                del known[key]

    def renewed(
        self, shown: Snapshot, points: Collection[Point], now: datetime
    ) -> Snapshot:
        """Return a snapshot with what is known of these points, else as it was.

        It costs little where these are few of many.
        """
        readings, unavailable = dict(shown.readings), set(shown.unavailable)
        for point in points:
            key = point.key
            _set_or_drop(readings, key, self._readings.get(key))
            unavailable.discard(key)
            if key in self._failed or self._is_stale(point, now):
                unavailable.add(key)
        return Snapshot(readings, frozenset(unavailable))

    def _is_stale(self, point: Point, now: datetime) -> bool:
        reading = self._readings.get(point.key)
        return reading is not None and self._freshness.is_stale(point, reading, now)


def _take_over[T](known: dict[str, T], keys: set[str], new: Mapping[str, T]) -> None:
    """Replace what is known of these keys, and drop those of which nothing is new."""
    if new.keys() <= keys:
        known.update(new)
    else:
        known.update({key: new[key] for key in new.keys() & keys})
    for key in known.keys() & (keys - new.keys()):
        del known[key]


def _set_or_drop[T](values: dict[str, T], key: str, value: T | None) -> None:
    if value is None:
        values.pop(key, None)
    else:
        values[key] = value


class Freshness:
    """Remembers when each point last had something new to say.

    Ages are counted from the moment at which a newer reading was seen, so that a
    server's clock that is wrong does no harm; only of the very first reading, the age
    is what its own time says.
    """

    def __init__(self) -> None:
        """Start without having seen anything."""
        self._seen: dict[str, tuple[datetime, datetime]] = {}

    def is_stale(self, point: Point, reading: Reading, now: datetime) -> bool:
        """Take note of a reading; tell whether it is older than its point allows."""
        if point.stale_after is None:
            return False
        vouched_for = reading.vouched_for
        if (seen := self._seen.get(point.key)) is None:
            seen = (vouched_for, min(vouched_for, now))
        elif vouched_for > seen[0]:
            seen = (vouched_for, now)
        self._seen[point.key] = seen
        return now - seen[1] > point.stale_after
