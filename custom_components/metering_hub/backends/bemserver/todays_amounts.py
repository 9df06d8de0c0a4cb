"""Today's amounts: the server's sum, plus the values that came after it.

The server's sum, from midnight to one or two hours ago, is requested once an hour, so
it includes late values. The values after it come with every poll (see `latest`). Hours
without any value in the best data state are summed in the next one.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

from ...metering.memo import IdentityMemo
from ...metering.model import Reading
from ..common.http import Json
from ..common.parse import as_number
from ..common.times import as_moment, local_midnight, whole_hour
from ..errors import BackendError
from .batching import Batch, SeriesBatcher, make_batches
from .data_states import DataStates
from .timeseries_client import Aggregation, Span, TimeseriesClient, Values, Width
from .value_cache import CachedValue, ValueCache

HOUR = timedelta(hours=1)
DECIMALS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSum:
    """The sum of what began in [midnight, until); `None` if there are no values.

    `states` are those that the series had.
    """

    midnight: datetime
    until: datetime
    states: tuple[int, ...]
    amount: float | None


class _Complete(NamedTuple):
    """The series whose sums were all known, with the revision of their states."""

    zones: Mapping[int, tzinfo]
    states: int
    quarter: datetime


class TodaysAmounts:
    """Keeps the amount of the current local day, by series."""

    def __init__(
        self,
        batcher: SeriesBatcher,
        client: TimeseriesClient,
        states: DataStates,
        cache: ValueCache,
    ) -> None:
        """Initialize without any amounts."""
        self._batcher = batcher
        self._client = client
        self._states = states
        self._cache = cache
        self._sums: dict[int, ServerSum] = {}
        self._complete: _Complete | None = None
        self._readings: defaultdict[int, IdentityMemo[Reading | None]] = defaultdict(
            IdentityMemo
        )

    def prepare(self, zones: Mapping[int, tzinfo], now: datetime) -> None:
        """Let the next poll cache the values of these series, each with its zone."""
        if self._is_complete(zones, now):
            return
        for number, zone in zones.items():
            known, midnight = self._sums.get(number), local_midnight(now, zone)
            if known is None or known.midnight != midnight:
                self._cache.keep_since([number], _sum_end(midnight, now))

    async def refresh(
        self, zones: Mapping[int, tzinfo], now: datetime
    ) -> Mapping[int, BackendError]:
        """Request the sums that are due; return the errors by series.

        Raises BackendError.
        """
        if self._is_complete(zones, now):
            return {}
        due: dict[datetime, list[int]] = {}
        for number, zone in zones.items():
            midnight = local_midnight(now, zone)
            if self._is_due(number, midnight, now):
                due.setdefault(midnight, []).append(number)
        failed: dict[int, BackendError] = {}
        for midnight, numbers in due.items():
            failed |= await self._request(numbers, midnight, now)
        if not failed:
            self._complete = _Complete(zones, self._states.revision, quarter_of(now))
        return failed

    def _is_complete(self, zones: Mapping[int, tzinfo], now: datetime) -> bool:
        """Return True if no sum of these series can be due.

        A local day and a whole hour begin with a quarter of an hour of UTC.
        """
        known = self._complete
        return (
            known is not None
            and known.zones is zones
            and known.states == self._states.revision
            and known.quarter == quarter_of(now)
        )

    def reading(self, number: int, zone: tzinfo, now: datetime) -> Reading | None:
        """Return today's amount so far, or `None` before the day's first value.

        It is the same object until the server has something new.
        """
        latest, known = self._cache.latest(number), self._sums.get(number)
        midnight = local_midnight(now, zone)
        if latest is None or known is None or known.midnight != midnight:
            return None
        return self._readings[number].get(
            lambda: self._make_reading(number, latest, known),
            latest=latest,
            known=known,
        )

    def keep_only(self, series_ids: Collection[int]) -> None:
        """Forget all other series."""
        self._complete = None
        for number in self._sums.keys() - series_ids:
            del self._sums[number]
            self._readings.pop(number, None)

    def _make_reading(
        self, number: int, latest: CachedValue, known: ServerSum
    ) -> Reading | None:
        """Return the server's sum plus the values since, as one reading."""
        recent = self._cache.sum_since(number, known.until)
        if known.amount is None and recent is None:
            return None
        return Reading(
            time=latest.time,
            value=round((recent or 0.0) + (known.amount or 0.0), DECIMALS),
            since=known.midnight,
        )

    def _is_due(self, number: int, midnight: datetime, now: datetime) -> bool:
        """Return True if the server's sum is missing or outdated."""
        known, states = self._sums.get(number), self._states.all_of(number)
        wanted = (midnight, _sum_end(midnight, now), states)
        return bool(states) and (
            known is None or (known.midnight, known.until, known.states) != wanted
        )

    async def _request(
        self, numbers: Sequence[int], midnight: datetime, now: datetime
    ) -> Mapping[int, BackendError]:
        """Request the sums of series with the same midnight."""
        until = _sum_end(midnight, now)
        # In some time zones, days do not begin at a whole hour of UTC.
        width = Width.QUARTER if midnight.minute else Width.HOUR
        count = (until - midnight) // width.length
        amounts: dict[int, dict[datetime, float]] = {number: {} for number in numbers}
        failed: dict[int, BackendError] = {}
        for state in self._states.order if count else ():
            lacking = [
                number
                for number in self._states.having(numbers, state)
                if len(amounts[number]) < count and number not in failed
            ]
            parts, errors = await self._batcher.request_some(
                *self._sums_request(lacking, state, midnight, until, width)
            )
            failed |= errors
            for part in parts:
                for number, buckets in part.items():
                    found = _parse_amounts(buckets, midnight, until)
                    amounts[number] = found | amounts[number]
        for number in numbers:
            if number not in failed:
                self._sums[number] = ServerSum(
                    midnight=midnight,
                    until=until,
                    states=self._states.all_of(number),
                    amount=sum(amounts[number].values()) if amounts[number] else None,
                )
                self._cache.keep_since([number], until)
        return failed

    def _sums_request(
        self,
        numbers: Sequence[int],
        state: int,
        midnight: datetime,
        until: datetime,
        width: Width,
    ) -> tuple[Sequence[Batch], Callable[[Sequence[int]], Awaitable[Values]]]:
        """Return the batches of sums in a state, and what requests one of them."""
        span = Span(state=state, start=midnight, end=until)
        batches = make_batches(numbers, url_length=self._client.url_length(span))
        return batches, lambda ids: self._client.buckets(
            ids, span, width, Aggregation.SUM
        )


def _parse_amounts(
    buckets: Mapping[str, Json], midnight: datetime, until: datetime
) -> dict[datetime, float]:
    """Return the sums of the buckets in [midnight, until) that have values."""
    return {
        time: value
        for label, bucket in buckets.items()
        if (value := as_number(bucket)) is not None
        and (time := as_moment(label)) is not None
        and midnight <= time < until
    }


def quarter_of(moment: datetime) -> datetime:
    """Return the start of a moment's quarter of an hour."""
    return moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0)


def _sum_end(midnight: datetime, now: datetime) -> datetime:
    """Return the end of the server's sum: a whole hour, at least one hour ago."""
    return max(midnight, whole_hour(now) - HOUR)
