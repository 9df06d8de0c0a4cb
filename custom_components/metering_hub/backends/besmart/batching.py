"""Read the samples of many signals in few requests, on every edition of the server."""

from collections.abc import Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import batched

from ..common.concurrency import gather_parts
from ..errors import (
    BackendError,
    NotFoundError,
    PermissionDeniedError,
    ProtocolError,
    ServerFaultError,
)
from .client import BatchEdition, BesmartClient
from .const import QUARTER
from .memory import ServerMemory
from .models import DataQuery, SignalData, SignalId

_BATCH_EDITIONS: Sequence[BatchEdition] = ("", "/v2")
SIGNALS_PER_BATCH = 50
FEWEST_SIGNALS_PER_BATCH = 10
MOST_REFUSED_PARTS = 2
"""After so many, a server that has sent nothing at all refuses everything."""

SAMPLES_PER_REQUEST = 12_000
"""How many samples to expect from one request: one megabyte in rows."""

_REFUSALS = (NotFoundError, PermissionDeniedError, ProtocolError)
"""Errors with which a server can refuse a whole batch because of one signal."""


@dataclass(slots=True)
class BatchResult:
    """The data of signals, and the errors of those that could not be read.

    Signals that the server does not have are among the latter (NotFoundError).
    """

    data: dict[SignalId, SignalData] = field(default_factory=dict)
    failures: dict[SignalId, BackendError] = field(default_factory=dict)

    def add(self, other: BatchResult) -> None:
        """Add the signals of another result."""
        self.data |= other.data
        self.failures |= other.failures


class SignalBatcher:
    """Reads samples in batches if the server supports them, or else one by one."""

    def __init__(self, client: BesmartClient, memory: ServerMemory) -> None:
        """Initialize the batcher."""
        self._client = client
        self._memory = memory
        self._edition: BatchEdition | None = None
        self._signals_per_batch = SIGNALS_PER_BATCH
        self._steps: dict[SignalId, timedelta] = {}

    def step(self, signal: SignalId) -> timedelta:
        """Return the estimated time between two samples of a signal."""
        return self._steps.get(signal, QUARTER)

    async def read(self, queries: Sequence[DataQuery]) -> BatchResult:
        """Read samples, with at most one query per signal.

        Raises BackendError for failures of the whole server.
        """
        if len(queries) > 1 and await self._can_batch():
            parts = {
                index: self._read_batch(part)
                for index, part in enumerate(self._parts(queries))
            }
            # The failures of single signals are part of the results.
            results, _ = await gather_parts(parts)
            found = BatchResult()
            for result in results.values():
                found.add(result)
        else:
            found = await self._read_singly(queries)
        self._note_steps(queries, found)
        return found

    async def requests_for(self, queries: Sequence[DataQuery]) -> int:
        """Return how many requests reading takes if the server refuses nothing."""
        if len(queries) > 1 and await self._can_batch():
            return sum(1 for _ in self._parts(queries))
        return len(queries)

    async def _can_batch(self) -> bool:
        """Return True if the server supports batches; probes each edition once."""
        if self._edition is None:
            for edition in _BATCH_EDITIONS:
                if await self._has_batch(edition):
                    self._edition = edition
                    break
        return self._edition is not None

    async def _has_batch(self, edition: BatchEdition) -> bool:
        """Return True if the server has an edition of the batch endpoint."""

        async def request_nothing() -> bool:
            """Request an empty batch."""
            await self._client.batch_data([], edition)
            return True

        try:
            name = f"batch{edition}"
            found = await self._memory.request_optional(name, request_nothing)
        except ProtocolError:
            # The endpoint exists, because it rejects the empty batch.
            return True
        return found or False

    def _parts(self, queries: Sequence[DataQuery]) -> Iterator[list[DataQuery]]:
        """Split queries into parts with answers of a reasonable size."""
        part: list[DataQuery] = []
        samples = 0.0
        for query in queries:
            expected = (query.till - query.since) / self.step(query.signal)
            is_full = (
                len(part) >= self._signals_per_batch
                or samples + expected > SAMPLES_PER_REQUEST
            )
            if part and is_full:
                yield part
                part, samples = [], 0.0
            part.append(query)
            samples += expected
        if part:
            yield part

    async def _read_batch(self, queries: Sequence[DataQuery]) -> BatchResult:
        """Read a batch; if the server refuses it, read one half after the other.

        A short batch that is refused is read one by one. If that fails for one part
        after the other, the server refuses everything, and the rest is not requested.
        """
        found, refused = BatchResult(), 0
        waiting = [queries]
        while waiting:
            part = waiting.pop()
            if (refusal := await self._try_batch(part, found)) is None:
                continue
            if len(part) > FEWEST_SIGNALS_PER_BATCH:
                halves = batched(part, (len(part) + 1) // 2, strict=False)
                waiting += reversed([*halves])
                continue
            found.add(await self._read_singly(part))
            refused += 1
            if not found.data and refused == MOST_REFUSED_PARTS:
                rest = [query.signal for each in waiting for query in each]
                found.failures |= dict.fromkeys(rest, refusal)
                break
        return found

    async def _try_batch(
        self, queries: Sequence[DataQuery], found: BatchResult
    ) -> BackendError | None:
        """Add the data of a batch, or return the error with which it was refused."""
        signals = [query.signal for query in queries]
        try:
            data = await self._client.batch_data(queries, self._edition or "")
        except ServerFaultError as err:
            found.failures |= dict.fromkeys(signals, err)
            return None
        except _REFUSALS as err:
            is_longest = len(queries) == self._signals_per_batch
            if isinstance(err, ProtocolError) and is_longest:
                # The server can have a limit, which the next batches should respect.
                self._signals_per_batch = max(
                    FEWEST_SIGNALS_PER_BATCH, len(queries) // 2
                )
            return err
        found.data |= data
        missing = [signal for signal in signals if signal not in data]
        found.failures |= dict.fromkeys(
            missing, NotFoundError("the answer does not have the signal")
        )
        return None

    async def _read_singly(self, queries: Sequence[DataQuery]) -> BatchResult:
        """Read signals with one request each."""
        requests: Mapping[SignalId, Coroutine[None, None, SignalData]] = {
            query.signal: self._client.signal_data(query) for query in queries
        }
        data, failures = await gather_parts(requests)
        return BatchResult(data=data, failures=failures)

    def _note_steps(self, queries: Sequence[DataQuery], found: BatchResult) -> None:
        """Note how far apart samples are, to estimate the size of later answers."""
        for query in queries:
            data = found.data.get(query.signal)
            if data is not None and len(data.samples) > 1:
                step = (query.till - query.since) / len(data.samples)
                self._steps[query.signal] = min(step, self.step(query.signal))
