"""The latest values of many series, in few requests.

A regular poll requests what came since the latest known value: one request for fifty
series of any kind. Series without a known value are looked for in the last hour, in the
last day, and then on the day that a count by day over 31 days finds: the raw values of
all these days would be a hundred times as much data. A series without values there is
silent, and is looked for again after an hour.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from ..common.concurrency import LoopYielder
from ..common.times import as_moment, local_midnight
from ..errors import BackendError
from .batching import MAX_IDS, Batch, SeriesBatcher, make_batches
from .data_states import DataStates, Results
from .timeseries_client import Aggregation, Span, TimeseriesClient, Values, Width
from .value_cache import CachedValue, ValueCache

LATE_BY = timedelta(minutes=5)
"""Values that arrive late, with a time before the latest one, are still read."""

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SEARCHED_DAYS = timedelta(days=31)

CLOCK_AHEAD = timedelta(minutes=1)
"""How far the server's clock may be ahead of ours."""

SILENT_FOR = timedelta(hours=1)
"""When a silent series is looked for again."""

MIN_REQUESTS = 10
"""Requests that a poll may always send."""

VALUES_AT_ONCE = 1000
"""Values parsed before yielding to the event loop: about a millisecond."""

type Starts = Callable[[int], datetime]
"""Returns the time from which a series is requested."""


class LatestReader:
    """Reads the latest values of series into the cache."""

    def __init__(
        self,
        batcher: SeriesBatcher,
        client: TimeseriesClient,
        states: DataStates,
        cache: ValueCache,
    ) -> None:
        """Initialize the reader."""
        self._batcher = batcher
        self._client = client
        self._states = states
        self._cache = cache
        self._silent: dict[int, datetime] = {}
        self._polled: dict[int, datetime] = {}
        self._first_left_out = 0

    def last_polled(self, series_id: int) -> datetime | None:
        """Return when a series was last polled successfully."""
        return self._polled.get(series_id)

    def keep_only(self, series_ids: Collection[int]) -> None:
        """Forget all other series."""
        for known in (self._silent, self._polled):
            for number in known.keys() - series_ids:
                del known[number]

    async def refresh(
        self, series_ids: Collection[int], now: datetime
    ) -> Mapping[int, BackendError]:
        """Request new values; return the errors by series.

        Raises BackendError if the whole server fails, or if every request does.
        """
        await self._look_for_better_states(series_ids, now)
        starts = {
            number: self._new_values_from(number, cached, now)
            for number in series_ids
            if (cached := self._cache.latest(number)) is not None
        }
        failed = await self._request(starts, now, starts.__getitem__, taking_turns=True)
        missing = [
            number
            for number in series_ids
            if self._cache.latest(number) is None
            and now - self._silent.get(number, now - SILENT_FOR) >= SILENT_FOR
        ]
        if missing:
            failed |= await self._search(missing, now)
        self._polled |= {n: now for n in series_ids if n not in failed}
        return failed

    def _new_values_from(
        self, number: int, cached: CachedValue, now: datetime
    ) -> datetime:
        """Return the time from which a series may have new values.

        When a series that had stopped continues, the time in between has no values, so
        it is not requested at every poll.
        """
        usual = 2 * (self._cache.interval(number) or HOUR)
        return max(cached.time - LATE_BY, now - max(usual, 2 * HOUR))

    async def _search(
        self, missing: Sequence[int], now: datetime
    ) -> Mapping[int, BackendError]:
        """Look further and further back for series without a known value."""
        stateless = [n for n in missing if self._states.of(n) is None]
        days, failed = await self._find_days(stateless, now)
        for window in (HOUR, DAY):
            rest = self._without_value(missing)
            failed |= await self._request(rest, now, _always(now - window))
        rest = [n for n in self._without_value(missing) if n not in days]
        found, errors = await self._find_days(rest, now)
        failed |= errors
        days |= found
        for day in sorted(set(days.values())):
            rest = [n for n in self._without_value(missing) if days.get(n) == day]
            end = min(day + DAY, now + CLOCK_AHEAD)
            failed |= await self._request(rest, end, _always(day))
        silent = (n for n in self._without_value(missing) if n not in failed)
        self._silent |= dict.fromkeys(silent, now)
        return failed

    def _without_value(self, series_ids: Iterable[int]) -> list[int]:
        """Return the series without a known value."""
        return [number for number in series_ids if self._cache.latest(number) is None]

    async def _find_days(
        self, series_ids: Sequence[int], now: datetime
    ) -> Results[datetime]:
        """Return the last UTC day with values, in the best state that has any."""
        start = local_midnight(now, UTC) - SEARCHED_DAYS

        async def read(ids: list[int], state: int) -> Results[datetime]:
            """Request the last day with values in a state."""
            return await self._last_days(ids, Span(state=state, start=start, end=now))

        return await self._states.search(series_ids, read, everywhere=True)

    async def _last_days(
        self, series_ids: Sequence[int], span: Span
    ) -> Results[datetime]:
        """Return the last UTC day with values in a span, by series."""
        parts, failed = await self._batcher.request(
            make_batches(series_ids, url_length=self._client.url_length(span)),
            lambda ids: self._client.buckets(ids, span, Width.DAY, Aggregation.COUNT),
        )
        days = {
            number: day
            for part in parts
            for number, counts in part.items()
            if (label := max((k for k, count in counts.items() if count), default=""))
            and (day := as_moment(label)) is not None
        }
        return days, failed

    async def _look_for_better_states(
        self, series_ids: Collection[int], now: datetime
    ) -> None:
        """Switch series to a better state that had values on the last day."""
        due = self._states.due_for_better(series_ids, now)
        for state, numbers in due.items():
            span = Span(state=state, start=now - DAY, end=now)
            days, _ = await self._last_days(numbers, span)
            self._states.set(days, state)
            self._cache.forget(days)
            for number in days:
                self._silent.pop(number, None)

    async def _request(
        self,
        series_ids: Iterable[int],
        end: datetime,
        start_of: Starts,
        *,
        taking_turns: bool = False,
    ) -> dict[int, BackendError]:
        """Request the values of series in [start, end], each in its state."""
        starts = {
            number: min(start_of(number), self._cache.kept_since(number) or end)
            for number in series_ids
        }
        await asyncio.sleep(0)
        batches = self._make_batches(starts, end)
        if taking_turns:
            batches = self._take_turns(batches)

        async def send(ids: Sequence[int]) -> Values:
            """Request a batch from the earliest of its starts on."""
            span = Span(
                state=self._states.of(ids[0]) or 0,
                start=min(starts[number] for number in ids),
                end=end + CLOCK_AHEAD,
            )
            return await self._client.values(ids, span)

        parts, failed = await self._batcher.request(batches, send)
        yielder = LoopYielder(VALUES_AT_ONCE)
        for part in parts:
            for number, values in part.items():
                await yielder.spend(self._cache.store(number, values))
        return failed

    def _make_batches(
        self, starts: Mapping[int, datetime], end: datetime
    ) -> list[Batch]:
        """Return batches of series in the same state, with similar starts."""
        batches: list[Batch] = []
        for state, numbers in self._states.group(starts).items():
            # A batch starts with its earliest series, so late ones make it longer.
            numbers.sort(key=lambda number: (starts[number], number))
            batches += make_batches(
                numbers,
                url_length=self._client.url_length(
                    Span(state=state, start=end, end=end)
                ),
                rows=lambda number: (
                    (end - starts[number]) / self._cache.expected_interval(number)
                ),
            )
        return batches

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


def _always(moment: datetime) -> Starts:
    """Return the same start for all series."""
    return lambda _number: moment
