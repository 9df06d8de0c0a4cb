"""Bases, wrappers, errors and the differences of the releases."""

import re

import pytest

from simulators.faults import Json
from simulators.milesight.releases import parse_release

from .conftest import VERSIONS, Beaver, Object, beaver, build

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.mark.parametrize(
    ("text", "release"),
    [("1.0", (1, 0, 0)), ("1.2.3", (1, 2, 3)), ("1.3", (1, 3, 0)), ("1", (1, 0, 0))],
)
def test_versions(text: str, release: tuple[int, int, int]) -> None:
    assert parse_release(text) == release


@pytest.mark.parametrize("text", ["", "1.x", "1.2.3.4", "v1.3"])
def test_versions_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_release(text)


async def test_nginx_gives_its_page_for_all_that_is_not_the_api() -> None:
    async with beaver() as client:
        client.prefix = ""
        for path in ("", "user/status", "entity/search", "websocket"):
            got = await client.get(path)
            assert (got.status, got.content_type) == (200, "text/html")
        got = await client.post("device/search")
        assert (got.status, got.content_type) == (405, "text/html")


async def test_direct_mode_has_no_prefix_and_no_page() -> None:
    simulator = build()
    simulator.nginx = False
    async with beaver(simulator) as client:
        assert (await client.get("user/status")).data == {"init": True}
        assert (await client.post("device/search")).status == 200
        got = await client.get("api/v1/user/status", Authorization="")
        assert got.error == (401, "authentication_failed")
        got = await client.get("api/v1/user/status")
        assert got.error == (500, "server_error")


async def test_wrapper() -> None:
    async with beaver() as client:
        client.simulator.initialised = False
        got = await client.get("user/status", Authorization="")
        assert list(got.json) == ["data", "status", "request_id"]
        assert re.fullmatch("[0-9a-f]{32}", str(got.json["request_id"]))
        assert got.data == {"init": False}
        assert got.content_type == "application/json"


@pytest.mark.parametrize(
    ("method", "path", "data", "message"),
    [
        ("GET", "no/such/path", None, "No static resource no/such/path."),
        ("POST", "entity/{id}/meta/x", b"{}", "No static resource entity/"),
        ("GET", "entity/search", None, "Request method 'GET' is not supported"),
        ("PUT", "entity/search", b"{}", "Request method 'PUT' is not supported"),
        ("POST", "device/search", b'{"name":', "JSON parse error"),
        ("POST", "device/search", b"[]", "JSON parse error"),
        ("POST", "device/search", b"", "Required request body is missing"),
    ],
)
async def test_what_makes_no_sense_is_a_server_error(
    method: str, path: str, data: bytes | None, message: str
) -> None:
    async with beaver() as client:
        headers = {"Content-Type": "application/json"} if data is not None else {}
        got = await client.request(method, path, data=data, headers=headers)
        assert got.error == (500, "server_error")
        assert str(got.json["error_message"]).startswith(message)


async def test_a_form_is_no_json() -> None:
    async with beaver() as client:
        got = await client.request("POST", "device/search", data={"name": ""})
        assert got.error == (500, "server_error")
        assert "is not supported" in str(got.json["error_message"])


ENDPOINTS: tuple[tuple[str, Json, tuple[int, ...]], ...] = (
    ("entity/search", {}, (1, 0)),
    ("entity/history/search", {}, (1, 0)),
    ("mqtt/broker-info", None, (1, 2)),
    ("mqtt/web/credentials", None, (1, 2)),
    ("entity/advanced-search", {"entity_filter": {}}, (1, 2, 3)),
    ("device-group/search", {}, (1, 2, 3)),
    ("entity/batch-get-status", {"entity_ids": []}, (1, 3)),
)


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "1.2.2", "1.2.3", "1.3"])
async def test_endpoints_of_the_releases(version: str) -> None:
    release = parse_release(version)
    async with beaver(build(version)) as client:
        for path, body, since in ENDPOINTS:
            got = await (client.get(path) if body is None else client.post(path, body))
            known = release >= since
            assert got.status == (200 if known else 500), path
            if not known:
                assert got.json["error_code"] == "server_error"


async def row(client: Beaver, path: str, body: Object) -> Object:
    (found,) = (await client.post(path, body)).rows
    return found


DEVICE = {
    "id", "key", "name", "integration", "integration_name", "additional_data",
    "created_at", "updated_at", "deletable",
}  # fmt: skip
DEVICE_123 = DEVICE | {"identifier", "template", "group_name"}
DEVICE_130 = DEVICE_123 | {
    "status", "group_id", "important_entities", "common_entities"
}  # fmt: skip


@pytest.mark.parametrize(
    ("version", "fields"),
    [("1.0", DEVICE), ("1.2.3", DEVICE_123), ("1.3", DEVICE_130)],
)
async def test_fields_of_a_device(version: str, fields: set[str]) -> None:
    async with beaver(build(version, grouped=True)) as client:
        found = await row(client, "device/search", {"name": "Boiler plug"})
        assert set(found) == fields
        assert isinstance(found["created_at"], int)
        detail = (await client.get(f"device/{found['id']}")).object
        more = {"1.0": set(), "1.2.3": {"template_name"}, "1.3": {"template_name"}}
        users = set() if version == "1.0" else {"user_nickname", "user_email"}
        old = {"entities"} if version != "1.3" else set()
        assert set(detail) == fields | {"identifier"} | more[version] | users | old
        if old:
            entities = detail["entities"]
            assert isinstance(entities, list)
            assert isinstance(entities[0], dict)
            assert set(entities[0]) == {
                "id", "key", "name", "type", "value_attribute", "value_type"
            }  # fmt: skip


ENTITY = {
    "entity_id", "entity_key", "entity_name", "entity_type", "entity_access_mod",
    "entity_value_attribute", "entity_value_type", "device_name", "integration_name",
}  # fmt: skip
ENTITY_110 = ENTITY | {
    "entity_is_customized", "entity_created_at", "entity_updated_at"
}  # fmt: skip


@pytest.mark.parametrize(
    ("version", "fields"),
    [
        ("1.0", ENTITY),
        ("1.1", ENTITY_110),
        ("1.2.3", ENTITY_110 | {"device_group"}),
        ("1.3", ENTITY_110 | {"device_group"}),
        ("1.3.1", ENTITY_110 | {"device_group", "entity_value_store_mod"}),
    ],
)
async def test_fields_of_an_entity(version: str, fields: set[str]) -> None:
    simulator = build(version, grouped=True)
    key = simulator.world.entity("Boiler plug", "active_power").key
    async with beaver(simulator) as client:
        assert set(await row(client, "entity/search", {"entity_keys": [key]})) == fields
        child = simulator.world.entity(
            "Boiler plug", "over_current_protection.threshold"
        )
        found = await row(client, "entity/search", {"entity_keys": [child.key]})
        parents = set() if version == "1.0" else {"entity_parent_name"}
        assert set(found) == fields | parents
        attribute = found["entity_value_attribute"]
        assert isinstance(attribute, dict)
        assert ("optional" in attribute) is (version != "1.0")


@pytest.mark.parametrize(
    ("version", "value", "has_time"),
    [
        ("1.0", "16", False),
        ("1.2.1", "16", False),
        ("1.2.2", 16, False),
        ("1.2.5", 16, False),
        ("1.3", 16, True),
    ],
)
async def test_latest_value_of_a_long(
    version: str, value: Json, has_time: bool
) -> None:
    simulator = build(version)
    entity = simulator.world.entity("Boiler plug", "over_current_protection.threshold")
    async with beaver(simulator) as client:
        expected: Object = {"value": value, "value_type": "LONG"}
        if has_time:
            expected["timestamp"] = str(entity.created * 1000)
        assert (await client.get(f"entity/{entity.id}/status")).data == expected


@pytest.mark.parametrize("version", VERSIONS)
async def test_unknown_and_silent_entities_have_no_value(version: str) -> None:
    simulator = build(version)
    async with beaver(simulator) as client:
        got = await client.get("entity/999/status")
        assert got.status == 200
        assert got.json.get("data") == (None if version in ("1.3.0", "1.3.1") else {})
        for name in ("buzzer_status", "reboot"):
            entity = simulator.world.entity("Living room air", name)
            assert (await client.get(f"entity/{entity.id}/status")).data == {}


@pytest.mark.parametrize(
    ("version", "identifiers"),
    [
        ("1.2.3", set()),
        ("1.3", {"@status", "ms-offline-timeout"}),
        (
            "1.3.1",
            {"@status", "ms-offline-timeout", "@location", "@location.@latitude"},
        ),
    ],
)
async def test_entities_of_the_platform(version: str, identifiers: set[str]) -> None:
    simulator = build(version)
    async with beaver(simulator) as client:
        got = await client.post(
            "entity/search", {"page_size": 999, "keyword": "Bedroom"}
        )
        prefix = f"{simulator.world.device('Bedroom').key}."
        found = {str(one["entity_key"]).removeprefix(prefix) for one in got.rows}
        special = {one for one in found if "@" in one or one.startswith("ms-")}
        assert special - {"@location.@longitude", "@location.@address"} == identifiers


@pytest.mark.parametrize(
    ("version", "fields"),
    [
        ("1.0", {"key", "name", "type", "access_mod", "value_attribute", "value_type"}),
        (
            "1.3.1",
            {
                "id", "key", "name", "type", "access_mod", "value_attribute",
                "value_type", "value_store_mod", "customized", "created_at",
                "updated_at",
            },
        ),
    ],
)  # fmt: skip
async def test_fields_of_meta(version: str, fields: set[str]) -> None:
    simulator = build(version)
    entity = simulator.world.entity("Boiler plug", "voltage")
    async with beaver(simulator) as client:
        got = await client.get(f"entity/{entity.id}/meta")
        assert set(got.object) == fields
        assert got.object["value_attribute"] == {"unit": "V", "fraction_digits": 1}
