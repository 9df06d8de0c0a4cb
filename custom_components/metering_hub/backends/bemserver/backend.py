"""BEMServer as a backend: its places become devices, its series points."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
import hashlib
from typing import override

from aiohttp import ClientSession
from yarl import URL

from ...metering.model import Inventory, Kind, Point, Reading
from ..base import (
    Backend,
    HistoryChanges,
    HistoryChunk,
    Identity,
    Latest,
    Memory,
    Settings,
)
from ..errors import (
    AuthenticationError,
    BackendError,
    NotFoundError,
    PermissionDeniedError,
    ProtocolError,
)
from .catalogue import Catalogue
from .changes import find_changes
from .engine import Engine
from .history import Past
from .latest import USUAL
from .models import User
from .points import SeriesPoint, SeriesPoints, make_devices, undecided_series
from .setup_fields import AMOUNTS_FIELD, choices, chosen_kinds, is_contradictory
from .site_points import ExtraSource, extra_points, surroundings
from .time_zones import Zones

API_PREFIX = "/api/v0"
"""Where the documented deployment has the API."""

DAY = timedelta(days=1)

SERIES_AT_ONCE = 200
"""How many series are dealt with before others have their turn: a few milliseconds."""

_ELSEWHERE = (
    AuthenticationError,
    NotFoundError,
    PermissionDeniedError,
    ProtocolError,
)
"""What something else than a BEMServer may say to /about/."""


class BemserverBackend(Backend):
    """One BEMServer, seen by one user."""

    def __init__(
        self,
        session: ClientSession,
        settings: Settings,
        options: Settings,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Prepare; nothing is asked before `connect`."""
        self._session = session
        self._url = str(settings["url"])
        self._email = str(settings["email"])
        self._password = str(settings["password"])
        self._clock = clock
        self._chosen = chosen_kinds(options)
        self._is_contradictory = is_contradictory(options)
        self._memory: Memory = {}
        self._engine: Engine | None = None
        self._version: str | None = None
        self._user_id = 0
        self._zones = Zones()
        self._series: Mapping[str, SeriesPoint] = {}
        self._extras: Mapping[str, ExtraSource] = {}

    @property
    @override
    def time_zone(self) -> tzinfo:
        """Return the zone of the first campaign."""
        return self._zones.default

    @override
    def restore(self, memory: Memory) -> None:
        """Take over what was learned of the series."""
        self._memory = memory

    @override
    def remember(self) -> Memory:
        """Return what was learned of the series: states, kinds, first readings."""
        return self._memory if self._engine is None else self._engine.remember()

    @override
    async def connect(self) -> Identity:
        """Find the API and log in.

        Numbers of users are only unique on one server, so that the identity is made of
        both, and hashed. Of the address, only the host counts: a server that moves to
        https or to another port is still the same.
        """
        engine = await self._log_in()
        host = URL(engine.url).host
        identity = hashlib.sha256(f"{host} {self._user_id}".encode()).hexdigest()
        return Identity(
            unique_id=identity[:32], title="BEMServer", version=self._version
        )

    @override
    async def inventory(self) -> Inventory:
        """Return the campaigns, places and series that the user may see."""
        engine, now = await self._connected(), self._clock()
        catalogue = await engine.reader.read(now)
        await self._zones.load(catalogue.campaigns.values())
        engine.asker.forget()
        engine.keep(frozenset(catalogue.series))
        engine.states.name(catalogue.enumerations.states)
        await self._learn_kinds(engine, catalogue, now)
        intervals = {**engine.kinds.intervals, **catalogue.intervals}
        engine.heard.intervals = intervals
        devices = make_devices(catalogue, self._url)
        maker = SeriesPoints(
            catalogue,
            devices,
            {**engine.kinds.kinds, **self._chosen},
            engine.kinds.guessed - self._chosen.keys(),
            intervals,
        )
        series: dict[str, SeriesPoint] = {}
        for item in maker.make():
            series[item.point.key] = item
            if len(series) % SERIES_AT_ONCE == 0:
                await asyncio.sleep(0)
        with_series = {item.point.device_key for item in series.values()}
        extras = list(extra_points(catalogue, devices, with_series))
        self._series = series
        self._extras = {point.key: source for point, source in extras}
        engine.extras.around = surroundings(
            self._user_id, catalogue, self._zones, series.values()
        )
        points = [*(item.point for item in series.values()), *(p for p, _ in extras)]
        return Inventory(
            devices=devices,
            points={point.key: point for point in points},
            choices=choices(catalogue, devices, maker),
        )

    async def _learn_kinds(
        self, engine: Engine, catalogue: Catalogue, now: datetime
    ) -> None:
        """Learn what the catalogue leaves open and nobody chose."""
        undecided = undecided_series(catalogue)
        amounts = {link.series_id for link in catalogue.energy_links}
        await engine.kinds.learn(
            (undecided.keys() - self._chosen.keys())
            # Of linked amounts only the interval is of interest.
            | (amounts - catalogue.intervals.keys() - engine.kinds.intervals.keys()),
            now,
            [number for number in undecided if engine.heard.of(number)],
        )

    @override
    async def check_setup(self) -> Mapping[str, str]:
        """Return an error where a series was said to be both kinds."""
        if self._is_contradictory:
            return {AMOUNTS_FIELD: "both_kinds"}
        return {}

    @override
    async def latest(self, points: Collection[Point]) -> Latest:
        """Return the newest value of each point; of an amount, today's so far."""
        engine, now = await self._connected(), self._clock()
        keys = [point.key for point in points]
        items = [self._series[key] for key in keys if key in self._series]
        zones = {
            item.series_id: self._zones.of(item.campaign_id)
            for item in items
            if _has_a_day(item.point)
        }
        engine.today.prepare(zones, now)
        lost = {
            **await engine.latest.refresh({item.series_id for item in items}, now),
            **await engine.today.refresh(zones, now),
        }
        readings: dict[str, Reading] = {}
        for count, item in enumerate(items):
            reading = self._reading(engine, item, now)
            if reading is not None and item.series_id not in lost:
                readings[item.point.key] = reading
            if count % SERIES_AT_ONCE == 0:
                await asyncio.sleep(0)
        extra, failed = await engine.extras.read(
            {key: self._extras[key] for key in keys if key in self._extras}, now
        )
        failed |= {
            item.point.key: str(lost[item.series_id])
            for item in items
            if item.series_id in lost
        }
        return Latest(readings=readings | extra, failed=failed)

    @override
    async def history(
        self, points: Collection[Point], start: datetime, end: datetime
    ) -> AsyncIterator[HistoryChunk]:
        """Yield hours that the server sums up, and positions as they were read."""
        engine = await self._connected()
        series = {
            point: self._series[point.key].series_id
            for point in points
            if point.key in self._series
        }
        await engine.beginnings.find(series.values(), self._clock())
        pasts = [
            Past(
                point=point,
                series_id=number,
                state=state,
                interval=engine.heard.interval(number) or USUAL,
            )
            for point, number in series.items()
            if (state := engine.states.of(number)) is not None
        ]
        async for chunk in engine.history.chunks(pasts, start, end):
            yield chunk

    @override
    async def history_start(self, points: Collection[Point]) -> datetime | None:
        """Return when the first of these series began, as the server says."""
        engine, series = await self._connected(), self._numbers(points)
        await engine.beginnings.find(series, self._clock())
        return engine.beginnings.first(series)

    @override
    async def history_changes(
        self, points: Collection[Point], start: datetime, mark: object
    ) -> HistoryChanges:
        """Ask nothing: tell what is new by the polls, and look at all once an hour."""
        engine, series = await self._connected(), self._numbers(points)
        return find_changes(
            series, engine.heard, engine.latest, start, self._clock(), mark
        )

    def _numbers(self, points: Collection[Point]) -> list[int]:
        """Return the numbers of the series that are still known."""
        known = self._series
        return [known[point.key].series_id for point in points if point.key in known]

    async def _connected(self) -> Engine:
        return self._engine or await self._log_in()

    async def _log_in(self) -> Engine:
        engine, self._version = await self._find_server()
        user = self._own(await engine.client.users())
        engine.restore(self._memory)
        self._engine, self._user_id = engine, user.id
        return engine

    async def _find_server(self) -> tuple[Engine, str]:
        """Return the server at the address, or below it where the API mostly is."""
        credentials = self._email, self._password
        engine = Engine(self._session, self._url, credentials, self._clock)
        try:
            return engine, await engine.client.version()
        except _ELSEWHERE as err:
            if self._url.endswith(API_PREFIX):
                raise
            first = err
        engine = Engine(
            self._session, f"{self._url}{API_PREFIX}", credentials, self._clock
        )
        try:
            return engine, await engine.client.version()
        except BackendError:
            # What stands at the address itself says more.
            raise first from None

    def _own(self, users: Sequence[User]) -> User:
        """Return the user who is logged in: an administrator sees all of them."""
        own = [user for user in users if user.email == self._email]
        if len(users) == 1:
            own = [*users]
        if len(own) != 1:
            raise ProtocolError("GET /users/: does not tell who is logged in")
        return own[0]

    def _reading(
        self, engine: Engine, item: SeriesPoint, now: datetime
    ) -> Reading | None:
        if _has_a_day(item.point):
            zone = self._zones.of(item.campaign_id)
            return engine.today.reading(item.series_id, zone, now)
        if (heard := engine.heard.of(item.series_id)) is None:
            return None
        # Of an interval of days, the last one is shown, since it began.
        return heard.reading(is_amount=item.point.kind is Kind.INTERVAL)


def _has_a_day(point: Point) -> bool:
    """Tell whether a point shows today's amount: its intervals are parts of a day."""
    return point.kind is Kind.INTERVAL and (
        point.interval is None or point.interval < DAY
    )
