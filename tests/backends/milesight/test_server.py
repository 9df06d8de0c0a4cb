"""Finding the server, and detecting what else may answer."""

from aiohttp import web
import pytest

from custom_components.metering_hub.backends.errors import (
    AuthenticationError,
    BackendError,
    PermissionDeniedError,
    ProtocolError,
    ServerFaultError,
    UnreachableError,
    UnsupportedError,
)
from custom_components.metering_hub.backends.milesight.auth import Credentials
from custom_components.metering_hub.backends.milesight.server import (
    MAX_PATH_PARTS,
    find_server,
)
from simulators.faults import Answer, Fault, Handler, html_error
from simulators.milesight import MilesightSimulator
from simulators.server import serve
from tests.simulators.milesight.conftest import VERSIONS, build

from .conftest import LOGIN, Connect


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("nginx", [True, False])
async def test_api_is_found_behind_nginx_and_without(
    connect: Connect, version: str, nginx: bool
) -> None:
    simulator = build(version, count=3)
    simulator.nginx = nginx
    beaver = await connect(simulator)
    identity = await beaver.backend.connect()
    assert identity.unique_id is not None
    assert simulator.user.user_id not in identity.unique_id
    assert len((await beaver.backend.inventory()).devices) == 5


@pytest.mark.parametrize("nginx", [True, False])
@pytest.mark.parametrize(
    "path", ["/credentials", "/403", "/home", "/log", "/device/1868/detail", "/a/b/c/d"]
)
async def test_address_of_any_page(connect: Connect, path: str, nginx: bool) -> None:
    simulator = build(count=3)
    simulator.nginx = nginx
    beaver = await connect(simulator)
    for added in (path, f"{path}/"):
        url = f"{beaver.url}{added}".rstrip("/")
        server = await find_server(
            beaver.session, url, Credentials(**LOGIN), beaver.clock
        )
        assert server.url == beaver.url
        assert server.has_proxy is nginx


async def test_address_with_too_many_parts(connect: Connect) -> None:
    beaver = await connect(build(count=3))
    url = f"{beaver.url}/a/b/c/d/e/f"
    beaver.requests()
    await find_server(beaver.session, url, Credentials(**LOGIN), beaver.clock)
    assert len(beaver.requests()) <= 2 * (MAX_PATH_PARTS + 1)


@pytest.mark.parametrize("page", ["", "/device", "/setting/role"])
async def test_server_below_a_path(connect: Connect, page: str) -> None:
    """A proxy may serve the web client and the API below a path of its own."""
    beaver = await connect(build(count=3))
    proxied = web.Application()
    proxied.add_subapp("/beaver", without_path(beaver.simulator, "/beaver"))
    async with serve(proxied) as url:
        server = await find_server(
            beaver.session, f"{url}/beaver{page}", Credentials(**LOGIN), beaver.clock
        )
        assert server.url == f"{url}/beaver"
        assert server.has_proxy


def without_path(simulator: MilesightSimulator, path: str) -> web.Application:
    """Return the application of a simulator behind a proxy that drops a path."""

    @web.middleware
    async def drop(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await handler(request.clone(rel_url=request.path.removeprefix(path)))

    app = simulator.app
    app.middlewares.insert(0, drop)
    return app


async def test_nobody_registered_yet(connect: Connect) -> None:
    simulator = build(count=3)
    simulator.initialised = False
    beaver = await connect(simulator)
    with pytest.raises(UnsupportedError) as caught:
        await beaver.backend.connect()
    assert caught.value.reason == "not_initialised"


@pytest.mark.parametrize(
    ("action", "error"),
    [
        pytest.param(html_error(500), ServerFaultError, id="500 HTML"),
        pytest.param(html_error(502), UnreachableError, id="502 HTML"),
        pytest.param(Answer(200, "<html></html>"), ProtocolError, id="HTML of nginx"),
        pytest.param(Answer(200, "{}", "application/json"), ProtocolError, id="{}"),
        pytest.param(Answer(200, "[]", "application/json"), ProtocolError, id="[]"),
        pytest.param(html_error(403), PermissionDeniedError, id="403 HTML"),
        pytest.param(Answer(401, ""), AuthenticationError, id="a proxy's 401"),
    ],
)
async def test_other_servers(
    connect: Connect, action: Answer, error: type[BackendError]
) -> None:
    beaver = await connect(build(count=3))
    beaver.simulator.faults.add(Fault(action))
    with pytest.raises(error):
        await beaver.backend.connect()
