"""Which points are wanted, and which of them are due to be asked for.

Nothing here knows Home Assistant or any backend.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from ..metering.model import Point


@dataclass(frozen=True, slots=True)
class Wanted:
    """Points that somebody looks at, grouped by how often they are asked for.

    It is made anew only when other points are wanted, so that a poll of thousands of
    points need not look at each.
    """

    points: Sequence[Point]
    keys: frozenset[str]
    groups: Mapping[timedelta, Sequence[Point]]
    _joined: dict[tuple[timedelta, ...], Sequence[Point]] = field(default_factory=dict)

    @classmethod
    def of(cls, points: Iterable[Point], default: timedelta) -> Wanted:
        """Return these points; `default` is the interval of those that name none."""
        found = list(points)
        groups: defaultdict[timedelta, list[Point]] = defaultdict(list)
        for point in found:
            groups[point.poll_interval or default].append(point)
        return cls(found, frozenset(point.key for point in found), dict(groups))

    def of_groups(self, intervals: tuple[timedelta, ...]) -> Sequence[Point]:
        """Return the points of some groups: of the same ones, the same object."""
        if (found := self._joined.get(intervals)) is None:
            found = [point for each in intervals for point in self.groups[each]]
            self._joined[intervals] = found
        return found


class Rounds:
    """Remembers when each group of points was last asked for."""

    def __init__(self) -> None:
        """Start without having asked for anything."""
        self._asked: dict[timedelta, float] = {}
        self._keys: frozenset[str] = frozenset()

    def forget(self) -> None:
        """Let everything be due."""
        self._asked.clear()

    def due(self, wanted: Wanted, now: float, early: float) -> Collection[Point]:
        """Return the points to ask for now, and take note that they were.

        `now` is of a monotonic clock, in seconds. A group is due `early` seconds before
        its time, and at once where it has a point that was not wanted before.
        """
        new = wanted.keys - self._keys
        self._keys = wanted.keys
        due: list[timedelta] = []
        for interval, points in wanted.groups.items():
            asked = self._asked.get(interval)
            is_due = asked is None or now - asked + early >= interval.total_seconds()
            if is_due or (new and any(point.key in new for point in points)):
                self._asked[interval] = now
                due.append(interval)
        return wanted.of_groups(tuple(due))
