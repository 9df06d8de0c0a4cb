"""Find out what may have changed on the server since the last import."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from homeassistant.util import dt as dt_util

from ..backends.base import Backend, HistoryChanges
from ..backends.common.bounds import BATCH_LIMIT, time_limit
from ..metering.model import Point
from .statistic import Scope

RECORDER_CHECK = timedelta(hours=1)
"""How often the recorder is read at least, even if the server reports no changes: the
user may have deleted a statistic with Home Assistant's own tools."""

RECORDER_CHECK_RUNS = 4
"""If a backend's history interval is long, the recorder is read every so many runs."""

type FindStart = Callable[[Scope, Sequence[Point]], Awaitable[datetime | None]]
"""Find the moment from which points are imported; `None` if they have no readings."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Points that were read together from `start` on; `None` if nothing was read."""

    points: Sequence[Point]
    start: datetime | None

    @property
    def key(self) -> frozenset[str]:
        """Return the keys of the points, which identify the group."""
        return frozenset(point.key for point in self.points)


@dataclass(slots=True)
class _Run:
    """A run over all groups of a scope.

    It is repeatable if the next run reads the same groups from the same rows, which is
    the case unless this run changed where the recorder's rows begin.
    """

    scope: Scope
    began: datetime
    groups: list[_Group] = field(default_factory=list)
    is_repeatable: bool = True
    is_complete: bool = False

    def covers(self, scope: Scope, since: datetime) -> bool:
        """Return True if a run over a scope would start from the same rows.

        A run that began at or before `since` is too old.
        """
        return (
            self.is_complete
            and self.is_repeatable
            and self.began > since
            and scope == self.scope
        )


class ChangeTracker:
    """Keep the backend's marks, and find out what changed since the last run.

    The server is asked before the recorder is read, which is slower.

    After an incomplete run, the next one starts from the rows in the recorder.
    """

    def __init__(
        self, backend: Backend, find_start: FindStart, history_interval: timedelta
    ) -> None:
        """Initialize the tracker; until a run is complete, anything may be new."""
        self._backend = backend
        self._find_start = find_start
        self._max_age = max(RECORDER_CHECK, RECORDER_CHECK_RUNS * history_interval)
        self._marks: dict[frozenset[str], object] = {}
        self._answers: dict[frozenset[str], tuple[datetime, HistoryChanges]] = {}
        self._run: _Run | None = None

    def reset(self) -> None:
        """Consider everything as changed."""
        self._marks.clear()
        self._answers.clear()
        self._run = None

    async def is_unchanged(self, scope: Scope) -> bool:
        """Return True if the server has nothing new since the last complete run.

        The run that follows reuses the answers of the server. Raises BackendError.
        """
        self._answers.clear()
        run = self._run
        if run is None or not run.covers(scope, dt_util.utcnow() - self._max_age):
            return False
        for group in run.groups:
            if group.start is None:
                if await self._find_start(scope, group.points) is not None:
                    return False
            elif (await self._fetch(group, group.start)).since is not None:
                return False
        self._answers.clear()
        return True

    def start_run(self, scope: Scope) -> None:
        """Record that a run over a scope starts."""
        self._run = _Run(scope, dt_util.utcnow())

    def complete_run(self) -> None:
        """Record that the current run is complete."""
        self._answers.clear()
        if self._run is not None:
            self._run.is_complete = True

    async def find_changes(
        self, points: Sequence[Point], start: datetime | None, *, is_continued: bool
    ) -> HistoryChanges:
        """Return what may have changed from `start` on (`None`: there is no reading).

        Without `is_continued`, the next run will start elsewhere. Raises BackendError.
        """
        group = _Group(points, start)
        if self._run is not None:
            self._run.groups.append(group)
        if start is None:
            return HistoryChanges(since=None, mark=None)
        answer = self._answers.get(group.key)
        # An answer for a longer span also holds for a part of it.
        if answer is None or answer[0] > start:
            changes = await self._fetch(group, start)
        else:
            changes = answer[1]
        if changes.since is not None and not is_continued and self._run is not None:
            self._run.is_repeatable = False
        return changes

    def keep_mark(self, points: Sequence[Point], changes: HistoryChanges) -> None:
        """Keep the mark of changes that have all been passed to the recorder."""
        self._marks[frozenset(point.key for point in points)] = changes.mark

    async def _fetch(self, group: _Group, start: datetime) -> HistoryChanges:
        """Ask the backend what changed from `start` on; raises BackendError."""
        mark = self._marks.get(group.key)
        async with time_limit(BATCH_LIMIT, "what has changed"):
            changes = await self._backend.history_changes(group.points, start, mark)
        if changes.since is None:
            self._marks[group.key] = changes.mark
        self._answers[group.key] = (start, changes)
        return changes
