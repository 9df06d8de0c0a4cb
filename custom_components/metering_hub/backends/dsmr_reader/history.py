"""The past of a DSMR-reader: stored telegrams, and statistics before the oldest one."""

from collections.abc import AsyncIterator, Collection
from datetime import UTC, datetime, time, timedelta, tzinfo

from ...metering.model import Point
from ..base import HistoryChunk
from ..common.times import as_day
from .history_client import HistoryClient, Row, moment, number
from .positions import Position
from .statistics_history import Span, StatisticsPast
from .telegram_history import (
    ELECTRICITY,
    EXTRA_KEYS,
    EXTRA_LAG,
    POWER,
    TelegramReadings,
    telegram_chunks,
)

_NEAR = timedelta(days=1)
_EXTRA_FIELD = "extra_device_delivered"


def keys_of(points: Collection[Point]) -> frozenset[str]:
    """Return the keys of points, which is all that the past needs of them."""
    return frozenset(point.key for point in points)


async def history_chunks(
    client: HistoryClient,
    keys: Collection[str],
    zone: tzinfo,
    start: datetime,
    end: datetime,
) -> AsyncIterator[HistoryChunk]:
    """Yield all readings in [start, end], oldest first; see Backend.history.

    A chunk is a page of telegrams, or a month of statistics.
    """
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    wanted = [key for key in keys if key in {POWER, *ELECTRICITY, *EXTRA_KEYS}]
    registers = [key for key in wanted if key != POWER]
    if not wanted or end < start:
        return
    rows_from: datetime | None = start
    until = start
    # To look just before `start` is cheap. To look for the oldest telegram of all is
    # not, because the server counts all of them.
    if registers and not await client.count_readings(start - _NEAR, start):
        oldest = await client.oldest_reading()
        rows_from = moment(oldest.get("timestamp")) if oldest else None
        if rows_from is None or rows_from > start:
            span = Span(
                start=start,
                end=end,
                join=rows_from,
                positions=_positions(registers, oldest or {}, rows_from),
            )
            past = StatisticsPast(client, registers, zone, span)
            async for chunk in past.chunks():
                until = chunk.until
                yield chunk
    if rows_from is not None and rows_from <= end:
        readings = TelegramReadings(wanted, start, end, until)
        rows_from = max(start, rows_from)
        async for chunk in telegram_chunks(client, wanted, rows_from, readings, end):
            yield chunk


async def history_start(
    client: HistoryClient, keys: Collection[str], zone: tzinfo
) -> datetime | None:
    """Return when the oldest telegram, or before it the oldest day, was measured."""
    moments: list[datetime] = []
    if (oldest := await client.oldest_reading()) is not None:
        time_ = moment(oldest.get("timestamp"))
        stamp = moment(oldest.get("extra_device_timestamp"))
        moments += [time_] if time_ else []
        # A meter that stopped long before is no reason to begin there.
        if time_ and stamp and EXTRA_KEYS & set(keys) and stamp > time_ - EXTRA_LAG:
            moments.append(stamp)
    if set(keys) - {POWER} and (row := await client.oldest_day()) is not None:
        moments += _day_moments(row, keys, zone)
    return min(moments, default=None)


def _day_moments(row: Row, keys: Collection[str], zone: tzinfo) -> list[datetime]:
    """Return when the readings of a day's statistics begin."""
    if (day := as_day(row.get("day"))) is None:
        return []
    midnight = datetime.combine(day, time(), zone).astimezone(UTC)
    found = set[datetime | None]()
    if set(keys) & set(ELECTRICITY):
        found.add(moment(row.get("electricity_reading_timestamp")))
    if set(keys) & EXTRA_KEYS:
        stamp = moment(row.get("gas_reading_timestamp"))
        found.add(stamp if stamp and stamp > midnight - EXTRA_LAG else None)
    return [each or midnight for each in found]


def _positions(
    registers: Collection[str], row: Row, measured: datetime | None
) -> dict[str, Position]:
    """Return the positions in the oldest telegram, to which the statistics lead."""
    found: dict[str, Position] = {}
    for key in registers:
        is_extra = key in EXTRA_KEYS
        value = number(row.get(_EXTRA_FIELD if is_extra else key))
        stamp = moment(row.get("extra_device_timestamp")) if is_extra else None
        if value is not None and measured is not None:
            found[key] = Position(stamp or measured, value)
    return found
