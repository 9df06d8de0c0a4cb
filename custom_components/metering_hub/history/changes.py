"""Is there anything new to import? Asked before the recorder is, which is slower."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from homeassistant.util import dt as dt_util

from ..backends.base import Backend, HistoryChanges
from ..metering.model import Point
from .statistic import Scope

LOOK_AGAIN = timedelta(hours=1)
"""How soon the recorder is looked at again, whatever the server says: somebody may have
deleted a statistic by Home Assistant's own means."""

type Beginning = Callable[[Scope, Sequence[Point]], Awaitable[datetime | None]]


@dataclass(frozen=True, slots=True)
class _Group:
    """Points that were read together, from `start` on; `None` where nothing was."""

    points: Sequence[Point]
    start: datetime | None

    @property
    def key(self) -> frozenset[str]:
        return frozenset(point.key for point in self.points)


@dataclass(slots=True)
class _Run:
    """A run over all groups of a scope, and what the server said of them in it.

    Another run does the same while the server has nothing new, unless this one made
    the recorder's rows begin elsewhere.
    """

    scope: Scope
    began: datetime
    groups: list[_Group] = field(default_factory=list)
    repeatable: bool = True
    complete: bool = False

    def covers(self, scope: Scope, now: datetime) -> bool:
        """Tell whether a run over a scope would go on from the same rows."""
        return (
            self.complete
            and self.repeatable
            and now - self.began < LOOK_AGAIN
            and scope == self.scope
        )


class News:
    """Asks a backend what may have changed, and keeps its marks.

    What a run did not bring to its end is looked at again from the recorder's rows on.
    """

    def __init__(self, backend: Backend, beginning: Beginning) -> None:
        """Start knowing nothing."""
        self._backend = backend
        self._beginning = beginning
        self._marks: dict[frozenset[str], object] = {}
        self._asked: dict[frozenset[str], tuple[datetime, HistoryChanges]] = {}
        self._run: _Run | None = None

    def forget(self) -> None:
        """Take everything for new."""
        self._marks.clear()
        self._asked.clear()
        self._run = None

    async def is_none(self, scope: Scope) -> bool:
        """Tell whether the server has nothing new for what the last run left.

        Without such a run it may have. Raises BackendError. What was asked is not asked
        again in the run that follows.
        """
        self._asked.clear()
        run = self._run
        if run is None or not run.covers(scope, dt_util.utcnow()):
            return False
        for group in run.groups:
            if group.start is None:
                if await self._beginning(scope, group.points) is not None:
                    return False
            elif (await self._ask(group, group.start)).since is not None:
                return False
        self._asked.clear()
        return True

    def begin(self, scope: Scope) -> None:
        """Note that a run over a scope begins."""
        self._run = _Run(scope, dt_util.utcnow())

    def complete(self) -> None:
        """Note that the run has come to its end."""
        self._asked.clear()
        if self._run is not None:
            self._run.complete = True

    async def changes(
        self, points: Sequence[Point], start: datetime | None, *, resumed: bool
    ) -> HistoryChanges:
        """Tell what may have changed from `start` on (`None`: there is nothing).

        Not `resumed` is a start from which no later run will go on. Raises
        BackendError.
        """
        group = _Group(points, start)
        if self._run is not None:
            self._run.groups.append(group)
        if start is None:
            return HistoryChanges(since=None, mark=None)
        asked = self._asked.get(group.key)
        # An answer for a longer time holds for a part of it.
        if asked is None or asked[0] > start:
            changes = await self._ask(group, start)
        else:
            changes = asked[1]
        if changes.since is not None and not resumed and self._run is not None:
            self._run.repeatable = False
        return changes

    def done(self, points: Sequence[Point], changes: HistoryChanges) -> None:
        """Keep the mark, once all that it stands for is on its way to the recorder."""
        self._marks[frozenset(point.key for point in points)] = changes.mark

    async def _ask(self, group: _Group, start: datetime) -> HistoryChanges:
        mark = self._marks.get(group.key)
        changes = await self._backend.history_changes(group.points, start, mark)
        if changes.since is None:
            self._marks[group.key] = changes.mark
        self._asked[group.key] = (start, changes)
        return changes
