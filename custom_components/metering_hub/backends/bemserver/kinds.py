"""Learn what the catalogue does not say: whether a series holds positions or amounts.

BEMServer marks neither (../shared/wire/bemserver.md §6). A meter's positions never
fall; an hour's lowest amounts do so within a day. A verdict is kept for good: what was
written with it must not become something else because of one odd week.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from statistics import median

from ...metering.model import Kind
from ..base import Memory
from ..common.http import Json
from ..common.parse import as_integer, as_number, as_object
from ..common.times import as_moment
from .batching import SeriesAsker, id_chunks
from .data_states import States
from .timeseries_client import Aggregation, PointsClient, Span, Values, Width

LOOKED_AT = timedelta(days=7)
LOOKED_AT_LONG = timedelta(days=366)
LOOK_AGAIN = timedelta(days=1)
"""How soon a series without a verdict is looked at again."""

FEW_GAPS = 3
"""How many gaps between values must be known to tell an interval."""

STEPS = 5
"""How many different positions make a meter."""

ENOUGH = 7
"""Fewer values than this may grow by chance."""

LENGTHS = {Width.HOUR: timedelta(hours=1), Width.DAY: timedelta(days=1)}

type Lows = Sequence[tuple[datetime, float]]
"""The lowest value of each hour, or day, that has any."""


class Kinds:
    """Remembers the kind, and about how often there is a value, of series."""

    def __init__(
        self, asker: SeriesAsker, points: PointsClient, states: States
    ) -> None:
        """Start knowing none."""
        self._asker = asker
        self._points = points
        self._states = states
        self._verdicts: dict[int, Kind] = {}
        self._guesses: dict[int, Kind] = {}
        self._hours: dict[int, int] = {}
        self._looked: dict[int, datetime] = {}

    @property
    def kinds(self) -> Mapping[int, Kind]:
        """Return the kinds; where there is no verdict yet, what is likely."""
        return {**self._guesses, **self._verdicts}

    @property
    def intervals(self) -> Mapping[int, timedelta]:
        """Return intervals, to the hour; shorter ones count as an hour."""
        return {number: timedelta(hours=count) for number, count in self._hours.items()}

    @property
    def guessed(self) -> Collection[int]:
        """Return the series whose kind is likely, but not sure."""
        return self._guesses.keys() - self._verdicts.keys()

    async def learn(
        self, series_ids: Iterable[int], now: datetime, active: Collection[int] = ()
    ) -> None:
        """Look at the series that have no verdict; raises BackendError.

        Most need one request for fifty of them. Where the last week says nothing, the
        last year is looked at. A series that could not be looked at has no kind. Those
        that are `active` are looked at again at once, the others after a day.
        """
        hour = now.replace(minute=0, second=0, microsecond=0)
        open_ = [
            number
            for number in sorted(series_ids)
            if number not in self._verdicts
            and (
                number in active
                or now - self._looked.get(number, now - LOOK_AGAIN) >= LOOK_AGAIN
            )
        ]
        if not open_:
            return
        start = hour - LOOKED_AT
        lows, failed = await self._lows(open_, start, hour, Width.HOUR)
        await self._judge(lows, Width.HOUR)
        open_ = [n for n in open_ if n not in self._verdicts and n not in failed]
        if open_:
            day = hour.replace(hour=0)
            start = day - LOOKED_AT_LONG
            lows, failed = await self._lows(open_, start, day, Width.DAY)
            await self._judge(lows, Width.DAY)
        for number in open_:
            if number not in failed:
                self._looked[number] = now
                self._guesses.setdefault(number, Kind.INTERVAL)

    async def _lows(
        self, series_ids: Sequence[int], start: datetime, end: datetime, width: Width
    ) -> tuple[Mapping[int, Lows], Collection[int]]:
        """Return lows, and the series for which they could not be had.

        They are of the first state that has any, which is learned thereby.
        """
        found: dict[int, Lows] = {}
        failed: set[int] = set()
        rows = (end - start) / LENGTHS[width]
        for state in self._states.order:
            rest = [
                number
                for number in series_ids
                if number not in found
                and number not in failed
                and self._states.of(number) in (None, state)
            ]
            span = Span(state=state, start=start, end=end)
            parts, lost = await self._asker.ask(
                id_chunks(
                    rest, length=self._points.length(span), rows=lambda _id: rows
                ),
                partial(
                    self._points.buckets,
                    span=span,
                    width=width,
                    aggregation=Aggregation.LOWEST,
                ),
            )
            lows: dict[int, Lows] = {}
            for part in parts:
                lows |= await _known_lows(part)
            self._states.learn(lows, state)
            found |= lows
            failed |= lost.keys()
        return found, failed

    async def _judge(self, lows: Mapping[int, Lows], width: Width) -> None:
        for number, low in lows.items():
            kind, is_sure = judge([value for _, value in low])
            (self._verdicts if is_sure else self._guesses)[number] = kind
            hours = [(b[0] - a[0]) / LENGTHS[Width.HOUR] for a, b in pairwise(low)]
            if len(hours) >= FEW_GAPS:
                gap = round(median(hours))
                # One low a day says nothing of how many values the day has.
                if width is Width.HOUR or gap > LENGTHS[width] / LENGTHS[Width.HOUR]:
                    self._hours[number] = max(1, gap)
            # A series takes a tenth of a millisecond, but there are thousands.
            await asyncio.sleep(0)

    def keep(self, series_ids: frozenset[int]) -> None:
        """Forget series that no longer exist."""
        for known in (self._verdicts, self._guesses, self._hours, self._looked):
            for number in known.keys() - series_ids:
                del known[number]

    def restore(self, memory: Memory) -> None:
        """Take over what `remember` returned before a restart."""
        for name, kind in (("registers", Kind.REGISTER), ("amounts", Kind.INTERVAL)):
            numbers = memory.get(name)
            if isinstance(numbers, list):
                known = (number for number in numbers if isinstance(number, int))
                self._verdicts |= dict.fromkeys(known, kind)
        for label, count in as_object(memory.get("hours")).items():
            number, hours = as_integer(label), as_integer(count)
            if number is not None and hours is not None and hours > 0:
                self._hours[number] = hours

    def remember(self) -> dict[str, Json]:
        """Return the verdicts, and intervals of more than an hour."""
        return {
            "registers": [*self._of(Kind.REGISTER)],
            "amounts": [*self._of(Kind.INTERVAL)],
            "hours": {str(n): count for n, count in self._hours.items() if count > 1},
        }

    def _of(self, kind: Kind) -> list[int]:
        return sorted(n for n, verdict in self._verdicts.items() if verdict is kind)


def judge(lows: Sequence[float]) -> tuple[Kind, bool]:
    """Return what a series is whose lowest values are these, and whether that is sure.

    What never changes may be a meter that stands still, or an amount that is always
    the same: amounts, until there is more to see.
    """
    different = len(set(lows))
    if all(earlier <= later for earlier, later in pairwise(lows)):
        kind = Kind.REGISTER if different > 1 else Kind.INTERVAL
        # Amounts that begin after a week of nothing also grow, for an hour or two.
        return kind, different >= STEPS and len(lows) >= ENOUGH
    return Kind.INTERVAL, len(lows) >= ENOUGH


async def _known_lows(values: Values) -> dict[int, Lows]:
    """Return the buckets that have a value, oldest first, of series that have any."""
    found: dict[int, Lows] = {}
    # All series of an answer have the same buckets.
    labels = frozenset(label for buckets in values.values() for label in buckets)
    moments = {label: as_moment(label) for label in labels}
    for number, buckets in values.items():
        lows = [
            (moment, value)
            for label, bucket in sorted(buckets.items())
            if (value := as_number(bucket)) is not None
            and (moment := moments[label]) is not None
        ]
        if lows:
            found[number] = lows
        # A series is a fraction of a millisecond, fifty of them hold the event loop.
        await asyncio.sleep(0)
    return found
