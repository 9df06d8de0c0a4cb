"""Detects whether a series holds meter readings or amounts per interval.

BEMServer does not say (docs/wire/bemserver.md, Semantics). Meter readings never fall,
whereas the hourly minima of amounts do so within a day. A detected kind is permanent,
because the statistics written with it must not change their meaning after an odd week.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from statistics import median

from ...metering.model import Kind
from ..base import Memory
from ..common.http import Json
from ..common.parse import as_integer, as_number, as_object
from ..common.times import as_moment, local_midnight, whole_hour
from .batching import SeriesBatcher, make_batches
from .data_states import DataStates, Results
from .timeseries_client import Aggregation, Span, TimeseriesClient, Values, Width

SHORT_PERIOD = timedelta(days=7)
"""The period whose hourly minima are examined first."""

LONG_PERIOD = timedelta(days=366)
"""The period whose daily minima are examined where the hourly ones are not enough."""

RECHECK_AFTER = timedelta(days=1)
"""When a series whose kind could not be detected is examined again."""

MIN_GAPS = 3
"""Gaps between values that are needed to detect an interval."""

MIN_POSITIONS = 5
"""Different values that are needed to detect a meter."""

MIN_VALUES = 7
"""Values that are needed to detect a kind: fewer may increase by chance."""

HOUR = timedelta(hours=1)
LENGTHS = {Width.HOUR: HOUR, Width.DAY: timedelta(days=1)}

type Minima = Sequence[tuple[datetime, float]]
"""The lowest value of each hour, or day, that has values; oldest first."""


class SeriesKinds:
    """Remembers the kinds and the approximate intervals of series."""

    def __init__(
        self, batcher: SeriesBatcher, client: TimeseriesClient, states: DataStates
    ) -> None:
        """Initialize without any kinds."""
        self._batcher = batcher
        self._client = client
        self._states = states
        self._detected: dict[int, Kind] = {}
        self._assumed: dict[int, Kind] = {}
        self._hours: dict[int, int] = {}
        self._examined: dict[int, datetime] = {}

    @property
    def kinds(self) -> Mapping[int, Kind]:
        """Return the kinds, detected or assumed."""
        return {**self._assumed, **self._detected}

    @property
    def assumed(self) -> Collection[int]:
        """Return the series whose kind is assumed."""
        return self._assumed.keys() - self._detected.keys()

    @property
    def intervals(self) -> Mapping[int, timedelta]:
        """Return intervals in whole hours; shorter ones count as one hour."""
        return {number: timedelta(hours=count) for number, count in self._hours.items()}

    async def detect(
        self, series_ids: Iterable[int], now: datetime, active: Collection[int] = ()
    ) -> None:
        """Examine the series whose kind has not been detected; raises BackendError.

        Most take one request for fifty series. A series whose request failed has no
        kind yet. Series that are `active` are examined at every call, others once a
        day.
        """
        rest = [
            number
            for number in sorted(series_ids)
            if number not in self._detected
            and (
                number in active
                or now - self._examined.get(number, now - RECHECK_AFTER)
                >= RECHECK_AFTER
            )
        ]
        if not rest:
            return
        hour, day = whole_hour(now), local_midnight(now, UTC)
        failed = await self._examine(rest, hour - SHORT_PERIOD, hour, Width.HOUR)
        rest = [n for n in rest if n not in self._detected and n not in failed]
        if not rest:
            return
        failed = await self._examine(rest, day - LONG_PERIOD, day, Width.DAY)
        for number in rest:
            if number not in failed:
                self._examined[number] = now
                self._assumed.setdefault(number, Kind.INTERVAL)

    async def _examine(
        self, series_ids: Sequence[int], start: datetime, end: datetime, width: Width
    ) -> Collection[int]:
        """Examine series in the first data state with values; return failed ones."""
        rows = (end - start) / LENGTHS[width]

        async def read(ids: list[int], state: int) -> Results[Minima]:
            """Request the minima of series in a state."""
            span = Span(state=state, start=start, end=end)
            parts, failed = await self._batcher.request(
                make_batches(
                    ids,
                    url_length=self._client.url_length(span),
                    rows=lambda _id: rows,
                ),
                partial(
                    self._client.buckets,
                    span=span,
                    width=width,
                    aggregation=Aggregation.MIN,
                ),
            )
            minima: dict[int, Minima] = {}
            for part in parts:
                minima |= await _parse_minima(part)
            return minima, failed

        found, failed = await self._states.search(series_ids, read)
        for number, minima in found.items():
            self._evaluate(number, minima, width)
            # A series takes a tenth of a millisecond, but there are thousands.
            await asyncio.sleep(0)
        return failed.keys()

    def _evaluate(self, number: int, minima: Minima, width: Width) -> None:
        """Set the kind and the interval of a series."""
        kind, is_certain = detect_kind([value for _, value in minima])
        (self._detected if is_certain else self._assumed)[number] = kind
        hours = [
            (after - before) / HOUR for (before, _), (after, _) in pairwise(minima)
        ]
        if len(hours) >= MIN_GAPS:
            gap = round(median(hours))
            # Daily minima do not show how many values a day has.
            if width is Width.HOUR or gap > LENGTHS[width] / HOUR:
                self._hours[number] = max(1, gap)

    def keep_only(self, series_ids: Collection[int]) -> None:
        """Forget all other series."""
        for known in (self._detected, self._assumed, self._hours, self._examined):
            for number in known.keys() - series_ids:
                del known[number]

    def restore(self, memory: Memory) -> None:
        """Restore what `remember` returned."""
        for name, kind in (("registers", Kind.REGISTER), ("amounts", Kind.INTERVAL)):
            numbers = memory.get(name)
            if isinstance(numbers, list):
                known = (number for number in numbers if isinstance(number, int))
                self._detected |= dict.fromkeys(known, kind)
        for label, count in as_object(memory.get("hours")).items():
            number, hours = as_integer(label), as_integer(count)
            if number is not None and hours is not None and hours > 0:
                self._hours[number] = hours

    def remember(self) -> dict[str, Json]:
        """Return detected kinds, and intervals of more than an hour."""
        return {
            "registers": [*self._with_kind(Kind.REGISTER)],
            "amounts": [*self._with_kind(Kind.INTERVAL)],
            "hours": {str(n): count for n, count in self._hours.items() if count > 1},
        }

    def _with_kind(self, kind: Kind) -> list[int]:
        """Return the series with a detected kind."""
        return sorted(n for n, detected in self._detected.items() if detected is kind)


def detect_kind(minima: Sequence[float]) -> tuple[Kind, bool]:
    """Return the kind of a series with these minima, and whether it is certain.

    Values that never change may be of an idle meter or of constant amounts: they are
    assumed to be amounts until more is known.
    """
    different = len(set(minima))
    if all(earlier <= later for earlier, later in pairwise(minima)):
        kind = Kind.REGISTER if different > 1 else Kind.INTERVAL
        # Amounts that start after an idle week also increase for an hour or two.
        return kind, different >= MIN_POSITIONS and len(minima) >= MIN_VALUES
    return Kind.INTERVAL, len(minima) >= MIN_VALUES


async def _parse_minima(buckets: Values) -> dict[int, Minima]:
    """Return the buckets that have a value, by series."""
    found: dict[int, Minima] = {}
    # All series of an answer have the same buckets, so each time is parsed once.
    labels = frozenset(label for by_time in buckets.values() for label in by_time)
    moments = {label: as_moment(label) for label in labels}
    for number, by_time in buckets.items():
        minima = [
            (moment, value)
            for label, bucket in sorted(by_time.items())
            if (value := as_number(bucket)) is not None
            and (moment := moments[label]) is not None
        ]
        if minima:
            found[number] = minima
        # Fifty series would block the event loop.
        await asyncio.sleep(0)
    return found
