"""The newest values of many series, in few requests.

A steady poll asks for what came since the series were last heard of: one request for
fifty series, whatever their kinds. Series that were never heard of are looked for in an
hour, a day, and then where a count by day over 31 days finds them: the raw values of so
many days would be a hundred times as much. What has nothing there is silent, and looked
for again an hour later, instead of at every poll.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from ..common.concurrency import LoopYielder
from ..common.times import as_moment
from ..errors import BackendError
from .batching import MAX_IDS, SeriesAsker, id_chunks
from .data_states import States
from .timeseries_client import Aggregation, PointsClient, Span, Values, Width
from .value_cache import Heard, HeardValues

MARGIN = timedelta(minutes=5)
"""What comes a little late, with a time before the newest one."""

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
FAR = timedelta(days=31)
AHEAD = timedelta(minutes=1)
"""How far a server's clock may be ahead of ours."""

SILENT_FOR = timedelta(hours=1)
USUAL = timedelta(minutes=5)
"""The interval that a series is taken to have until it is known, to bound answers."""


FEW = 10
"""How many requests a poll may always have."""

VALUES_AT_ONCE = 1000
"""How many values are read out of an answer before others have their turn: that takes
about a millisecond."""

type Starts = Callable[[int], datetime]


class LatestValues:
    """Asks for what is new of series, and remembers whom it asked for in vain."""

    def __init__(
        self,
        asker: SeriesAsker,
        points: PointsClient,
        states: States,
        heard: HeardValues,
    ) -> None:
        """Start without having asked for anything; answers go to `heard`."""
        self._asker = asker
        self._points = points
        self._states = states
        self._heard = heard
        self._silent: dict[int, datetime] = {}
        self._asked: dict[int, datetime] = {}
        self._turn = 0

    def asked(self, series_id: int) -> datetime | None:
        """Return when a series was last asked for what is new."""
        return self._asked.get(series_id)

    def keep(self, series_ids: Collection[int]) -> None:
        """Forget what is remembered of all other series."""
        for known in (self._silent, self._asked):
            for number in known.keys() - frozenset(series_ids):
                del known[number]

    async def refresh(
        self, series_ids: Collection[int], now: datetime
    ) -> Mapping[int, BackendError]:
        """Ask for what is new; return the series that could not be asked for, and why.

        Raises BackendError where nothing could.
        """
        await self._look_for_better_states(series_ids, now)
        begins = {
            number: self._news_from(number, heard, now)
            for number in series_ids
            if (heard := self._heard.of(number)) is not None
        }
        failed = await self._look(begins, now, begins.__getitem__, in_turn=True)
        missing = [
            number
            for number in series_ids
            if self._heard.of(number) is None
            and now - self._silent.get(number, now - SILENT_FOR) >= SILENT_FOR
        ]
        if missing:
            failed |= await self._find(missing, now)
        self._asked |= {n: now for n in series_ids if n not in failed}
        return failed

    def _news_from(self, number: int, heard: Heard, now: datetime) -> datetime:
        """Return since when there may be something new of a series.

        One that has stopped goes on some time later, so that it is not asked for all
        that lies between at every poll.
        """
        usual = 2 * (self._heard.interval(number) or HOUR)
        return max(heard.time - MARGIN, now - max(usual, 2 * HOUR))

    async def _find(
        self, missing: Sequence[int], now: datetime
    ) -> Mapping[int, BackendError]:
        """Look further and further back for series that were never heard of."""
        unknown = [n for n in missing if self._states.of(n) is None]
        days, failed = await self._locate(unknown, now)
        for window in (HOUR, DAY):
            rest = self._unheard(missing)
            failed |= await self._look(rest, now, _always(now - window))
        rest = [n for n in self._unheard(missing) if n not in days]
        found, lost = await self._locate(rest, now)
        failed |= lost
        days |= found
        for day in sorted(set(days.values())):
            there = [n for n in self._unheard(missing) if days.get(n) == day]
            end = min(day + DAY, now + AHEAD)
            failed |= await self._look(there, end, _always(day))
        silent = (n for n in self._unheard(missing) if n not in failed)
        self._silent |= dict.fromkeys(silent, now)
        return failed

    def _unheard(self, series_ids: Iterable[int]) -> list[int]:
        return [number for number in series_ids if self._heard.of(number) is None]

    async def _locate(
        self, series_ids: Sequence[int], now: datetime
    ) -> tuple[dict[int, datetime], dict[int, BackendError]]:
        """Return the last day (UTC) that has values, in the best state that has any."""
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        found: dict[int, datetime] = {}
        failed: dict[int, BackendError] = {}
        for state in self._states.order:
            rest = [n for n in series_ids if n not in found and n not in failed]
            days, lost = await self._last_days(rest, state, today - FAR, now)
            self._states.learn(days, state)
            found |= days
            failed |= lost
        return found, failed

    async def _last_days(
        self, series_ids: Sequence[int], state: int, start: datetime, now: datetime
    ) -> tuple[dict[int, datetime], dict[int, BackendError]]:
        span = Span(state=state, start=start, end=now)
        parts, failed = await self._asker.ask(
            id_chunks(series_ids, length=self._points.length(span)),
            lambda ids: self._points.buckets(ids, span, Width.DAY, Aggregation.COUNT),
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
        due = self._states.due_for_better(series_ids, now)
        for state, numbers in due.items():
            days, _ = await self._last_days(numbers, state, now - DAY, now)
            self._states.learn(days, state)
            self._heard.forget(days)
            for number in days:
                self._silent.pop(number, None)

    async def _look(
        self,
        series_ids: Iterable[int],
        end: datetime,
        start: Starts,
        *,
        in_turn: bool = False,
    ) -> dict[int, BackendError]:
        """Ask for the values of series in [start, end], each in its state."""
        begins = {
            number: min(start(number), self._heard.since(number) or end)
            for number in series_ids
        }
        await asyncio.sleep(0)

        def rows(number: int) -> float:
            return (end - begins[number]) / (self._heard.interval(number) or USUAL)

        chunks: list[tuple[int, ...]] = []
        for state, numbers in self._states.by_state(begins).items():
            # Those that were heard of long ago stand together, for short answers.
            numbers.sort(key=lambda number: (begins[number], number))
            length = self._points.length(Span(state=state, start=end, end=end))
            chunks += id_chunks(numbers, length=length, rows=rows)
        if in_turn:
            chunks = self._in_turn(chunks)

        async def values(ids: Sequence[int]) -> Values:
            state = self._states.of(ids[0])
            first = min(begins[number] for number in ids)
            span = Span(state=state or 0, start=first, end=end + AHEAD)
            return await self._points.values(ids, span)

        parts, failed = await self._asker.ask(chunks, values)
        yielder = LoopYielder(VALUES_AT_ONCE)
        for part in parts:
            for number, points in part.items():
                await yielder.spend(self._heard.take(number, points))
        return failed

    def _in_turn(self, chunks: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
        """Return no more chunks than their series would fill, but for a few.

        Each state leaves a chunk that is not full. Where there are many series, those
        take turns, so that the number of requests does not depend on the states.
        """
        total = sum(map(len, chunks))
        excess = len(chunks) - max(FEW, -(-total // MAX_IDS))
        small = [chunk for chunk in chunks if len(chunk) < MAX_IDS]
        if excess <= 0 or excess >= len(small):
            return chunks
        self._turn = (self._turn + excess) % len(small)
        left_out = (small + small)[self._turn : self._turn + excess]
        return [chunk for chunk in chunks if chunk not in left_out]


def _always(moment: datetime) -> Starts:
    return lambda _number: moment
