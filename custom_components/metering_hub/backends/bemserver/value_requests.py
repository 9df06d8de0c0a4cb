"""Requests of series' values: which series go together, and from when on."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from ..common.concurrency import LoopYielder
from ..errors import BackendError, ProtocolError
from .batching import MAX_IDS, Batch, SeriesBatcher, make_batches, make_windows
from .data_states import DataStates
from .timeseries_client import Span, TimeseriesClient, Values
from .value_cache import ValueCache

CLOCK_AHEAD = timedelta(minutes=1)
"""How far the server's clock may be ahead of ours."""

MIN_REQUESTS = 10
"""Requests that a poll may always send."""

VALUES_AT_ONCE = 1000
"""Values parsed before yielding to the event loop: about a millisecond."""


class ValueRequests:
    """Requests values in batches, and stores them in the cache."""

    def __init__(
        self,
        batcher: SeriesBatcher,
        client: TimeseriesClient,
        states: DataStates,
        cache: ValueCache,
    ) -> None:
        """Initialize the requests."""
        self._batcher = batcher
        self._client = client
        self._states = states
        self._cache = cache
        self._first_left_out = 0

    async def send(
        self,
        by_state: Mapping[int, Mapping[int, datetime]],
        end: datetime,
        *,
        is_poll: bool = False,
    ) -> dict[int, BackendError]:
        """Request series by state, each from its start on, in one of the states only.

        The batches of a poll take turns.
        """
        starts: dict[int, datetime] = {}
        states: dict[int, int] = {}
        batches: list[Batch] = []
        for state, wanted in by_state.items():
            own = {n: self._with_needed(n, start, end) for n, start in wanted.items()}
            starts |= own
            states |= dict.fromkeys(own, state)
            await asyncio.sleep(0)
            batches += self._make_batches(state, own, end)
        if is_poll:
            batches = self._take_turns(batches)

        async def request(ids: Sequence[int]) -> tuple[int, Values]:
            """Request a batch from the earliest of its starts on."""
            span = Span(
                state=states[ids[0]],
                start=min(starts[number] for number in ids),
                end=end + CLOCK_AHEAD,
            )
            return span.state, await self._client.values(ids, span)

        parts, failed = await self._batcher.request_some(batches, request)
        failed |= await self._store(parts)
        if is_poll:
            self._cache.fill(n for ids in batches for n in ids if n not in failed)
        return failed

    async def _store(
        self, parts: Iterable[tuple[int, Values]]
    ) -> dict[int, BackendError]:
        """Store the values of answers, each with the state of its request.

        Returns the errors of the series that cannot be read.
        """
        failed: dict[int, BackendError] = {}
        yielder = LoopYielder(VALUES_AT_ONCE)
        for state, part in parts:
            rank = self._states.rank(state)
            for number, values in part.items():
                try:
                    parsed = self._cache.store(number, values, rank)
                except ProtocolError as err:
                    failed[number] = err
                else:
                    await yielder.spend(parsed)
        return failed

    def _with_needed(self, number: int, start: datetime, end: datetime) -> datetime:
        """Return a start that includes the values of a series that have to be kept."""
        needed = self._cache.needed_since(number, end)
        return start if needed is None else min(start, needed)

    def _make_batches(
        self, state: int, starts: Mapping[int, datetime], end: datetime
    ) -> list[Batch]:
        """Return batches of series in the same state, with similar starts."""
        url_length = self._client.url_length(Span(state=state, start=end, end=end))
        batches: list[Batch] = []
        for window in make_windows(starts, self._cache.expected_interval):
            rows = partial(self._expected_rows, end - starts[window[0]])
            batches += make_batches(window, url_length=url_length, rows=rows)
        return batches

    def _expected_rows(self, length: timedelta, number: int) -> float:
        """Return about how many values a series has in a span of this length."""
        return length / self._cache.expected_interval(number)

    def _take_turns(self, batches: list[Batch]) -> list[Batch]:
        """Return about as many batches as would suffice if all of them were full.

        Each state leaves a batch that is not full. With many series, these batches take
        turns, so the number of requests does not depend on the states.
        """
        total = sum(map(len, batches))
        excess = len(batches) - max(MIN_REQUESTS, -(-total // MAX_IDS))
        small = [batch for batch in batches if len(batch) < MAX_IDS]
        if excess <= 0 or excess >= len(small):
            return batches
        first = self._first_left_out = (self._first_left_out + excess) % len(small)
        left_out = (small + small)[first : first + excess]
        return [batch for batch in batches if batch not in left_out]
