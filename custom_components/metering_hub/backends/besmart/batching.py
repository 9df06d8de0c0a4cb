"""Reads many signals in few requests, whatever the server can do."""

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
from .memory import Knowledge
from .models import DataQuery, SignalData, SignalId

_BATCHES: Sequence[BatchEdition] = ("", "/v2")
AT_ONCE = 50
"""Signals in one batch."""

FEWEST_AT_ONCE = 10
SAMPLES_AT_ONCE = 12_000
"""How many samples a request should bring: as rows they are a megabyte."""

_USUAL_STEP = timedelta(minutes=15)

_REFUSALS = (NotFoundError, PermissionDeniedError, ProtocolError)
"""What a server may answer to a whole batch because of one signal in it."""


@dataclass(slots=True)
class Found:
    """What was read, and which signals could not be.

    A signal that the server does not have is in neither.
    """

    data: dict[SignalId, SignalData] = field(default_factory=dict)
    failures: dict[SignalId, BackendError] = field(default_factory=dict)

    def add(self, other: Found) -> None:
        """Take in what was read elsewhere."""
        self.data |= other.data
        self.failures |= other.failures


class DataReader:
    """Reads samples by the batch, where the server has that, else one by one."""

    def __init__(self, client: BesmartClient, knowledge: Knowledge) -> None:
        """Start without having asked anything."""
        self._client = client
        self._knowledge = knowledge
        self._batch: BatchEdition | None = None
        self._at_once = AT_ONCE
        self._steps: dict[SignalId, timedelta] = {}

    def step(self, signal: SignalId) -> timedelta:
        """Return about how far apart samples are, by what was seen before."""
        return self._steps.get(signal, _USUAL_STEP)

    async def read(self, queries: Sequence[DataQuery]) -> Found:
        """Return the samples that the questions ask for, one question a signal.

        Raises BackendError for what concerns the whole server.
        """
        if len(queries) > 1 and await self._can_batch():
            parts = {
                index: self._read_batch(part)
                for index, part in enumerate(self._parts(queries))
            }
            # A part keeps the failures of its signals to itself.
            answers, _ = await gather_parts(parts)
            found = Found()
            for answer in answers.values():
                found.add(answer)
        else:
            found = await self._read_singly(queries)
        self._learn(queries, found)
        return found

    async def _can_batch(self) -> bool:
        """Tell whether the server has a batch, by asking each for nothing once."""
        if self._batch is None:
            for edition in _BATCHES:
                if await self._has_batch(edition):
                    self._batch = edition
                    break
        return self._batch is not None

    async def _has_batch(self, edition: BatchEdition) -> bool:
        async def ask_for_nothing() -> bool:
            await self._client.batch_data([], edition)
            return True

        try:
            name = f"batch{edition}"
            return await self._knowledge.attempt(name, ask_for_nothing) or False
        except ProtocolError:
            # It objects to the empty question, so it is there.
            return True

    def _parts(self, queries: Sequence[DataQuery]) -> Iterator[list[DataQuery]]:
        """Yield the questions in groups that bring answers of bearable length."""
        part: list[DataQuery] = []
        samples = 0.0
        for query in queries:
            expected = (query.till - query.since) / self.step(query.signal)
            full = len(part) >= self._at_once or samples + expected > SAMPLES_AT_ONCE
            if part and full:
                yield part
                part, samples = [], 0.0
            part.append(query)
            samples += expected
        if part:
            yield part

    async def _read_batch(self, queries: Sequence[DataQuery]) -> Found:
        """Ask for all at once; where that is refused, for one half after the other."""
        try:
            data = await self._client.batch_data(queries, self._batch or "")
            return Found(data=data)
        except ServerFaultError as err:
            return Found(failures={query.signal: err for query in queries})
        except _REFUSALS as err:
            if isinstance(err, ProtocolError) and len(queries) == self._at_once:
                # Perhaps there is a limit: come nearer to it.
                self._at_once = max(FEWEST_AT_ONCE, len(queries) // 2)
        if len(queries) == 1:
            return await self._read_singly(queries)
        found = Found()
        for half in batched(queries, (len(queries) + 1) // 2, strict=False):
            found.add(await self._read_batch(half))
        return found

    async def _read_singly(self, queries: Sequence[DataQuery]) -> Found:
        asked: Mapping[SignalId, Coroutine[None, None, SignalData]] = {
            query.signal: self._client.signal_data(query) for query in queries
        }
        data, failures = await gather_parts(asked)
        return Found(
            data=data,
            failures={
                signal: err
                for signal, err in failures.items()
                if not isinstance(err, NotFoundError)
            },
        )

    def _learn(self, queries: Sequence[DataQuery], found: Found) -> None:
        """Take note of how often there are samples, to ask for bearable answers."""
        for query in queries:
            data = found.data.get(query.signal)
            if data is not None and len(data.samples) > 1:
                step = (query.till - query.since) / len(data.samples)
                self._steps[query.signal] = min(step, self.step(query.signal))
