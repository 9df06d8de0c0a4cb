"""Finding the server, and detecting what else may answer."""

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
from simulators.faults import Answer, Fault, html_error
from tests.simulators.milesight.conftest import VERSIONS, build

from .conftest import Connect


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("nginx", [True, False])
async def test_api_is_found_behind_nginx_and_without(
    connect: Connect, version: str, nginx: bool
) -> None:
    simulator = build(version, count=3)
    simulator.nginx = nginx
    beaver = await connect(simulator)
    identity = await beaver.backend.connect()
    assert identity.title == "Beaver IoT"
    assert identity.unique_id is not None
    assert simulator.user.user_id not in identity.unique_id
    assert len((await beaver.backend.inventory()).devices) == 5


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
