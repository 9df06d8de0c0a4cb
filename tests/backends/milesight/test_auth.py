"""Logging in: refusals are explained, and tokens renewed."""

import asyncio
from datetime import timedelta

import pytest

from custom_components.metering_hub.backends.errors import (
    AuthenticationError,
    ProtocolError,
)
from custom_components.metering_hub.backends.milesight.latest_requests import (
    MAX_PARALLEL,
)
from simulators.faults import Answer, Fault, Json, MutateJson
from simulators.milesight import User
from tests.simulators.milesight.conftest import VERSIONS, build

from .conftest import Beaver, Connect, shown

LOGIN = "/oauth2/token"


async def refusal(beaver: Beaver) -> AuthenticationError:
    with pytest.raises(AuthenticationError) as caught:
        await beaver.backend.connect()
    return caught.value


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
async def test_error_names_the_wrong_credential(
    connect: Connect, version: str, wrong: dict[str, str], text: str
) -> None:
    beaver = await connect(build(version, count=3), **wrong)
    error = await refusal(beaver)
    assert text in str(error)
    assert error.reason == "invalid_login"
    assert beaver.requests() == ["/user/status", LOGIN]
    assert "wrong" not in str(error)


async def test_expired_token_leads_to_a_new_login(connect: Connect) -> None:
    beaver = await connect(build(count=3))
    await beaver.inventory()
    beaver.requests()
    beaver.clock.forward(hours=25)
    await beaver.backend.inventory()
    assert beaver.requests().count(LOGIN) == 1


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("is_deleted", [False, True])
async def test_change_of_the_password_is_found_within_a_day(
    connect: Connect, version: str, is_deleted: bool
) -> None:
    """The server revokes nothing, so only a login finds it."""
    simulator = build(version, count=3)
    beaver = await connect(simulator)
    points = shown(await beaver.inventory())
    if is_deleted:
        simulator.user = User(email="new@example.com")
    else:
        simulator.user.password = "new"
    await beaver.read(points)
    beaver.clock.forward(hours=23)
    await beaver.read(points)
    beaver.clock.forward(hours=1)
    with pytest.raises(AuthenticationError):
        await beaver.backend.latest(points)


@pytest.mark.parametrize("version", VERSIONS)
async def test_login_comes_before_the_token_expires(
    connect: Connect, version: str
) -> None:
    beaver = await connect(build(version, count=3))
    await beaver.inventory()
    beaver.requests()
    beaver.clock.forward(hours=23, minutes=20)
    await beaver.backend.inventory()
    assert LOGIN not in beaver.requests()
    beaver.clock.forward(minutes=15)
    await beaver.backend.inventory()
    assert beaver.requests().count(LOGIN) == 1


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("minutes", [0, 5])
async def test_token_revoked_in_mid_poll(
    connect: Connect, version: str, minutes: int
) -> None:
    """However many requests are refused, one login follows and nothing is lost."""
    beaver = await connect(build(version, count=3))
    points = list((await beaver.inventory()).points.values())
    before = await beaver.read(points)
    beaver.requests()
    beaver.clock.forward(minutes=minutes)
    beaver.simulator.sessions.revoke()
    after = await beaver.read(points)
    assert after.keys() == before.keys()
    assert beaver.requests().count(LOGIN) == 1


async def test_refused_token_leads_to_a_new_login(connect: Connect) -> None:
    beaver = await connect(build(count=3))
    await beaver.inventory()
    beaver.requests()
    refused = Answer(401, b"{}", "application/json")
    beaver.simulator.faults.add(Fault(refused, "device/search", times=1))
    assert len((await beaver.backend.inventory()).devices) == 5
    assert beaver.requests().count(LOGIN) == 1


async def test_first_refusal_stops_the_other_requests(connect: Connect) -> None:
    """Of hundreds of requests, only those on the way are refused."""
    beaver = await connect(build("1.0.0"))
    points = shown(await beaver.inventory())
    assert len(points) > 100
    beaver.simulator.sessions.revoke()
    beaver.requests()
    await beaver.read(points)
    sent = beaver.requests()
    assert sent.count(LOGIN) == 1
    assert len(sent) <= len(points) + 1 + MAX_PARALLEL


async def test_password_changed_ends_in_one_refusal(connect: Connect) -> None:
    beaver = await connect(build("1.0.0", count=3))
    points = list((await beaver.inventory()).points.values())
    beaver.requests()
    beaver.simulator.user.password = "new"
    beaver.simulator.sessions.revoke()
    with pytest.raises(AuthenticationError):
        await beaver.backend.latest(points)
    sent = beaver.requests()
    assert sent.count(LOGIN) == 1
    assert len(sent) <= 1 + MAX_PARALLEL


async def test_login_without_a_token(connect: Connect) -> None:
    beaver = await connect(build(count=3))
    bare = Answer(200, '{"status":"Success"}', "application/json")
    beaver.simulator.faults.add(Fault(bare, "oauth2/token"))
    with pytest.raises(ProtocolError):
        await beaver.backend.connect()


async def test_short_lived_token_is_renewed_at_half_of_its_lifetime(
    connect: Connect,
) -> None:
    simulator = build("1.2.3", count=3)
    simulator.token_ttl = timedelta(minutes=10)
    beaver = await connect(simulator)
    await beaver.inventory()
    beaver.requests()
    beaver.clock.forward(minutes=6)
    await asyncio.gather(*(beaver.backend.inventory() for _ in range(3)))
    assert beaver.requests().count(LOGIN) == 1


@pytest.mark.parametrize("lifetime", [10**15, -5, 2**63, "9" * 5000, 1e300, [], None])
async def test_a_lifetime_that_is_none(connect: Connect, lifetime: Json) -> None:
    """Before, a token for ten million years was an OverflowError."""

    def change(answer: Json) -> Json:
        assert isinstance(answer, dict)
        data = answer["data"]
        assert isinstance(data, dict)
        return {**answer, "data": {**data, "expires_in": lifetime}}

    beaver = await connect(build(count=1))
    beaver.simulator.faults.add(Fault(MutateJson(change), LOGIN))
    assert (await beaver.backend.connect()).unique_id is not None
