"""Today's amounts: what the server sums up, and the newest values on top.

The server's sum from midnight to an hour or two ago is asked for once an hour, so that
what came late is in it. The values since then come with every poll (see `latest`), so
that the amount is never behind.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

from ...metering.model import Reading
from ..common.parse import as_number
from ..common.times import as_moment
from ..errors import BackendError
from .batching import SeriesAsker, id_chunks
from .data_states import States
from .timeseries_client import Aggregation, PointsClient, Span, Width
from .value_cache import Heard, HeardValues

HOUR = timedelta(hours=1)
DECIMALS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The sum of what began in [midnight, until), `None` where there was nothing."""

    midnight: datetime
    until: datetime
    state: int
    amount: float | None


class TodaysAmounts:
    """Keeps the amounts of the day so far, by series."""

    def __init__(
        self,
        asker: SeriesAsker,
        points: PointsClient,
        states: States,
        heard: HeardValues,
    ) -> None:
        """Start with nothing."""
        self._asker = asker
        self._points = points
        self._states = states
        self._heard = heard
        self._bases: dict[int, Base] = {}
        self._made: dict[int, tuple[Heard, Base, Reading]] = {}

    def prepare(self, zones: Mapping[int, tzinfo], now: datetime) -> None:
        """Let the next poll keep what these series need; each has its zone."""
        for number, zone in zones.items():
            base, midnight = self._bases.get(number), local_midnight(now, zone)
            if base is None or base.midnight != midnight:
                self._heard.collect([number], _settled(midnight, now))

    async def refresh(
        self, zones: Mapping[int, tzinfo], now: datetime
    ) -> Mapping[int, BackendError]:
        """Ask for the sums that are due; return what could not be had, and why."""
        due: dict[tuple[int, datetime], list[int]] = {}
        for number, zone in zones.items():
            midnight = local_midnight(now, zone)
            state = self._states.of(number)
            if state is not None and self._is_due(number, state, midnight, now):
                due.setdefault((state, midnight), []).append(number)
        failed: dict[int, BackendError] = {}
        for (state, midnight), numbers in due.items():
            failed |= await self._sum(numbers, state, midnight, now)
        return failed

    def reading(self, number: int, zone: tzinfo, now: datetime) -> Reading | None:
        """Return the amount of the day so far; none before the day's first value.

        It is the same object as before, while the server says nothing new.
        """
        heard, base = self._heard.of(number), self._bases.get(number)
        midnight = local_midnight(now, zone)
        if heard is None or base is None or base.midnight != midnight:
            return None
        made = self._made.get(number)
        if made is not None and made[0] is heard and made[1] is base:
            return made[2]
        values = [v for t, v in self._heard.recent(number).items() if t >= base.until]
        if base.amount is None and not values:
            return None
        reading = Reading(
            time=heard.time,
            value=round(sum(values) + (base.amount or 0.0), DECIMALS),
            since=midnight,
        )
        self._made[number] = heard, base, reading
        return reading

    def keep(self, series_ids: Iterable[int]) -> None:
        """Forget all other series."""
        wanted = set(series_ids)
        self._bases = {n: base for n, base in self._bases.items() if n in wanted}
        self._made = {n: made for n, made in self._made.items() if n in wanted}

    def _is_due(
        self, number: int, state: int, midnight: datetime, now: datetime
    ) -> bool:
        base = self._bases.get(number)
        wanted = (midnight, _settled(midnight, now), state)
        return base is None or (base.midnight, base.until, base.state) != wanted

    async def _sum(
        self, numbers: Sequence[int], state: int, midnight: datetime, now: datetime
    ) -> Mapping[int, BackendError]:
        until = _settled(midnight, now)
        sums: dict[int, float] = {}
        failed: Mapping[int, BackendError] = {}
        if until > midnight:
            span = Span(state=state, start=midnight, end=until)
            # Not everywhere does the day begin at a whole hour of UTC.
            width = Width.QUARTER if midnight.minute else Width.HOUR
            parts, failed = await self._asker.ask(
                id_chunks(numbers, length=self._points.length(span)),
                lambda ids: self._points.buckets(ids, span, width, Aggregation.SUM),
            )
            for part in parts:
                for number, buckets in part.items():
                    values = [
                        value
                        for label, bucket in buckets.items()
                        if (value := as_number(bucket)) is not None
                        and (time := as_moment(label)) is not None
                        and midnight <= time < until
                    ]
                    if values:
                        sums[number] = sum(values)
        for number in numbers:
            if number not in failed:
                self._bases[number] = Base(
                    midnight=midnight,
                    until=until,
                    state=state,
                    amount=sums.get(number),
                )
                self._heard.collect([number], until)
        return failed


@lru_cache(maxsize=64)
def local_midnight(now: datetime, zone: tzinfo) -> datetime:
    """Return when the day began where `zone` is, in UTC."""
    local = now.astimezone(zone)
    return local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).astimezone(
        UTC
    )


def _settled(midnight: datetime, now: datetime) -> datetime:
    """Return up to when the server's sum is asked for: a whole hour, a bit ago."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    return max(midnight, hour - HOUR)
