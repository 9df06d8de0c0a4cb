"""Stored telegrams become readings, a page at a time.

Up to when a page is complete (`TelegramReadings.until`) depends on the points:

- A register's reading has the time of its telegram, so nothing older comes any more.
- The reading of the extra meter has that meter's own time, which lags behind the
  telegram's: 5 minutes (DSMR 5), an hour (DSMR 4), or for ever, where the meter has
  stopped. What comes next is not older than the last one seen, and a *new* position
  is not older than EXTRA_LAG when the first telegram brings it. The later of these two
  counts; without any position seen, only the second.
- The power of an hour is held back until it is clear that the hour is not thinned.
"""

from collections.abc import AsyncIterator, Collection
from datetime import UTC, datetime, timedelta

from ...metering.reading_columns import ReadingColumns
from ..base import HistoryChunk
from ..common.http import Json
from .history_client import HistoryClient, Row, moment, number
from .telegram import ExtraDevice

POWER = "electricity_power"
ELECTRICITY = (
    "electricity_delivered_1",
    "electricity_delivered_2",
    "electricity_returned_1",
    "electricity_returned_2",
)
EXTRA_KEYS = frozenset(device.value for device in ExtraDevice)
EXTRA_LAG = timedelta(hours=6)
"""No position of an extra meter is older than this when it first comes."""

THINNED = 2
"""The retention leaves the first and the last reading of an hour."""

_NEVER = datetime.min.replace(tzinfo=UTC)


class TelegramReadings:
    """LoopYielder rows of datalogger/dsmrreading into the readings of some points."""

    def __init__(
        self, keys: Collection[str], start: datetime, end: datetime, until: datetime
    ) -> None:
        """Keep readings in [start, end]; nothing before `until` will come."""
        self._registers = tuple(key for key in ELECTRICITY if key in keys)
        self._extra = next((key for key in keys if key in EXTRA_KEYS), None)
        self._power = _Power() if POWER in keys else None
        self._start, self._end = start, end
        self._last = self._extra_time = _NEVER
        self._extra_row: tuple[Json, Json] = (None, None)
        self.until = until

    def take(self, rows: Collection[Row]) -> dict[str, ReadingColumns]:
        """Return the readings of a page; rows must come in the order of their time."""
        registers = [(key, ReadingColumns()) for key in self._registers]
        extra, power = ReadingColumns(), ReadingColumns()
        for row in rows:
            if (time := moment(row.get("timestamp"))) is None:
                continue
            self._last = time
            if self._extra:
                self._take_extra(row, time, extra)
            if time < self._start or time > self._end:
                continue
            at = time.timestamp()
            for key, readings in registers:
                if (value := number(row.get(key))) is not None:
                    readings.add(at, value)
            if self._power:
                self._power.take(row, time, power)
        self._move_until()
        found = dict(registers)
        if self._extra:
            found[self._extra] = extra
        if self._power:
            found[POWER] = power
        return found

    def _take_extra(self, row: Row, time: datetime, found: ReadingColumns) -> None:
        stamp = row.get("extra_device_timestamp")
        position = row.get("extra_device_delivered")
        # Hundreds of telegrams repeat a position.
        repeated = stamp is not None and (stamp, position) == self._extra_row
        if repeated or (value := number(position)) is None:
            return
        self._extra_row = stamp, position
        self._extra_time = measured = moment(stamp) or time
        # A meter that stopped long ago is still in every telegram.
        if max(self._start, self.until) <= measured <= self._end:
            found.add(measured.timestamp(), value)

    def _move_until(self) -> None:
        until = min(self._last, self._end)
        if self._power and (held := self._power.held_since) is not None:
            until = min(until, held)
        if self._extra:
            newly = self._last - EXTRA_LAG if self._last > _NEVER else _NEVER
            until = min(until, max(self._extra_time, newly))
        self.until = max(self.until, until)


class _Power:
    """Net power, without the hours of which only the first and last are left.

    Their mean would be wrong.
    """

    def __init__(self) -> None:
        self._hour = self._last = _NEVER
        self._moments = 0
        self._held: list[tuple[datetime, Row]] = []

    @property
    def held_since(self) -> datetime | None:
        """Return the oldest moment of which readings may still come."""
        return self._hour if self._moments <= THINNED else None

    def take(self, row: Row, time: datetime, found: ReadingColumns) -> None:
        """Add the readings that are certain by this row."""
        hour = time.replace(minute=0, second=0, microsecond=0)
        if hour != self._hour:
            self._hour, self._moments, self._held = hour, 0, []
        if time != self._last:
            self._last = time
            self._moments += 1
        self._held.append((time, row))
        if self._moments <= THINNED:
            return
        for moment_of, held in self._held:
            delivered = number(held.get("electricity_currently_delivered"))
            returned = number(held.get("electricity_currently_returned"))
            if delivered is not None and returned is not None:
                found.add(moment_of.timestamp(), round(delivered - returned, 3))
        self._held.clear()


async def telegram_chunks(
    client: HistoryClient,
    keys: Collection[str],
    rows_from: datetime,
    readings: TelegramReadings,
    end: datetime,
) -> AsyncIterator[HistoryChunk]:
    """Yield the readings of stored telegrams, a page at a time."""
    # Positions of the extra meter come with later telegrams.
    late = EXTRA_LAG if EXTRA_KEYS & set(keys) else timedelta()
    async for rows in client.readings(rows_from, end + late):
        found = readings.take(rows)
        # They would live until the chunk is written, hundreds of objects.
        rows.clear()
        yield HistoryChunk(readings=found, until=readings.until)
