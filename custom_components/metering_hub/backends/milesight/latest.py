"""Read the latest values of points in as few requests as the server allows.

Source: docs/wire/milesight.md, Latest values.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import batched
from operator import itemgetter

from ...metering.memo import IdentityMemo
from ...metering.model import Point, Reading, Value
from ..base import Latest
from ..common.concurrency import gather_parts
from ..common.http import Json
from ..errors import BackendError
from .catalogue import Catalogue, Source
from .client import BATCH_SIZE, MAX_FILTER_VALUES, PAGE_SIZE, MilesightClient
from .features import LatestEndpoint
from .models import Object, Status, parse_statuses
from .paging import fetch_all_rows
from .values import as_online, value_parser

OFFLINE = "a device is offline"

_POINTS_AT_ONCE = 250
"""How many readings are made before other tasks get the event loop."""

type FirstSeen = Callable[[str, Json], datetime]
"""Returns when an entity, by id, was first seen to have the value that it has now."""


class LatestReader:
    """Reads latest values, and reuses what has not changed since the last poll."""

    def __init__(self, client: MilesightClient, clock: Callable[[], datetime]) -> None:
        """Initialize the reader."""
        self._client = client
        self._clock = clock
        self._changes: dict[str, tuple[Json, datetime]] = {}
        self._polled: IdentityMemo[_PointSetReader] = IdentityMemo()
        self._polled_size = 0

    async def read(
        self, points: Collection[Point], catalogue: Catalogue, endpoint: LatestEndpoint
    ) -> Latest:
        """Return the latest readings of points; the same object if nothing has changed.

        While a device is offline, its points count as failed, except its settings.
        Raises BackendError.
        """
        reader = self._reader_for(points, catalogue)
        return await reader.read(endpoint, catalogue.properties)

    def keep_only(self, entity_ids: Collection[str]) -> None:
        """Drop what is kept of all other entities."""
        self._polled.forget()
        self._polled_size = 0
        self._changes = {
            entity_id: change
            for entity_id, change in self._changes.items()
            if entity_id in entity_ids
        }

    def _reader_for(
        self, points: Collection[Point], catalogue: Catalogue
    ) -> _PointSetReader:
        """Return the reader of a set of points, which is kept for the next poll."""

        def make_reader() -> _PointSetReader:
            """Return a reader that has not read anything yet."""
            known = catalogue.sources
            sources = [known[point.key] for point in points if point.key in known]
            return _PointSetReader(self._client, sources, self._first_seen)

        # A push reads a few points, which must not displace those of the polls.
        if 2 * len(points) < self._polled_size:
            return make_reader()
        self._polled_size = len(points)
        return self._polled.get(make_reader, points=points, catalogue=catalogue)

    def _first_seen(self, entity_id: str, value: Json) -> datetime:
        """Return when a value without a time was first seen; see FirstSeen."""
        change = self._changes.get(entity_id)
        if change is None or change[0] != value:
            change = self._changes[entity_id] = value, self._clock()
        return change[1]


@dataclass(frozen=True, slots=True)
class _PointToRead:
    """A point, its entity, and how to parse the entity's value.

    `status_id` is the id of the status entity that makes the point unavailable.
    """

    key: str
    entity_id: str
    status_id: str | None
    parse: Callable[[Json], Value | None]


@dataclass(slots=True)
class _Answer:
    """Latest values by entity id, and why those of other entities are missing.

    `latest` is the result, once it has been made of them.
    """

    statuses: Mapping[str, Status]
    failed: Mapping[str, str] = field(default_factory=dict)
    latest: Latest | None = None


class _Batch:
    """A request for the latest values of many entities, which is sent repeatedly."""

    def __init__(self, client: MilesightClient, entity_ids: tuple[str, ...]) -> None:
        """Initialize the batch; `entity_ids` are at most BATCH_SIZE."""
        self.entity_ids = entity_ids
        self._client = client
        self._rows: Object = {}
        self._statuses: Mapping[str, Status] = {}

    async def read(self) -> Mapping[str, Status]:
        """Return latest values by entity id: the same object if none has changed."""
        rows = await self._client.status_rows(self.entity_ids)
        if rows != self._rows:
            self._statuses = parse_statuses(rows, self._rows, self._statuses)
            self._rows = rows
        return self._statuses


class _PointSetReader:
    """Reads the same points again and again."""

    def __init__(
        self,
        client: MilesightClient,
        sources: Sequence[Source],
        first_seen: FirstSeen,
    ) -> None:
        """Prepare the requests for the points and for the status of their devices."""
        self._client = client
        self._first_seen = first_seen
        self._points = [
            _PointToRead(
                source.point.key,
                source.entity.id,
                source.status_id if source.follows_status else None,
                value_parser(source),
            )
            for source in sources
        ]
        self._status_ids = {
            point.status_id for point in self._points if point.status_id is not None
        }
        self._entity_keys = {source.entity.id: source.entity.key for source in sources}
        entity_ids = dict.fromkeys([*self._entity_keys, *sorted(self._status_ids)])
        self._batches = {
            f"batch_{number}": _Batch(client, ids)
            for number, ids in enumerate(batched(entity_ids, BATCH_SIZE, strict=False))
        }
        self._batch_answer: IdentityMemo[_Answer] = IdentityMemo()
        self._readings: dict[str, tuple[Status, Reading | None]] = {}

    async def read(self, endpoint: LatestEndpoint, properties: int) -> Latest:
        """Return the latest readings; `properties` is how many entities have values."""
        answer = await self._fetch(endpoint, properties)
        if answer.latest is None:
            answer.latest = await self._make_latest(answer)
        return answer.latest

    async def _fetch(self, endpoint: LatestEndpoint, properties: int) -> _Answer:
        """Return the latest values in the most efficient way that the server has."""
        if endpoint is LatestEndpoint.BATCH:
            return await self._fetch_batches()
        if endpoint is LatestEndpoint.SINGLE:
            return await self._fetch_single()
        keys = list(self._entity_keys.values())
        if len(keys) / MAX_FILTER_VALUES > properties / PAGE_SIZE:
            keys = []
        return await self._fetch_pages(keys)

    async def _fetch_batches(self) -> _Answer:
        """Return the values of all batches: the last answer if nothing has changed."""
        parts, failures = await gather_parts(
            {name: batch.read() for name, batch in self._batches.items()}
        )
        _raise_if_all_failed(parts, failures)
        if not failures:
            return self._batch_answer.get(lambda: _Answer(_merge(parts)), **parts)
        failed: dict[str, str] = {}
        for name, error in failures.items():
            failed |= dict.fromkeys(self._batches[name].entity_ids, str(error))
        return _Answer(_merge(parts), failed)

    async def _fetch_pages(self, keys: Sequence[str]) -> _Answer:
        """Return the values of the entities with these keys, or of all without keys."""
        filters: list[tuple[str, ...]] = [
            *batched(keys, MAX_FILTER_VALUES, strict=False)
        ]
        statuses: dict[str, Status] = {}
        for each in filters or [()]:
            fetch = partial(self._client.entity_values, keys=each)
            statuses |= await fetch_all_rows(fetch, itemgetter(0))
        return _Answer(statuses)

    async def _fetch_single(self) -> _Answer:
        """Return the values that are read one by one."""
        parts, failures = await gather_parts(
            {
                entity_id: self._client.status(entity_id)
                for batch in self._batches.values()
                for entity_id in batch.entity_ids
            }
        )
        _raise_if_all_failed(parts, failures)
        return _Answer(
            {key: status for key, status in parts.items() if status is not None},
            {key: str(error) for key, error in failures.items()},
        )

    async def _make_latest(self, answer: _Answer) -> Latest:
        """Return the readings that an answer contains."""
        offline = {
            status_id
            for status_id in self._status_ids
            if _is_offline(answer.statuses.get(status_id))
        }
        readings: dict[str, Reading] = {}
        failed: dict[str, str] = {}
        for count, point in enumerate(self._points, 1):
            if count % _POINTS_AT_ONCE == 0:
                await asyncio.sleep(0)
            if point.entity_id in answer.failed:
                failed[point.key] = answer.failed[point.entity_id]
            elif point.status_id is not None and point.status_id in offline:
                failed[point.key] = OFFLINE
            elif (status := answer.statuses.get(point.entity_id)) is not None and (
                reading := self._reading(point, status)
            ) is not None:
                readings[point.key] = reading
        return Latest(readings=readings, failed=failed)

    def _reading(self, point: _PointToRead, status: Status) -> Reading | None:
        """Return the reading of a point: the same object if its status is the same one.

        An unchanged reading that keeps its identity is skipped by all later steps.
        """
        known = self._readings.get(point.key)
        if known is not None and known[0] is status:
            return known[1]
        value = point.parse(status.value)
        reading = None
        if value is not None:
            time = status.time or self._first_seen(point.entity_id, status.value)
            reading = Reading(time=time, value=value)
        self._readings[point.key] = status, reading
        return reading


def _merge(parts: Mapping[str, Mapping[str, Status]]) -> dict[str, Status]:
    """Return the values of all batches together."""
    statuses: dict[str, Status] = {}
    for part in parts.values():
        statuses |= part
    return statuses


def _raise_if_all_failed[Key](
    parts: Mapping[Key, object], failures: Mapping[Key, BackendError]
) -> None:
    """Raise the first failure if no part succeeded: then the whole server fails."""
    if failures and not parts:
        raise next(iter(failures.values()))


def _is_offline(status: Status | None) -> bool:
    """Return True if the value of a status entity is OFFLINE."""
    return status is not None and as_online(status.value) is False
