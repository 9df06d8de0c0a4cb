"""The Beaver IoT backend: devices, points and readings of one server."""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
import hashlib
from typing import override

from aiohttp import ClientSession

from ...metering.model import Inventory, Point, Value
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
from ..errors import ProtocolError, UnsupportedError
from .auth import Credentials
from .catalogue import Catalogue, Source, make_catalogue
from .changes import find_changes
from .client import MissingEndpointError
from .comparison import compare_counts
from .control import write_value
from .features import Features, LatestEndpoint, probe_features
from .history import HistoryFailures, HistoryReader
from .latest import LatestReader
from .models import User
from .paging import fetch_all_rows
from .push import watch_server
from .server import Server, find_server


@dataclass(frozen=True, slots=True)
class _Connection:
    """The connected server, its user, and the reader of the latest values."""

    server: Server
    user: User
    latest_reader: LatestReader


class MilesightBackend(Backend):
    """A Beaver IoT server as one of its users sees it."""

    def __init__(
        self,
        session: ClientSession,
        settings: Settings,
        options: Settings,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Initialize the backend; `connect` sends the first request."""
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
        self._connection: _Connection | None = None
        self._features = Features()
        self._catalogue = Catalogue()
        self._failures = HistoryFailures()

    @property
    @override
    def clock_offset(self) -> timedelta:
        """Return how far the server's clock is ahead of Home Assistant's."""
        return (
            self._connection.server.client.clock_offset
            if self._connection
            else timedelta()
        )

    @override
    async def connect(self) -> Identity:
        """Find the API and log in; the identity is a hash of tenant and user."""
        server = await find_server(
            self._session, self._url, self._credentials, self._clock
        )
        user = await server.client.user()
        reader = LatestReader(server.client, self._clock)
        self._connection = _Connection(server, user, reader)
        self._features = Features()
        return Identity(unique_id=_identity(user), title="Beaver IoT", version=None)

    @override
    async def inventory(self) -> Inventory:
        """Return all devices that the user may see, and their points.

        Raises UnsupportedError("no_data_permission") if a user who is not an
        administrator sees no device: to such a user, the server looks empty.
        """
        connection = self._connected
        client = connection.server.client
        self._features = await probe_features(
            client, self._features.without_upgradable()
        )
        devices = await fetch_all_rows(client.devices, lambda row: row.id)
        if not devices and connection.user.is_super_admin is False:
            raise UnsupportedError(
                "the user has no access to any device", reason="no_data_permission"
            )
        entities = await fetch_all_rows(client.entities, lambda row: row.id)
        self._catalogue = await make_catalogue(
            devices, entities, self._features.latest_endpoint, self._url
        )
        connection.latest_reader.keep_only(self._catalogue.keys_by_id)
        return self._catalogue.inventory

    @override
    async def latest(self, points: Collection[Point]) -> Latest:
        """Return the latest readings; since 1.3, one request returns 1,000 of them."""
        connection = self._connected
        try:
            return await self._read_latest(connection, points)
        except MissingEndpointError:
            # The server was replaced by another release.
            self._features = await probe_features(connection.server.client, Features())
        return await self._read_latest(connection, points)

    @override
    def history(
        self, points: Collection[Point], start: datetime, end: datetime
    ) -> AsyncIterator[HistoryChunk]:
        """Yield the stored values."""
        return self._history_reader.chunks(self._sources(points), start, end)

    @override
    async def history_start(self, points: Collection[Point]) -> datetime | None:
        """Return the time of the oldest stored value."""
        sources = self._sources(points)
        return await self._history_reader.first_reading(sources, self._clock())

    @override
    async def history_changes(
        self, points: Collection[Point], start: datetime, mark: object
    ) -> HistoryChanges:
        """Compare the times of the latest values, if the server reports them."""
        if self._features.latest_endpoint is not LatestEndpoint.BATCH:
            return HistoryChanges(since=start, mark=None)
        client = self._connected.server.client
        sources = self._sources(points)
        if self._failures.has_any(sources):
            mark = None
        return await find_changes(client, sources, start, mark, self._clock())

    @override
    async def compare_history(
        self, points: Collection[Point], start: datetime, seen: Memory
    ) -> Comparison | None:
        """Count the stored values, which old releases do for single entities only."""
        if self._features.latest_endpoint is not LatestEndpoint.BATCH:
            return None
        client = self._connected.server.client
        now = self._clock() + self.clock_offset
        return await compare_counts(client, self._sources(points), start, now, seen)

    @override
    async def write(self, point: Point, value: Value | None) -> None:
        """Set a property, or call a service."""
        client = self._connected.server.client
        await write_value(client, self._catalogue.sources.get(point.key), value)

    @override
    def watch(self) -> AsyncIterator[frozenset[str]]:
        """Yield what has changed, from the MQTT broker or the old WebSocket."""
        return watch_server(
            self._connected.server,
            self._features,
            lambda: self._catalogue,
            self._verify_ssl,
        )

    @property
    def _connected(self) -> _Connection:
        """Return the connection; raises ProtocolError before `connect`."""
        if self._connection is None:
            raise ProtocolError("not connected")
        return self._connection

    @property
    def _history_reader(self) -> HistoryReader:
        """Return the reader of stored values."""
        has_batches = self._features.latest_endpoint is LatestEndpoint.BATCH
        client = self._connected.server.client
        return HistoryReader(client, has_batches, self._failures)

    async def _read_latest(
        self, connection: _Connection, points: Collection[Point]
    ) -> Latest:
        """Return the latest readings from the endpoint that the server has now."""
        return await connection.latest_reader.read(
            points, self._catalogue, self._features.latest_endpoint
        )

    def _sources(self, points: Collection[Point]) -> Sequence[Source]:
        """Return the sources of points; those of deleted entities are missing."""
        known = self._catalogue.sources
        return [known[point.key] for point in points if point.key in known]


def _identity(user: User) -> str | None:
    """Return a hash of tenant and user; old servers may report neither."""
    if user.user_id is None or user.tenant_id is None:
        return None
    text = f"{user.tenant_id}:{user.user_id}"
    return hashlib.sha256(text.encode()).hexdigest()[:20]
