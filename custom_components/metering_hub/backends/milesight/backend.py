"""Beaver IoT as a backend: its answers become devices, points and readings."""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from datetime import UTC, datetime
import hashlib
from typing import override

from aiohttp import ClientSession

from ...metering.model import Inventory, Point, Value
from ..base import Backend, HistoryChanges, HistoryChunk, Identity, Latest, Settings
from ..errors import NotFoundError, ProtocolError, UnsupportedError
from .auth import Credentials
from .catalogue import Catalogue, Source, make_catalogue
from .changes import find_changes
from .control import write
from .features import Abilities, LatestBy, probe
from .history import PastReader
from .latest import LatestReader
from .models import User
from .paging import all_rows
from .push import watch
from .server import Server, find_prefix


class MilesightBackend(Backend):
    """One Beaver IoT, as one of its users sees it."""

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
        self._verify_ssl = bool(settings.get("verify_ssl", True))
        self._credentials = Credentials(
            username=str(settings["username"]),
            password=str(settings["password"]),
            client_id=str(settings["client_id"]),
            client_secret=str(settings["client_secret"]),
            tenant=str(settings["tenant"]),
        )
        self._clock = clock
        self._connected: tuple[Server, LatestReader] | None = None
        self._last_sources: (
            tuple[Collection[Point], Catalogue, Sequence[Source]] | None
        ) = None
        self._is_admin: bool | None = None
        self._abilities = Abilities()
        self._catalogue = Catalogue()

    @override
    async def connect(self) -> Identity:
        """Find the API, log in; the identity is a hash of tenant and user."""
        prefix = await find_prefix(self._session, self._url)
        server = Server(
            self._session, self._url, prefix, self._credentials, self._clock
        )
        user = await server.client.user()
        self._connected = server, LatestReader(server.client, self._clock)
        self._abilities = Abilities()
        self._is_admin = user.is_super_admin
        return Identity(unique_id=_identity(user), title="Beaver IoT", version=None)

    @override
    async def inventory(self) -> Inventory:
        """Return all devices that the user may see, and what they measure.

        Raises UnsupportedError("no_data_permission") where a user who is no
        administrator sees no device: the server then answers as if there were none.
        """
        server, reader = self._server
        self._abilities = await probe(server.client, self._abilities.doubted())
        devices = await all_rows(server.client.devices, lambda row: row.id)
        if not devices and self._is_admin is False:
            raise UnsupportedError(
                "the user may see no device", reason="no_data_permission"
            )
        entities = await all_rows(server.client.entities, lambda row: row.id)
        self._catalogue = await make_catalogue(
            devices, entities, self._abilities.latest_by, self._url
        )
        reader.forget(self._catalogue.keys_by_id)
        return self._catalogue.inventory

    @override
    async def latest(self, points: Collection[Point]) -> Latest:
        """Return the newest readings: one request for 1,000 of them since 1.3."""
        server, reader = self._server
        sources, properties = self._sources(points), self._catalogue.properties
        try:
            return await reader.read(sources, self._abilities.latest_by, properties)
        except NotFoundError:
            # Another release has taken the server's place.
            self._abilities = await probe(server.client, Abilities())
        return await reader.read(sources, self._abilities.latest_by, properties)

    @override
    def history(
        self, points: Collection[Point], start: datetime, end: datetime
    ) -> AsyncIterator[HistoryChunk]:
        """Yield the stored values."""
        return self._past.chunks(self._sources(points), start, end)

    @override
    async def history_start(self, points: Collection[Point]) -> datetime | None:
        """Return the time of the oldest stored value."""
        return await self._past.oldest(self._sources(points), self._clock())

    @override
    async def history_changes(
        self, points: Collection[Point], start: datetime, mark: object
    ) -> HistoryChanges:
        """Compare the times of the latest values, where the server tells them."""
        if self._abilities.latest_by is not LatestBy.BATCH:
            return HistoryChanges(since=start, mark=None)
        server, _ = self._server
        sources = self._sources(points)
        return await find_changes(server.client, sources, start, mark, self._clock())

    @override
    async def write(self, point: Point, value: Value | None) -> None:
        """Set a property, or call a service."""
        server, _ = self._server
        await write(server.client, self._catalogue.sources.get(point.key), value)

    @override
    def watch(self) -> AsyncIterator[frozenset[str]]:
        """Yield what changed, by the server's MQTT broker or its old WebSocket."""
        server, _ = self._server
        return watch(server, self._abilities, lambda: self._catalogue, self._verify_ssl)

    @property
    def _server(self) -> tuple[Server, LatestReader]:
        if self._connected is None:
            raise ProtocolError("not connected")
        return self._connected

    @property
    def _past(self) -> PastReader:
        server, _ = self._server
        return PastReader(
            server.client, together=self._abilities.latest_by is LatestBy.BATCH
        )

    def _sources(self, points: Collection[Point]) -> Sequence[Source]:
        """Return where points come from; those of the same points are the same."""
        catalogue, last = self._catalogue, self._last_sources
        if last is not None and last[0] is points and last[1] is catalogue:
            return last[2]
        known = catalogue.sources
        sources = [known[point.key] for point in points if point.key in known]
        self._last_sources = points, catalogue, sources
        return sources


def _identity(user: User) -> str | None:
    """Return a hash of tenant and user; an old server may tell neither."""
    if user.user_id is None or user.tenant_id is None:
        return None
    text = f"{user.tenant_id}:{user.user_id}"
    return hashlib.sha256(text.encode()).hexdigest()[:20]
