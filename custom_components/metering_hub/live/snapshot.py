"""The latest readings of all points, even while several reads overlap.

Independent of Home Assistant. Every `datetime` is aware and in UTC.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ..backends.base import Latest
from ..backends.errors import BackendError, forget_frames
from ..metering.memo import IdentityMemo
from ..metering.model import Point, Reading


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The latest readings, and the points that are unavailable.

    A point is unavailable if its part of the server failed or its reading is stale.
    """

    readings: Mapping[str, Reading] = field(default_factory=dict)
    unavailable: frozenset[str] = frozenset()

    def changes(self, before: Snapshot) -> frozenset[str]:
        """Return the keys of the points that differ from another snapshot."""
        if self is before:
            return frozenset()
        old = before.readings
        changed = [
            key
            for key, reading in self.readings.items()
            # Most readings are the same objects, so identity settles it quickly.
            if (other := old.get(key)) is not reading and other != reading
        ]
        gone = old.keys() - self.readings.keys()
        return (self.unavailable ^ before.unavailable).union(changed, gone)


class Freshness:
    """Track when each point last had a newer reading.

    Ages count from the moment at which a newer reading was seen, so a wrong clock on
    the server does no harm. Only the very first reading is as old as its own time.
    """

    def __init__(self) -> None:
        """Initialize without any reading seen."""
        self._seen: dict[str, tuple[datetime, datetime]] = {}

    def is_stale(self, point: Point, reading: Reading, now: datetime) -> bool:
        """Record a reading, and return True if it is older than its point allows."""
        if point.stale_after is None:
            return False
        confirmed = reading.last_confirmed
        if (seen := self._seen.get(point.key)) is None:
            seen = (confirmed, min(confirmed, now))
        elif confirmed > seen[0]:
            seen = (confirmed, now)
        self._seen[point.key] = seen
        return now - seen[1] > point.stale_after


class LatestReadings:
    """Merge the results of overlapping reads into the latest reading of each point.

    A poll and a read of single points may overlap, and the one that started first may
    finish last. Reads are therefore numbered in the order in which they start, and a
    result is ignored for points with a result of a later read.
    """

    def __init__(self) -> None:
        """Initialize without readings."""
        self._started = 0
        self._merged_number = 0
        self._merged_keys = IdentityMemo[set[str]]()
        self._points: Collection[Point] | None = None
        self._expiring: Collection[Point] = ()
        self._snapshot: Snapshot | None = None
        self._numbers: dict[str, int] = {}
        self._readings: dict[str, Reading] = {}
        self._failed: dict[str, BackendError] = {}
        self._freshness = Freshness()

    @property
    def read_count(self) -> int:
        """Return the number of reads that have started, which numbers the last one."""
        return self._started

    @property
    def readings(self) -> Mapping[str, Reading]:
        """Return the latest readings by point key."""
        return self._readings

    @property
    def failed(self) -> Mapping[str, BackendError]:
        """Return the errors of the points whose part of the server failed."""
        return self._failed

    @property
    def failures(self) -> frozenset[str]:
        """Return the distinct reasons why parts of the server failed."""
        return frozenset(map(str, self._failed.values()))

    def start_read(self) -> int:
        """Return the number of a read that starts now."""
        self._started += 1
        return self._started

    def is_read_after(self, key: str, number: int) -> bool:
        """Return True if a point's result is of a later read than this one."""
        return self._numbers.get(key, 0) > number

    def merge(self, number: int, points: Collection[Point], latest: Latest) -> None:
        """Merge the result of a read of these points.

        Runs for thousands of points per poll, so it uses bulk operations on sets and
        dicts, and a result that repeats the previous one only updates the numbers.
        """
        if number >= self._merged_number:
            keys = self._merged_keys.get(
                lambda: self._merge_keys({point.key for point in points}, latest),
                points=points,
                latest=latest,
            )
            self._merged_number = number
        else:
            self._merged_keys.forget()
            outdated = {point.key for point in points}
            keys = {key for key in outdated if not self.is_read_after(key, number)}
            self._merge_keys(keys, latest)
        self._numbers.update(dict.fromkeys(keys, number))

    def _merge_keys(self, keys: set[str], latest: Latest) -> set[str]:
        """Replace what is stored for these keys, and return the keys."""
        self._snapshot = None
        for error in latest.failed.values():
            forget_frames(error)
        _replace(self._readings, keys, latest.readings)
        _replace(self._failed, keys, latest.failed)
        return keys

    def snapshot(
        self, points: Collection[Point], now: datetime, shown: Snapshot | None = None
    ) -> Snapshot:
        """Return a snapshot of these points, and forget all others.

        If it equals the snapshot that is `shown`, that same object is returned.
        """
        if points is not self._points:
            self._keep_only(points)
        stale = {point.key for point in self._expiring if self._is_stale(point, now)}
        unavailable = frozenset(self._failed.keys() | stale)
        if self._snapshot is None or self._snapshot.unavailable != unavailable:
            snapshot = Snapshot(dict(self._readings), unavailable)
            self._snapshot = shown if shown == snapshot else snapshot
        return self._snapshot

    def _keep_only(self, points: Collection[Point]) -> None:
        """Forget all other points."""
        self._points, self._snapshot = points, None
        self._merged_keys.forget()
        self._expiring = [point for point in points if point.stale_after is not None]
        keys = {point.key for point in points}
        for stored in (self._readings, self._failed, self._numbers):
            for key in stored.keys() - keys:
                del stored[key]

    def update_snapshot(
        self, shown: Snapshot, points: Collection[Point], now: datetime
    ) -> Snapshot:
        """Return a copy of a snapshot with these points updated.

        Cheaper than `snapshot` if these are only a few points.
        """
        readings, unavailable = dict(shown.readings), set(shown.unavailable)
        for point in points:
            key = point.key
            if (reading := self._readings.get(key)) is None:
                readings.pop(key, None)
            else:
                readings[key] = reading
            unavailable.discard(key)
            if key in self._failed or self._is_stale(point, now):
                unavailable.add(key)
        return Snapshot(readings, frozenset(unavailable))

    def _is_stale(self, point: Point, now: datetime) -> bool:
        """Return True if a point's reading is older than the point allows."""
        reading = self._readings.get(point.key)
        return reading is not None and self._freshness.is_stale(point, reading, now)


def _replace[T](stored: dict[str, T], keys: set[str], new: Mapping[str, T]) -> None:
    """Store the new values of these keys, and remove keys without a new value."""
    if new.keys() <= keys:
        stored.update(new)
    else:
        stored.update({key: new[key] for key in new.keys() & keys})
    for key in stored.keys() & (keys - new.keys()):
        del stored[key]
