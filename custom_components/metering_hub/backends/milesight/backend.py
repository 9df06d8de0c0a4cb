"""The Beaver IoT backend: devices, points and readings of one server."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
import hashlib
from typing import override

from aiohttp import ClientSession

from ...metering.inventory import Inventory, SettingGroup
from ...metering.model import Point, Value
from ...metering.point_settings import PointSettings
from ...metering.server_data import ServerData, ServerQuery
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
from ..errors import (
    NotFoundError,
    ProtocolError,
    Reason,
    RejectedError,
    UnreachableError,
    UnsupportedError,
)
from .auth import Credentials
from .catalogue import Catalogue, make_catalogue
from .changes import find_changes
from .client import MissingEndpointError
from .comparison import compare_counts
from .control import Writer
from .device_facts import DeviceFactsReader
from .features import Features, probe_features
from .history import HistoryMemory, HistoryReader
from .inventory_need import InventoryNeed
from .latest import LatestReader
from .models import User
from .paging import fetch_all_rows
from .push import PushContext, watch_server
from .server import Server, find_server
from .server_data import read_server_data
from .sources import Source


@dataclass(frozen=True, slots=True)
class _Connection:
    """The connected server, its user, and the readers and the writer of values."""

    server: Server
    user: User
    latest_reader: LatestReader
    facts_reader: DeviceFactsReader
    writer: Writer


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
        self._probed_logins = 0
        self._was_away = False
        self._catalogue = Catalogue()
        self._history_memory = HistoryMemory()
        self._need = InventoryNeed()
        self._polled: set[str] = set()
        self._wanted_readings: frozenset[str] = frozenset()

    @override
    def use_settings(self, settings: Mapping[str, PointSettings]) -> None:
        """Show the settings by a sensor, too, of which the user said so."""
        self._wanted_readings = frozenset(
            key for key, each in settings.items() if each.has_sensor
        )

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
        self._connection = _Connection(
            server,
            user,
            LatestReader(server.client, self._clock),
            DeviceFactsReader(server.client),
            Writer(server.client),
        )
        self._features = Features()
        self._history_memory.batches.forget()
        unique_id = _identity(user, self._credentials.tenant)
        return Identity(unique_id=unique_id, version=None)

    @property
    @override
    def needs_inventory(self) -> bool:
        """Return True if entities were added or lost, or the release has changed."""
        return self._need.is_needed

    @override
    async def inventory(self) -> Inventory:
        """Return all devices that the user may see, and their points.

        Raises UnsupportedError (NO_DATA_PERMISSION) if a user who is not an
        administrator sees no device: to such a user, the server looks empty.
        """
        with self._need.clearing():
            return await self._fetch_inventory()

    @override
    async def latest(self, points: Collection[Point]) -> Latest:
        """Return the latest readings; since 1.3, one request returns 1,000 of them.

        An upgrade refuses all tokens and takes the server away for a while, so after
        either, the features are probed again.
        """
        connection = self._connected
        if self._features.may_have_websocket:
            # A push reads some of the points that are polled.
            self._polled.update(point.key for point in points)
        try:
            if self._was_away or connection.server.login.count != self._probed_logins:
                await self._probe_again(connection, self._features.without_upgradable())
            return await self._read_latest(connection, points)
        except MissingEndpointError:
            # The server was replaced by an older release.
            await self._probe_again(connection, Features())
        except UnreachableError:
            self._was_away = True
            raise
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
        """Compare how many values are stored."""
        sources, now = self._sources(points), self._clock()
        if self._history_memory.failures.has_any(sources):
            mark = None
        return await find_changes(
            self._connected.server.client,
            sources,
            start,
            mark,
            now,
            has_batches=await self._has_history_batches(sources, now),
        )

    @override
    async def compare_history(
        self, points: Collection[Point], start: datetime, seen: Memory
    ) -> Comparison | None:
        """Compare how many values are stored per day."""
        sources = self._sources(points)
        now = self._clock() + self.clock_offset
        return await compare_counts(
            self._connected.server.client,
            sources,
            start,
            now,
            seen,
            has_batches=await self._has_history_batches(sources, now),
        )

    @override
    async def server_data(
        self, point: Point, query: ServerQuery, most: int
    ) -> ServerData:
        """Return stored values, or aggregates of them."""
        source = self._catalogue.sources.get(point.key)
        if source is None:
            raise RejectedError(
                "the server no longer has this entity", reason=Reason.NO_LONGER_THERE
            )
        return await read_server_data(
            self._connected.server.client, source, query, most
        )

    @override
    async def write(self, point: Point, value: Value | None) -> None:
        """Set a property, or call a service."""
        endpoint = self._features.latest_endpoint
        await self._connected.writer.write(self._catalogue, endpoint, point.key, value)

    @override
    async def write_group(
        self, group: SettingGroup, values: Mapping[str, Value]
    ) -> None:
        """Set properties, or call a service with its parameters, in one request."""
        await self._connected.writer.write_group(self._catalogue, group.key, values)

    @override
    async def rename_device(self, device_key: str, name: str) -> None:
        """Rename a device; raises NotFoundError for an integration, which is none."""
        if (device_id := self._catalogue.device_ids.get(device_key)) is None:
            raise NotFoundError("it is no device of the server")
        await self._connected.server.client.rename_device(device_id, name)

    @override
    def watch(self) -> AsyncIterator[frozenset[str]]:
        """Yield what has changed, from the MQTT broker or the old WebSocket."""
        context = PushContext(
            get_catalogue=lambda: self._catalogue,
            polled=self._polled,
            need=self._need,
        )
        return watch_server(
            self._connected.server,
            context,
            may_have_websocket=self._features.may_have_websocket,
            verify_ssl=self._verify_ssl,
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
        return HistoryReader(self._connected.server.client, self._history_memory)

    async def _has_history_batches(
        self, sources: Sequence[Source], now: datetime
    ) -> bool:
        """Return True if the server counts several entities at once."""
        return await self._history_memory.batches.has_batches(
            self._connected.server.client,
            [source.entity.id for source in sources],
            now,
        )

    async def _fetch_inventory(self) -> Inventory:
        """Return the inventory; see `inventory`."""
        connection = self._connected
        client = connection.server.client
        await self._probe(connection, self._features.without_upgradable())
        devices = await fetch_all_rows(client.devices, lambda row: row.id)
        if not devices and connection.user.is_super_admin is False:
            raise UnsupportedError(
                "the user has no access to any device", reason=Reason.NO_DATA_PERMISSION
            )
        entities = await fetch_all_rows(client.entities, lambda row: row.id)
        endpoint = self._features.latest_endpoint
        facts = await connection.facts_reader.read(devices, entities, endpoint)
        self._catalogue = await make_catalogue(
            devices,
            entities,
            endpoint,
            connection.server.url,
            wanted=self._wanted_readings,
            facts=facts,
        )
        connection.latest_reader.keep_only(self._catalogue.keys_by_id)
        return self._catalogue.inventory

    async def _probe(self, connection: _Connection, features: Features) -> None:
        """Probe for the features that are undetermined."""
        self._features = await probe_features(connection.server.client, features)
        self._probed_logins = connection.server.login.count
        self._was_away = False

    async def _probe_again(self, connection: _Connection, features: Features) -> None:
        """Probe between inventories; another endpoint outdates the last one."""
        before = self._features.latest_endpoint
        await self._probe(connection, features)
        if self._features.latest_endpoint is not before:
            self._history_memory.batches.forget()
            self._need.note()

    async def _read_latest(
        self, connection: _Connection, points: Collection[Point]
    ) -> Latest:
        """Return the latest readings from the endpoint that the server has now."""
        latest = await connection.latest_reader.read(
            points, self._catalogue, self._features.latest_endpoint
        )
        if connection.latest_reader.has_lost_values:
            self._need.note()
        keys = self._catalogue.keys_by_id
        self._history_memory.starts.note_values(
            lambda entity_id: keys.get(entity_id) in latest.readings
        )
        return latest

    def _sources(self, points: Collection[Point]) -> Sequence[Source]:
        """Return the sources of points; those of deleted entities are missing."""
        known = self._catalogue.sources
        return [known[point.key] for point in points if point.key in known]


def _identity(user: User, tenant: str) -> str | None:
    """Return a hash of tenant and user; 1.0.0 reports only the user."""
    if user.user_id is None:
        return None
    text = f"{user.tenant_id or tenant}:{user.user_id}"
    return hashlib.sha256(text.encode()).hexdigest()[:20]
