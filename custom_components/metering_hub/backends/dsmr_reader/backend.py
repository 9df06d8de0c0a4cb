"""DSMR-reader as a backend: its answers become devices, points and readings."""

from collections.abc import (
    AsyncIterator,
    Callable,
    Collection,
    Coroutine,
    Mapping,
    Sequence,
)
from datetime import UTC, datetime, timedelta, tzinfo
from typing import override

from aiohttp import ClientSession

from ...metering.model import Inventory, Point, PricePeriod, Reading
from ..base import Backend, HistoryChanges, HistoryChunk, Identity, Latest, Settings
from ..common.concurrency import gather_parts
from ..errors import BackendError, NotFoundError, UnsupportedError
from .changes import find_changes
from .client import DsmrReaderClient
from .history import history_chunks, history_start, keys_of
from .history_client import HistoryClient
from .latest import (
    DEFAULT_ZONE,
    Readings,
    from_contracts,
    from_gas_live,
    from_live,
    from_peak,
    from_reading,
    from_statistics,
    from_today,
    local_midnight,
    server_zone,
)
from .meters import (
    MINUTE,
    Endpoint,
    MeterProfile,
    is_belgian,
    make_devices,
    make_profile,
    meter_id,
    telegram_of,
    version_numbers,
)
from .models import DsmrReading, MeterStatistics
from .points import dsmr_points
from .prices import read_prices
from .telegram import ExtraDevice

OLDEST_VERSION = (4, 2)
"""Older servers refuse times in UTC, and local times fail around clock changes."""

RECENT = timedelta(minutes=5)
"""How far back the newest reading is looked for before all rows are searched."""

EXTRA_DEVICE_FIELD = "extra_device"

type _Fetcher = Callable[[], Coroutine[None, None, Readings]]


class DsmrReaderBackend(Backend):
    """One DSMR-reader: an electricity meter and perhaps a second one behind it."""

    def __init__(
        self,
        session: ClientSession,
        settings: Settings,
        options: Settings,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Prepare; nothing is asked before `connect`."""
        self._url = str(settings["url"])
        self._client = DsmrReaderClient(session, self._url, str(settings["api_key"]))
        self._past = HistoryClient(self._client)
        self._chosen_extra = ExtraDevice(str(options.get(EXTRA_DEVICE_FIELD, "gas")))
        self._clock = clock
        self._greeting: tuple[str, MeterStatistics] | None = None
        self._version: str | None = None
        self._endpoints: frozenset[Endpoint] = frozenset(Endpoint)
        self._statistics: MeterStatistics | None = None
        self._tariff_name: str | None = None
        self._newest: DsmrReading | None = None
        self._profile: MeterProfile | None = None
        self._sources: Mapping[str, Endpoint] = {}
        self._fetchers: Mapping[Endpoint, _Fetcher] = {
            Endpoint.READING: self._fetch_reading,
            Endpoint.LIVE: self._fetch_live,
            Endpoint.GAS_LIVE: self._fetch_gas_live,
            Endpoint.TODAY: self._fetch_today,
            Endpoint.PROBLEMS: self._fetch_problems,
            Endpoint.PEAK: self._fetch_peak,
            Endpoint.STATISTICS: self._fetch_statistics,
            Endpoint.PRICES: self._fetch_prices,
        }

    @property
    @override
    def time_zone(self) -> tzinfo:
        """Return the server's time zone, as far as its answers show it."""
        return self._zone()

    @override
    async def connect(self) -> Identity:
        """Check key and version; the identity is a hash of the meter's serial."""
        version = await self._client.version()
        if version_numbers(version) < OLDEST_VERSION:
            raise UnsupportedError(
                f"DSMR-reader {version} is too old", reason="unsupported_version"
            )
        statistics = await self._read_statistics()
        self._greeting = version, statistics
        return Identity(
            unique_id=meter_id(statistics),
            title="DSMR-reader",
            version=version,
        )

    @override
    async def inventory(self) -> Inventory:
        """Return the electricity meter, and the meter behind it where there is one."""
        version, statistics = await self._greet()
        if version != self._version:
            self._endpoints = await self._probe()
            self._version = version
        reading = await self._read_newest()
        self._profile = profile = make_profile(
            statistics, reading, self._endpoints, self._chosen_extra
        )
        found = dsmr_points(profile)
        self._sources = {key: endpoint for key, (_, endpoint) in found.items()}
        return Inventory(
            devices=make_devices(profile, statistics, version, self._url),
            points={key: point for key, (point, _) in found.items()},
            undecided=frozenset({EXTRA_DEVICE_FIELD})
            if profile.extra is not None and telegram_of(statistics).extra is None
            else frozenset(),
        )

    @override
    async def latest(self, points: Collection[Point]) -> Latest:
        """Return the newest readings, by one request for each endpoint involved."""
        sources = {
            point.key: self._sources[point.key]
            for point in points
            if point.key in self._sources
        }
        # The newest reading comes first: it says how far today's amounts reach, and a
        # server that is down is asked once instead of once for each endpoint.
        parts, failures = await self._fetch({Endpoint.READING} & set(sources.values()))
        others = await self._fetch(set(sources.values()) - {Endpoint.READING})
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

    @override
    async def history(
        self, points: Collection[Point], start: datetime, end: datetime
    ) -> AsyncIterator[HistoryChunk]:
        """Yield the stored telegrams, and before the oldest one the statistics."""
        keys, zone = keys_of(points), await self._known_zone()
        async for chunk in history_chunks(self._past, keys, zone, start, end):
            yield chunk

    @override
    async def history_start(self, points: Collection[Point]) -> datetime | None:
        """Return the time of the oldest telegram, or of the oldest day before it."""
        zone = await self._known_zone()
        return await history_start(self._past, keys_of(points), zone)

    @override
    async def history_changes(
        self, points: Collection[Point], start: datetime, mark: object
    ) -> HistoryChanges:
        """Count the telegrams since `start`; nothing before them changes later."""
        return await find_changes(self._past, keys_of(points), start, mark)

    @override
    async def prices(self, start: datetime, end: datetime) -> Sequence[PricePeriod]:
        """Return the prices of the energy contracts; servers before 5.3 know none."""
        if self._profile is None:
            await self.inventory()
        extra = self._profile.extra if self._profile else None
        zone = await self._known_zone()
        return await read_prices(self._client, start, end, zone, extra)

    async def _greet(self) -> tuple[str, MeterStatistics]:
        """Return version and statistics: those of `connect`, if it was just before."""
        greeting, self._greeting = self._greeting, None
        if greeting is not None:
            return greeting
        return await self._client.version(), await self._read_statistics()

    async def _fetch(
        self, endpoints: Collection[Endpoint]
    ) -> tuple[dict[Endpoint, Readings], dict[Endpoint, BackendError]]:
        return await gather_parts({e: self._fetchers[e]() for e in endpoints})

    async def _probe(self) -> frozenset[Endpoint]:
        """Return the endpoints that this server's version has."""
        optional = (Endpoint.PROBLEMS, Endpoint.PRICES, Endpoint.PEAK)
        _, failures = await self._fetch(optional)
        return frozenset(Endpoint) - {
            endpoint
            for endpoint, error in failures.items()
            if isinstance(error, NotFoundError)
        }

    async def _read_newest(self) -> DsmrReading | None:
        """Return the newest reading, asking only for what may be newer."""
        newest = self._newest
        since = newest.time if newest else self._clock() - RECENT
        found = await self._client.latest_reading(since)
        if found is None and newest is None:
            found = await self._client.latest_reading(None)
        self._newest = found or newest
        return self._newest

    async def _newest_time(self) -> datetime | None:
        """Return when the newest telegram came, which all live answers are made of.

        It is asked for only where nobody looks at readings, so that none is known.
        """
        if self._newest is None or self._clock() - self._newest.time > MINUTE:
            await self._read_newest()
        return self._newest.time if self._newest else None

    async def _read_statistics(self) -> MeterStatistics:
        self._statistics = await self._client.meter_statistics()
        return self._statistics

    def _zone(self) -> tzinfo:
        if self._newest is None:
            return DEFAULT_ZONE
        return server_zone(self._newest.time, self._newest.offset)

    async def _known_zone(self) -> tzinfo:
        if self._newest is None:
            await self._read_newest()
        return self._zone()

    def _now(self) -> datetime:
        return self._clock().astimezone(self._zone())

    async def _fetch_reading(self) -> Readings:
        extra = self._profile.extra if self._profile else None
        reading = await self._read_newest()
        return from_reading(reading, extra) if reading else {}

    async def _fetch_live(self) -> Readings:
        """Return the tariff by its number, which only the meter statistics have.

        These are read again when the tariff's name has changed: twice a day, not
        every minute.
        """
        if (live := await self._client.electricity_live()) is None:
            return {}
        statistics = self._statistics
        if statistics is None or live.tariff_name != self._tariff_name:
            statistics = await self._read_statistics()
            self._tariff_name = live.tariff_name
        number = statistics.electricity_tariff if live.tariff_name else None
        newest = await self._newest_time() or live.time
        return from_live(live, number, newest, belgian=is_belgian(statistics))

    async def _fetch_gas_live(self) -> Readings:
        live = await self._client.gas_live()
        return from_gas_live(live) if live else {}

    async def _fetch_today(self) -> Readings:
        if (today := await self._client.today()) is None:
            return {}
        newest = await self._newest_time()
        return from_today(today, newest, self._zone())

    async def _fetch_problems(self) -> Readings:
        problems = await self._client.problems()
        if problems is None:
            return {}
        # The server looks for problems when it is asked.
        return {"problems": Reading(time=self._clock(), value=problems > 0)}

    async def _fetch_peak(self) -> Readings:
        month = local_midnight(self._now().date().replace(day=1), self._zone())
        peak = await self._client.quarter_hour_peak(month)
        return from_peak(peak) if peak else {}

    async def _fetch_statistics(self) -> Readings:
        return from_statistics(await self._read_statistics())

    async def _fetch_prices(self) -> Readings:
        contracts = await self._client.contracts(self._now().date())
        return from_contracts(contracts, self._zone())
