"""One poll: what the server has of series and of the points that are not series."""

from collections.abc import Mapping
from datetime import datetime

from ...metering.model import Kind, Reading
from ..base import Latest
from ..common.concurrency import LoopYielder
from ..errors import BackendError
from .batching import SeriesBatcher
from .latest import LatestReader
from .points import SeriesPoint
from .poll_plan import PollPlan
from .site_readings import SiteReader
from .todays_amounts import TodaysAmounts, quarter_of
from .value_cache import ValueCache

SERIES_AT_ONCE = 200
"""Series processed before yielding to the event loop: a few milliseconds."""


class Poll:
    """Reads the points of a plan; what repeats the last poll is the same object."""

    def __init__(
        self,
        batcher: SeriesBatcher,
        latest: LatestReader,
        todays_amounts: TodaysAmounts,
        site_reader: SiteReader,
        cache: ValueCache,
    ) -> None:
        """Initialize with what reads values, and the cache that they are in."""
        self._batcher = batcher
        self._latest = latest
        self._todays_amounts = todays_amounts
        self._site_reader = site_reader
        self._cache = cache
        self._last = Latest(readings={})
        self._readings: Mapping[str, Reading] = {}
        self._made_of: tuple[PollPlan, int, datetime] | None = None

    async def read(self, plan: PollPlan, now: datetime) -> Latest:
        """Return the latest value of each point; of amounts, today's so far.

        Raises BackendError if the whole server fails.
        """
        self._todays_amounts.prepare(plan.zones, now)
        errors = {
            **await self._latest.refresh(plan.series_ids, now),
            **await self._todays_amounts.refresh(plan.zones, now),
        }
        readings, failed = await self._series_readings(plan, now), _failed(plan, errors)
        if failed:
            readings = {key: readings[key] for key in readings.keys() - failed.keys()}
        if plan.site is not None and plan.site_keys:
            read = {number: errors.get(number) for number in plan.series_ids}
            found, lost = await self._site_reader.read(
                plan.site_keys, plan.site, now, read
            )
            readings, failed = {**readings, **found}, failed | lost
        has_refused = any(map(self._batcher.is_refused, errors))
        if failed and len(failed) == plan.size and not has_refused:
            raise next(iter(failed.values()))
        latest = Latest(readings=readings, failed=failed)
        if latest != self._last:
            self._last = latest
        return self._last

    async def _series_readings(
        self, plan: PollPlan, now: datetime
    ) -> Mapping[str, Reading]:
        """Return the reading of each series that has one, by point key.

        It is the same object until the cache or the local day changes.
        """
        made_of = plan, self._cache.revision, quarter_of(now)
        if self._made_of is None or made_of != self._made_of:
            self._readings = await self._make_readings(plan, now)
            self._made_of = made_of
        return self._readings

    async def _make_readings(
        self, plan: PollPlan, now: datetime
    ) -> Mapping[str, Reading]:
        """Return new readings of the series of a plan."""
        readings: dict[str, Reading] = {}
        yielder = LoopYielder(SERIES_AT_ONCE)
        for item in plan.items:
            if (reading := self._reading(item, plan, now)) is not None:
                readings[item.point.key] = reading
            await yielder.spend(1)
        return readings

    def _reading(
        self, item: SeriesPoint, plan: PollPlan, now: datetime
    ) -> Reading | None:
        """Return the latest reading of a series, as its kind requires."""
        if (zone := plan.zones.get(item.series_id)) is not None:
            return self._todays_amounts.reading(item.series_id, zone, now)
        if (cached := self._cache.latest(item.series_id)) is None:
            return None
        return cached.reading(is_amount=item.point.kind is Kind.INTERVAL)


def _failed(
    plan: PollPlan, errors: Mapping[int, BackendError]
) -> dict[str, BackendError]:
    """Return the errors of series by the keys of their points."""
    if not errors:
        return {}
    return {
        item.point.key: errors[item.series_id]
        for item in plan.items
        if item.series_id in errors
    }
