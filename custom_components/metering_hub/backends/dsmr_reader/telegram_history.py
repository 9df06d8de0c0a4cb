"""Readings of stored telegrams, one page at a time.

The moment up to which a page is complete depends on its points:

- A register's reading has the time of its telegram, so nothing older follows.
- The extra meter's reading has that meter's own time. It is older than the telegram: by
  5 minutes (DSMR 5), by an hour (DSMR 4), or by any time if the meter has stopped. The
  next one is not older than the last, and a new position is at most EXTRA_LAG older
  than its first telegram. The later of the two limits applies; before any position is
  known, only the second does.
- The power of an hour is held back until it is certain that the hour is not thinned.

Source: docs/wire/dsmr_reader.md, Stored telegrams and Retention.
"""

from collections.abc import AsyncIterable, AsyncIterator, Collection, Mapping
from datetime import UTC, datetime

from ...metering.model import NEW_REGISTER
from ...metering.reading_columns import ReadingColumns
from ..base import HistoryChunk
from ..common.http import Json
from ..common.parse import as_integer, as_number
from ..common.times import as_utc_moment, whole_hour
from .extra_clock import ExtraClock
from .meter_exchanges import NewRegisters
from .meters import (
    ELECTRICITY_KEYS,
    ELECTRICITY_METER,
    EXTRA_KEYS,
    EXTRA_LAG,
    EXTRA_METER,
    POWER_KEY,
)
from .minute_rows import IS_MEAN, LAST_SECOND, MINUTE
from .models import Row

THINNED = 2
"""The retention keeps the first and the last telegram of an hour."""

_HAS_ELECTRICITY = "electricity_currently_delivered"
"""The field that a telegram has even if it is null, and a row of gas does not."""

_NEVER = datetime.min.replace(tzinfo=UTC)


class TelegramHistory:
    """Reads the stored telegrams in a span as readings of some points.

    Nothing before `until` is yielded, because it came from the statistics. `new` finds
    the telegrams with which new meters begin.
    """

    def __init__(
        self,
        keys: Collection[str],
        span: tuple[datetime, datetime],
        until: datetime,
        new: NewRegisters,
    ) -> None:
        """Initialize the reader for one pass over a span."""
        self._registers = tuple(key for key in ELECTRICITY_KEYS if key in keys)
        self._extra = next((key for key in keys if key in EXTRA_KEYS), None)
        self._power = _PowerReader() if POWER_KEY in keys else None
        (self._start, self._end), self._until, self._new = span, until, new
        self._last = self._extra_time = _NEVER
        self._extra_row: tuple[Json, Json] = (None, None)
        self._extra_clock = ExtraClock[float]()

    async def chunks(
        self, pages: AsyncIterable[list[dict[str, Json]]]
    ) -> AsyncIterator[HistoryChunk]:
        """Yield the readings of telegrams page by page, and empty the pages."""
        async for rows in pages:
            readings = self._read(rows)
            # Hundreds of objects would otherwise live until the chunk is written.
            rows.clear()
            yield HistoryChunk(readings=readings, until=self._until)

    def _read(self, rows: Collection[Row]) -> dict[str, ReadingColumns]:
        """Return the readings of a page, whose telegrams are in the order of time."""
        registers = {key: ReadingColumns() for key in self._registers}
        extra, power = ReadingColumns(), ReadingColumns()
        for row in rows:
            if (time := as_utc_moment(row.get("timestamp"))) is None:
                continue
            self._last = time
            if self._extra:
                self._read_extra(row, time, extra)
            if time < self._start or time > self._end:
                continue
            if registers and _HAS_ELECTRICITY in row:
                self._read_registers(row, time, registers)
            if self._power and _HAS_ELECTRICITY in row:
                # A mean is that of the minute before, as of which it is a power. It may
                # follow telegrams of the same minute.
                since = time + LAST_SECOND - MINUTE if IS_MEAN in row else time
                if since >= max(self._start, self._power.last):
                    self._power.read(row, since, power)
        self._move_until()
        found = registers | ({self._extra: extra} if self._extra else {})
        for readings in found.values():
            if len(readings.stored) < len(readings):
                # A part of the row numbers does not tell the order of arrival.
                readings.stored.clear()
        return found | ({POWER_KEY: power} if self._power else {})

    def _read_registers(
        self, row: Row, time: datetime, found: Mapping[str, ReadingColumns]
    ) -> None:
        """Add the positions of the electricity meter."""
        seconds, stored = time.timestamp(), as_integer(row.get("id"))
        is_new = self._is_new_meter(row, time)
        for key, readings in found.items():
            if (value := as_number(row.get(key))) is None:
                continue
            readings.add(seconds, value)
            if stored is not None:
                readings.stored.append(stored)
            if is_new:
                readings.qualities[seconds] = NEW_REGISTER

    def _read_extra(self, row: Row, time: datetime, found: ReadingColumns) -> None:
        """Add the extra meter's position, if it is a new one."""
        stamp = row.get("extra_device_timestamp")
        position = row.get("extra_device_delivered")
        # Hundreds of telegrams repeat a position.
        is_repeated = stamp is not None and (stamp, position) == self._extra_row
        if is_repeated or (value := as_number(position)) is None:
            return
        self._extra_row = stamp, position
        is_new = self._new.is_pending(EXTRA_METER) and self._new.is_first(
            EXTRA_METER, time, {"extra_device_delivered": value}
        )
        measured = self._extra_clock.measured_at(time, as_utc_moment(stamp), value)
        self._extra_time = measured
        # Every telegram repeats the position of a meter that stopped long ago.
        if max(self._start, self._until) <= measured <= self._end:
            found.add(measured.timestamp(), value)
            if (stored := as_integer(row.get("id"))) is not None:
                found.stored.append(stored)
            if is_new:
                found.qualities[measured.timestamp()] = NEW_REGISTER

    def _is_new_meter(self, row: Row, time: datetime) -> bool:
        """Return True for the first telegram of a new electricity meter."""
        if not self._new.is_pending(ELECTRICITY_METER):
            return False
        positions = {
            key: value
            for key in ELECTRICITY_KEYS
            if (value := as_number(row.get(key))) is not None
        }
        return self._new.is_first(ELECTRICITY_METER, time, positions)

    def _move_until(self) -> None:
        """Advance the moment before which no reading follows."""
        until = min(self._last, self._end)
        if self._power and (held := self._power.held_since) is not None:
            until = min(until, held)
        if self._extra:
            earliest = self._last - EXTRA_LAG if self._last > _NEVER else _NEVER
            until = min(until, max(self._extra_time, earliest))
        self._until = max(self._until, until)


class _PowerReader:
    """Reads the net power, except for hours that the retention has thinned.

    The mean of the two telegrams that are left of such an hour would be wrong.
    """

    def __init__(self) -> None:
        """Initialize the reader."""
        self._hour = self.last = _NEVER
        self._moments = 0
        self._held: list[tuple[datetime, Row]] = []

    @property
    def held_since(self) -> datetime | None:
        """Return the start of the hour that is held back, if there is one."""
        return self._hour if self._moments <= THINNED else None

    def read(self, row: Row, time: datetime, found: ReadingColumns) -> None:
        """Add the readings that are certain with this telegram."""
        hour = whole_hour(time)
        if hour != self._hour:
            self._hour, self._moments, self._held = hour, 0, []
        if time != self.last:
            self.last = time
            self._moments += 1
        self._held.append((time, row))
        if self._moments <= THINNED:
            return
        for moment, held in self._held:
            delivered = as_number(held.get("electricity_currently_delivered"))
            returned = as_number(held.get("electricity_currently_returned"))
            if delivered is not None and returned is not None:
                found.add(moment.timestamp(), round(delivered - returned, 3))
        self._held.clear()
