"""Read the samples of many signals in few requests, on every edition of the server.

A server that refuses everything gets at most two requests more than one that works:
three refusals in a row of different or smaller parts, and the rest is not requested.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta

from ..common.concurrency import gather_parts
from ..errors import (
    ONE_ENDPOINT_ERRORS,
    BackendError,
    EndlessError,
    NotFoundError,
    PermissionDeniedError,
    ProtocolError,
    ServerFaultError,
    TooManyRowsError,
)
from .batch_edition import BatchEditionFinder
from .batch_result import BatchResult
from .client import (
    BatchEdition,
    BesmartClient,
    InvalidRequestError,
    LongBatchError,
    NoneFoundError,
    TokenRefusedError,
)
from .const import QUARTER
from .cut_answers import CutAnswers
from .memory import ServerMemory
from .models import DataQuery, SignalId
from .scout import MOST_FAULTS, MOST_REFUSALS, Scout
from .single_reads import read_singly
from .suspects import Part, Suspects

SIGNALS_PER_BATCH = 50
MOST_ANSWERS = 500
"""How many answers in a row may be cut off: enough for a month of minutes."""

MOST_SAMPLES = 200_000
"""Samples of a signal in one read, which is a month at most: one in 13 seconds."""

SAMPLES_PER_REQUEST = 12_000
"""How many samples to expect from one request: one megabyte in rows."""


class SignalBatcher:
    """Reads samples in batches if the server supports them, or else one by one.

    All of them are always read from the same endpoint (see `batch_edition`).
    """

    def __init__(self, client: BesmartClient, memory: ServerMemory) -> None:
        """Initialize the batcher."""
        self._client = client
        self._edition = BatchEditionFinder(client, memory)
        self._signals_per_batch = SIGNALS_PER_BATCH
        self._suspects = Suspects(memory)
        self._cuts = CutAnswers()
        self._steps: dict[SignalId, timedelta] = {}
        self._turn = 0

    @property
    def edition(self) -> BatchEditionFinder:
        """Return what knows the endpoint from which all samples are read."""
        return self._edition

    def step(self, signal: SignalId) -> timedelta:
        """Return the estimated time between two samples of a signal."""
        return self._steps.get(signal, QUARTER)

    async def read(self, queries: Sequence[DataQuery]) -> BatchResult:
        """Read all samples, also those that the server has cut off an answer.

        There is at most one query per signal. A signal whose answers do not end fails.
        Raises BackendError for failures of the whole server.
        """
        found = latest = await self.read_once(queries)
        current: Collection[DataQuery] = queries
        for _ in range(MOST_ANSWERS):
            rest = self._cuts.rest(current, latest)
            if not rest:
                return found
            more = await self.read_once([*rest.values()])
            current = await self._cuts.join(rest, found, latest, more)
            # What is cut off must not be taken for the end.
            found.drop(more.failures)
            found.drop(_with_too_many(found))
            current = [query for query in current if query.signal in found.data]
            latest = more
        endless = EndlessError("the answers have no end", limit=MOST_ANSWERS)
        found.drop(dict.fromkeys(rest, endless))
        return found

    async def read_once(self, queries: Sequence[DataQuery]) -> BatchResult:
        """Read what the server sends in one answer, which it may have cut off."""
        found = BatchResult()
        asked = queries
        if not self._suspects.are_none:
            left_out = [q for q in queries if self._suspects.is_left_out(q.signal)]
            rest = NotFoundError("the server refuses this signal, so it gets a rest")
            found.fail(left_out, rest)
            asked = [query for query in queries if query.signal not in found.failures]
        if not asked:
            return found
        found.add(await self._read_asked(self._rotated(asked)))
        self._note_steps(queries, found)
        return found

    async def _read_asked(self, queries: Sequence[DataQuery]) -> BatchResult:
        """Return the data or the failure of each query."""
        found = BatchResult()
        # After a refusal, the request that finds the edition again is one too many.
        is_again = self._turn > 0 and not self._edition.is_known
        refusals = MOST_REFUSALS - is_again
        edition = await self._edition.find()
        if edition is None:
            # Each edition that is missing now was another request.
            attempts = 1 if is_again else MOST_REFUSALS
            is_read = await read_singly(self._client, queries, found, attempts)
            self._turn = 0 if is_read else self._turn + 1
            return found
        refusal = await self._read_batches(queries, found, edition, refusals)
        if refusal is None:
            self._turn = 0
            return found
        # What fails is sent twice, so it is not divided.
        is_fault = isinstance(refusal, ServerFaultError)
        self._turn = 0 if is_fault else self._turn + 1
        if isinstance(
            refusal, NotFoundError | PermissionDeniedError | InvalidRequestError
        ):
            is_refused = not isinstance(refusal, LongBatchError)
            if self._edition.forget(is_refused=is_refused):
                return await self._read_asked(queries)
        return found

    async def probe(self, queries: Sequence[DataQuery]) -> BatchResult:
        """Read signals that the server may well not have.

        If it refuses them together, they are read one by one.
        """
        found = BatchResult()
        edition = await self._edition.find()
        if edition is None:
            await read_singly(self._client, queries, found, may_lack=True)
            return found
        for part in self._parts(queries):
            refusal = await self._try_batch(part, found, edition)
            if isinstance(refusal, TokenRefusedError | ServerFaultError):
                found.fail(part, refusal)
            elif isinstance(refusal, NoneFoundError):
                await self._probe_first(part, found)
            elif refusal is not None:
                await read_singly(self._client, part, found, may_lack=True)
        return found

    async def _probe_first(self, part: Part, found: BatchResult) -> None:
        """Read a batch that was answered with nothing; one absent signal is proof."""
        await read_singly(self._client, part[:1], found, may_lack=True)
        refusal = found.failures.get(part[0].signal)
        if isinstance(refusal, NotFoundError):
            found.fail(found.missing(part), refusal)
        else:
            await read_singly(self._client, part[1:], found, may_lack=True)

    def _rotated(self, queries: Sequence[DataQuery]) -> Sequence[DataQuery]:
        """Return queries in another order after each read that was refused.

        Otherwise bad signals at the beginning would hide the others for ever.
        """
        first = self._turn * -(-len(queries) // 3) % len(queries)
        return [*queries[first:], *queries[:first]]

    def _first_parts(self, queries: Sequence[DataQuery]) -> list[Part]:
        """Return the parts of a read; after refused ones, a shorter part goes first.

        Some day it is short enough to have no bad signal.
        """
        first, *others = self._all_parts(queries)
        size = max(1, len(first) >> self._turn)
        return [each for each in (first[:size], first[size:], *others) if each]

    def _all_parts(self, queries: Sequence[DataQuery]) -> list[Part]:
        """Return the parts to request, those with suspects last."""
        if self._suspects.are_none:
            return [*self._parts(queries)]
        suspects = [query for query in queries if query.signal in self._suspects]
        clean = [query for query in queries if query.signal not in self._suspects]
        divided = self._suspects.divide([*self._parts(suspects)], MOST_REFUSALS - 1)
        return [*self._parts(clean), *divided]

    def _parts(self, queries: Sequence[DataQuery]) -> Iterator[list[DataQuery]]:
        """Split queries into parts with answers of a reasonable size."""
        part: list[DataQuery] = []
        samples = 0.0
        for query in queries:
            expected = 0.0
            if not query.is_short:
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

    async def _read_batches(
        self,
        queries: Sequence[DataQuery],
        found: BatchResult,
        edition: BatchEdition,
        refusals: int,
    ) -> BackendError | None:
        """Add what batches answer, and the failures of all that is left.

        Returns the refusal of a server that refuses everything.
        """
        scout = Scout(self._first_parts(queries), refusals)
        while (part := scout.next()) is not None:
            if (refusal := await self._try_batch(part, found, edition)) is None:
                break
            if isinstance(refusal, LongBatchError) and self._shorten(part):
                rest = [query for each in (part, *scout.waiting) for query in each]
                scout.start_again(self._all_parts(rest), refusal)
            else:
                scout.note(part, refusal)
        else:
            refusal = scout.refusal or ProtocolError("the server refuses everything")
            found.fail(found.missing(queries), refusal)
            return refusal
        for refused, error in scout.refused:
            self._suspects.note(refused, error)
            found.fail(refused, error)
        await self._read_parts(scout.waiting, found, edition)
        # Only so many parts with suspects are requested at once.
        waits = ProtocolError("the server refuses the batch of this signal")
        found.fail(found.missing(queries), waits)
        return None

    def _shorten(self, part: Part) -> bool:
        """Make batches shorter than a part; return False if it cannot be shorter."""
        is_possible = len(part) > 1
        self._signals_per_batch = len(part) // 2 if is_possible else SIGNALS_PER_BATCH
        return is_possible

    async def _read_parts(
        self, parts: Collection[Part], found: BatchResult, edition: BatchEdition
    ) -> None:
        """Read parts in parallel; after two failures, leave out the rest."""
        faults: list[BackendError] = []

        async def read(part: Part) -> BatchResult:
            """Read one part."""
            result = BatchResult()
            if len(faults) >= MOST_FAULTS:
                result.fail(part, faults[0])
                return result
            refusal = await self._try_batch(part, result, edition)
            if isinstance(refusal, ServerFaultError):
                faults.append(refusal)
            elif isinstance(refusal, LongBatchError):
                self._shorten(part)
            elif refusal is not None:
                self._suspects.note(part, refusal)
            if refusal is not None:
                result.fail(part, refusal)
            return result

        results, _ = await gather_parts(dict(enumerate(map(read, parts))))
        for result in results.values():
            found.add(result)

    async def _try_batch(
        self, part: Part, found: BatchResult, edition: BatchEdition
    ) -> BackendError | None:
        """Add the data of a batch, or return the error with which it was refused."""
        try:
            data = await self._client.batch_data(part, edition)
        except ONE_ENDPOINT_ERRORS as err:
            return err
        self._edition.note_data()
        self._suspects.clear(part)
        found.data.update(data)
        rows = sum(len(each.samples) for each in data.values())
        found.rows |= dict.fromkeys(data, rows)
        missing = [query for query in part if query.signal not in data]
        found.fail(missing, NotFoundError("the answer does not have the signal"))
        return None

    def _note_steps(self, queries: Sequence[DataQuery], found: BatchResult) -> None:
        """Note how far apart samples are, to estimate the size of later answers."""
        for query in queries:
            data = found.data.get(query.signal)
            if data is None or (count := len(data.samples)) < 2:
                continue
            span = query.till - query.since
            if span < count * self.step(query.signal):
                self._steps[query.signal] = span / count


def _with_too_many(found: BatchResult) -> dict[SignalId, BackendError]:
    """Return the signals that have more samples than any real one, as failures."""
    return {
        signal: TooManyRowsError("the samples have no end", limit=MOST_SAMPLES)
        for signal, data in found.data.items()
        if len(data.samples) > MOST_SAMPLES
    }
