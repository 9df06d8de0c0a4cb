"""Read the latest readings, with one request for each endpoint involved."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timezone, tzinfo
from zoneinfo import ZoneInfo

from ...metering.model import Reading
from ..base import Latest
from ..common.concurrency import gather_parts
from ..common.times import local_midnight
from ..errors import BackendError
from .client import DsmrReaderClient
from .meters import (
    POLL_INTERVAL,
    POWER_KEY,
    STALE_AFTER,
    Endpoint,
    is_belgian_meter,
    tariff_of,
)
from .models import (
    PRICE_FIELDS,
    Contract,
    ElectricityLive,
    ExtraDevice,
    MeterStatistics,
    StoredTelegram,
    Today,
)
from .prices import combined_price

type Readings = dict[str, Reading]
"""Readings by point key."""

DEFAULT_ZONE = ZoneInfo("Europe/Amsterdam")
"""DSMR-reader's default; loaded at import, because loading it blocks."""


class LatestReader:
    """Reads the latest readings of a server.

    It keeps the latest telegram and meter statistics, which several endpoints need.
    """

    def __init__(self, client: DsmrReaderClient, clock: Callable[[], datetime]) -> None:
        """Initialize the reader; `clock` returns the current time in UTC."""
        self._client = client
        self._clock = clock
        self._statistics: MeterStatistics | None = None
        self._tariff_name: str | None = None
        self._telegram: StoredTelegram | None = None

    @property
    def time_zone(self) -> tzinfo:
        """Return the server's time zone, of which its answers only show the offset.

        Without any telegram it is the default.
        """
        if (telegram := self._telegram) is None:
            return DEFAULT_ZONE
        if telegram.time.astimezone(DEFAULT_ZONE).utcoffset() == telegram.offset:
            return DEFAULT_ZONE
        return timezone(telegram.offset)

    async def find_time_zone(self) -> tzinfo:
        """Return the server's time zone, fetching a telegram if there is none yet."""
        if self._telegram is None:
            await self.latest_telegram()
        return self.time_zone

    async def read(
        self, sources: Mapping[str, Endpoint], extra: ExtraDevice | None
    ) -> Latest:
        """Fetch the latest readings of points, each from the endpoint in `sources`."""
        endpoints = set(sources.values())
        # The telegram comes first, because today's amounts reach as far as it does, and
        # because a server that is down then gets one request instead of many.
        parts, failures = await self._fetch({Endpoint.READING} & endpoints, extra)
        others = await self._fetch(endpoints - {Endpoint.READING}, extra)
        parts |= others[0]
        failures |= others[1]
        return Latest(
            readings={
                key: parts[endpoint][key]
                for key, endpoint in sources.items()
                if endpoint in parts and key in parts[endpoint]
            },
            failed={
                key: str(failures[endpoint])
                for key, endpoint in sources.items()
                if endpoint in failures
            },
        )

    async def meter_statistics(self) -> MeterStatistics:
        """Fetch the meter statistics."""
        self._statistics = await self._client.meter_statistics()
        return self._statistics

    async def latest_telegram(self) -> StoredTelegram | None:
        """Fetch the latest telegram, searching only from the last one seen on.

        The first time, all telegrams are searched if there is no recent one.
        """
        known = self._telegram
        since = known.time if known else self._clock() - STALE_AFTER
        found = await self._client.latest_telegram(since)
        if found is None and known is None:
            found = await self._client.latest_telegram(None)
        self._telegram = found or known
        return self._telegram

    async def _fetch(
        self, endpoints: Collection[Endpoint], extra: ExtraDevice | None
    ) -> tuple[dict[Endpoint, Readings], dict[Endpoint, BackendError]]:
        """Fetch several endpoints at once; return their readings and failures."""
        return await gather_parts({e: self._fetch_one(e, extra) for e in endpoints})

    async def _fetch_one(
        self, endpoint: Endpoint, extra: ExtraDevice | None
    ) -> Readings:
        """Fetch the readings of one endpoint."""
        match endpoint:
            case Endpoint.READING:
                telegram = await self.latest_telegram()
                return telegram_readings(telegram, extra) if telegram else {}
            case Endpoint.LIVE:
                return await self._fetch_live()
            case Endpoint.GAS_LIVE:
                return await self._fetch_gas_live()
            case Endpoint.TODAY:
                return await self._fetch_today()
            case Endpoint.PROBLEMS:
                return await self._fetch_problems()
            case Endpoint.PEAK:
                return await self._fetch_peak()
            case Endpoint.STATISTICS:
                return counter_readings(await self.meter_statistics())
            case Endpoint.PRICES:
                return await self._fetch_prices()

    async def _fetch_live(self) -> Readings:
        """Fetch the running cost and the tariff.

        Only the meter statistics have the tariff's number. They are fetched again when
        the tariff's name has changed: twice a day instead of every minute.
        """
        if (live := await self._client.electricity_live()) is None:
            return {}
        statistics = self._statistics
        if statistics is None or live.tariff_name != self._tariff_name:
            statistics = await self.meter_statistics()
            self._tariff_name = live.tariff_name
        return live_readings(live, statistics, await self._latest_time())

    async def _fetch_gas_live(self) -> Readings:
        """Fetch the amount that the extra meter delivered in its last interval."""
        if (live := await self._client.gas_live()) is None:
            return {}
        value = float(live.currently_delivered)
        return {"gas_currently_delivered": Reading(time=live.time, value=value)}

    async def _fetch_today(self) -> Readings:
        """Fetch today's amounts."""
        if (today := await self._client.today()) is None:
            return {}
        latest = await self._latest_time()
        return today_readings(today, latest, self.time_zone)

    async def _fetch_problems(self) -> Readings:
        """Fetch whether the server reports problems, which it checks on request."""
        if (problems := await self._client.problems()) is None:
            return {}
        return {"problems": Reading(time=self._clock(), value=problems > 0)}

    async def _fetch_peak(self) -> Readings:
        """Fetch the highest quarter-hour mean of the local month."""
        first_day = self._local_now().date().replace(day=1)
        month = local_midnight(first_day, self.time_zone)
        if (peak := await self._client.quarter_hour_peak(month)) is None:
            return {}
        value = float(peak.average_delivered)
        return {"quarter_hour_peak": Reading(time=peak.end, value=value)}

    async def _fetch_prices(self) -> Readings:
        """Fetch today's prices."""
        today = self._local_now().date()
        contracts = await self._client.contracts(today, today)
        return price_readings(contracts, self.time_zone)

    async def _latest_time(self) -> datetime | None:
        """Return the time of the latest telegram, on which all live answers are based.

        It is fetched only if no point of the telegram itself is polled.
        """
        if (
            self._telegram is None
            or self._clock() - self._telegram.time > POLL_INTERVAL
        ):
            await self.latest_telegram()
        return self._telegram.time if self._telegram else None

    def _local_now(self) -> datetime:
        """Return the current time in the server's time zone."""
        return self._clock().astimezone(self.time_zone)


def telegram_readings(telegram: StoredTelegram, extra: ExtraDevice | None) -> Readings:
    """Return the registers, powers, voltages and currents of a stored telegram."""
    numbers = telegram.numbers
    found = {
        name: Reading(time=telegram.time, value=float(number))
        for name, number in numbers.items()
        if name != "extra_device_delivered"
    }
    delivered = numbers.get("electricity_currently_delivered")
    returned = numbers.get("electricity_currently_returned")
    if delivered is not None and returned is not None:
        power = float(delivered - returned)
        found[POWER_KEY] = Reading(time=telegram.time, value=power)
    position = numbers.get("extra_device_delivered")
    if extra is not None and position is not None:
        found[extra.value] = Reading(
            time=telegram.extra_device_time or telegram.time,
            value=float(position),
            # Telegrams repeat the position between the meter's own measurements.
            confirmed=telegram.time,
        )
    return found


def live_readings(
    live: ElectricityLive, statistics: MeterStatistics, latest: datetime | None
) -> Readings:
    """Return the tariff and the running cost, which the latest telegram confirms."""
    found: Readings = {}
    confirmed = max(live.time, latest or live.time)
    number = statistics.electricity_tariff
    if live.tariff_name and number in (1, 2):
        tariff = tariff_of(number, is_belgian=is_belgian_meter(statistics))
        found["electricity_tariff"] = Reading(
            time=live.time, value=tariff, confirmed=confirmed
        )
    if live.cost_per_hour is not None:
        cost = float(live.cost_per_hour)
        found["electricity_cost_per_hour"] = Reading(
            time=live.time, value=cost, confirmed=confirmed
        )
    return found


def today_readings(today: Today, latest: datetime | None, zone: tzinfo) -> Readings:
    """Return today's amounts, measured up to the latest telegram of the day."""
    since = _start_of_day(today.day, zone)
    measured = since if latest is None else max(latest, since)
    return {
        f"today_{name}": Reading(time=measured, value=float(number), since=since)
        for name, number in today.numbers.items()
    }


def counter_readings(statistics: MeterStatistics) -> Readings:
    """Return the meter's own counters."""
    if statistics.time is None:
        return {}
    return {
        name: Reading(time=statistics.time, value=int(number))
        for name, number in statistics.counters.items()
    }


def price_readings(contracts: Sequence[Contract], zone: tzinfo) -> Readings:
    """Return the prices of contracts that are valid on the same day."""
    found: Readings = {}
    for name in PRICE_FIELDS:
        if (price := combined_price(contracts, name)) is not None:
            valid_from = _start_of_day(price[1].start, zone)
            found[name] = Reading(time=valid_from, value=float(price[0]))
    return found


def _start_of_day(day: date, zone: tzinfo) -> datetime:
    """Return a local midnight in the server's zone, which users see as last reset."""
    return local_midnight(day, zone).astimezone(zone)
