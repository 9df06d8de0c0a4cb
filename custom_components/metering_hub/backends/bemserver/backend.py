"""BEMServer as a backend: its places are devices, its series are points."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
import hashlib
from typing import override

from aiohttp import ClientSession
from yarl import URL

from ...metering.inventory import Inventory, KindQuestion
from ...metering.memo import Kept
from ...metering.model import Kind, Point
from ...metering.point_settings import PointSettings
from ..base import (
    Comparison,
    HistoryChanges,
    HistoryChunk,
    Identity,
    Latest,
    Memory,
    Settings,
)
from ..common.auth import TokenAuth
from ..common.concurrency import LoopYielder
from ..errors import AuthenticationError, PermissionDeniedError
from .api_address import ApiAddress
from .auth import Login
from .batching import SeriesBatcher
from .catalogue import Catalogue, CatalogueReader
from .changes import ChangeFinder
from .client import BemserverClient, classify
from .comparison import DayComparer
from .complete_hours import CompleteHours
from .data_states import DataStates
from .history import HistoryReader
from .history_start import HistoryStarts
from .kind_evidence import EvidenceReader
from .kind_finder import KindFinder
from .kinds import SeriesKinds
from .latest import LatestReader
from .memory import ServerMemory
from .on_demand import OnDemandBackend
from .points import PointMaker, SeriesPoint, counting_series, make_devices
from .poll import SERIES_AT_ONCE, Poll
from .poll_plan import PollPlan
from .setup_fields import (
    AMOUNTS_FIELD,
    chosen_kinds,
    has_contradiction,
    kinds_in_settings,
    series_choices,
)
from .site_points import make_site_points
from .site_readings import SiteReader, make_overview
from .timeseries_client import TimeseriesClient
from .todays_amounts import TodaysAmounts
from .value_cache import ValueCache


class BemserverBackend(OnDemandBackend):
    """A BEMServer, as one of its users sees it."""

    def __init__(
        self,
        session: ClientSession,
        settings: Settings,
        options: Settings,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Initialize the clients of the server and what reads from them."""
        self._url = str(settings["url"])
        self._email = str(settings["email"])
        self._options = options
        self._chosen: Mapping[int, Kind] = chosen_kinds(options)
        self._clock = clock
        self._api = ApiAddress(session, self._url)
        login = Login(self._api, self._email, str(settings["password"]), clock)
        auth = TokenAuth(login.log_in, login.refresh, clock=clock)
        http = self._api.http_client(auth=auth, classify=classify)
        self._client = BemserverClient(http, self._api)
        self._catalogue = CatalogueReader(self._client)
        client = TimeseriesClient(http, self._api)
        self._batcher = batcher = SeriesBatcher(self._visible_series, clock)
        self._states, self._cache = states, cache = DataStates(), ValueCache()
        self._kinds = SeriesKinds(KindFinder(EvidenceReader(batcher, client, states)))
        self._starts = starts = HistoryStarts(batcher, client, states)
        self._complete = complete = CompleteHours()
        self._memory = ServerMemory(states, self._kinds, starts, complete)
        self._latest = latest = LatestReader(batcher, client, states, cache)
        self._todays_amounts = amounts = TodaysAmounts(batcher, client, states, cache)
        super().__init__(http, self._api, self._client)
        site_reader = SiteReader(
            self._client, client, batcher, states, cache, self._notifications
        )
        self._poll = Poll(batcher, latest, amounts, site_reader, cache)
        self._history = HistoryReader(batcher, client, states, cache, starts, complete)
        self._comparer = DayComparer(batcher, client, states)
        self._changes = ChangeFinder(cache, latest)
        self._user_id = 0
        self._series: Mapping[str, SeriesPoint] = {}
        self._plan = Kept(PollPlan.of)

    @property
    @override
    def time_zone(self) -> tzinfo:
        """Return the time zone of the first campaign."""
        return self._zones.default

    @property
    @override
    def clock_offset(self) -> timedelta:
        """Return how far the server's clock is ahead of Home Assistant's."""
        return self._client.clock_offset

    @override
    def restore(self, memory: Memory) -> None:
        """Restore what `remember` returned before a restart."""
        self._memory.restore(memory)

    @override
    def remember(self) -> Memory:
        """Return what was found out about series, such as their kinds."""
        return self._memory.remember()

    @override
    def use_settings(self, settings: Mapping[str, PointSettings]) -> None:
        """Follow the kinds that the user chose."""
        self._chosen = chosen_kinds(self._options) | kinds_in_settings(settings)

    @override
    async def connect(self) -> Identity:
        """Find the API and log in.

        User ids are unique on one server only, so the identity is a hash of the host
        and the user id. It stays the same if the server moves to https or to another
        port.
        """
        version = await self._api.find()
        self._user_id = (await self._client.own_user(self._email)).id
        text = f"{URL(self._url).host} {self._user_id}"
        unique_id = hashlib.sha256(text.encode()).hexdigest()[:32]
        return Identity(unique_id=unique_id, version=version)

    @override
    async def inventory(self) -> Inventory:
        """Return the campaigns, places and series that the user may see."""
        now = self._clock()
        try:
            catalogue = await self._catalogue.read(now)
        except PermissionDeniedError:
            await self._require_active_user()
            raise
        await self._zones.load(catalogue.campaigns.values())
        self._batcher.reset()
        self._forget_removed(catalogue.series)
        self._states.update_names(catalogue.enumerations.states)
        await self._detect_kinds(catalogue, now)
        intervals = {**self._kinds.intervals, **catalogue.intervals}
        self._cache.update_intervals(intervals)
        devices = make_devices(catalogue, self._url)
        maker = PointMaker(
            catalogue,
            devices,
            {**self._kinds.kinds, **self._chosen},
            intervals,
        )
        series: dict[str, SeriesPoint] = {}
        yielder = LoopYielder(SERIES_AT_ONCE)
        for item in maker.make_points():
            series[item.point.key] = item
            await yielder.spend(1)
        with_series = {item.point.device_key for item in series.values()}
        site_points = [*make_site_points(catalogue, devices, with_series)]
        self._series = series
        self._site = make_overview(
            self._user_id, catalogue, self._zones, series.values(), site_points
        )
        points = {key: item.point for key, item in series.items()}
        return Inventory(
            devices=devices,
            points=points | {point.key: point for point, _ in site_points},
            choices=series_choices(catalogue, devices, maker, self._options),
            questions=self._questions(),
        )

    def _questions(self) -> dict[str, KindQuestion]:
        """Return the questions that the user has not answered, by point key."""
        asked = self._kinds.questions
        return {
            key: asked[item.series_id]
            for key, item in self._series.items()
            if item.series_id in asked and item.series_id not in self._chosen
        }

    async def _visible_series(self) -> Collection[int]:
        """Return the ids of the series that the user may see.

        Raises AuthenticationError if the user was deactivated.
        """
        await self._require_active_user()
        return await self._catalogue.visible_series()

    async def _require_active_user(self) -> None:
        """Raise AuthenticationError for a user who was deactivated after logging in.

        The server refuses such a user everything, even the list of users.
        """
        try:
            await self._client.own_user(self._email)
        except PermissionDeniedError as err:
            raise AuthenticationError("the user is not active") from err

    def _forget_removed(self, series_ids: Collection[int]) -> None:
        """Forget all series but these."""
        for part in (
            self._states,
            self._kinds,
            self._starts,
            self._complete,
            self._cache,
            self._latest,
            self._todays_amounts,
        ):
            part.keep_only(series_ids)

    async def _detect_kinds(self, catalogue: Catalogue, now: datetime) -> None:
        """Detect the kinds and intervals that the user has not chosen."""
        texts = {
            number: f"{series.name} {series.description or ''}"
            for number, series in counting_series(catalogue).items()
            if number not in self._chosen
        }
        await self._kinds.detect(
            texts,
            now,
            active=[number for number in texts if self._cache.latest(number)],
            linked={link.series_id for link in catalogue.energy_links} & texts.keys(),
        )

    @override
    async def check_setup(self) -> Mapping[str, str]:
        """Return an error if the user chose both kinds for a series."""
        if has_contradiction(self._options):
            return {AMOUNTS_FIELD: "both_kinds"}
        return {}

    @override
    async def latest(self, points: Collection[Point]) -> Latest:
        """Return the latest value of each point; of amounts, today's so far."""
        plan = self._plan(points, self._series, self._site)
        return await self._poll.read(plan, self._clock())

    @override
    async def history(
        self, points: Collection[Point], start: datetime, end: datetime
    ) -> AsyncIterator[HistoryChunk]:
        """Yield hourly sums and means, and meter readings as they are stored."""
        series = {
            point: self._series[point.key].series_id
            for point in points
            if point.key in self._series
        }
        unknown = self._starts.take_unknown(series.values())
        known = [number for number in series.values() if number not in unknown]
        await self._starts.find(known, self._clock())
        unknown |= self._starts.take_unknown(known)
        async for chunk in self._history.chunks(series, start, end, unknown):
            yield chunk

    @override
    async def history_start(self, points: Collection[Point]) -> datetime | None:
        """Return the hour of the first value of any of these points' series."""
        series = self._series_ids(points)
        await self._starts.find(series, self._clock())
        return self._starts.earliest(series)

    @override
    async def history_changes(
        self, points: Collection[Point], start: datetime, mark: object
    ) -> HistoryChanges:
        """Return what may have changed, without any request."""
        series = self._series_ids(points)
        if self._history.is_failing(series):
            mark = None
        return self._changes.find_changes(series, start, self._clock(), mark)

    @override
    async def compare_history(
        self, points: Collection[Point], start: datetime, seen: Memory
    ) -> Comparison | None:
        """Compare the count and sum of each day: two requests for up to 50 series."""
        series = {
            point.key: self._series[point.key].series_id
            for point in points
            if point.key in self._series
        }
        return await self._comparer.compare(series, start, self._clock(), seen)

    def _series_ids(self, points: Collection[Point]) -> list[int]:
        """Return the ids of the series that still exist."""
        series = self._series
        return [series[point.key].series_id for point in points if point.key in series]
