"""Requests of series' values: which series go together, and from when on."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from ..common.concurrency import LoopYielder
from ..errors import BackendError, ProtocolError
from .batching import MAX_IDS, Batch, SeriesBatcher, make_batches, make_windows
from .data_states import DataStates
from .timeseries_client import RepeatedValues, Span, TimeseriesClient, Values
from .value_cache import ValueCache

CLOCK_AHEAD = timedelta(minutes=1)
"""How far the server's clock may be ahead of ours."""

MIN_REQUESTS = 10
"""Requests that a poll may always send."""

VALUES_AT_ONCE = 1000
"""Values parsed before yielding to the event loop: about a millisecond."""


@dataclass(slots=True, eq=False)
class PlannedRequest:
    """A request for series in one state, which every poll sends again.

    `stored` are the values of its last answer once all of them are stored.
    """

    ids: Batch
    state: int
    start: datetime
    repeated: RepeatedValues = field(default_factory=RepeatedValues)
    stored: Values | None = None


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

    async def plan(
        self, by_state: Mapping[int, Mapping[int, datetime]], end: datetime
    ) -> list[PlannedRequest]:
        """Return the requests for series, each from its start on and in one state."""
        requests: list[PlannedRequest] = []
        for state, wanted in by_state.items():
            starts = {
                number: self._with_needed(number, start, end)
                for number, start in wanted.items()
            }
            await asyncio.sleep(0)
            requests += [
                PlannedRequest(ids, state, min(starts[number] for number in ids))
                for ids in self._make_batches(state, starts, end)
            ]
        return requests

    async def poll(
        self, planned: Sequence[PlannedRequest], end: datetime
    ) -> dict[int, BackendError]:
        """Send the requests of a poll, which take turns; return errors by series."""
        return await self._send(self._take_turns(planned), end, is_poll=True)

    async def send(
        self, by_state: Mapping[int, Mapping[int, datetime]], end: datetime
    ) -> dict[int, BackendError]:
        """Request series by state, each from its start on, in one of the states only.

        Returns the errors by series.
        """
        return await self._send(await self.plan(by_state, end), end, is_poll=False)

    async def _send(
        self, requests: Sequence[PlannedRequest], end: datetime, *, is_poll: bool
    ) -> dict[int, BackendError]:
        """Send requests and store the answers; return the errors by series."""
        by_series = {number: each for each in requests for number in each.ids}

        async def read(ids: Sequence[int]) -> tuple[PlannedRequest, Values]:
            """Return the values of a batch, and the request for it."""
            each = by_series[ids[0]]
            span = Span(state=each.state, start=each.start, end=end + CLOCK_AHEAD)
            return each, await self._client.values(ids, span, each.repeated)

        parts, failed = await self._batcher.request_some(
            [each.ids for each in requests], read
        )
        yielder = LoopYielder(VALUES_AT_ONCE)
        for each, values in parts:
            if values is not each.stored:
                errors = await self._store(values, each.state, yielder)
                each.stored = None if errors else values
                failed |= errors
                if is_poll:
                    self._cache.fill({*each.ids} - failed.keys())
        return failed

    async def _store(
        self, part: Values, state: int, yielder: LoopYielder
    ) -> dict[int, BackendError]:
        """Store values that were requested in a state.

        Returns the errors of the series that cannot be read.
        """
        failed: dict[int, BackendError] = {}
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

    def _take_turns(self, requests: Sequence[PlannedRequest]) -> list[PlannedRequest]:
        """Return about as many requests as would suffice if all of them were full.

        Each state leaves a batch that is not full. With many series, these batches take
        turns, so the number of requests does not depend on the states.
        """
        total = sum(len(each.ids) for each in requests)
        excess = len(requests) - max(MIN_REQUESTS, -(-total // MAX_IDS))
        small = [each for each in requests if len(each.ids) < MAX_IDS]
        if excess <= 0 or excess >= len(small):
            return [*requests]
        first = self._first_left_out = (self._first_left_out + excess) % len(small)
        left_out = (small + small)[first : first + excess]
        return [each for each in requests if each not in left_out]
