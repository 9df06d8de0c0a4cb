"""A fictitious server that can be controlled and that pushes, and its backend.

With it, the tests of control and push do not depend on a real backend. The server
uses a real socket, and nothing in the integration is mocked.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
import json
import time
from typing import Any, ClassVar, override

from aiohttp import ClientError, ClientSession, ClientTimeout, web
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.metering_hub.backends.base import (
    Backend,
    BackendSpec,
    Capability,
    Field,
    FieldKind,
    Identity,
    Latest,
    Settings,
)
from custom_components.metering_hub.backends.common.http import HttpClient, Json
from custom_components.metering_hub.backends.common.messages import Answer, Request
from custom_components.metering_hub.backends.common.parse import as_object, as_text
from custom_components.metering_hub.backends.errors import (
    AuthenticationError,
    BackendError,
    RateLimitedError,
    RejectedError,
    UnreachableError,
)
from custom_components.metering_hub.metering.inventory import Inventory
from custom_components.metering_hub.metering.model import (
    Category,
    Device,
    Kind,
    Limits,
    Point,
    Quantity,
    Reading,
    Value,
)
from simulators.faults import Faults, RecordedRequest

POLL_SECONDS = 300
TIME = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


def _point(key: str, name: str, quantity: Quantity, kind: Kind, **more: Any) -> Point:
    device_key = more.pop("device_key", "plug")
    return Point(
        key=key,
        name=name,
        quantity=quantity,
        kind=kind,
        device_key=device_key,
        **more,
    )


_LIMITS = Limits(lowest=10.0, highest=3680.0, step=5.0)
_OPTIONS = ("eco", "comfort", "off")
_SET = {"writable": True}
_CONFIG = {"category": Category.CONFIG}
_DIAGNOSTIC = {"category": Category.DIAGNOSTIC}

POINTS = (
    _point("power", "Power", Quantity.POWER, Kind.INSTANT, unit="W"),
    _point("register", "Meter reading", Quantity.ENERGY, Kind.REGISTER, unit="kWh"),
    _point("hidden", "Voltage", Quantity.VOLTAGE, Kind.INSTANT, enabled_default=False),
    _point("relay", "Relay", Quantity.TEXT, Kind.FLAG, **_SET),
    _point(
        "limit",
        "Limit",
        Quantity.POWER,
        Kind.INSTANT,
        unit="W",
        limits=_LIMITS,
        **_SET,
        **_DIAGNOSTIC,
    ),
    _point("offset", "Offset", Quantity.POWER, Kind.INSTANT, unit="parsec", **_SET),
    _point("mode", "Mode", Quantity.TEXT, Kind.STATE, options=_OPTIONS, **_SET),
    _point("note", "Note", Quantity.TEXT, Kind.STATE, **_SET, **_CONFIG),
    _point("clear", "Clear", Quantity.TEXT, Kind.ACTION, **_CONFIG),
    _point(
        "other", "Power", Quantity.POWER, Kind.INSTANT, unit="W", device_key="other"
    ),
)
FIRST_VALUES: dict[str, Value] = {
    "power": 12.5,
    "register": 100.0,
    "hidden": 230.0,
    "relay": False,
    "limit": 1000.0,
    "offset": 0.0,
    "mode": "eco",
    "note": "cellar",
    "other": 1.0,
}


class _PlugFaults(Faults):
    """The faults of an invented server: no wire description knows its requests."""

    observers: ClassVar[list[Callable[[RecordedRequest], None]]] = []


class PlugServer:
    """A server with the values of one plug.

    Writes are applied at once, or by `apply` if the server `lags`. The values of a
    read are determined when it arrives, and returned when the `gate` opens.
    """

    def __init__(self) -> None:
        """Initialize the server without connections."""
        self.url = ""
        self.values = dict(FIRST_VALUES)
        self.written: list[tuple[str, Value | None]] = []
        self.reads: list[set[str]] = []
        self.settable = {point.key: point.writable for point in POINTS}
        self.lags = False
        self._gates: list[asyncio.Event] = []
        self.gate = self.hold()
        self.gate.set()
        self.faults = _PlugFaults()
        self.connections = 0
        self.app = web.Application(middlewares=[self.faults.middleware])
        self.app.add_routes(
            [
                web.get("/settable", self._get_settable),
                web.get("/values", self._read),
                web.post("/values", self._write),
                web.get("/changes", self._watch),
            ]
        )
        self._late: dict[str, Value] = {}
        self._queues: set[asyncio.Queue[bytes]] = set()

    @property
    def watchers(self) -> int:
        """Return the number of clients that watch."""
        return len(self._queues)

    def tell(self, *keys: str) -> None:
        """Push that these values have changed."""
        for queue in self._queues:
            queue.put_nowait(json.dumps(keys).encode() + b"\n")

    def change(self, **values: Value) -> None:
        """Change values, and push that they have changed."""
        self.values |= values
        self.tell(*values)

    def hang_up(self) -> None:
        """End all connections that push."""
        for queue in self._queues:
            queue.put_nowait(b"")

    def hold(self) -> asyncio.Event:
        """Make reads wait from now on; return the event that releases them."""
        self.gate = asyncio.Event()
        self._gates.append(self.gate)
        return self.gate

    def let_go(self) -> None:
        """Release all waiting clients, now and later."""
        for gate in self._gates:
            gate.set()
        self.hang_up()

    def apply(self) -> None:
        """Apply the writes to a server that lags."""
        self.values |= self._late

    async def _get_settable(self, request: web.Request) -> web.Response:
        return web.json_response(self.settable)

    async def _read(self, request: web.Request) -> web.Response:
        keys = request.query["keys"].split(",")
        gate = self.gate
        self.reads.append(set(keys))
        answer = {key: self.values[key] for key in keys if key in self.values}
        await gate.wait()
        return web.json_response(answer)

    async def _write(self, request: web.Request) -> web.Response:
        written: dict[str, Value | None] = await request.json()
        self.written += written.items()
        target = self._late if self.lags else self.values
        target |= {key: value for key, value in written.items() if value is not None}
        return web.json_response({})

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        self.connections += 1
        response = web.StreamResponse()
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        await response.prepare(request)
        await response.write(b"[]\n")
        self._queues.add(queue)
        try:
            while line := await queue.get():
                await response.write(line)
        finally:
            self._queues.discard(queue)
        response.force_close()
        return response


def _refusal(answer: Answer) -> BackendError | None:
    reason = as_text(as_object(answer.body).get("reason"))
    return RejectedError(reason) if answer.status == 422 and reason else None


class PlugBackend(Backend):
    """A backend with a plug, and another one that cannot be controlled."""

    def __init__(
        self, session: ClientSession, settings: Settings, options: Settings
    ) -> None:
        """Initialize the backend."""
        self._session = session
        self._url = str(settings["url"])
        self._http = HttpClient(session, self._url, classify=_refusal)
        self.received = 0
        self.ended = 0
        self.is_outdated = False

    @override
    async def connect(self) -> Identity:
        """Return the identity of the server."""
        return Identity(unique_id="plug", version="1.0")

    @override
    async def inventory(self) -> Inventory:
        """Return the plugs that the server has, and their points."""
        devices = (
            Device(key="plug", name="Plug"),
            Device(key="other", name="Other", parent="plug"),
        )
        settable = as_object(await self._http.get("/settable"))
        points = {
            point.key: replace(point, writable=settable[point.key] is True)
            for point in POINTS
            if point.key in settable
        }
        used = {point.device_key for point in points.values()}
        self.is_outdated = False
        return Inventory(
            {device.key: device for device in devices if device.key in used}, points
        )

    @property
    @override
    def needs_inventory(self) -> bool:
        """Return True if the test says so."""
        return self.is_outdated

    @override
    async def latest(self, points: Collection[Point]) -> Latest:
        """Read all points with one request."""
        keys = ",".join(sorted(point.key for point in points))
        values = as_object(await self._http.get("/values", {"keys": keys}))
        return Latest(readings=dict(_readings(values.items())))

    @override
    async def write(self, point: Point, value: Value | None) -> None:
        """Write a value."""
        body: Json = {point.key: value}
        await self._http.request(Request(method="POST", path="/values", json=body))

    @override
    async def watch(self) -> AsyncIterator[frozenset[str]]:
        """Yield what the server pushes: one JSON list of keys per line."""
        try:
            async with self._session.get(
                f"{self._url}/changes", timeout=ClientTimeout(sock_connect=5)
            ) as response:
                if response.status == 401:
                    raise AuthenticationError("the server refuses to push")
                if response.status == 429:
                    wait = float(response.headers["Retry-After"])
                    raise RateLimitedError("too often", retry_after=wait)
                if response.status != 200:
                    raise UnreachableError(f"HTTP {response.status}")
                async for line in response.content:
                    yield frozenset(json.loads(line))
                    self.received += 1
        except ClientError as err:
            raise UnreachableError(type(err).__name__) from err
        finally:
            self.ended += 1


def _readings(values: Iterable[tuple[str, Json]]) -> Iterable[tuple[str, Reading]]:
    for key, value in values:
        if isinstance(value, int | float | str | bool):
            yield key, Reading(time=TIME, value=value)


SPEC = BackendSpec(
    key="plug",
    name="Plug",
    title="Plug",
    fields=(Field(name="url", kind=FieldKind.URL, identifies=True),),
    make=PlugBackend,
    poll_interval=timedelta(seconds=POLL_SECONDS),
    capabilities=frozenset({Capability.WATCH, Capability.WRITE}),
)


def backend_of(entry: MockConfigEntry) -> PlugBackend:
    """Return the backend of a loaded entry."""
    backend = entry.runtime_data.backend
    assert isinstance(backend, PlugBackend)
    return backend


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait in real time until a condition is true; the time of a test is frozen."""
    for _ in range(1000):
        if condition():
            return
        await asyncio.to_thread(time.sleep, 0.002)
    raise AssertionError("The condition did not become true within some seconds.")


async def told(entry: MockConfigEntry, server: PlugServer, *keys: str) -> None:
    """Push changed keys, and wait until the backend has received them."""
    received = backend_of(entry).received
    server.tell(*keys)
    await eventually(lambda: backend_of(entry).received > received)
