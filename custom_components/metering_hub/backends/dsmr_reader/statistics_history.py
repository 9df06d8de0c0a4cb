"""Readings before the oldest stored telegram, from the statistics of days and hours.

Days have the meters' positions at their first telegram. Hours only have amounts, which
shape the positions in between. Before the first known position there are amounts only:
there, positions are counted back from it, hour by hour. These are continuous, but only
as exact as the amounts, and negative if the meter was exchanged.
Source: docs/wire/dsmr_reader.md, Statistics and Accuracy.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from math import inf

from ...metering.model import Reading
from ..base import EARLIEST, HistoryChunk
from ..common.times import local_midnight
from .client import DsmrReaderClient
from .meters import ELECTRICITY_KEYS, EXTRA_LAG, MOST_PER_HOUR
from .models import (
    AMOUNT_FIELDS,
    ELECTRICITY_TIME_FIELD,
    GAS_TIME_FIELD,
    POSITION_FIELDS,
    DayStatistics,
)
from .positions import HOUR, LONGEST_GAP, Amounts, Position, RegisterHistory

BLOCK = timedelta(days=31)
DAY = timedelta(days=1)
MARGIN = LONGEST_GAP + DAY
"""Days up to this far outside a span may still shape the positions inside it."""


@dataclass(frozen=True, slots=True)
class _Fields:
    """The fields of a register in the statistics of days and hours."""

    position: str
    time: str
    amount: str


_EXTRA_FIELDS = _Fields(POSITION_FIELDS[-1], GAS_TIME_FIELD, AMOUNT_FIELDS[-1])
_ELECTRICITY_FIELDS = {
    key: _Fields(position, ELECTRICITY_TIME_FIELD, amount)
    for key, position, amount in zip(
        ELECTRICITY_KEYS, POSITION_FIELDS[:-1], AMOUNT_FIELDS[:-1], strict=True
    )
}


@dataclass(frozen=True, slots=True)
class _Block:
    """The statistics of the days in [first, end).

    `amounts` is by register and also holds the hours of LONGEST_GAP before `first`.
    """

    first: date
    end: date
    days: Sequence[DayStatistics]
    amounts: Mapping[str, Amounts]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The span [start, end] to read, in UTC.

    The stored telegrams begin at `join`, if there are any; `positions` are the ones in
    the oldest telegram, by register.
    """

    start: datetime
    end: datetime
    join: datetime | None
    positions: Mapping[str, Position]


class StatisticsHistory:
    """Reads the statistics in blocks of days, oldest first."""

    def __init__(
        self, client: DsmrReaderClient, keys: list[str], zone: tzinfo, span: Span
    ) -> None:
        """Initialize the reader of some registers, for one pass over a span."""
        self._client = client
        self._zone = zone
        self._span = span
        self._fields = {
            key: _ELECTRICITY_FIELDS.get(key, _EXTRA_FIELDS) for key in keys
        }
        self._registers = {
            key: RegisterHistory(MOST_PER_HOUR if key in ELECTRICITY_KEYS else inf)
            for key in keys
        }
        self._block: _Block | None = None

    async def chunks(self) -> AsyncIterator[HistoryChunk]:
        """Yield the readings before the oldest telegram, one block at a time."""
        span = self._span
        known_to = span.join or span.end + MARGIN
        oldest = await self._client.oldest_day(self._day(span.start - MARGIN))
        if oldest is None or self._midnight(oldest.day) > min(known_to, span.end):
            return
        await self._count_back(oldest.day, self._day(known_to))
        first, last = oldest.day, self._day(min(known_to, span.end + MARGIN))
        until = span.start
        while first <= last:
            block = await self._load(first, last)
            first = block.end
            readings = await self._block_readings(block, last)
            found = {
                key: [each for each in rebuilt if until <= each.time <= span.end]
                for key, rebuilt in readings.items()
            }
            until = max(until, min(self._complete_until(block), span.end))
            yield HistoryChunk(readings=found, until=until)

    async def _count_back(self, first: date, last: date) -> None:
        """Count each register back from its first known position."""
        pending = dict(self._registers)
        while pending and first <= last:
            block = await self._load(first, last)
            begin, end = self._midnight(first), self._midnight(block.end)
            for key, register in list(pending.items()):
                known = self._first_position(key, block, last)
                hours = {h: a for h, a in block.amounts[key].items() if h >= begin}
                register.count_back(hours, known, end)
                if known is not None:
                    del pending[key]
            first = block.end

    def _first_position(self, key: str, block: _Block, last: date) -> Position | None:
        """Return the first known position of a register in a block."""
        for day in block.days:
            if position := self._day_position(key, day):
                return position
        return self._span.positions.get(key) if block.end > last else None

    async def _block_readings(
        self, block: _Block, last: date
    ) -> dict[str, list[Reading]]:
        """Return the readings of a block by register, up to the oldest telegram."""
        span, join = self._span, self._span.join
        is_at_join = join is not None and block.end > last >= self._day(join)
        # As far as no day is missing, a register without a position has left a gap.
        known_to = min(
            self._midnight(min(block.end, last + DAY)), span.join or span.end
        )
        readings: dict[str, list[Reading]] = {}
        for key, register in self._registers.items():
            readings[key] = self._register_readings(key, block)
            position = span.positions.get(key)
            limit = min(known_to, self._limit(key) or known_to)
            readings[key] += register.leave(block.amounts[key], limit)
            if is_at_join and position is not None:
                readings[key] += register.advance(position, block.amounts[key])
            # A month of five registers in one go would block the event loop.
            await asyncio.sleep(0)
        return readings

    def _register_readings(self, key: str, block: _Block) -> list[Reading]:
        """Return the readings of a register in a block, oldest first."""
        register, amounts = self._registers[key], block.amounts[key]
        found: list[Reading] = []
        for day in block.days:
            if position := self._day_position(key, day):
                found += register.advance(position, amounts)
        limits = (self._midnight(block.end), self._limit(key))
        limit = min(each for each in limits if each is not None)
        return found + register.count(amounts, limit)

    def _day_position(self, key: str, day: DayStatistics) -> Position | None:
        """Return the position of a day's first telegram, if it is before the join."""
        fields = self._fields[key]
        if (value := day.positions.get(fields.position)) is None:
            return None
        midnight = self._midnight(day.day)
        measured = day.times.get(fields.time, midnight)
        if not EARLIEST <= measured <= midnight + LONGEST_GAP:
            # The extra meter has no clock, but the telegram with its position does.
            measured = day.times.get(ELECTRICITY_TIME_FIELD, midnight)
        # Every row repeats the position of an extra meter that stopped long ago.
        if not midnight - LONGEST_GAP <= measured <= midnight + LONGEST_GAP:
            return None
        limit = self._limit(key)
        if limit is not None and measured >= limit:
            return None
        return Position(measured, value)

    def _limit(self, key: str) -> datetime | None:
        """Return where the stored telegrams of a register take over."""
        position = self._span.positions.get(key)
        return position.time if position else self._span.join

    async def _load(self, first: date, last: date) -> _Block:
        """Fetch the block that begins at `first`, unless it is the current one."""
        before = self._block
        if before is not None and before.first == first:
            return before
        end = first + BLOCK
        begin, stop = self._midnight(first), self._midnight(end)
        days = await self._client.days(first, min(end - DAY, last))
        hours = await self._client.hours(begin, stop) if days else []
        hours.sort(key=lambda hour: hour.start)
        oldest = begin - LONGEST_GAP - HOUR
        amounts: dict[str, Amounts] = {}
        for key, fields in self._fields.items():
            kept = before.amounts[key] if before and before.end == first else {}
            amounts[key] = {h: a for h, a in kept.items() if h >= oldest} | {
                hour.start: max(0.0, hour.amounts.get(fields.amount, 0.0))
                for hour in hours
            }
        days.sort(key=lambda day: day.day)
        self._block = _Block(first, end, days, amounts)
        return self._block

    def _complete_until(self, block: _Block) -> datetime:
        """Return the moment before which no later block adds a reading.

        Later blocks add positions from the last known one on, but no further back than
        LONGEST_GAP before their first day.
        """
        furthest = self._midnight(block.end) - LONGEST_GAP
        if join := self._span.join:
            furthest = min(furthest, join - EXTRA_LAG)
        times = [register.last_time for register in self._registers.values()]
        known = [time for time in times if time is not None]
        if len(known) < len(times):
            return furthest
        return max(furthest, min(known))

    def _midnight(self, day: date) -> datetime:
        """Return the start of a local day in UTC."""
        return local_midnight(day, self._zone)

    def _day(self, moment: datetime) -> date:
        """Return the local day of a moment."""
        return moment.astimezone(self._zone).date()
