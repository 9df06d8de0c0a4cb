"""Tokens and permissions of the Beaver IoT simulator."""

from datetime import timedelta

import pytest

from simulators.milesight import User

from .conftest import VERSIONS, Beaver, Object, beaver, build, clock

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def detail(client: Beaver, **form: str) -> str:
    """Return the message of a refused request for tokens."""
    got = await client.token(**form)
    assert got.error == (401, "authentication_failed")
    return str(got.json["error_message"])


async def refresh(client: Beaver, tokens: Object) -> Object:
    got = await client.token(
        grant_type="refresh_token", refresh_token=str(tokens["refresh_token"])
    )
    return got.object


async def works(client: Beaver, tokens: Object) -> bool:
    token = f"Bearer {tokens['access_token']}"
    return (await client.get("user", Authorization=token)).status == 200


async def test_tokens_are_wrapped_and_say_their_lifetime() -> None:
    async with beaver() as client:
        got = await client.token()
        assert set(got.object) == {
            "access_token", "refresh_token", "token_type", "expires_in"
        }  # fmt: skip
        assert got.object["token_type"] == "Bearer"
        assert got.object["expires_in"] == 86399
        client.simulator.token_ttl = timedelta(minutes=5)
        assert (await client.token()).object["expires_in"] == 299


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"password": "no"}, "invalid_request:Bad credentials"),
        ({"username": "nobody@example.com"}, "invalid_request:username not found."),
        ({"tenant": "other"}, "invalid_request:tenant not found."),
        ({"client_secret": "no"}, "invalid_client"),
        ({"client_id": "no"}, "invalid_client"),
        ({"grant_type": "refresh_token", "refresh_token": "no"}, "invalid_grant"),
        ({"grant_type": "other"}, "unsupported_grant_type"),
    ],
)
async def test_all_failures_are_401(form: dict[str, str], expected: str) -> None:
    async with beaver() as client:
        assert await detail(client, **form) == expected


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"password": "no"}, "invalid_request:password not match."),
        ({"username": "nobody@example.com"}, "invalid_request:user not found."),
    ],
)
async def test_refusals_of_1_0_are_worded_differently(
    form: dict[str, str], expected: str
) -> None:
    async with beaver(build("1.0.0")) as client:
        assert await detail(client, **form) == expected


async def test_malformed_token() -> None:
    async with beaver() as client:
        got = await client.get("user", Authorization="Bearer abc")
        assert got.error == (401, "authentication_failed")
        assert "Malformed token" in str(got.json["error_message"])


@pytest.mark.parametrize("version", VERSIONS)
async def test_password_change_and_deleted_user_revoke_nothing(version: str) -> None:
    simulator = build(version)
    async with beaver(simulator) as client:
        first = await client.login()
        simulator.user = User(email="new@example.com", password="new")
        assert await works(client, first)
        clock(simulator).forward(minutes=2)
        assert await works(client, await refresh(client, first))


async def test_upgrade_refuses_old_tokens_and_keeps_ids() -> None:
    simulator = build("1.2.5")
    async with beaver(simulator) as client:
        tokens = await client.login()
        before = (await client.post("entity/search", {"page_size": 9})).rows
        simulator.upgrade("1.3.1")
        assert not await works(client, tokens)
        used = str(tokens["refresh_token"])
        form = {"grant_type": "refresh_token", "refresh_token": used}
        assert await detail(client, **form) == "invalid_grant"
        await client.login()
        after = (await client.post("entity/search", {"page_size": 999})).rows
        ids = {row["entity_id"] for row in after}
        assert ids >= {row["entity_id"] for row in before}


async def test_tokens_take_form_fields_only() -> None:
    async with beaver() as client:
        body: Object = {
            "grant_type": "password",
            "client_id": "iab",
            "client_secret": "milesight*iab",
            "username": "admin@example.com",
            "password": "Simulated-1",
        }
        got = await client.post("oauth2/token", body)
        assert got.error == (401, "authentication_failed")


async def test_tenant_header_is_read_at_login_only() -> None:
    simulator = build()
    simulator.tenant = "acme"
    async with beaver() as client:
        client.simulator.tenant = "acme"
        assert await detail(client) == "invalid_request:tenant not found."
        tokens = (await client.token(tenant="acme")).object
        assert await works(client, tokens)


@pytest.mark.parametrize("version", VERSIONS)
async def test_refresh_rotates_the_pair(version: str) -> None:
    async with beaver(build(version)) as client:
        first = await client.login()
        clock(client.simulator).forward(minutes=2)
        second = await refresh(client, first)
        assert second["access_token"] != first["access_token"]
        assert second["refresh_token"] != first["refresh_token"]
        assert await works(client, second)
        assert not await works(client, first)
        used = str(first["refresh_token"])
        form = {"grant_type": "refresh_token", "refresh_token": used}
        assert await detail(client, **form) == "invalid_grant"


@pytest.mark.parametrize(("version", "same"), [("1.2.3", False), ("1.3", True)])
async def test_refresh_within_a_minute_gives_the_same_pair(
    version: str, same: bool
) -> None:
    async with beaver(build(version)) as client:
        first = await client.login()
        clock(client.simulator).forward(seconds=59)
        assert (await refresh(client, first) == first) is same


async def test_both_tokens_expire_together() -> None:
    async with beaver() as client:
        tokens = await client.login()
        clock(client.simulator).forward(days=1, seconds=-1)
        assert await works(client, tokens)
        clock(client.simulator).forward(seconds=1)
        got = await client.get("user")
        assert got.error == (401, "authentication_failed")
        used = str(tokens["refresh_token"])
        form = {"grant_type": "refresh_token", "refresh_token": used}
        assert await detail(client, **form) == "invalid_grant"


async def test_several_logins_live_side_by_side() -> None:
    async with beaver() as client:
        first, second = await client.login(), await client.login()
        assert await works(client, first)
        assert await works(client, second)


async def test_revocation() -> None:
    async with beaver() as client:
        tokens = await client.login()
        client.simulator.sessions.revoke_access()
        assert not await works(client, tokens)
        again = await refresh(client, tokens)
        assert await works(client, again)
        client.simulator.sessions.revoke()
        assert not await works(client, again)
        used = str(again["refresh_token"])
        form = {"grant_type": "refresh_token", "refresh_token": used}
        assert await detail(client, **form) == "invalid_grant"


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer x", "Basic YWRtaW46YQ=="])
async def test_bad_access_tokens(header: str) -> None:
    async with beaver() as client:
        for path in ("user", "no/such/path"):
            got = await client.get(path, Authorization=header)
            assert got.error == (401, "authentication_failed")
        assert (await client.get("user/status", Authorization=header)).status == 200


async def test_user_and_role() -> None:
    async with beaver() as client:
        user = (await client.get("user")).object
        assert user["is_super_admin"] is True
        assert user["tenant_id"] == "default"
        assert user["user_id"] == "1868211453976543001"
        assert int(str(user["user_id"])) > 2**53
        client.simulator.user.super_admin = False
        client.simulator.user.functions = frozenset({"device.view"})
        user = (await client.get("user")).object
        menus = user["menus"]
        assert isinstance(menus, list)
        assert [menu["code"] for menu in menus if isinstance(menu, dict)] == [
            "device.view"
        ]


READS = {
    "device/search": {},
    "entity/search": {},
    "entity/advanced-search": {"entity_filter": {}},
    "entity/batch-get-status": {"entity_ids": []},
    "entity/history/search": {},
    "device-group/search": {},
}


async def test_a_role_without_device_view_is_refused() -> None:
    user = User(super_admin=False, functions=frozenset({"dashboard.view"}))
    async with beaver(build(user=user)) as client:
        for path, body in READS.items():
            got = await client.post(path, {**body})
            assert got.error == (403, "forbidden_permission"), path
        assert (await client.get("user")).status == 200
        got = await client.get("integration/milesight-gateway")
        assert got.error == (403, "forbidden_permission")
        for function in ("device.add", "integration.view"):
            user.functions = frozenset({function})
            got = await client.get("integration/milesight-gateway")
            assert got.status == 200


async def test_no_data_permission_is_success_and_empty() -> None:
    user = User(
        super_admin=False,
        functions=frozenset({"device.view"}),
        devices=frozenset(),
        integrations=frozenset(),
    )
    async with beaver(build(user=user)) as client:
        world = client.simulator.world
        entity = world.entity("Boiler plug", "voltage")
        empty = {"page_size": 0, "page_number": 1, "total": 0, "content": []}
        for path in ("device/search", "entity/search", "entity/history/search"):
            assert (await client.post(path, {"entity_id": entity.id})).data == empty
        body: Object = {"entity_ids": [entity.id]}
        assert (await client.post("entity/batch-get-status", body)).data == {}
        assert "data" not in (await client.get(f"entity/{entity.id}/status")).json
        got = await client.get(f"device/{world.device('Boiler plug').id}")
        assert got.status == 200
        assert "data" not in got.json


async def test_a_role_may_see_some_devices_and_no_custom_entities() -> None:
    user = User(super_admin=False)
    simulator = build(user=user)
    plug = simulator.world.device("Boiler plug")
    user.devices = frozenset({plug.key})
    async with beaver(simulator) as client:
        rows = (await client.post("device/search")).rows
        assert [row["name"] for row in rows] == ["Boiler plug"]

        async def keys() -> set[str]:
            got = await client.post("entity/search", {"page_size": 999})
            return {str(row["entity_key"]) for row in got.rows}

        seen = await keys()
        assert "system.integration.house_mode" in seen
        user.functions = frozenset({"device.view"})
        assert seen - await keys() == {
            "system.integration.house_mode",
            "system.integration.tariff_price",
        }


async def test_passwords_and_tokens_are_not_in_any_repr() -> None:
    async with beaver() as client:
        tokens = await client.login()
        shown = repr(client.simulator) + repr(client.simulator.world.devices)
        for secret in (
            "Simulated-1",
            "milesight*iab",
            "simulated-mqtt",
            str(tokens["access_token"]),
            str(client.simulator.world.device("Boiler plug").additional["appKey"]),
        ):
            assert secret not in shown
