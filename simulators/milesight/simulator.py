"""The Beaver IoT simulator: an aiohttp application in front of a world of devices."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import hdrs, web
from orjson import JSONDecodeError, loads

from simulators.faults import Faults, Json
from simulators.times import epoch

from .endpoints import Endpoint, find
from .knobs import User
from .model import Entity
from .releases import OLD_WEBSOCKET, V120
from .request import ApiRequest
from .state import State
from .store import register
from .wire import (
    ApiError,
    failure,
    forbidden,
    index_page,
    not_allowed,
    server_error,
    success,
)

_PREFIX = "/api/v1"
_JSON = "application/json"
_WITH_BODY = frozenset({"POST", "PUT"})
_FORM = "application/x-www-form-urlencoded"


@dataclass(eq=False)
class MilesightSimulator(State):
    """A server of Milesight Beaver IoT; all knobs may change while it runs.

    `app` builds a fresh application each time; all of them share the knobs, the world,
    the sessions, the faults and the request log.
    """

    faults: Faults = field(default_factory=Faults, init=False)

    @property
    def app(self) -> web.Application:
        """Return a new application for `simulators.server.serve`."""
        app = web.Application(
            middlewares=[self.faults.middleware], client_max_size=16 << 20
        )
        app.router.add_route("*", "/{path:.*}", self._handle)
        app.on_startup.append(self.notifier.start)
        app.on_shutdown.append(self.notifier.shut_down)
        app.on_cleanup.append(self.notifier.stop)
        return app

    def position(self, entity: Entity, at: datetime) -> float | int:
        """Return the true position of a register at a moment, in its own unit."""
        source = register(entity)
        units = source.units(entity.site, epoch(at))
        return units if source.digits is None else units / 10**source.digits

    def amount(self, entity: Entity, start: datetime, end: datetime) -> float | int:
        """Return the amount of a register in [start, end), regardless of resets.

        It is in whole units of the register; consecutive spans add up exactly.
        """
        source = register(entity)
        units = source.counted(entity.site, epoch(end))
        units -= source.counted(entity.site, epoch(start))
        return units if source.digits is None else units / 10**source.digits

    async def report_now(self, device_name: str) -> None:
        """Let a device send an extra report, and announce it."""
        device = self.world.device(device_name)
        await self.notifier.announce(self.world.report(device, self.now))

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        """Route a request to nginx's pages, push or the API."""
        path = request.path
        if self.nginx:
            # Without nginx these two have their own ports.
            if path == "/websocket" and OLD_WEBSOCKET.has(self.release):
                return await self.notifier.websocket.handle(request)
            if path == "/mqtt" and V120.has(self.release):
                return await self.notifier.broker.websocket(request)
            if not path.startswith(f"{_PREFIX}/"):
                return index_page() if request.method == "GET" else not_allowed()
            path = path.removeprefix(_PREFIX)
        try:
            return success(await self._answer(request, path.removeprefix("/")))
        except ApiError as error:
            return failure(error)

    async def _answer(self, request: web.Request, path: str) -> Json:
        """Check in the server's order: login, path and method, role, body."""
        if path == "oauth2/token" and request.method == "POST":
            return await self._token(request)
        release = self.release
        found = find(path, release)
        is_public = any(endpoint.is_public for endpoint, _ in found)
        user = (
            User()
            if is_public
            else self.sessions.user(request.headers.get(hdrs.AUTHORIZATION, ""))
        )
        endpoint, params = _endpoint(request.method, path, found)
        body = await _body(request) if request.method in _WITH_BODY else {}
        if endpoint.functions and not any(map(user.may, endpoint.functions)):
            raise forbidden()
        return await endpoint.handler(
            ApiRequest(self, user, params, request.query, body, release)
        )

    async def _token(self, request: web.Request) -> Json:
        """Answer POST oauth2/token."""
        form: dict[str, str] = {}
        if request.content_type == _FORM:
            form = {
                name: value
                for name, value in (await request.post()).items()
                if isinstance(value, str)
            }
        tenant = request.headers.get("TENANT-ID", "default")
        return self.sessions.grant(form, tenant)


def _endpoint(
    method: str, path: str, found: list[tuple[Endpoint, Mapping[str, str]]]
) -> tuple[Endpoint, Mapping[str, str]]:
    """Return the endpoint with this method; raise ApiError 500 without one."""
    for endpoint, params in found:
        if endpoint.method == method:
            return endpoint, params
    if found:
        raise server_error(f"Request method '{method}' is not supported")
    raise server_error(f"No static resource {path}.")


async def _body(request: web.Request) -> dict[str, Json]:
    """Return the JSON object of a request; raise ApiError 500 for anything else."""
    if request.content_type != _JSON:
        raise server_error(f"Content-Type '{request.content_type}' is not supported")
    raw = await request.read()
    if not raw:
        raise server_error("Required request body is missing")
    try:
        body = loads(raw)
    except JSONDecodeError as error:
        raise server_error(f"JSON parse error: {error.msg}") from None
    if not isinstance(body, dict):
        raise server_error(
            "JSON parse error: Cannot deserialize value from Array value"
        )
    return body
