"""Finding the server and logging in: what is wrong is said, and healed where it can."""

import asyncio
from datetime import timedelta

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
from simulators.milesight import User
from tests.simulators.milesight.conftest import VERSIONS, build

from .conftest import Beaver, Connect

LOGIN = "/oauth2/token"


async def refusal(beaver: Beaver) -> AuthenticationError:
    with pytest.raises(AuthenticationError) as caught:
        await beaver.backend.connect()
    return caught.value


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


async def test_identity_is_that_of_tenant_and_user(connect: Connect) -> None:
    other = User(user_id="1868211453976543999")
    first = await (await connect(build(count=3))).backend.connect()
    again = await (await connect(build("1.0", count=3))).backend.connect()
    second = await (await connect(build(count=3, user=other))).backend.connect()
    assert first.unique_id == again.unique_id
    assert first.unique_id != second.unique_id


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"password": "wrong"}, "password"),
        ({"username": "nobody@example.com"}, "password"),
        ({"client_secret": "wrong"}, "client ID"),
        ({"client_id": "wrong"}, "client ID"),
        ({"tenant": "wrong"}, "tenant"),
    ],
)
async def test_wrong_password_client_and_tenant_are_told_apart(
    connect: Connect, version: str, wrong: dict[str, str], text: str
) -> None:
    beaver = await connect(build(version, count=3), **wrong)
    error = await refusal(beaver)
    assert text in str(error)
    assert error.reason == "invalid_login"
    assert beaver.asked() == ["/user/status", LOGIN]
    assert "wrong" not in str(error)


async def test_expired_refresh_token_leads_to_a_new_login(connect: Connect) -> None:
    beaver = await connect(build(count=3))
    await beaver.inventory()
    beaver.asked()
    beaver.clock.forward(hours=25)
    await beaver.backend.inventory()
    # The refresh token is as old as the access token: refused, then a new login.
    assert beaver.asked()[:2] == [LOGIN, LOGIN]


async def test_token_is_refreshed_before_it_expires(connect: Connect) -> None:
    beaver = await connect(build(count=3))
    await beaver.inventory()
    beaver.asked()
    beaver.clock.forward(hours=23, minutes=20)
    await beaver.backend.inventory()
    assert LOGIN not in beaver.asked()
    beaver.clock.forward(minutes=15)
    await beaver.backend.inventory()
    assert beaver.asked().count(LOGIN) == 1


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("minutes", [0, 5])
async def test_token_revoked_in_mid_poll(
    connect: Connect, version: str, minutes: int
) -> None:
    """However many requests meet it, one login follows and nothing is lost."""
    beaver = await connect(build(version, count=3))
    points = list((await beaver.inventory()).points.values())
    before = await beaver.read(points)
    beaver.asked()
    beaver.clock.forward(minutes=minutes)
    beaver.simulator.sessions.revoke()
    after = await beaver.read(points)
    assert after.keys() == before.keys()
    assert beaver.asked().count(LOGIN) == 2


async def test_same_token_within_a_minute_is_not_tried_for_ever(
    connect: Connect,
) -> None:
    """A server that gives out again what it refuses is logged in to anew."""
    beaver = await connect(build(count=3))
    await beaver.inventory()
    beaver.asked()
    refused = Answer(401, b"{}", "application/json")
    beaver.simulator.faults.add(Fault(refused, "device/search", times=1))
    assert len((await beaver.backend.inventory()).devices) == 5
    assert beaver.asked().count(LOGIN) == 2


async def test_password_changed_ends_in_one_refusal(connect: Connect) -> None:
    beaver = await connect(build("1.0", count=3))
    points = list((await beaver.inventory()).points.values())
    beaver.asked()
    beaver.simulator.user.password = "new"
    beaver.simulator.sessions.revoke()
    with pytest.raises(AuthenticationError):
        await beaver.backend.latest(points)
    # Some 30 requests were refused, but only one tried to refresh and to log in.
    assert beaver.asked().count(LOGIN) == 2


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
async def test_what_is_no_beaver_iot(
    connect: Connect, action: Answer, error: type[BackendError]
) -> None:
    beaver = await connect(build(count=3))
    beaver.simulator.faults.add(Fault(action))
    with pytest.raises(error):
        await beaver.backend.connect()


async def test_login_without_a_token(connect: Connect) -> None:
    beaver = await connect(build(count=3))
    bare = Answer(200, '{"status":"Success"}', "application/json")
    beaver.simulator.faults.add(Fault(bare, "oauth2/token"))
    with pytest.raises(ProtocolError):
        await beaver.backend.connect()


async def test_token_of_a_short_life_is_used_for_half_of_it(connect: Connect) -> None:
    simulator = build("1.2.3", count=3)
    simulator.token_ttl = timedelta(minutes=10)
    beaver = await connect(simulator)
    await beaver.inventory()
    beaver.asked()
    beaver.clock.forward(minutes=6)
    await asyncio.gather(*(beaver.backend.inventory() for _ in range(3)))
    assert beaver.asked().count(LOGIN) == 1
