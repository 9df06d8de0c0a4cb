"""Read the history: stored telegrams, and statistics before the oldest one."""

from collections.abc import AsyncGenerator, AsyncIterator, Collection
from contextlib import aclosing
from datetime import UTC, datetime, timedelta, tzinfo

from ...metering.model import Point
from ..base import EARLIEST, HistoryChunk
from ..common.times import local_midnight
from .client import DsmrReaderClient
from .extra_clock import possible_stamp
from .latest_telegram import TelegramReader
from .meter_exchanges import MeterExchanges, NewRegisters
from .meters import ELECTRICITY_KEYS, EXTRA_KEYS, EXTRA_LAG, POWER_KEY
from .models import (
    ELECTRICITY_TIME_FIELD,
    GAS_TIME_FIELD,
    DayStatistics,
    StoredTelegram,
)
from .positions import LONGEST_GAP, Position
from .row_source import RowSource
from .statistics_history import Span, StatisticsHistory
from .telegram_history import TelegramHistory
from .telegram_search import OldestTelegram
from .totals import TotalHistory, with_parts

_JUST_BEFORE = timedelta(days=1)
"""If telegrams are stored this long before a span, they also cover the span."""


class HistoryReader:
    """Reads the stored readings of a server."""

    def __init__(
        self,
        client: DsmrReaderClient,
        telegrams: TelegramReader,
        exchanges: MeterExchanges,
    ) -> None:
        """Initialize the reader; `telegrams` knows the time zone."""
        self._client = client
        self._telegrams = telegrams
        self._exchanges = exchanges
        self._oldest = OldestTelegram(client)

    async def chunks(
        self, points: Collection[Point], start: datetime, end: datetime
    ) -> AsyncIterator[HistoryChunk]:
        """Yield all readings in [start, end], oldest first; see Backend.history.

        A chunk is a page of telegrams, or a month of statistics.
        """
        keys = [point.key for point in points]
        totals = TotalHistory(keys)
        async with aclosing(self._chunks(with_parts(keys), start, end)) as chunks:
            async for chunk in chunks:
                yield totals.complete(chunk)

    async def _chunks(
        self, keys: Collection[str], start: datetime, end: datetime
    ) -> AsyncGenerator[HistoryChunk]:
        """Yield all readings of keys that telegrams have."""
        zone = await self._telegrams.find_time_zone()
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        known = {POWER_KEY, *ELECTRICITY_KEYS, *EXTRA_KEYS}
        wanted = [key for key in keys if key in known]
        registers = [key for key in wanted if key != POWER_KEY]
        if not wanted or end < start:
            return
        rows_from: datetime | None = start
        until = start
        before = 0
        if registers:
            before = await self._client.count_telegrams(start - _JUST_BEFORE, start)
        # Looking just before `start` takes one request, the oldest telegram more.
        if registers and not before:
            oldest = await self._oldest_telegram(await self._oldest_day(), zone)
            rows_from = oldest.time if oldest else None
            if rows_from is None or rows_from > start:
                span = Span(
                    start=start,
                    end=end,
                    join=rows_from,
                    positions=_positions(registers, oldest),
                )
                statistics = StatisticsHistory(self._client, registers, zone, span)
                async for chunk in statistics.chunks():
                    until = chunk.until
                    yield chunk
        if rows_from is not None and rows_from <= end:
            first = max(start, rows_from)
            new = NewRegisters(self._exchanges, first)
            telegrams = TelegramHistory(wanted, (start, end), until, new)
            source = self._source(wanted)
            async with aclosing(source.pages(first, end, before)) as pages:
                async for chunk in telegrams.chunks(pages):
                    yield chunk

    def _source(self, keys: Collection[str]) -> RowSource:
        """Return the source of the rows that some points need."""
        statistics = self._telegrams.statistics
        version = statistics.dsmr_version if statistics else None
        return RowSource(
            self._client,
            self._exchanges,
            has_electricity=not EXTRA_KEYS.issuperset(keys),
            has_extra=not EXTRA_KEYS.isdisjoint(keys),
            is_shifted=bool(version and version.startswith("4")),
        )

    async def first_reading(self, points: Collection[Point]) -> datetime | None:
        """Return the time of the oldest telegram, or of the oldest day before it.

        What a clock has stamped that nobody had set does not count.
        """
        zone = await self._telegrams.find_time_zone()
        keys = with_parts([point.key for point in points])
        day = await self._oldest_day()
        moments: list[datetime] = []
        if (oldest := await self._oldest_telegram(day, zone)) is not None:
            moments.append(oldest.time)
            measured = possible_stamp(oldest.extra_device_time, oldest.time)
            # The position of a meter that stopped long ago is not a first reading.
            if EXTRA_KEYS & set(keys) and measured > oldest.time - EXTRA_LAG:
                moments.append(measured)
        if day is not None:
            moments += _day_moments(day, keys, zone)
        return min(moments, default=None)

    async def _oldest_day(self) -> DayStatistics | None:
        """Return the oldest day that has statistics."""
        return await self._client.oldest_day(EARLIEST.date())

    async def _oldest_telegram(
        self, day: DayStatistics | None, zone: tzinfo
    ) -> StoredTelegram | None:
        """Return the oldest telegram; `day` is the oldest one with statistics."""
        if (latest := self._telegrams.telegram) is None:
            return None
        return await self._oldest.find(day, zone, latest.time)


def _day_moments(
    day: DayStatistics, keys: Collection[str], zone: tzinfo
) -> list[datetime]:
    """Return when the readings of a day's statistics begin."""
    midnight = local_midnight(day.day, zone)
    found = set[datetime]()
    if set(keys) & set(ELECTRICITY_KEYS):
        found.add(day.times.get(ELECTRICITY_TIME_FIELD, midnight))
    if set(keys) & EXTRA_KEYS:
        stamp = day.times.get(GAS_TIME_FIELD, midnight)
        is_near = midnight - EXTRA_LAG < stamp < midnight + LONGEST_GAP
        found.add(stamp if is_near else midnight)
    return list(found)


def _positions(
    registers: Collection[str], oldest: StoredTelegram | None
) -> dict[str, Position]:
    """Return the positions in the oldest telegram, where the statistics end."""
    found: dict[str, Position] = {}
    if oldest is None:
        return found
    for key in registers:
        is_extra = key in EXTRA_KEYS
        value = oldest.numbers.get("extra_device_delivered" if is_extra else key)
        stamp = oldest.extra_device_time if is_extra else None
        if value is not None:
            found[key] = Position(possible_stamp(stamp, oldest.time), float(value))
    return found
