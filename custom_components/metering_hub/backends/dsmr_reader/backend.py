"""DSMR-reader as a backend."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import override

from aiohttp import ClientSession

from ...metering.inventory import Inventory
from ...metering.model import Point, PricePeriod
from ...metering.p1_readings import P1Readings
from ..base import (
    Backend,
    Comparison,
    HistoryChanges,
    HistoryChunk,
    Identity,
    Latest,
    Memory,
    Settings,
)
from ..errors import Reason, UnsupportedError
from .changes import find_changes
from .client import DsmrReaderClient
from .comparison import HistoryComparer
from .day_totals import totals_of_days
from .history import HistoryReader
from .latest import LatestReader
from .latest_telegram import TelegramReader
from .meter_exchanges import MeterExchanges
from .meters import (
    Endpoint,
    MeterProfile,
    endpoints_of,
    make_profile,
    meter_id,
    parse_version,
)
from .models import ExtraDevice, MeterStatistics
from .points import make_devices, make_points
from .prices import fetch_prices
from .sender import Sender

OLDEST_VERSION = (4, 2)
"""Older servers refuse times in UTC, and local times fail around clock changes.

Source: docs/wire/dsmr_reader.md, Times.
"""

EXTRA_DEVICE_FIELD = "extra_device"


class DsmrReaderBackend(Backend):
    """One DSMR-reader: an electricity meter and perhaps an extra meter behind it."""

    def __init__(
        self,
        session: ClientSession,
        settings: Settings,
        options: Settings,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Initialize the backend; nothing is requested before `connect`."""
        self._url = str(settings["url"])
        api_key = str(settings["api_key"])
        self._client = DsmrReaderClient(session, self._url, api_key)
        self._sender = Sender(session, self._url, api_key, self._client, clock)
        self._exchanges = MeterExchanges()
        self._telegrams = TelegramReader(self._client, clock, self._exchanges)
        self._latest = LatestReader(self._client, self._telegrams, clock)
        self._history = HistoryReader(self._client, self._telegrams, self._exchanges)
        self._comparer = HistoryComparer(self._client)
        self._chosen_extra = ExtraDevice(str(options.get(EXTRA_DEVICE_FIELD, "gas")))
        self._connected: tuple[str, MeterStatistics] | None = None
        self._profile: MeterProfile | None = None
        self._sources: Mapping[str, Endpoint] = {}

    @property
    @override
    def time_zone(self) -> tzinfo:
        """Return the server's time zone, as far as its answers show it."""
        return self._telegrams.time_zone

    @property
    @override
    def clock_offset(self) -> timedelta:
        """Return how far the server's clock is ahead of Home Assistant's."""
        return self._client.clock_offset

    @override
    def restore(self, memory: Memory) -> None:
        """Restore the meters as they were seen before a restart."""
        self._exchanges.restore(memory)

    @override
    def remember(self) -> Memory:
        """Return digests of the meters' serial numbers, and their exchanges."""
        return self._exchanges.remember()

    @override
    async def connect(self) -> Identity:
        """Check key and version; the identity is a hash of the meter's serial."""
        version = await self._client.version()
        if parse_version(version) < OLDEST_VERSION:
            raise UnsupportedError(
                f"DSMR-reader {version} is too old", reason=Reason.UNSUPPORTED_VERSION
            )
        statistics = await self._telegrams.read_statistics()
        self._connected = version, statistics
        return Identity(unique_id=meter_id(statistics), version=version)

    @override
    async def inventory(self) -> Inventory:
        """Return the electricity meter and, if there is one, the meter behind it."""
        version, statistics = await self._version_and_statistics()
        telegram = await self._telegrams.read()
        self._profile = profile = make_profile(
            statistics,
            telegram,
            self._telegrams.extra_meter,
            endpoints_of(version),
            self._chosen_extra,
        )
        found = make_points(profile)
        self._sources = {key: endpoint for key, (_, endpoint) in found.items()}
        is_chosen = profile.is_extra_chosen
        return Inventory(
            devices=make_devices(profile, statistics, version, self._url),
            points={key: point for key, (point, _) in found.items()},
            undecided=frozenset({EXTRA_DEVICE_FIELD}) if is_chosen else frozenset(),
        )

    @override
    async def latest(self, points: Collection[Point]) -> Latest:
        """Return the latest readings, with one request for each endpoint involved."""
        sources = {
            point.key: self._sources[point.key]
            for point in points
            if point.key in self._sources
        }
        return await self._latest.read(sources, self._extra)

    @override
    def history(
        self, points: Collection[Point], start: datetime, end: datetime
    ) -> AsyncIterator[HistoryChunk]:
        """Yield what is stored of telegrams, and the statistics before the oldest."""
        return self._history.chunks(points, start, end)

    @override
    async def history_start(self, points: Collection[Point]) -> datetime | None:
        """Return the time of the oldest telegram, or of the oldest day before it."""
        return await self._history.first_reading(points)

    @override
    async def history_changes(
        self, points: Collection[Point], start: datetime, mark: object
    ) -> HistoryChanges:
        """Count the telegrams since `start`; nothing before them changes later."""
        keys = {point.key for point in points}
        until = self._telegrams.latest_possible
        return await find_changes(self._client, keys, start, until, mark)

    @override
    async def compare_history(
        self, points: Collection[Point], start: datetime, seen: Memory
    ) -> Comparison | None:
        """Count the telegrams and compare the days' statistics, by two requests."""
        zone = await self._telegrams.find_time_zone()
        keys = {point.key for point in points}
        span = (start, self._telegrams.latest_possible)
        return await self._comparer.compare(keys, span, zone, seen)

    @override
    async def day_totals(
        self, points: Collection[Point], start: datetime, end: datetime
    ) -> Mapping[str, Mapping[date, float]]:
        """Return the electricity of the days that were compared last.

        That needs no request; before the first comparison, there are none.
        """
        return totals_of_days(self._comparer.days, {point.key for point in points})

    @override
    async def prices(self, start: datetime, end: datetime) -> Sequence[PricePeriod]:
        """Return the prices of the energy contracts; none from servers before 5.3."""
        if self._profile is None:
            await self.inventory()
        if self._profile and Endpoint.PRICES not in self._profile.endpoints:
            return []
        zone = await self._telegrams.find_time_zone()
        return await fetch_prices(self._client, start, end, zone, self._extra)

    @override
    async def send_telegram(self, telegram: str) -> bool:
        """Send a raw telegram, as a remote datalogger does."""
        return await self._sender.send_telegram(telegram)

    @override
    async def send_readings(self, readings: P1Readings) -> bool:
        """Send readings that another P1 reader has taken out of a telegram."""
        return await self._sender.send_readings(readings)

    @property
    def _extra(self) -> ExtraDevice | None:
        """Return the kind of the extra meter, if there is one."""
        return self._profile.extra if self._profile else None

    async def _version_and_statistics(self) -> tuple[str, MeterStatistics]:
        """Return the version and meter statistics that `connect` has just fetched.

        They are fetched again at every later inventory.
        """
        connected, self._connected = self._connected, None
        if connected is not None:
            return connected
        return await self._client.version(), await self._telegrams.read_statistics()
