"""The past before the oldest stored telegram, from the statistics of days and hours.

Days know the meters' positions at their first telegram (`*_reading`, since DSMR-reader
4.13; with its time since 5.10, before that local midnight is taken). Hours only know
amounts, which give the positions in between their shape.

Before the first known position, there are amounts only. There, positions are counted
back from that first one, hour by hour: continuous, but as far off as the amounts
under-count (1.5 % of electricity and 8 % of gas, more around outages), and below zero
where a meter has been exchanged.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from ...metering.model import Reading
from ..base import HistoryChunk
from ..common.times import as_day
from .history_client import HistoryClient, Row, moment, number
from .positions import (
    DECIMALS,
    HOUR,
    LONGEST,
    Position,
    amount_before,
    positions_between,
)
from .telegram_history import ELECTRICITY, EXTRA_LAG

BLOCK = timedelta(days=31)
DAY = timedelta(days=1)
AROUND = LONGEST + DAY
"""So far beyond both ends, days may still shape what is within."""


@dataclass(frozen=True, slots=True)
class _Fields:
    """Where a register stands in the rows of days and hours."""

    position: str
    time: str
    amount: str


_ELECTRICITY_FIELDS = {
    key: _Fields(f"{field}_reading", "electricity_reading_timestamp", field)
    for key, field in zip(
        ELECTRICITY,
        (
            "electricity1",
            "electricity2",
            "electricity1_returned",
            "electricity2_returned",
        ),
        strict=True,
    )
}
_EXTRA_FIELDS = _Fields("gas_reading", "gas_reading_timestamp", "gas")


@dataclass(slots=True)
class _Register:
    """A register on the way through its past.

    `last` is the newest known position so far. Before the first one, `counted` is the
    position counted back to where `hours` have been walked to.
    """

    fields: _Fields
    join: Position | None
    last: Position | None = None
    counted: float | None = None
    counting_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Block:
    """Some days and their hours; hours also of LONGEST before, by register."""

    first: date
    end: date
    days: Mapping[date, Row]
    amounts: Mapping[str, Mapping[datetime, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What of the past is wanted; the telegrams begin at `join`, if there are any.

    `positions` are those of the oldest telegram.
    """

    start: datetime
    end: datetime
    join: datetime | None
    positions: Mapping[str, Position]


class StatisticsPast:
    """Walks the statistics in blocks of days."""

    def __init__(
        self, client: HistoryClient, keys: list[str], zone: tzinfo, span: Span
    ) -> None:
        """Prepare a walk; it can be done once."""
        self._client = client
        self._zone = zone
        self._span = span
        self._registers = {
            key: _Register(
                _ELECTRICITY_FIELDS.get(key, _EXTRA_FIELDS), span.positions.get(key)
            )
            for key in keys
        }
        self._block: _Block | None = None

    async def chunks(self) -> AsyncIterator[HistoryChunk]:
        """Yield the readings before the oldest telegram, some days at a time."""
        span = self._span
        known_to = span.join or span.end + AROUND
        wanted_from = _day(span.start - AROUND, self._zone)
        row = await self._client.oldest_day(wanted_from)
        first = as_day(row.get("day")) if row else None
        if first is None or self._midnight(first) > min(known_to, span.end):
            return
        await self._find_first_positions(first, _day(known_to, self._zone))
        last = _day(min(known_to, span.end + AROUND), self._zone)
        until = span.start
        while first <= last:
            block = await self._load(first, last)
            first = block.end
            readings: dict[str, list[Reading]] = {}
            for key in self._registers:
                readings[key] = self._walk(key, block)
                # A month of five registers at once would hold up the event loop.
                await asyncio.sleep(0)
            if (
                block.end > last
                and span.join is not None
                and last >= _day(span.join, self._zone)
            ):
                self._finish(block, readings)
            found = {
                key: [each for each in told if each.time >= until]
                for key, told in readings.items()
            }
            until = max(until, min(self._complete_to(block), span.end))
            yield HistoryChunk(readings=found, until=until)

    async def _find_first_positions(self, first: date, last: date) -> None:
        """Sum the amounts before the first known position of each register."""
        pending = dict(self._registers)
        sums = dict.fromkeys(pending, 0.0)
        while pending and first <= last:
            block = await self._load(first, last)
            begin = self._midnight(first)
            for key, register in list(pending.items()):
                known = self._first_position(register, block, last)
                hours = {h: a for h, a in block.amounts[key].items() if h >= begin}
                limit = known.time if known else self._midnight(block.end)
                since, amount = amount_before(hours, limit)
                sums[key] += amount
                register.counting_from = register.counting_from or since
                if known is not None:
                    register.counted = known.value - sums[key]
                    del pending[key]
            first = block.end

    def _first_position(
        self, register: _Register, block: _Block, last: date
    ) -> Position | None:
        for day in sorted(block.days):
            if position := self._position(register, day, block.days[day]):
                return position
        return register.join if block.end > last else None

    def _walk(self, key: str, block: _Block) -> list[Reading]:
        """Return a register's readings of a block, oldest first."""
        register, found = self._registers[key], list[Reading]()
        for day in sorted(block.days):
            if position := self._position(register, day, block.days[day]):
                found += self._reach(register, position, block.amounts[key])
        if register.last is None:
            limits = (self._midnight(block.end), self._limit(register))
            limit = min(each for each in limits if each is not None)
            found += self._count(register, block.amounts[key], limit)
        return found

    def _finish(self, block: _Block, readings: dict[str, list[Reading]]) -> None:
        """Connect the statistics to the oldest telegram."""
        for key, register in self._registers.items():
            if register.join is not None:
                readings[key] += self._reach(
                    register, register.join, block.amounts[key]
                )

    def _reach(
        self, register: _Register, position: Position, hours: Mapping[datetime, float]
    ) -> list[Reading]:
        """Return the readings up to the next known position."""
        if register.last is None:
            between = self._count(register, hours, position.time)
        elif position.time <= register.last.time:
            return []
        else:
            between = self._wanted([*positions_between(register.last, position, hours)])
        register.last = position
        return between + self._wanted(
            [Reading(time=position.time, value=position.value)]
        )

    def _count(
        self, register: _Register, hours: Mapping[datetime, float], limit: datetime
    ) -> list[Reading]:
        """Return positions counted by amounts alone, before the first known one."""
        found: list[Reading] = []
        for hour, amount in hours.items():
            begin = register.counting_from
            if begin is None or register.counted is None or not begin <= hour < limit:
                continue
            if not found or found[-1].time != hour:
                value = round(register.counted, DECIMALS)
                found.append(Reading(time=hour, value=value))
            register.counted += amount * min(1.0, (limit - hour) / HOUR)
            register.counting_from = end = hour + HOUR
            if end < limit:
                value = round(register.counted, DECIMALS)
                found.append(Reading(time=end, value=value))
        return self._wanted(found)

    def _position(self, register: _Register, day: date, row: Row) -> Position | None:
        """Return the position of a day's first telegram, if it is before the join."""
        if (value := number(row.get(register.fields.position))) is None:
            return None
        midnight = self._midnight(day)
        measured = moment(row.get(register.fields.time)) or midnight
        # An extra meter that stopped long ago still has its position in every row.
        if not midnight - LONGEST <= measured <= midnight + LONGEST:
            return None
        limit = self._limit(register)
        if limit is not None and measured >= limit:
            return None
        return Position(measured, value)

    def _limit(self, register: _Register) -> datetime | None:
        """Return where the stored telegrams take over."""
        return register.join.time if register.join else self._span.join

    async def _load(self, first: date, last: date) -> _Block:
        if self._block is not None and self._block.first == first:
            return self._block
        end = first + BLOCK
        days = await self._client.days(first, min(end - DAY, last))
        begin, stop = self._midnight(first), self._midnight(end)
        hours = await self._client.hours(begin, stop) if days else {}
        before = self._block if self._block and self._block.end == first else None
        amounts = {}
        for key, register in self._registers.items():
            kept = before.amounts[key] if before else {}
            oldest = begin - LONGEST - HOUR
            amounts[key] = {h: a for h, a in kept.items() if h >= oldest} | {
                hour: max(0.0, number(row.get(register.fields.amount)) or 0.0)
                for hour, row in sorted(hours.items())
            }
        self._block = _Block(first, end, days, amounts)
        return self._block

    def _wanted(self, readings: list[Reading]) -> list[Reading]:
        start, end = self._span.start, self._span.end
        return [reading for reading in readings if start <= reading.time <= end]

    def _complete_to(self, block: _Block) -> datetime:
        """Return up to when nothing more comes.

        The days to come begin at the block's end. What they shape begins at the last
        known position, but no further back than LONGEST.
        """
        furthest = self._midnight(block.end) - LONGEST
        if join := self._span.join:
            furthest = min(furthest, join - EXTRA_LAG)
        lasts = [r.last.time for r in self._registers.values() if r.last is not None]
        if len(lasts) < len(self._registers):
            return furthest
        return max(furthest, min(lasts))

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self._zone).astimezone(UTC)


def _day(moment_: datetime, zone: tzinfo) -> date:
    return moment_.astimezone(zone).date()
