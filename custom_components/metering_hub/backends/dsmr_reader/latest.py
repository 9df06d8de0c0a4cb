"""Read the latest readings, with one request for each endpoint involved."""

from collections.abc import Callable, Collection, Coroutine, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

from ...metering.memo import Kept
from ...metering.model import Reading
from ..base import Latest
from ..common.concurrency import gather_parts
from ..common.times import local_midnight
from ..errors import ONE_ENDPOINT_ERRORS, BackendError
from .client import DsmrReaderClient
from .latest_telegram import TelegramReader
from .meters import POLL_INTERVAL, Endpoint
from .models import ElectricityLive, ExtraDevice, MeterStatistics, Today
from .quarter_hour import QuarterHour
from .readings import (
    TARIFF_KEY,
    Readings,
    counter_readings,
    live_readings,
    price_readings,
    telegram_readings,
    today_readings,
)
from .running_costs import RunningCosts
from .unread_marks import UnreadMarks


class LatestReader:
    """Reads the latest readings of a server."""

    def __init__(
        self,
        client: DsmrReaderClient,
        telegrams: TelegramReader,
        clock: Callable[[], datetime],
    ) -> None:
        """Initialize the reader; `clock` returns the current time in UTC."""
        self._client = client
        self._telegrams = telegrams
        self._clock = clock
        self._quarter_hour = QuarterHour(client)
        self._costs = RunningCosts(client)
        self._marks = UnreadMarks()
        self._telegram_readings = Kept(telegram_readings)
        self._counter_readings = Kept(counter_readings)
        self._today_readings = Kept(today_readings)
        self._price_readings = Kept(price_readings)
        self._today: tuple[datetime, Today | None] | None = None
        self._tariff_name: str | None = None
        self._live: ElectricityLive | None = None
        self._tariff_failure: BackendError | None = None

    async def read(
        self, sources: Mapping[str, Endpoint], extra: ExtraDevice | None
    ) -> Latest:
        """Fetch the latest readings of points, each from the endpoint in `sources`."""
        endpoints = set(sources.values())
        # The telegram comes first, because others are based on it, and because a server
        # that is down then gets one request instead of many.
        needs_telegram = endpoints & {Endpoint.READING, Endpoint.QUARTER_HOUR}
        first = {Endpoint.READING} if needs_telegram else ()
        parts, failures = await self._fetch(first, extra)
        rest = endpoints - {Endpoint.READING}
        if (error := failures.get(Endpoint.READING)) is not None:
            # It would be computed of the last telegram, which may be an old one.
            rest -= {Endpoint.QUARTER_HOUR}
            failures[Endpoint.QUARTER_HOUR] = error
        others = await self._fetch(rest, extra)
        parts |= others[0]
        failures |= others[1]
        if failures and not parts:
            raise next(iter(failures.values()))
        failed = {
            key: failures[endpoint]
            for key, endpoint in sources.items()
            if endpoint in failures
        }
        if TARIFF_KEY in sources and (error := self._tariff_failure) is not None:
            failed.setdefault(TARIFF_KEY, error)
        readings = {
            key: parts[endpoint][key]
            for key, endpoint in sources.items()
            if endpoint in parts and key in parts[endpoint]
        }
        self._marks.pass_on(readings)
        return Latest(readings=readings, failed=failed)

    async def _fetch(
        self, endpoints: Collection[Endpoint], extra: ExtraDevice | None
    ) -> tuple[dict[Endpoint, Readings], dict[Endpoint, BackendError]]:
        """Fetch several endpoints at once; return their readings and failures."""
        fetchers: Mapping[Endpoint, Callable[[], Coroutine[None, None, Readings]]] = {
            Endpoint.READING: partial(self._fetch_telegram, extra),
            Endpoint.LIVE: self._fetch_live,
            Endpoint.GAS_LIVE: self._fetch_gas_live,
            Endpoint.TODAY: self._fetch_today,
            Endpoint.PROBLEMS: self._fetch_problems,
            Endpoint.PEAK: self._fetch_peak,
            Endpoint.STATISTICS: self._fetch_counters,
            Endpoint.PRICES: self._fetch_prices,
            Endpoint.QUARTER_HOUR: self._fetch_quarter_hour,
            Endpoint.COSTS: self._fetch_costs,
        }
        return await gather_parts(
            {e: fetchers[e]() for e in endpoints}, may_be_silent=True
        )

    async def _fetch_telegram(self, extra: ExtraDevice | None) -> Readings:
        """Fetch the latest telegram."""
        telegram = await self._telegrams.read_for_entities()
        if telegram is None:
            return {}
        return self._marks.marked(telegram, self._telegram_readings(telegram, extra))

    async def _fetch_quarter_hour(self) -> Readings:
        """Compute the running quarter of an hour from the telegram just fetched."""
        known = self._telegrams.telegram
        return await self._quarter_hour.readings(known) if known else {}

    async def _fetch_counters(self) -> Readings:
        """Fetch the meter's own counters."""
        return self._counter_readings(await self._telegrams.read_statistics())

    async def _fetch_live(self) -> Readings:
        """Fetch the running cost and the tariff.

        Only the meter statistics have the tariff's number. They are fetched again when
        the tariff's name has changed: twice a day instead of every minute. Statistics
        that lack the number, while the server names the tariff, are fetched again too.
        """
        self._tariff_failure = None
        if (live := await self._client.electricity_live()) is None:
            return {}
        statistics = await self._statistics_for(live)
        latest = await self._latest_time()
        return live_readings(self._possible(live), statistics, latest)

    async def _statistics_for(self, live: ElectricityLive) -> MeterStatistics | None:
        """Return the meter statistics with the number of the tariff in a live answer.

        They are missing if only they cannot be read; the cost does not need them.
        """
        statistics = self._telegrams.statistics
        if (
            statistics is None
            or live.tariff_name != self._tariff_name
            or (live.tariff_name and statistics.electricity_tariff is None)
        ):
            try:
                statistics = await self._telegrams.read_statistics()
            except ONE_ENDPOINT_ERRORS as err:
                self._tariff_failure = err
                return None
            self._tariff_name = live.tariff_name
        return statistics

    def _possible(self, live: ElectricityLive) -> ElectricityLive:
        """Return a live answer with the cost of the last telegram that was possible.

        For the server, a telegram from the future is the latest until its time comes.
        """
        if live.time <= self._telegrams.latest_possible:
            self._live = live
        elif (known := self._live) is not None:
            return replace(live, time=known.time, cost_per_hour=known.cost_per_hour)
        return live

    async def _fetch_gas_live(self) -> Readings:
        """Fetch the amount that the extra meter delivered in its last interval."""
        if (live := await self._client.gas_live()) is None:
            return {}
        value = float(live.currently_delivered)
        return {"gas_currently_delivered": Reading(time=live.time, value=value)}

    async def _fetch_today(self) -> Readings:
        """Fetch today's amounts."""
        today = await self._client.today()
        self._today = self._clock(), today
        if today is None:
            return {}
        latest = await self._latest_time()
        return self._today_readings(today, latest, self._telegrams.time_zone)

    async def _fetch_costs(self) -> Readings:
        """Fetch the cost of the month and of the year.

        The amounts of today are only fetched if no point of them is polled.
        """
        now = self._clock()
        fetched, today = self._today or (None, None)
        if fetched is None or now - fetched > 2 * POLL_INTERVAL:
            today = await self._client.today()
        latest, zone = await self._latest_time(), self._telegrams.time_zone
        return await self._costs.readings(today, latest, now, zone)

    async def _fetch_problems(self) -> Readings:
        """Fetch whether the server reports problems, which it checks on request."""
        problems = await self._client.problems()
        return {"problems": Reading(time=self._clock(), value=problems > 0)}

    async def _fetch_peak(self) -> Readings:
        """Fetch the highest quarter-hour mean of the local month."""
        first_day = self._local_now().date().replace(day=1)
        month = local_midnight(first_day, self._telegrams.time_zone)
        if (peak := await self._client.quarter_hour_peak(month)) is None:
            return {}
        value = float(peak.average_delivered)
        return {"quarter_hour_peak": Reading(time=peak.end, value=value)}

    async def _fetch_prices(self) -> Readings:
        """Fetch today's prices."""
        today = self._local_now().date()
        contracts = await self._client.contracts(today, today)
        return self._price_readings(self._telegrams.time_zone, *contracts)

    async def _latest_time(self) -> datetime | None:
        """Return the time of the latest telegram, on which all live answers are based.

        It is fetched only if no point of the telegram itself is polled. Its age is no
        reason: it may be the latest for long. If telegrams cannot be read, the time of
        the live answer is nearly the same.
        """
        known = self._telegrams.telegram
        if known is None or not self._telegrams.was_read_within(POLL_INTERVAL):
            try:
                known = await self._telegrams.read()
            except ONE_ENDPOINT_ERRORS:
                live = await self._client.electricity_live()
                return self._possible(live).time if live else None
        return known.time if known else None

    def _local_now(self) -> datetime:
        """Return the current time in the server's time zone."""
        return self._clock().astimezone(self._telegrams.time_zone)
