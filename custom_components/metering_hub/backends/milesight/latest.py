"""Read the latest readings of points, and notice what the server no longer has.

Source: docs/wire/milesight.md, Latest values.
"""

import asyncio
from collections.abc import Callable, Collection, Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from ...metering.memo import IdentityMemo
from ...metering.model import Point, Reading, Value
from ..base import Latest
from ..common.http import Json
from ..errors import BackendError, DeviceOfflineError, NotFoundError, Reason
from .catalogue import Catalogue
from .client import MilesightClient
from .entity_rows import StoreMode
from .features import LatestEndpoint
from .latest_requests import Answer, LatestRequests, SingleReads
from .latest_stored import StoredBatch
from .models import Status
from .sources import Source
from .values import as_online, value_parser

OFFLINE = DeviceOfflineError("a device is offline")
GONE = NotFoundError(
    "the server no longer has an entity, or no longer shows it to the user",
    reason=Reason.NO_LONGER_THERE,
)

FIRST_SECONDS = 5.0
"""How long the first read of single values takes, for which the setup waits."""

SECONDS = 1.0
"""How long any other read of single values takes, so that the server has pauses."""

_POINTS_AT_ONCE = 250
"""How many readings are made before other tasks get the event loop."""


class _Seen:
    """What the server has shown of each entity, by its id."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        """Initialize without anything seen."""
        self._clock = clock
        self._changes: dict[str, tuple[Value, datetime]] = {}
        self._valued: set[str] = set()
        self.lost: set[str] = set()
        """Entities that have had a value since the last inventory, but no more."""

    def note_values(self, entity_ids: AbstractSet[str]) -> None:
        """Note that entities have a value."""
        self._valued |= entity_ids
        self.lost -= entity_ids

    def note_no_value(self, entity_id: str) -> bool:
        """Note that an entity has no value; return True if it had one before."""
        if entity_id in self._valued:
            self.lost.add(entity_id)
        return entity_id in self.lost

    def first_seen(self, entity_id: str, value: Value) -> datetime:
        """Return when an entity was first seen to have the value that it has now.

        The value is parsed, because the endpoints spell it differently.
        """
        change = self._changes.get(entity_id)
        if change is None or change[0] != value:
            change = self._changes[entity_id] = value, self._clock()
        return change[1]

    def begin_again(self, entity_ids: Collection[str]) -> None:
        """Forget all other entities; these are those of a new inventory."""
        self._valued.clear()
        self.lost.clear()
        self._changes = {
            entity_id: change
            for entity_id, change in self._changes.items()
            if entity_id in entity_ids
        }


class LatestReader:
    """Reads latest values, and reuses what has not changed since the last poll."""

    def __init__(self, client: MilesightClient, clock: Callable[[], datetime]) -> None:
        """Initialize the reader."""
        self._client = client
        self._clock = clock
        self._single = SingleReads(client)
        self._seen = _Seen(clock)
        self._polled: IdentityMemo[_PointSetReader] = IdentityMemo()
        self._polled_size = 0

    @property
    def has_lost_values(self) -> bool:
        """Return True if an entity had a value since the last inventory, but no more.

        It was deleted, or the user may not see it any more.
        """
        return bool(self._seen.lost)

    async def read(
        self, points: Collection[Point], catalogue: Catalogue, endpoint: LatestEndpoint
    ) -> Latest:
        """Return the latest readings of points; the same object if nothing has changed.

        While a device is offline, its points count as failed, except its settings. So
        do points that the server no longer has. Raises BackendError.
        """
        reader = self._reader_for(points, catalogue)
        seconds = FIRST_SECONDS if self._single.is_first else SECONDS
        return await reader.read(endpoint, catalogue.properties, seconds)

    def keep_only(self, entity_ids: Collection[str]) -> None:
        """Drop what is kept of all other entities; these are those of an inventory."""
        self._polled.forget()
        self._polled_size = 0
        self._single.keep_only(entity_ids)
        self._seen.begin_again(entity_ids)

    def _reader_for(
        self, points: Collection[Point], catalogue: Catalogue
    ) -> _PointSetReader:
        """Return the reader of a set of points, which is kept for the next poll."""

        def make_reader() -> _PointSetReader:
            """Return a reader that has not read anything yet."""
            return _PointSetReader(
                self._client, self._single, self._seen, points, catalogue, self._clock
            )

        # A push reads a few points, which must not displace those of the polls.
        if 2 * len(points) < self._polled_size:
            return make_reader()
        self._polled_size = len(points)
        return self._polled.get(make_reader, points=points, catalogue=catalogue)


@dataclass(slots=True)
class _PointToRead:
    """A point, its entity, and how to parse the entity's value.

    `status_id` is the id of the status entity that makes the point unavailable.
    `reading` is what was made of the last `status`.
    """

    key: str
    entity_id: str
    status_id: str | None
    parse: Callable[[Json], Value | None]
    status: Status | None = None
    reading: Reading | None = None

    @classmethod
    def of(cls, source: Source) -> _PointToRead:
        """Return what to read of a source."""
        status_id = source.status_id if source.follows_status else None
        parse = value_parser(source)
        return cls(source.point.key, source.entity.id, status_id, parse)


class _PointSetReader:
    """Reads the same points again and again."""

    def __init__(
        self,
        client: MilesightClient,
        single: SingleReads,
        seen: _Seen,
        points: Collection[Point],
        catalogue: Catalogue,
        clock: Callable[[], datetime],
    ) -> None:
        """Prepare the requests for the points and for the status of their devices."""
        self._seen = seen
        known = catalogue.sources
        self._gone = {point.key: GONE for point in points if point.key not in known}
        sources = [known[point.key] for point in points if point.key in known]
        self._points = [_PointToRead.of(source) for source in sources]
        self._status_ids = {
            point.status_id for point in self._points if point.status_id is not None
        }
        stored_ids = {
            source.entity.id: None
            for source in sources
            if source.entity.store_mode is StoreMode.HISTORY
        }
        entity_ids = [point.entity_id for point in self._points]
        entity_ids = [*dict.fromkeys([*entity_ids, *sorted(self._status_ids)])]
        self._requests = LatestRequests(
            client,
            single,
            [each for each in entity_ids if each not in stored_ids],
            StoredBatch(client, (*stored_ids,), clock) if stored_ids else None,
        )

    async def read(
        self, endpoint: LatestEndpoint, properties: int, seconds: float
    ) -> Latest:
        """Return the latest readings; see `LatestRequests.send`."""
        answer = await self._requests.send(endpoint, properties, seconds)
        if answer.latest is None:
            answer.latest = await self._make_latest(answer)
        return answer.latest

    async def _make_latest(self, answer: Answer) -> Latest:
        """Return the readings that an answer contains."""
        offline = {
            status_id
            for status_id in self._status_ids
            if _is_offline(answer.statuses.get(status_id))
        }
        statuses = answer.statuses
        self._seen.note_values(statuses.keys())
        is_troubled = bool(offline or answer.failed or answer.pending)
        readings: dict[str, Reading] = {}
        failed: dict[str, BackendError] = dict(self._gone)
        pending: set[str] = set()
        for count, point in enumerate(self._points, 1):
            if count % _POINTS_AT_ONCE == 0:
                await asyncio.sleep(0)
            status = statuses.get(point.entity_id)
            if is_troubled and point.entity_id in answer.pending:
                pending.add(point.key)
            elif (is_troubled or status is None) and (
                reason := self._failure(point, answer, offline)
            ):
                failed[point.key] = reason
            elif (
                status is not None
                and (reading := self._reading(point, status)) is not None
            ):
                readings[point.key] = reading
        return Latest(readings=readings, failed=failed, pending=frozenset(pending))

    def _failure(
        self, point: _PointToRead, answer: Answer, offline: Collection[str]
    ) -> BackendError | None:
        """Return why a point has no reading although it should have one."""
        if (reason := answer.failed.get(point.entity_id)) is not None:
            return reason
        if point.status_id is not None and point.status_id in offline:
            return OFFLINE
        if point.entity_id in answer.statuses:
            return None
        return GONE if self._seen.note_no_value(point.entity_id) else None

    def _reading(self, point: _PointToRead, status: Status) -> Reading | None:
        """Return the reading of a point: the same object if its status is the same one.

        An unchanged reading that keeps its identity is skipped by all later steps.
        """
        if status is not point.status:
            value = point.parse(status.value)
            point.status, point.reading = status, None
            if value is not None:
                time = status.time or self._seen.first_seen(point.entity_id, value)
                point.reading = Reading(time=time, value=value)
        return point.reading


def _is_offline(status: Status | None) -> bool:
    """Return True if the value of a status entity is OFFLINE."""
    return status is not None and as_online(status.value) is False
