"""The newest telegram of a server, and the meters that it names."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone, tzinfo
from decimal import Decimal

from ...metering.memo import Kept
from ...metering.possible_times import TOLERANCE
from ..base import EARLIEST
from ..errors import ONE_ENDPOINT_ERRORS
from .client import DsmrReaderClient
from .extra_clock import ExtraClock, possible_stamp
from .extra_meters import METER_ZONE, ExtraMeter, StoredMeter, is_stored, likely_meter
from .meter_exchanges import MeterExchanges, Positions, is_break
from .meters import (
    ELECTRICITY_KEYS,
    ELECTRICITY_METER,
    EXTRA_FIELD,
    EXTRA_LAG,
    EXTRA_METER,
    STALE_AFTER,
    telegram_of,
)
from .models import MeterStatistics, StoredTelegram
from .telegram import Telegram
from .telegram_search import find_latest_telegram

PAUSE = timedelta(minutes=1)
"""Nobody exchanges a meter in less time."""

DAY = timedelta(days=1)


class TelegramReader:
    """Reads the latest telegram and meter statistics, and keeps both."""

    def __init__(
        self,
        client: DsmrReaderClient,
        clock: Callable[[], datetime],
        exchanges: MeterExchanges,
    ) -> None:
        """Initialize the reader; `clock` returns Home Assistant's time in UTC."""
        self._client = client
        self._clock = clock
        self._exchanges = exchanges
        self._extra_clock = ExtraClock[Decimal]()
        self._exchanged: frozenset[str] = frozenset()
        self._stored: StoredTelegram | None = None
        self._unjudged: datetime | None = None
        self._stored_meter = StoredMeter()
        self._telegram_of = Kept(telegram_of)
        self._read_at: datetime | None = None
        self.telegram: StoredTelegram | None = None
        self.statistics: MeterStatistics | None = None

    @property
    def time_zone(self) -> tzinfo:
        """Return the server's time zone, of which its answers only show the offset.

        Without any telegram it is the meters' zone, DSMR-reader's default.
        """
        if (telegram := self.telegram) is None:
            return METER_ZONE
        if telegram.time.astimezone(METER_ZONE).utcoffset() == telegram.offset:
            return METER_ZONE
        return timezone(telegram.offset)

    async def find_time_zone(self) -> tzinfo:
        """Return the server's time zone, fetching a telegram if there is none yet."""
        if self.telegram is None:
            await self.read()
        return self.time_zone

    @property
    def latest_possible(self) -> datetime:
        """Return the latest time that a telegram can have, by the server's clock."""
        return self._clock() + self._client.clock_offset + TOLERANCE

    @property
    def extra_meter(self) -> ExtraMeter | None:
        """Return the extra meter in the raw telegram whose positions are stored."""
        if (statistics := self.statistics) is None:
            return None
        return self._extra_meter(self._telegram_of(statistics))

    def _extra_meter(self, telegram: Telegram) -> ExtraMeter | None:
        """Return the extra meter of a raw telegram whose positions are stored."""
        meters, stored = telegram.extra_meters, self._stored
        if stored is None:
            return likely_meter(meters)
        position = stored.numbers.get(EXTRA_FIELD)
        return self._stored_meter.find(meters, position, stored.extra_device_time)

    async def read_statistics(self, before: datetime | None = None) -> MeterStatistics:
        """Fetch the meter statistics, and note the meters of their telegram.

        `before` is the time of a telegram that the meters noted last have sent.
        """
        self.statistics = found = await self._client.meter_statistics()
        self._note_meters(found, before)
        return found

    def _note_meters(self, found: MeterStatistics, before: datetime | None) -> None:
        """Note the meters of the raw telegram, as far as it is known which they are."""
        if found.time is None or not EARLIEST <= found.time <= self.latest_possible:
            return
        telegram = self._telegram_of(found)
        serials = {ELECTRICITY_METER: telegram.serial}
        if self._stored is not None or len(telegram.extra_meters) == 1:
            meter = self._extra_meter(telegram)
            serials[EXTRA_METER] = meter.serial if meter else None
        self._exchanged |= self._exchanges.see(serials, found.time, before)

    async def read(self) -> StoredTelegram | None:
        """Fetch the latest telegram, searching only from the last one seen on.

        The first time, all telegrams are searched if there is no recent one. Those with
        an impossible time are left out: one of them would be the latest for hours.
        """
        until = self.latest_possible
        known = self.telegram
        if known is not None and known.time > until:
            known = None
        since = known.time if known else self._clock() - STALE_AFTER
        found = await self._client.latest_telegram(since, until)
        self._read_at = self._clock()
        if found is None and known is None:
            found = await find_latest_telegram(self._client, until)
        if found is not None and not _is_same(known, found):
            self.telegram = known = await self._judge(known, found)
        return known

    def was_read_within(self, span: timedelta) -> bool:
        """Return True if the latest telegram was read at most so long ago."""
        return self._read_at is not None and self._clock() - self._read_at <= span

    async def read_for_entities(self) -> StoredTelegram | None:
        """Fetch the latest telegram; entities learn of exchanged meters from it."""
        found = await self.read()
        self._exchanged = frozenset()
        return found

    async def _judge(
        self, before: StoredTelegram | None, found: StoredTelegram
    ) -> StoredTelegram:
        """Return a new telegram with what was concluded about its meters.

        Where it does not continue the one before, it may be of another meter.
        """
        self._stored = found
        if before is not None:
            if self._unjudged is not None or _is_suspect(before, found):
                await self._look_for_exchange(self._unjudged or before.time)
        elif self.statistics is not None:
            await self._recognize_extra_meter(self.statistics, found)
        position = found.numbers.get(EXTRA_FIELD)
        measured = found.extra_device_time
        if position is not None:
            await self._learn_extra_clock(found)
            measured = self._extra_clock.measured_at(found.time, measured, position)
        return replace(found, extra_device_time=measured, new_meters=self._exchanged)

    async def _look_for_exchange(self, before: datetime) -> None:
        """Note the meters of the raw telegram; `before` is as in `read_statistics`.

        If only that cannot be read, the next telegram tries it again: the positions of
        this one are not missing, and rules of their own judge them.
        """
        try:
            await self.read_statistics(before)
        except ONE_ENDPOINT_ERRORS:
            self._unjudged = before
        else:
            self._unjudged = None

    async def _recognize_extra_meter(
        self, statistics: MeterStatistics, found: StoredTelegram
    ) -> None:
        """Note the meters of a raw telegram by the first stored telegram.

        Only what is stored shows which of several extra meters is meant. If a newer raw
        telegram has come in the meantime, it is read again.
        """
        position, stamp = found.numbers.get(EXTRA_FIELD), found.extra_device_time
        meters = telegram_of(statistics).extra_meters
        is_unclear = position is not None and not any(
            is_stored(meter, position, stamp) for meter in meters
        )
        if len(meters) > 1 and is_unclear:
            await self.read_statistics()
        else:
            self._note_meters(statistics, None)

    async def _learn_extra_clock(self, found: StoredTelegram) -> None:
        """Compare an old time of the extra meter with what was stored a day before.

        One telegram does not show whether the meter has died or its clock is wrong.
        """
        measured = possible_stamp(found.extra_device_time, found.time)
        if not self._extra_clock.is_new or found.time - measured <= EXTRA_LAG:
            return
        since, until = found.time - 2 * DAY, found.time - DAY
        if (earlier := await self._client.latest_telegram(since, until)) is None:
            return
        if (position := earlier.numbers.get(EXTRA_FIELD)) is not None:
            stamp = earlier.extra_device_time
            self._extra_clock.measured_at(earlier.time, stamp, position)


def _is_same(known: StoredTelegram | None, found: StoredTelegram) -> bool:
    """Return True if a telegram is the known one; several may have the same time."""
    return known is not None and (known.time, known.stored, known.numbers) == (
        found.time,
        found.stored,
        found.numbers,
    )


def _is_suspect(before: StoredTelegram, found: StoredTelegram) -> bool:
    """Return True if two telegrams may be of different meters."""
    elapsed = found.time - before.time
    return elapsed > PAUSE or is_break(
        _positions(before.numbers), _positions(found.numbers), elapsed
    )


def _positions(numbers: Mapping[str, Decimal]) -> Positions:
    """Return the positions in a telegram; those of the extra meter have no limit."""
    keys = (*ELECTRICITY_KEYS, EXTRA_FIELD)
    return {key: float(numbers[key]) for key in keys if key in numbers}
