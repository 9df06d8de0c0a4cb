"""Keep all recorded costs as the recorded amounts and the present prices say."""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..backends.common.times import whole_hour
from ..prices.maths.targets import can_be_priced
from ..prices.price_book import PriceBook, Prices
from .cost_jobs import CostJob, async_drop_costs, cost_jobs, metered_ids
from .cost_pass import CostPass
from .cost_source import CostSource, FixedCosts, PointCosts
from .maths.rows import HOUR
from .pricing_memory import PricingMemory
from .recorder.access import wait_until_stored
from .recorder.recorded_hours import recorded_extents
from .recorder.recorder import last_rows
from .statistic import FIXED_COST_KEY, Scope
from .writer import StatisticWriter

LATE_PRICES = timedelta(days=3)
"""The hours whose prices are read again each hour."""

CORRECTIONS = timedelta(days=30)
"""The hours that are compared once a day, and of which those without price count."""

SOON = timedelta(minutes=10)
"""The shortest wait before prices are asked for that may become known."""

LATER = timedelta(hours=1)
"""The longest wait; it doubles each time that no price has become known."""

type PricingReport = Callable[[datetime, float, datetime, int], None]
"""Called with the start, the share that is done, the hour reached, and the rows."""


@dataclass(slots=True)
class _JobState:
    """What is known of a job since the start; all moments are those of the last pass.

    `day` is the local day and `hour` the hour in which its costs were last compared.
    Prices that may become known are asked for at `ask_at`, after a `wait`. `unpriced`
    are recent hours without a price. A job that `is_empty` has no amounts, and one that
    `has_costs` had recorded costs.
    """

    day: date | None = None
    hour: datetime | None = None
    ask_at: datetime | None = None
    wait: timedelta = SOON / 2
    unpriced: Sequence[datetime] = ()
    is_empty: bool = False
    has_costs: bool = False


class Repricer:
    """Price what an entry's imports have recorded, after each of them.

    All hours of a point are compared when its prices are others than those of its
    recorded costs, or when that was requested. Otherwise only the hours are compared
    that were written, or whose prices may have become known.
    """

    def __init__(
        self, hass: HomeAssistant, entry_id: str, book: PriceBook, report: PricingReport
    ) -> None:
        """Initialize; nothing is loaded yet. `report` shows the progress."""
        self._hass = hass
        self._book = book
        self._report = report
        self._memory = PricingMemory(hass, entry_id)
        self._jobs: list[CostJob] = []
        self._jobs_of: tuple[Prices, Scope] | None = None
        self._written: dict[str, datetime] = {}
        self._states: dict[str, _JobState] = {}

    @property
    def unpriced(self) -> Mapping[str, int]:
        """Return how many of the last 30 days' hours with an amount have no price.

        The map is by point key, of points that have prices at other times.
        """
        since = dt_util.utcnow() - CORRECTIONS
        counts = {
            key: len(state.unpriced) - bisect_left(state.unpriced, since)
            for key, state in self._states.items()
        }
        return {key: count for key, count in counts.items() if count}

    @property
    def awaits_prices(self) -> bool:
        """Return True if the prices of some recorded hours may become known."""
        return any(job.key in self._memory.open_hours for job in self._jobs)

    def note(self, writers: Iterable[StatisticWriter]) -> None:
        """Note from when on amounts were written, whose costs therefore change."""
        settled = dt_util.utcnow() - CORRECTIONS
        for writer in writers:
            if (first := writer.first_written) is None:
                continue
            self._note(writer.statistic.statistic_id, first)
            if first < settled:
                # The history may begin earlier now, and with it the fixed costs.
                self._note(FIXED_COST_KEY, first)

    def _note(self, statistic_id: str, first: datetime) -> None:
        """Note that the costs of a statistic's hours have to be compared."""
        known = self._written.get(statistic_id, first)
        self._written[statistic_id] = min(known, first)

    async def request(self, scope: Scope, keys: Collection[str]) -> None:
        """Compare all costs of some keys, also after a restart.

        The fixed costs go with any point.
        """
        await self._memory.async_load()
        priced = {point.key for point in scope.points if can_be_priced(point)}
        if wanted := {FIXED_COST_KEY, *priced} & set(keys):
            await self._memory.async_request([*wanted, FIXED_COST_KEY])

    async def request_key(self, key: str) -> None:
        """Compare all costs of a point whose sums are adjusted."""
        await self._memory.async_load()
        await self._memory.async_request([key])

    async def clear(self) -> None:
        """Forget everything, because all statistics are deleted."""
        await self._memory.async_load()
        await self._memory.async_clear()
        self._jobs_of = None
        self._written.clear()
        self._states.clear()

    async def price(self, scope: Scope) -> Mapping[str, int]:
        """Price what has to be; return the rows written by statistic id.

        Raises RecorderError and StoppingError. What was not done stays due.
        """
        await self._memory.async_load()
        now = dt_util.utcnow()
        await self._find_jobs(scope)
        due = [job for job in self._jobs if self._is_due(job, now)]
        if due:
            await wait_until_stored(self._hass)
        written = {}
        for index, job in enumerate(due):
            rows = await self._price(scope, job, now, (index, len(due)))
            # What a job that fails has to do is not forgotten.
            self._written.pop(job.amounts_id, None)
            if rows:
                self._states[job.key].has_costs = True
                written[job.statistic.statistic_id] = rows
        return written

    async def _find_jobs(self, scope: Scope) -> None:
        """Find what is to be priced, if the prices or the scope have changed."""
        prices = self._book.prices
        if self._jobs_of is not None:
            known_prices, known_scope = self._jobs_of
            if known_prices is prices and known_scope == scope:
                return
        jobs = cost_jobs(scope, prices)
        await async_drop_costs(self._hass, scope, self._book, self._memory, jobs)
        self._jobs, self._jobs_of = jobs, (prices, scope)
        known = self._states
        self._states = {job.key: known.get(job.key, _JobState()) for job in jobs}

    def _is_outdated(self, job: CostJob) -> bool:
        """Return True if the costs follow from other prices, or none of them do yet."""
        return self._memory.fingerprints.get(job.key) != job.fingerprint

    def _is_due(self, job: CostJob, now: datetime) -> bool:
        """Return True if some costs of a job have to be compared."""
        # The fixed costs begin with any point.
        is_written = job.amounts_id in self._written or (
            job.prices is None and bool(self._written)
        )
        if self._states[job.key].is_empty and not is_written:
            return False
        return self._is_whole(job) or self._compared_from(job, now) is not None

    def _is_whole(self, job: CostJob) -> bool:
        """Return True if all costs of a job have to be compared."""
        return self._is_outdated(job) or self._memory.is_due(job.key)

    def _compared_from(self, job: CostJob, now: datetime) -> datetime | None:
        """Return from when on the costs of a job have to be compared, if any have."""
        starts = []
        state = self._states[job.key]
        if (first := self._written.get(job.amounts_id)) is not None:
            starts.append(first)
        if state.day != self._local_day(now):
            starts.append(whole_hour(now - CORRECTIONS))
        elif job.has_source and state.hour != whole_hour(now):
            starts.append(whole_hour(now - LATE_PRICES))
        first_open = self._memory.open_hours.get(job.key)
        if first_open is not None and (state.ask_at or now) <= now:
            starts.append(first_open)
        return min(starts, default=None)

    def _local_day(self, now: datetime) -> date:
        """Return the local day of a moment."""
        return now.astimezone(self._book.prices.calendar.zone).date()

    async def _price(
        self, scope: Scope, job: CostJob, now: datetime, turn: tuple[int, int]
    ) -> int:
        """Price a job, which has its turn among others; return the rows written."""
        source = self._source(scope, job, now)
        is_whole, is_outdated = self._is_whole(job), self._is_outdated(job)
        if is_whole:
            start = await self._first_hour(job, source, now)
        else:
            start = await self._recent_hour(job, source, now)
        state = self._states[job.key]
        state.is_empty = start is None
        if start is None:
            return 0
        recent = whole_hour(now - LATE_PRICES)
        if job.has_source and job.prices is not None and start < recent:
            # An action answers for few days at once, and these matter most.
            await self._book.load([job.prices.point], recent, now)
        work = CostPass(self._hass, job.statistic, source, now)
        if is_outdated:
            written = await work.replace(start, partial(self._reached, turn))
        else:
            report = partial(self._reached, turn) if is_whole else None
            rewritten = self._written.get(job.amounts_id)
            written = await work.compare(start, report, rewritten)
        if isinstance(source, PointCosts):
            self._keep_unpriced(state, source.unpriced, start, now)
            await self._keep_open(job.key, source.first_open, start, now, written)
        state.day, state.hour = self._local_day(now), whole_hour(now)
        if is_whole:
            await self._memory.async_keep(job.key, job.fingerprint)
        return written

    def _source(self, scope: Scope, job: CostJob, now: datetime) -> CostSource:
        """Return what the costs of a job are computed from."""
        if job.prices is None:
            return FixedCosts(self._hass, metered_ids(scope), self._book.prices, now)
        load = partial(self._book.load, [job.prices.point])
        return PointCosts(self._hass, job.amounts_id, job.prices, load)

    async def _first_hour(
        self, job: CostJob, source: CostSource, now: datetime
    ) -> datetime | None:
        """Return the first hour that has, or may get, a cost."""
        if (first := await source.first()) is None:
            return None
        if job.prices is not None:
            # Recent hours before the first tariff count as hours without a price.
            first = min(first, whole_hour(now - CORRECTIONS))
        statistic_id = job.statistic.statistic_id
        extents = await recorded_extents(self._hass, [statistic_id])
        return min([first, *(extent.first for extent in extents.values())])

    async def _recent_hour(
        self, job: CostJob, source: CostSource, now: datetime
    ) -> datetime | None:
        """Return the first hour whose costs may have changed.

        After a start of Home Assistant, these are all hours that may have been written
        before it ended, and were not priced any more. Somebody may have deleted all
        costs.
        """
        start = self._compared_from(job, now) or whole_hour(now)
        state = self._states[job.key]
        is_first = state.day is None
        latest = await last_rows(self._hass, job.statistic.statistic_id, 1)
        if not latest and (is_first or state.has_costs):
            state.has_costs = False
            return await self._first_hour(job, source, now)
        if latest:
            state.has_costs = True
            if is_first:
                start = min(start, latest[0].start - CORRECTIONS)
        if job.prices is None:
            # No day before the first amount has a cost.
            first = await source.first()
            start = start if first is None else max(start, first)
        return start

    def _keep_unpriced(
        self,
        state: _JobState,
        unpriced: Iterable[datetime],
        start: datetime,
        now: datetime,
    ) -> None:
        """Keep the hours without a price that were found from `start` on."""
        since = now - CORRECTIONS
        state.unpriced = [
            *(hour for hour in state.unpriced if since <= hour < start),
            *(hour for hour in unpriced if since <= hour),
        ]

    async def _keep_open(
        self,
        key: str,
        found: datetime | None,
        start: datetime,
        now: datetime,
        written: int,
    ) -> None:
        """Keep the first hour whose price may become known, and when to ask for it.

        It was `found` from `start` on, if there is one.
        """
        known = self._memory.open_hours.get(key)
        if known is not None and known < start:
            return
        await self._memory.async_keep_open(key, found)
        state = self._states[key]
        state.wait = SOON if written else min(2 * state.wait, LATER)
        state.ask_at = now + state.wait

    def _reached(
        self, turn: tuple[int, int], start: datetime, reached: datetime, rows: int
    ) -> None:
        """Report how far all jobs are, of which one has its turn."""
        index, count = turn
        length = max(dt_util.utcnow() - start, HOUR)
        share = min((reached - start) / length, 1.0)
        self._report(start, (index + share) / count, reached, rows)
