"""The BEMServer simulator: an aiohttp application in front of a campus."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import quote

from aiohttp import web

from simulators.faults import Faults, Handler

from .analysis import AnalysisRequest
from .auth import authenticate, log_in, refresh
from .data import DataRequest
from .endpoints import RESOURCES
from .knobs import Knobs
from .permissions import View
from .resources import (
    Resource,
    count_by_campaign,
    get_row,
    get_rows,
    refuse_change,
    refuse_creation,
)
from .wire import ApiError, proxy_page, redirect, tagged
from .writing import mark_read, store_points

type Answer = Callable[[View, web.Request], Awaitable[web.Response]]

_MAX_REQUEST_LINE = 4094  # Gunicorn's, in bytes.
# aiohttp's own limit must not apply first.
_HANDLER = {"max_line_size": 1024 * 1024, "max_field_size": 64 * 1024}
_DATA: Mapping[str, Callable[[DataRequest], Awaitable[web.Response]]] = {
    "": DataRequest.plain,
    "aggregate": DataRequest.aggregate,
    "stats": DataRequest.stats,
}
_ANALYSIS: Mapping[str, Callable[[AnalysisRequest], Awaitable[web.Response]]] = {
    r"/analysis/energy_consumption/{kind:site|building}/{id:\d+}": (
        AnalysisRequest.energy_consumption
    ),
    "/analysis/completeness": AnalysisRequest.completeness,
    r"/sites/{id:\d+}/degree_days": AnalysisRequest.degree_days,
}


@dataclass(eq=False)
class BemserverSimulator(Knobs):
    """A BEMServer; most knobs may change while it runs.

    `app` builds a fresh application each time; all of them share the knobs, the faults
    and the request log.
    """

    faults: Faults = field(default_factory=Faults, init=False)

    @property
    def app(self) -> web.Application:
        """Return a new application for `simulators.server.serve`."""
        app = web.Application(
            middlewares=[self.faults.middleware, self._middleware],
            handler_args=_HANDLER,
        )
        add = partial(_add, app, self.prefix)
        add("GET", "/about/", self._about)
        add("POST", "/auth/token", partial(log_in, self))
        add("POST", "/auth/token/refresh", self._refresh)
        add(
            "GET",
            "/notifications/count_by_campaign",
            self._private(_notification_counts),
        )
        for name, resource in RESOURCES.items():
            add("GET", f"/{name}/", self._private(_list_handler(resource)))
            add("GET", rf"/{name}/{{id:\d+}}", self._private(_row_handler(resource)))
            if resource.fields is not None:
                add(
                    "POST",
                    f"/{name}/",
                    self._private(partial(refuse_creation, resource)),
                )
                for method in ("PUT", "DELETE"):
                    answer = self._private(partial(refuse_change, resource))
                    add(method, rf"/{name}/{{id:\d+}}", answer)
        add("PUT", r"/notifications/{id:\d+}", self._private(mark_read))
        for path in ("", r"campaign/{campaign_id:\d+}/"):
            answer = self._private(self._points(store_points))
            add("POST", f"/timeseries_data/{path}", answer)
        for tail, points in _DATA.items():
            answer = self._private(self._points(points))
            add("GET", f"/timeseries_data/{tail}", answer)
            by_name = rf"/timeseries_data/campaign/{{campaign_id:\d+}}/{tail}"
            add("GET", by_name, answer)
        for path, analysis in _ANALYSIS.items():
            add("GET", path, self._private(self._analysis(analysis)))
        return app

    @web.middleware
    async def _middleware(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """Convert errors to the server's form and apply the limits of its proxies."""
        line = f"{request.method} {request.raw_path} HTTP/1.1"
        if self.url_limit is not None and len(request.raw_path) > self.url_limit:
            return proxy_page(502, "502 Bad Gateway")
        if len(line) > _MAX_REQUEST_LINE:
            return proxy_page(414, "Request-URI Too Long")
        try:
            return await handler(request)
        except ApiError as error:
            return error.response()
        except web.HTTPNotFound:
            return await self._elsewhere(request)
        except web.HTTPMethodNotAllowed:
            return ApiError(405).response()

    async def _elsewhere(self, request: web.Request) -> web.Response:
        """Redirect to the path with a trailing slash if it exists."""
        path, _, query = request.raw_path.partition("?")
        other = request.clone(rel_url=f"{path}/")
        found = await request.app.router.resolve(other)
        if path.endswith("/") or isinstance(found.http_exception, web.HTTPNotFound):
            return ApiError(404).response()
        host = request.host.partition(":")[0] if self.loses_port else request.host
        location = f"{request.scheme}://{host}{quote(path, safe='/%')}/"
        return redirect(f"{location}?{query}" if query else location)

    async def _about(self, request: web.Request) -> web.Response:
        """Answer GET /about/, which needs neither a token nor the database."""
        versions = {
            "bemserver_core": self.core_version,
            "bemserver_api": self.api_version,
        }
        return tagged(request, {"versions": {**versions}})

    async def _refresh(self, request: web.Request) -> web.Response:
        """Answer POST /auth/token/refresh."""
        return refresh(self, request)

    def _private(self, answer: Answer) -> Handler:
        """Return a handler that authenticates the user before it answers."""

        async def handler(request: web.Request) -> web.StreamResponse:
            """Answer with the view of the user."""
            user = authenticate(self, request)
            groups = tuple(group for group in self.groups if user.id in group.users)
            view = View(
                self.world,
                user,
                groups,
                tuple(self.users),
                tuple(self.groups),
                self.clock(),
                user.is_admin,
            )
            return await answer(view, request)

        return handler

    def _points(
        self, method: Callable[[DataRequest], Awaitable[web.Response]]
    ) -> Answer:
        """Return the answer of a request for points."""

        async def answer(view: View, request: web.Request) -> web.Response:
            """Call the method of the request for points."""
            return await method(DataRequest(view, self.store, request))

        return answer

    def _analysis(
        self, method: Callable[[AnalysisRequest], Awaitable[web.Response]]
    ) -> Answer:
        """Return the answer of a request for an analysis."""

        async def answer(view: View, request: web.Request) -> web.Response:
            """Call the method of the request for an analysis."""
            data = DataRequest(view, self.store, request)
            return await method(AnalysisRequest(data))

        return answer


def _add(
    app: web.Application, prefix: str, method: str, path: str, handler: Handler
) -> None:
    """Add a route, with HEAD for a GET."""
    app.router.add_route(method, f"{prefix}{path}", handler)
    if method == "GET":
        app.router.add_route("HEAD", f"{prefix}{path}", handler)


def _list_handler(resource: Resource) -> Answer:
    """Return the answer of a collection."""

    async def answer(view: View, request: web.Request) -> web.Response:
        """Return the rows of the collection."""
        return get_rows(resource, view, request)

    return answer


def _row_handler(resource: Resource) -> Answer:
    """Return the answer of a single row."""

    async def answer(view: View, request: web.Request) -> web.Response:
        """Return the row in the path."""
        return get_row(resource, view, request)

    return answer


async def _notification_counts(view: View, request: web.Request) -> web.Response:
    """Return the number of notifications per campaign."""
    return count_by_campaign(view, request)
