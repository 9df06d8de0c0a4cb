"""The besmart simulator: an aiohttp application in front of a few sensors."""

from collections import deque
from dataclasses import dataclass, field

from aiohttp import web

from simulators.faults import Faults
from simulators.times import Instant

from . import sources
from .auth import Tokens
from .endpoints import ENDPOINTS, ApiRequest, Endpoint
from .knobs import Knobs
from .sensors import Sensor
from .wire import NO_METHOD, NO_URL, RefusedError, error_response, json_response

_BASE = "/api/"


@dataclass(eq=False)
class BesmartSimulator(Knobs):
    """A besmart server; all knobs may change while it runs.

    `app` builds a fresh application each time; all of them share the knobs, the tokens,
    the faults and the request log. `answered` lists the names of the endpoints that
    answered with valid credentials, oldest first.
    """

    faults: Faults = field(default_factory=Faults, init=False)
    tokens: Tokens = field(default_factory=Tokens, init=False)
    answered: deque[str] = field(
        default_factory=lambda: deque(maxlen=20_000), init=False
    )

    @property
    def app(self) -> web.Application:
        """Return a new application for `simulators.server.serve`."""
        app = web.Application(middlewares=[self.faults.middleware])
        app.router.add_route("*", "/{path:.*}", self._handle)
        return app

    def sensor(self, sensor_mid: int) -> Sensor:
        """Return the first sensor with this number; raise KeyError if unknown."""
        for sensor in self.sensors:
            if sensor.sensor_mid == sensor_mid:
                return sensor
        raise KeyError(sensor_mid)

    def position(self, sensor: Sensor, moid: int, at: Instant) -> int:
        """Return the true position of a register at `at`: Wh, varh or VAh."""
        return sources.position(sensor, moid, at)

    def amount(self, sensor: Sensor, moid: int, start: Instant, end: Instant) -> int:
        """Return the true amount of a register in [start, end)."""
        return sources.energy(sensor, moid, start, end)

    def shown(self, sensor: Sensor, moid: int, at: Instant) -> float:
        """Return the true value of any signal at `at`, in the unit of its type."""
        return sources.reading(sensor, moid, at) / self.types[moid].scale

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request, or return its refusal in the edition's form."""
        try:
            return await self._respond(request)
        except RefusedError as error:
            return error_response(error, self.error_style)

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        """Check the token and return the answer of the endpoint."""
        endpoint, ids = self._route(request)
        token = ""
        if not endpoint.is_open:
            token = self.tokens.check(self, request.headers.get("Authorization"))
        answer = await endpoint.answer(
            ApiRequest(self, self.tokens, request, ids, token)
        )
        self.answered.append(endpoint.name)
        return json_response(answer)

    def _route(self, request: web.Request) -> tuple[Endpoint, tuple[int, ...]]:
        """Return the endpoint; raise RefusedError (404 or 405) without one."""
        path = request.path.removeprefix(_BASE)
        wrong_method = False
        for endpoint in ENDPOINTS:
            ids = endpoint.match(path)
            if ids is None or not request.path.startswith(_BASE):
                continue
            if self.edition not in endpoint.editions:
                if self.edition == "2026":
                    raise _not_there(self.retired_status)
                continue
            if request.method == endpoint.method:
                if endpoint.name in self.absent:
                    raise _not_there(self.absent[endpoint.name])
                return endpoint, ids
            wrong_method = True
        raise _not_there(405 if wrong_method else 404)


def _not_there(status: int) -> RefusedError:
    """Return the refusal of an endpoint that the server does not have."""
    return RefusedError(status, NO_METHOD if status == 405 else NO_URL)
