"""Read the latest values of points in as few requests as a server allows.

Source: ../shared/wire/milesight.md §6 and §9.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import batched
from operator import itemgetter

from ...model import Reading
from ..base import Latest
from ..errors import BackendError
from ..http import Json
from ..parallel import gather_parts
from .abilities import LatestBy
from .answers import Status
from .catalogue import Source
from .client import BATCH_SIZE, KEYS_AT_ONCE, ROWS_AT_ONCE, MilesightClient
from .pages import all_rows
from .values import as_online, value_of

OFFLINE = "a device is offline"

_AT_ONCE = 250


@dataclass(slots=True)
class _Values:
    """Latest values by entity id, and why those of other entities are missing."""

    found: dict[str, Status] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


class LatestReader:
    """Reads latest values; remembers when values without a time have changed."""

    def __init__(self, client: MilesightClient, clock: Callable[[], datetime]) -> None:
        """Start without having seen anything."""
        self._client = client
        self._clock = clock
        self._changed: dict[str, tuple[Json, datetime]] = {}

    async def read(
        self, sources: Sequence[Source], latest_by: LatestBy, properties: int
    ) -> Latest:
        """Return the newest readings of points; `properties` is how many there are.

        The points of a device that is offline count as failed, but for its settings.
        """
        ids = {source.entity.id: source.entity.key for source in sources}
        for source in sources:
            if source.status_id is not None and source.follows_status:
                ids.setdefault(source.status_id, "")
        values = await self._values(ids, latest_by, properties)
        readings: dict[str, Reading] = {}
        failed: dict[str, str] = {}
        for count, source in enumerate(sources, 1):
            if count % _AT_ONCE == 0:
                await asyncio.sleep(0)
            key, entity_id = source.point.key, source.entity.id
            if entity_id in values.failed:
                failed[key] = values.failed[entity_id]
            elif source.follows_status and _is_offline(source, values.found):
                failed[key] = OFFLINE
            elif (reading := self._reading(source, values.found)) is not None:
                readings[key] = reading
        return Latest(readings=readings, failed=failed)

    def forget(self, entity_ids: Collection[str]) -> None:
        """Forget all entities but these."""
        self._changed = {
            key: seen for key, seen in self._changed.items() if key in entity_ids
        }

    def _reading(self, source: Source, found: Mapping[str, Status]) -> Reading | None:
        status = found.get(source.entity.id)
        value = None if status is None else value_of(source, status.value)
        if status is None or value is None:
            return None
        time = status.time or self._time_of_change(source.entity.id, status.value)
        return Reading(time=time, value=value)

    def _time_of_change(self, entity_id: str, value: Json) -> datetime:
        """Return when a value without a time was first seen."""
        before = self._changed.get(entity_id)
        if before is None or before[0] != value:
            before = self._changed[entity_id] = (value, self._clock())
        return before[1]

    async def _values(
        self, ids: Mapping[str, str], latest_by: LatestBy, properties: int
    ) -> _Values:
        if latest_by is LatestBy.BATCH:
            return await self._by_batch(ids)
        if latest_by is LatestBy.SINGLE:
            return await self._one_by_one(ids)
        keys = list(ids.values())
        if len(keys) / KEYS_AT_ONCE > properties / ROWS_AT_ONCE:
            keys = []
        return await self._by_pages(ids, keys)

    async def _by_batch(self, ids: Iterable[str]) -> _Values:
        chunks = list(batched(ids, BATCH_SIZE, strict=False))
        parts, failures = await gather_parts(
            {chunk: self._client.statuses(chunk) for chunk in chunks}
        )
        _raise_if_nothing_came(parts, failures)
        values = _Values()
        for part in parts.values():
            values.found |= part
        for chunk, error in failures.items():
            values.failed |= dict.fromkeys(chunk, str(error))
        return values

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


def _is_offline(source: Source, found: Mapping[str, Status]) -> bool:
    status = found.get(source.status_id or "")
    return status is not None and as_online(status.value) is False
