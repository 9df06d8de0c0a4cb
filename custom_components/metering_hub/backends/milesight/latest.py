"""Read the latest values of points in as few requests as a server allows.

Source: ../shared/wire/milesight.md §6 and §9.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import batched
from operator import is_, itemgetter
from typing import NamedTuple

from ...metering.model import Reading, Value
from ..base import Latest
from ..common.concurrency import gather_parts
from ..common.http import Json
from ..errors import BackendError
from .catalogue import Source
from .client import BATCH_SIZE, KEYS_AT_ONCE, ROWS_AT_ONCE, MilesightClient
from .features import LatestBy
from .models import Object, Status, read_statuses
from .paging import all_rows
from .values import as_online, reader_of

OFFLINE = "a device is offline"

_AT_ONCE = 250


@dataclass(frozen=True, slots=True)
class _Row:
    """A point to read: `status_id` is that of what must not say that it is offline."""

    key: str
    entity_id: str
    status_id: str | None
    read: Callable[[Json], Value | None]


class _Batch(NamedTuple):
    """An answer for many entities, and what it says."""

    rows: Object
    statuses: Mapping[str, Status]


@dataclass(slots=True)
class _Plan:
    """What to ask for a number of points, and what the last answers were.

    It is kept for the points that are polled, so that a poll need not find out again
    what is what, and so that what is as it was costs next to nothing.
    """

    sources: Sequence[Source]
    rows: Sequence[_Row]
    ids: Mapping[str, str]
    status_ids: frozenset[str]
    chunks: Sequence[tuple[str, ...]]
    batches: dict[tuple[str, ...], _Batch] = field(default_factory=dict)
    readings: dict[str, tuple[Status, Reading | None]] = field(default_factory=dict)
    last: tuple[Sequence[Mapping[str, Status]], Latest] | None = None

    def same(self, answers: Sequence[Mapping[str, Status]]) -> Latest | None:
        """Return what answers meant last time, if they are all as they were."""
        if self.last is None or len(answers) != len(self.last[0]):
            return None
        is_same = all(map(is_, answers, self.last[0], strict=True))
        return self.last[1] if is_same else None


@dataclass(slots=True)
class _Values:
    """Latest values by entity id, and why those of other entities are missing.

    `batches` are the answers that they are made of, if they are whole.
    """

    found: dict[str, Status] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    batches: Sequence[Mapping[str, Status]] = ()


class LatestReader:
    """Reads latest values; remembers when values without a time have changed."""

    def __init__(self, client: MilesightClient, clock: Callable[[], datetime]) -> None:
        """Start without having seen anything."""
        self._client = client
        self._clock = clock
        self._changed: dict[str, tuple[Json, datetime]] = {}
        self._plan: _Plan | None = None

    async def read(
        self, sources: Sequence[Source], latest_by: LatestBy, properties: int
    ) -> Latest:
        """Return the newest readings of points; `properties` is how many there are.

        The points of a device that is offline count as failed, but for its settings.
        """
        plan = self._plan_for(sources)
        values = await self._values(plan, latest_by, properties)
        if values.batches and (same := plan.same(values.batches)) is not None:
            return same
        offline = {
            status_id
            for status_id in plan.status_ids
            if _is_offline(values.found.get(status_id))
        }
        readings: dict[str, Reading] = {}
        failed: dict[str, str] = {}
        for count, row in enumerate(plan.rows, 1):
            if count % _AT_ONCE == 0:
                await asyncio.sleep(0)
            if row.entity_id in values.failed:
                failed[row.key] = values.failed[row.entity_id]
            elif row.status_id is not None and row.status_id in offline:
                failed[row.key] = OFFLINE
            elif (reading := self._reading(plan, row, values.found)) is not None:
                readings[row.key] = reading
        latest = Latest(readings=readings, failed=failed)
        plan.last = (values.batches, latest) if values.batches else None
        return latest

    def forget(self, entity_ids: Collection[str]) -> None:
        """Forget all entities but these."""
        self._plan = None
        self._changed = {
            key: seen for key, seen in self._changed.items() if key in entity_ids
        }

    def _plan_for(self, sources: Sequence[Source]) -> _Plan:
        """Return what to ask for these points; that of a poll is kept.

        A poll is for most of the points, what is read in between for a few.
        """
        kept = self._plan
        if kept is not None and kept.sources is sources:
            return kept
        plan = _make_plan(sources)
        if kept is None or len(kept.sources) <= 2 * len(sources):
            self._plan = plan
        return plan

    def _reading(
        self, plan: _Plan, row: _Row, found: Mapping[str, Status]
    ) -> Reading | None:
        """Return the reading of a point: the same object where it is as it was."""
        if (status := found.get(row.entity_id)) is None:
            return None
        known = plan.readings.get(row.key)
        if known is not None and known[0] is status:
            return known[1]
        value = row.read(status.value)
        reading = None
        if value is not None:
            time = status.time or self._time_of_change(row.entity_id, status.value)
            reading = Reading(time=time, value=value)
        plan.readings[row.key] = status, reading
        return reading

    def _time_of_change(self, entity_id: str, value: Json) -> datetime:
        """Return when a value without a time was first seen."""
        before = self._changed.get(entity_id)
        if before is None or before[0] != value:
            before = self._changed[entity_id] = (value, self._clock())
        return before[1]

    async def _values(
        self, plan: _Plan, latest_by: LatestBy, properties: int
    ) -> _Values:
        if latest_by is LatestBy.BATCH:
            return await self._by_batch(plan)
        if latest_by is LatestBy.SINGLE:
            return await self._one_by_one(plan.ids)
        keys = list(plan.ids.values())
        if len(keys) / KEYS_AT_ONCE > properties / ROWS_AT_ONCE:
            keys = []
        return await self._by_pages(plan.ids, keys)

    async def _by_batch(self, plan: _Plan) -> _Values:
        parts, failures = await gather_parts(
            {chunk: self._batch(plan, chunk) for chunk in plan.chunks}
        )
        _raise_if_nothing_came(parts, failures)
        values = _Values()
        for part in parts.values():
            values.found |= part
        for chunk, error in failures.items():
            values.failed |= dict.fromkeys(chunk, str(error))
        if not failures:
            values.batches = [parts[chunk] for chunk in plan.chunks]
        return values

    async def _batch(self, plan: _Plan, chunk: tuple[str, ...]) -> Mapping[str, Status]:
        """Return the latest values of a part of the entities; raises BackendError."""
        rows = await self._client.status_rows(chunk)
        before = plan.batches.get(chunk)
        if before is None:
            statuses = read_statuses(rows)
        elif before.rows == rows:
            return before.statuses
        else:
            statuses = read_statuses(rows, before.rows, before.statuses)
        plan.batches[chunk] = _Batch(rows, statuses)
        return statuses

    async def _by_pages(self, ids: Iterable[str], keys: Sequence[str]) -> _Values:
        """Read pages of the entities with these keys, or of all."""
        chunks: list[tuple[str, ...]] = [*batched(keys, KEYS_AT_ONCE, strict=False)]
        values = _Values()
        for chunk in chunks or [()]:
            rows = await all_rows(
                partial(self._client.entity_values, keys=chunk), itemgetter(0)
            )
            values.found |= rows
        return values

    async def _one_by_one(self, ids: Iterable[str]) -> _Values:
        parts, failures = await gather_parts(
            {entity_id: self._client.status(entity_id) for entity_id in ids}
        )
        _raise_if_nothing_came(parts, failures)
        found = {key: status for key, status in parts.items() if status is not None}
        return _Values(found, {key: str(error) for key, error in failures.items()})


def _raise_if_nothing_came[Key](
    parts: Mapping[Key, object], failures: Mapping[Key, BackendError]
) -> None:
    """Raise a failure that all parts share: it is one of the whole server."""
    if failures and not parts:
        raise next(iter(failures.values()))


def _make_plan(sources: Sequence[Source]) -> _Plan:
    """Return a plan: the entities of the points, and those that say who is offline."""
    ids = {source.entity.id: source.entity.key for source in sources}
    rows = [
        _Row(
            source.point.key,
            source.entity.id,
            source.status_id if source.follows_status else None,
            reader_of(source),
        )
        for source in sources
    ]
    status_ids = frozenset(row.status_id for row in rows if row.status_id is not None)
    for status_id in sorted(status_ids):
        ids.setdefault(status_id, "")
    chunks = list(batched(ids, BATCH_SIZE, strict=False))
    return _Plan(sources, rows, ids, status_ids, chunks)


def _is_offline(status: Status | None) -> bool:
    return status is not None and as_online(status.value) is False
