"""Read the history: stored telegrams, and statistics before the oldest one."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from datetime import UTC, datetime, timedelta, tzinfo

from ...metering.model import Point
from ..base import HistoryChunk
from ..common.times import local_midnight
from .client import DsmrReaderClient
from .meters import ELECTRICITY_KEYS, EXTRA_KEYS, EXTRA_LAG, POWER_KEY
from .models import (
    ELECTRICITY_TIME_FIELD,
    GAS_TIME_FIELD,
    DayStatistics,
    StoredTelegram,
)
from .positions import Position
from .statistics_history import Span, StatisticsHistory
from .telegram_history import TelegramHistory

_JUST_BEFORE = timedelta(days=1)
"""If telegrams are stored this long before a span, they also cover the span."""


class HistoryReader:
    """Reads the stored readings of a server."""

    def __init__(
        self, client: DsmrReaderClient, find_zone: Callable[[], Awaitable[tzinfo]]
    ) -> None:
        """Initialize the reader; `find_zone` returns the server's time zone."""
        self._client = client
        self._find_zone = find_zone

    async def chunks(
        self, points: Collection[Point], start: datetime, end: datetime
    ) -> AsyncIterator[HistoryChunk]:
        """Yield all readings in [start, end], oldest first; see Backend.history.

        A chunk is a page of telegrams, or a month of statistics.
        """
        zone = await self._find_zone()
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        known = {POWER_KEY, *ELECTRICITY_KEYS, *EXTRA_KEYS}
        wanted = [point.key for point in points if point.key in known]
        registers = [key for key in wanted if key != POWER_KEY]
        if not wanted or end < start:
            return
        rows_from: datetime | None = start
        until = start
        # Looking just before `start` is cheap. Looking for the oldest telegram is not,
        # because the server counts all of them.
        if registers and not await self._client.count_telegrams(
            start - _JUST_BEFORE, start
        ):
            oldest = await self._client.oldest_telegram()
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
            telegrams = TelegramHistory(wanted, start, end, until)
            async for chunk in telegrams.chunks(self._client, max(start, rows_from)):
                yield chunk

    async def first_reading(self, points: Collection[Point]) -> datetime | None:
        """Return the time of the oldest telegram, or of the oldest day before it."""
        zone = await self._find_zone()
        keys = {point.key for point in points}
        moments: list[datetime] = []
        if (oldest := await self._client.oldest_telegram()) is not None:
            moments.append(oldest.time)
            stamp = oldest.extra_device_time
            # The position of a meter that stopped long ago is not a first reading.
            if stamp and EXTRA_KEYS & keys and stamp > oldest.time - EXTRA_LAG:
                moments.append(stamp)
        if keys - {POWER_KEY} and (day := await self._client.oldest_day()) is not None:
            moments += _day_moments(day, keys, zone)
        return min(moments, default=None)


def _day_moments(
    day: DayStatistics, keys: Collection[str], zone: tzinfo
) -> list[datetime]:
    """Return when the readings of a day's statistics begin."""
    midnight = local_midnight(day.day, zone)
    found = set[datetime]()
    if set(keys) & set(ELECTRICITY_KEYS):
        found.add(day.times.get(ELECTRICITY_TIME_FIELD, midnight))
    if set(keys) & EXTRA_KEYS:
        stamp = day.times.get(GAS_TIME_FIELD)
        found.add(stamp if stamp and stamp > midnight - EXTRA_LAG else midnight)
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
            found[key] = Position(stamp or oldest.time, float(value))
    return found
