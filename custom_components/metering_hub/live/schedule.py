"""Decide which points are due for polling; independent of Home Assistant."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from ..metering.model import Point


@dataclass(frozen=True, slots=True)
class PollGroups:
    """The points to poll, grouped by poll interval.

    The groups are built once per set of points, so a poll of thousands of points does
    not look at each of them.
    """

    points: Sequence[Point]
    keys: frozenset[str]
    groups: Mapping[timedelta, Sequence[Point]]
    _joined: dict[tuple[timedelta, ...], Sequence[Point]] = field(default_factory=dict)

    @classmethod
    def of(cls, points: Iterable[Point], default: timedelta) -> PollGroups:
        """Return the groups of these points; `default` is the usual poll interval."""
        found = list(points)
        groups: defaultdict[timedelta, list[Point]] = defaultdict(list)
        for point in found:
            groups[point.poll_interval or default].append(point)
        return cls(found, frozenset(point.key for point in found), dict(groups))

    def points_of(self, intervals: tuple[timedelta, ...]) -> Sequence[Point]:
        """Return the points with these intervals; the same object for equal intervals.

        Backends and the snapshot recognize a repeated poll by the identity of its
        points.
        """
        if (found := self._joined.get(intervals)) is None:
            found = [point for each in intervals for point in self.groups[each]]
            self._joined[intervals] = found
        return found


class PollSchedule:
    """Remember when each group of points was last polled, and which points failed."""

    def __init__(self, retry_interval: timedelta) -> None:
        """Initialize the schedule with every group due.

        A point that failed is due again after `retry_interval`, or after its own
        interval if that is shorter.
        """
        self._retry_interval = retry_interval
        self._polled: dict[timedelta, float] = {}
        self._failed: dict[str, float] = {}
        self._keys: frozenset[str] = frozenset()

    def reset(self) -> None:
        """Make every group due."""
        self._polled.clear()
        self._failed.clear()

    def note_result(
        self, points: Iterable[Point], failed: Collection[str], now: float
    ) -> None:
        """Record which of the points that were polled `now` have failed."""
        for point in points if failed or self._failed else ():
            self._failed.pop(point.key, None)
            if point.key in failed:
                self._failed[point.key] = now

    def tick(self, groups: PollGroups) -> timedelta:
        """Return the time until the next poll, which is sooner if a point has failed.

        Without it, a server of which only hourly points are shown would be asked again
        an hour after a failure.
        """
        usual = min(groups.groups, default=self._retry_interval)
        return min(usual, self._retry_interval) if self._failed else usual

    def due(self, groups: PollGroups, now: float, early: float) -> Collection[Point]:
        """Return the points that are due now, and record that they are polled.

        `now` is a monotonic time in seconds. A group is due up to `early` seconds
        before its interval has passed, and at once if it contains a new point. Of the
        other groups, the points that failed are due.
        """
        new = groups.keys - self._keys
        self._keys = groups.keys
        due: list[timedelta] = []
        for interval, points in groups.groups.items():
            polled = self._polled.get(interval)
            is_due = polled is None or now - polled + early >= interval.total_seconds()
            if is_due or (new and any(point.key in new for point in points)):
                self._polled[interval] = now
                due.append(interval)
        found = groups.points_of(tuple(due))
        failed = self._failed_points(groups, due, now + early)
        return [*found, *failed] if failed else found

    def _failed_points(
        self, groups: PollGroups, due: Collection[timedelta], now: float
    ) -> Sequence[Point]:
        """Return the points to try again, except those of groups that are due."""
        if not self._failed:
            return ()
        wait = self._retry_interval.total_seconds()
        keys = {key for key, polled in self._failed.items() if now - polled >= wait}
        return [
            point
            for interval, points in groups.groups.items()
            if interval not in due
            for point in points
            if point.key in keys
        ]
