"""The latest values of many series, in few requests.

A regular poll requests what came since the latest known value: one request for fifty
series of any kind that start at similar times. Series without a known value are looked
for in the last hour, in the last day, and then on the day that a count by day over 31
days finds: the raw values of all these days would be a hundred times as much data. A
series without values there is silent, and is looked for again after an hour.

A series with several data states is polled in the one with the newest value. Whether a
better one is as new by now is looked at once an hour, and whether another one has newer
values soon after they stay away.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence, Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ..common.times import as_moment, local_midnight
from ..errors import BackendError, UnreachableError
from .batching import MAX_IDS, SeriesBatcher, make_batches
from .data_states import CLEANED_WITHIN, DataStates, Results
from .timeseries_client import Aggregation, Span, TimeseriesClient, Width
from .value_cache import MAX_REPEATED, CachedValue, ValueCache
from .value_requests import CLOCK_AHEAD, PlannedRequest, ValueRequests

LATE_BY = timedelta(minutes=5)
"""Values that arrive late, with a time before the latest one, are still read."""

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SEARCHED_DAYS = timedelta(days=31)

SILENT_FOR = timedelta(hours=1)
"""When a silent series is looked for again."""

OTHER_STATES_AFTER = timedelta(hours=1)
"""When a series is requested again in a state that had older values."""

OTHER_STATES_SOON = timedelta(minutes=10)
"""The same if the series has no new value although it should have."""

MISSED_VALUES = 2
"""Values that a series has missed when it is overdue."""

LONG_AGO = datetime.min.replace(tzinfo=UTC)

PLAN_KEPT = timedelta(minutes=5)
"""How long polls use a plan: known values since then are requested again and again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What polls of some series have in common for some minutes.

    `known` are the series with a value. `comparable` are those of them with several
    data states, each with the time from which they have to be compared, in its order.
    `revision` is that of the states and of the cache's needs, and `made` the time.
    """

    series_ids: AbstractSet[int]
    revision: tuple[int, int]
    made: datetime
    known: Mapping[int, CachedValue]
    unknown: Sequence[int]
    comparable: Sequence[tuple[datetime, int]]
    requests: Sequence[PlannedRequest]


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
        self._requests = ValueRequests(batcher, client, states, cache)
        self._silent: dict[int, datetime] = {}
        self._polled: dict[int, datetime] = {}
        self._compared: dict[int, datetime] = {}
        self._plan: _Plan | None = None

    def last_polled(self, series_id: int) -> datetime | None:
        """Return when a series was last polled successfully."""
        return self._polled.get(series_id)

    def keep_only(self, series_ids: Collection[int]) -> None:
        """Forget all other series."""
        self._plan = None
        for known in (self._silent, self._polled, self._compared):
            for number in known.keys() - series_ids:
                del known[number]

    async def refresh(
        self, series_ids: AbstractSet[int], now: datetime
    ) -> Mapping[int, BackendError]:
        """Request new values; return the errors by series.

        Raises BackendError if the whole server fails.
        """
        before, plan = self._plan, await self._plan_for(series_ids, now)
        failed = await self._requests.poll(plan.requests, now)
        missing = [
            number
            for number in self._without_value(plan.unknown)
            if now - self._silent.get(number, now - SILENT_FOR) >= SILENT_FOR
        ]
        if missing:
            failed |= await self._search(missing, now)
        try:
            await self._compare_states(plan, now)
            if plan is not before:
                await self._look_for_other_states(series_ids, now)
        except UnreachableError:
            # What the poll has found is shown, and the next poll tries this again.
            self._plan = None
        self._polled.update(dict.fromkeys(series_ids - failed.keys(), now))
        return failed

    @property
    def _revision(self) -> tuple[int, int]:
        """Return what differs whenever another plan may be needed."""
        return self._states.revision, self._cache.needs_revision

    async def _plan_for(self, series_ids: AbstractSet[int], now: datetime) -> _Plan:
        """Return the last plan, or a new one if that is no longer valid."""
        plan = self._plan
        if plan is None or not self._is_valid(plan, series_ids, now):
            plan = self._plan = await self._make_plan(series_ids, now)
        return plan

    def _is_valid(
        self, plan: _Plan, series_ids: AbstractSet[int], now: datetime
    ) -> bool:
        """Return True if a plan for these series still requests what is needed."""
        return (
            plan.series_ids is series_ids
            and plan.revision == self._revision
            and plan.made <= now < plan.made + PLAN_KEPT
        )

    async def _make_plan(self, series_ids: AbstractSet[int], now: datetime) -> _Plan:
        """Plan to request the new values of series, each in its newest state."""
        revision, order = self._revision, self._states.order
        known: dict[int, CachedValue] = {}
        by_state: dict[int, dict[int, datetime]] = {}
        for number in series_ids:
            if (cached := self._cache.latest(number)) is not None:
                known[number] = cached
                start = self._new_values_from(number, cached, now)
                by_state.setdefault(order[cached.rank], {})[number] = start
        return _Plan(
            series_ids=series_ids,
            revision=revision,
            made=now,
            known=known,
            unknown=[number for number in series_ids if number not in known],
            comparable=sorted(
                (LONG_AGO if known[n].rank else self._overdue_from(n, known[n]), n)
                for n in known
                if self._states.has_several(n)
            ),
            requests=await self._requests.plan(by_state, now),
        )

    async def _compare_states(self, plan: _Plan, now: datetime) -> None:
        """Request some series in their other states, those that are overdue first.

        That is needed if the best state does not have the newest value, or none has a
        new one. A poll has one such batch for each state at most. What fails is tried
        again.
        """
        due: list[tuple[bool, datetime, int]] = []
        for needed_from, number in plan.comparable:
            if now < needed_from:
                break
            latest = self._cache.latest(number) or plan.known[number]
            is_overdue = now >= self._overdue_from(number, latest)
            if not is_overdue and latest.rank == 0:
                continue
            compared = self._compared.get(number, now - OTHER_STATES_AFTER)
            wait = OTHER_STATES_SOON if is_overdue else OTHER_STATES_AFTER
            if now - compared >= wait:
                due.append((not is_overdue, compared, number))
        numbers = [number for _, _, number in sorted(due)[:MAX_IDS]]
        by_state: dict[int, dict[int, datetime]] = {}
        for number in numbers:
            for state in self._states.all_of(number):
                known = plan.known[number]
                if self._states.rank(state) != known.rank:
                    start = self._new_values_from(number, known, now)
                    by_state.setdefault(state, {})[number] = start
        failed: set[int] = set()
        for state, starts in by_state.items():
            failed.update(await self._requests.send({state: starts}, now))
        self._compared |= dict.fromkeys((n for n in numbers if n not in failed), now)

    def _new_values_from(
        self, number: int, cached: CachedValue, now: datetime
    ) -> datetime:
        """Return the time from which a series may have new values.

        When a series that had stopped continues, the time in between has no values, so
        it is not requested at every poll.
        """
        usual = 2 * (self._cache.interval(number) or HOUR)
        late_by = min(LATE_BY, MAX_REPEATED * self._cache.expected_interval(number))
        return max(cached.time - late_by, now - max(usual, 2 * HOUR))

    def _overdue_from(self, number: int, latest: CachedValue) -> datetime:
        """Return the time from which a series without a newer value is overdue."""
        usual = self._cache.interval(number) or HOUR
        return latest.time + (1 + MISSED_VALUES) * usual

    async def _search(
        self, missing: Sequence[int], now: datetime
    ) -> Mapping[int, BackendError]:
        """Look further and further back for series without a known value."""
        stateless = [n for n in missing if self._states.of(n) is None]
        days, failed = await self._find_days(stateless, now)
        for window in (HOUR, DAY):
            rest = self._without_value(missing)
            failed |= await self._request_everywhere(rest, now - window, now)
        rest = [n for n in self._without_value(missing) if n not in days]
        found, errors = await self._find_days(rest, now)
        failed |= errors
        days |= found
        for day in sorted(set(days.values())):
            rest = [n for n in self._without_value(missing) if days.get(n) == day]
            end = min(day + DAY, now + CLOCK_AHEAD)
            failed |= await self._request_everywhere(rest, day, end)
        rest = self._without_value(missing)
        failed = {number: failed[number] for number in rest if number in failed}
        self._silent |= {number: now for number in rest if number not in failed}
        self._compared |= dict.fromkeys(missing, now)
        return failed

    async def _request_everywhere(
        self, series_ids: Sequence[int], start: datetime, end: datetime
    ) -> dict[int, BackendError]:
        """Request the values of series in [start, end] in all states that they have."""
        failed: dict[int, BackendError] = {}
        for state in self._states.order:
            starts = dict.fromkeys(self._states.having(series_ids, state), start)
            failed |= await self._requests.send({state: starts}, end)
        return failed

    def _without_value(self, series_ids: Iterable[int]) -> list[int]:
        """Return the series without a known value."""
        return [number for number in series_ids if self._cache.latest(number) is None]

    async def _find_days(
        self, series_ids: Sequence[int], now: datetime
    ) -> Results[datetime]:
        """Return the last UTC day with values in any state, and note these states."""
        start = local_midnight(now, UTC) - SEARCHED_DAYS
        days: dict[int, datetime] = {}
        failed: dict[int, BackendError] = {}
        for state in self._states.order:
            span = Span(state=state, start=start, end=now)
            found, errors = await self._last_days(series_ids, span)
            self._states.add(found, state)
            for number, day in found.items():
                days[number] = max(day, days.get(number, day))
            failed |= errors
        return days, failed

    async def _last_days(
        self, series_ids: Sequence[int], span: Span
    ) -> Results[datetime]:
        """Return the last UTC day with values in a span, by series."""
        parts, failed = await self._batcher.request_some(
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

    async def _look_for_other_states(
        self, series_ids: AbstractSet[int], now: datetime
    ) -> None:
        """Note in which states series have had values of late, once a day.

        Those in which they have new ones are known.
        """
        due = {
            number: cached.rank
            for number in self._states.due_for_others(series_ids, now)
            if (cached := self._cache.latest(number)) is not None
        }
        unanswered: set[int] = set()
        for rank, state in enumerate(self._states.order):
            numbers = [
                number
                for number, current in due.items()
                if rank < current
                or (rank > current and state not in self._states.all_of(number))
            ]
            # The server counts whole days.
            start = local_midnight(now, UTC) - CLEANED_WITHIN
            span = Span(state=state, start=start, end=now)
            days, failed = await self._last_days(numbers, span)
            self._states.add(days, state)
            unanswered.update(n for n in failed if not self._batcher.is_refused(n))
            for number in days:
                self._compared.pop(number, None)
            for number in numbers:
                if number not in days and number not in failed:
                    self._cache.note_silence(number, rank, span.start)
        self._states.note_look(due.keys() - unanswered, now)
        if unanswered:
            self._plan = None
