"""The newest telegram of a server, and the meters that it names."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

from ...metering.possible_times import TOLERANCE
from ..base import EARLIEST
from .client import DsmrReaderClient
from .extra_clock import ExtraClock
from .meter_exchanges import MeterExchanges, Positions, is_break
from .meters import ELECTRICITY_KEYS, STALE_AFTER, telegram_of
from .models import MeterStatistics, StoredTelegram
from .telegram_search import find_latest_telegram

DEFAULT_ZONE = ZoneInfo("Europe/Amsterdam")
"""DSMR-reader's default; loaded at import, because loading it blocks."""

PAUSE = timedelta(minutes=1)
"""Nobody exchanges a meter in less time."""


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
        self.telegram: StoredTelegram | None = None
        self.statistics: MeterStatistics | None = None

    @property
    def time_zone(self) -> tzinfo:
        """Return the server's time zone, of which its answers only show the offset.

        Without any telegram it is the default.
        """
        if (telegram := self.telegram) is None:
            return DEFAULT_ZONE
        if telegram.time.astimezone(DEFAULT_ZONE).utcoffset() == telegram.offset:
            return DEFAULT_ZONE
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

    async def read_statistics(self, before: datetime | None = None) -> MeterStatistics:
        """Fetch the meter statistics, and note the meters of their telegram.

        `before` is the time of a telegram that the meters noted last have sent.
        """
        self.statistics = found = await self._client.meter_statistics()
        if found.time is not None and EARLIEST <= found.time <= self.latest_possible:
            meters = telegram_of(found)
            self._exchanged |= self._exchanges.see(meters, found.time, before)
        return found

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
        if found is None and known is None:
            found = await find_latest_telegram(self._client, until)
        if found is not None and not _is_same(known, found):
            self.telegram = known = await self._judge(known, found)
        return known

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
        if before is not None and _is_suspect(before, found):
            await self.read_statistics(before.time)
        position = found.numbers.get("extra_device_delivered")
        measured = found.extra_device_time
        if position is not None:
            measured = self._extra_clock.measured_at(found.time, measured, position)
        return replace(found, extra_device_time=measured, new_meters=self._exchanged)


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
    keys = (*ELECTRICITY_KEYS, "extra_device_delivered")
    return {key: float(numbers[key]) for key in keys if key in numbers}
