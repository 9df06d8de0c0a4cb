"""Find out once a day which history of the last 30 days has changed on the server.

A server that can say it is asked (`Capability.COMPARISON`). Of any other, the history
of all points is read again: some of them after each import from midnight on, so that no
import takes much longer and all are done by the morning.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..backends.base import Backend, BackendSpec, Capability, Comparison
from ..backends.common.bounds import BATCH_LIMIT, time_limit
from ..backends.errors import ONE_ENDPOINT_ERRORS, BackendError
from ..const import LOGGER
from ..metering.model import Point
from ..metering.register_run import WINDOW_SECONDS
from .comparison_memory import Compared, ComparisonMemory

LONG_WINDOW = timedelta(seconds=WINDOW_SECONDS)
"""How far back late or corrected readings are expected once a day: as far as the rules
decide by hindsight."""

NIGHT = timedelta(hours=5)
"""The time in which all points are read again."""

FEWEST_POINTS = 10
"""At least so many points are read again after an import: they may share requests."""

LEAD = timedelta(days=1)
"""A reading that is new changes the hours since the one before it, too."""

CONTESTED_FOR = timedelta(days=2)
"""So long after readings that contradict others, a point is read again each day."""


@dataclass(frozen=True, slots=True)
class Look:
    """The points to read again, each from a moment on.

    `compared` is what to remember once they are.
    """

    since: Mapping[str, datetime]
    compared: Compared


class DailyComparison:
    """Decide which history is read again although the import has read it before."""

    def __init__(
        self, backend: Backend, spec: BackendSpec, memory: ComparisonMemory
    ) -> None:
        """Initialize the comparison of a config entry."""
        self._backend = backend
        self._spec = spec
        self._memory = memory

    async def look(
        self, points: Sequence[Point], contested: Collection[str], now: datetime
    ) -> Look | None:
        """Return what to read again, or `None` if nothing is due.

        It includes the points whose keys are in `contested`: their newest readings may
        decide what earlier ones were that have not changed.

        The server is asked before the import, which therefore reads at least what the
        server had when it was asked. A server that fails is asked again next time.
        """
        before = await self._memory.async_load()
        if not before.is_due(now):
            return None
        start = now - LONG_WINDOW
        try:
            found = await self._ask(points, start, before)
        except ONE_ENDPOINT_ERRORS as err:
            LOGGER.debug("All points are compared, because none can be: %s", err)
            everything = {point.key: start for point in points}
            found = Comparison(since=everything, seen={})
        except BackendError as err:
            LOGGER.debug("The comparison is put off: %s", err)
            return None
        if found is None:
            return self._next_slice(points, start, before, now)
        since = _earliest(found.since, before.owed, dict.fromkeys(contested, start))
        since = {key: max(at - LEAD, start) for key, at in since.items()}
        return Look(since, Compared(began=now, seen=found.seen))

    async def keep(self, look: Look, failed: Collection[str], *, is_all: bool) -> None:
        """Remember that points were read again, except for those that `failed`.

        With `is_all`, all points were read, so that none of them is left for today.
        """
        owed = {key: at for key, at in look.since.items() if key in failed}
        after = None if is_all else look.compared.after
        compared = replace(look.compared, owed=owed, after=after)
        await self._memory.async_keep(compared)

    async def forget(self) -> None:
        """Forget all comparisons, because the statistics are deleted."""
        await self._memory.async_keep(Compared())

    async def _ask(
        self, points: Sequence[Point], start: datetime, before: Compared
    ) -> Comparison | None:
        """Return what the server has changed; `None` if it cannot say."""
        if Capability.COMPARISON not in self._spec.capabilities:
            return None
        async with time_limit(BATCH_LIMIT, "a comparison"):
            return await self._backend.compare_history(points, start, before.seen)

    def _next_slice(
        self,
        points: Sequence[Point],
        start: datetime,
        before: Compared,
        now: datetime,
    ) -> Look:
        """Return the next points to read again, in the order of their keys."""
        keys = sorted(point.key for point in points)
        imports = max(1, NIGHT // self._spec.history_interval)
        size = max(FEWEST_POINTS, -(-len(keys) // imports))
        left = [key for key in keys if before.after is None or key > before.after]
        part = left[:size]
        began = now if before.after is None or before.began is None else before.began
        after = part[-1] if len(left) > size else None
        return Look(dict.fromkeys(part, start), Compared(began=began, after=after))


def _earliest(*starts: Mapping[str, datetime]) -> Mapping[str, datetime]:
    """Return the earliest moment of each key."""
    found: dict[str, datetime] = {}
    for each in starts:
        for key, at in each.items():
            found[key] = min(at, found.get(key, at))
    return found
