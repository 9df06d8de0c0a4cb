"""Request the latest values of entities, through whichever endpoint a server has.

Source: docs/wire/milesight.md, Latest values.
"""

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import batched
from operator import itemgetter
import time

from ...metering.memo import IdentityMemo
from ..base import Latest
from ..common.concurrency import gather_parts
from ..errors import ONE_ENDPOINT_ERRORS, BackendError
from .client import BATCH_SIZE, PAGE_SIZE, MilesightClient, status_request
from .features import LatestEndpoint
from .latest_stored import StoredBatch
from .models import Object, Status, parse_statuses
from .paging import fetch_all_rows

MAX_PARALLEL = 5
"""Requests that the server gets at the same time."""


@dataclass(slots=True)
class Answer:
    """Latest values by entity id, and why those of other entities are missing.

    `pending` are the ids that there was no time for. `latest` is the result, once it
    has been made of them.
    """

    statuses: Mapping[str, Status]
    failed: Mapping[str, BackendError] = field(default_factory=dict)
    pending: frozenset[str] = frozenset()
    latest: Latest | None = None


class _Batch:
    """A request for the latest values of many entities, which is sent repeatedly."""

    def __init__(self, client: MilesightClient, entity_ids: tuple[str, ...]) -> None:
        """Initialize the batch; `entity_ids` are at most BATCH_SIZE."""
        self.entity_ids = entity_ids
        self._client = client
        self._request = status_request(entity_ids)
        self._rows: Object = {}
        self._statuses: Mapping[str, Status] = {}

    async def read(self) -> Mapping[str, Status]:
        """Return latest values by entity id: the same object if none has changed."""
        rows = await self._client.status_rows(self._request)
        if rows is not self._rows and rows != self._rows:
            self._statuses = parse_statuses(rows, self._rows, self._statuses)
            self._rows = rows
        return self._statuses


class SingleReads:
    """Reads values one by one, for a limited time.

    Three thousand values take half a minute. What there is no time for is left to the
    next call, which begins with the values that have not been read for longest.
    """

    def __init__(self, client: MilesightClient) -> None:
        """Initialize without anything read."""
        self._client = client
        self._calls = 0
        self._read_in: dict[str, int] = {}

    @property
    def is_first(self) -> bool:
        """Return True if nothing has been read yet."""
        return not self._read_in

    def keep_only(self, entity_ids: Collection[str]) -> None:
        """Forget all other entities."""
        self._read_in = {
            entity_id: call
            for entity_id, call in self._read_in.items()
            if entity_id in entity_ids
        }

    async def read(self, entity_ids: Iterable[str], seconds: float) -> Answer:
        """Return the values of as many entities as possible in so many seconds."""
        self._calls += 1
        last_read = self._read_in
        waiting = deque(sorted(entity_ids, key=lambda each: last_read.get(each, 0)))
        until = time.monotonic() + seconds
        statuses: dict[str, Status] = {}
        failures: dict[str, BackendError] = {}
        answered = 0

        async def work() -> None:
            """Read one value after the other."""
            nonlocal answered
            while waiting:
                entity_id = waiting.popleft()
                try:
                    status = await self._client.status(entity_id)
                except ONE_ENDPOINT_ERRORS as err:
                    failures[entity_id] = err
                else:
                    answered += 1
                    if status is not None:
                        statuses[entity_id] = status
                self._read_in[entity_id] = self._calls
                if time.monotonic() >= until:
                    return

        await gather_parts({worker: work() for worker in range(MAX_PARALLEL)})
        _raise_if_all_failed(answered, failures)
        return Answer(statuses, failures, frozenset(waiting))


class LatestRequests:
    """The requests for the latest values of the same entities, again and again."""

    def __init__(
        self,
        client: MilesightClient,
        single: SingleReads,
        entity_ids: Iterable[str],
        stored: StoredBatch | None = None,
    ) -> None:
        """Prepare the requests; `single` knows what has been read one by one.

        `stored` reads what has no latest values, only in releases with batches.
        """
        self._client = client
        self._single = single
        self._entity_ids = tuple(entity_ids)
        self._batches: dict[str, _Batch | StoredBatch] = {
            f"batch_{number}": _Batch(client, ids)
            for number, ids in enumerate(
                batched(self._entity_ids, BATCH_SIZE, strict=False)
            )
        }
        if stored is not None:
            self._batches["stored"] = stored
        self._batch_answer: IdentityMemo[Answer] = IdentityMemo()

    async def send(
        self, endpoint: LatestEndpoint, properties: int, seconds: float
    ) -> Answer:
        """Return the latest values in the fewest requests that the server allows.

        `properties` is how many entities of the server have values; `seconds` limits
        the time for reading single values.
        """
        if endpoint is LatestEndpoint.BATCH:
            return await self._read_batches()
        # Pages have the values of all properties, so a few are cheaper one by one.
        pages = -(-properties // PAGE_SIZE)
        if endpoint is LatestEndpoint.PAGES and len(self._entity_ids) > pages:
            rows = await fetch_all_rows(self._client.entity_values, itemgetter(0))
            return Answer(dict(rows))
        return await self._single.read(self._entity_ids, seconds)

    async def _read_batches(self) -> Answer:
        """Return the values of all batches: the last answer if nothing has changed."""
        parts, failures = await gather_parts(
            {name: batch.read() for name, batch in self._batches.items()}
        )
        _raise_if_all_failed(len(parts), failures)
        if not failures:
            return self._batch_answer.get(lambda: Answer(_merge(parts)), **parts)
        failed: dict[str, BackendError] = {}
        for name, error in failures.items():
            failed |= dict.fromkeys(self._batches[name].entity_ids, error)
        return Answer(_merge(parts), failed)


def _merge(parts: Mapping[str, Mapping[str, Status]]) -> dict[str, Status]:
    """Return the values of all batches together."""
    statuses: dict[str, Status] = {}
    for part in parts.values():
        statuses |= part
    return statuses


def _raise_if_all_failed(answered: int, failures: Mapping[str, BackendError]) -> None:
    """Raise the first failure if nothing was answered: then the whole server fails."""
    if failures and not answered:
        raise next(iter(failures.values()))
