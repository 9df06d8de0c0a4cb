"""Searching devices and entities: pages, orders, filters; wire/milesight.md §5, §6."""

import pytest

from simulators.faults import Json
from simulators.milesight.catalog import MODELS
from simulators.milesight.things import Gap

from .milesight_fixtures import NOW, VERSIONS, Beaver, Object, beaver, build

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def names(client: Beaver, **body: Json) -> list[str]:
    rows = (await client.post("device/search", {"page_size": 999, **body})).rows
    return [str(row["name"]) for row in rows]


async def keys(client: Beaver, path: str = "entity/search", **body: Json) -> list[str]:
    rows = (await client.post(path, {"page_size": 9999, **body})).rows
    return [str(row["entity_key"]) for row in rows]


async def test_devices_newest_first_in_pages_of_ten() -> None:
    async with beaver() as client:
        got = (await client.post("device/search")).object
        assert [got["page_size"], got["page_number"], got["total"]] == [10, 1, 24]
        first = (await client.post("device/search", {"page_number": 1})).rows
        second = (await client.post("device/search", {"page_number": "2"})).rows
        third = (await client.post("device/search", {"page_number": 3})).rows
        listed = [str(row["name"]) for row in (*first, *second, *third)]
        assert listed == [model.title for model in MODELS][::-1]
        past = (await client.post("device/search", {"page_number": 4})).object
        assert [past["total"], past["content"]] == [24, []]


@pytest.mark.parametrize(
    "body",
    [{"page_number": 0}, {"page_number": -1}, {"page_size": 0}, {"page_size": "x"}],
)
@pytest.mark.parametrize("path", ["device/search", "entity/search"])
async def test_pages_that_cannot_be(path: str, body: Object) -> None:
    async with beaver() as client:
        assert (await client.post(path, body)).error == (500, "server_error")


async def test_filters_and_order_of_devices() -> None:
    simulator = build()
    plug = simulator.world.device("Boiler plug")
    async with beaver(simulator) as client:
        assert await names(client, name="PLUG") == [
            "Fridge plug", "Laundry plug", "Boiler plug"
        ]  # fmt: skip
        assert await names(client, name=plug.identifier) == ["Boiler plug"]
        assert await names(client, name=plug.identifier[:8]) == []
        assert await names(client, identifier=plug.identifier) == ["Boiler plug"]
        assert await names(client, id_list=[int(plug.id)]) == ["Boiler plug"]
        by_name: Json = [{"direction": "ASC", "property": "name"}]
        assert await names(client, sorts=by_name) == sorted(await names(client))
        down: Json = [{"direction": "DESC", "property": "createdAt"}]
        assert (await names(client, sorts=down))[-1] == "Boiler plug"
        unknown: Json = [{"property": "colour"}]
        got = await client.post("device/search", {"sorts": unknown})
        assert got.error == (500, "server_error")


async def test_ids_are_strings_beyond_what_a_float_can_hold() -> None:
    async with beaver() as client:
        rows = (await client.post("entity/search", {"page_size": 9999})).rows
        ids = [str(row["entity_id"]) for row in rows]
        assert len(set(ids)) == len(ids)
        assert all(int(one) > 2**53 for one in ids)
        assert len({float(one) for one in ids}) < len(ids) / 50


async def test_keys_name_the_device_and_the_model_is_in_additional_data() -> None:
    async with beaver() as client:
        (device,) = (await client.post("device/search", {"name": "Boiler plug"})).rows
        assert device["key"] == f"milesight-gateway.device.{device['identifier']}"
        additional = device["additional_data"]
        assert isinstance(additional, dict)
        assert additional["deviceModel"] == "WS523"
        assert additional["eui"] == device["identifier"]
        assert len(str(additional["appKey"])) == 32
        found = await keys(client, keyword="Boiler plug", entity_type=["PROPERTY"])
        assert found
        assert all(one.startswith(f"{device['key']}.") for one in found)


async def test_unknown_devices() -> None:
    async with beaver() as client:
        assert (await client.get("device/1")).error == (404, "data_no_found")
        assert (await client.get("device/x")).error == (500, "server_error")
        assert (await client.get("integration/x")).error == (404, "data_no_found")


async def test_online_state() -> None:
    simulator = build()
    device = simulator.world.device("Boiler plug")

    async def status(client: Beaver) -> Json:
        (row,) = (await client.post("device/search", {"name": "Boiler plug"})).rows
        entity = simulator.world.entity("Boiler plug", "@status")
        got = (await client.get(f"entity/{entity.id}/status")).object
        assert got.get("value") == row.get("status")
        return row.get("status")

    async with beaver(simulator) as client:
        assert await status(client) == "ONLINE"
        device.gaps.append(Gap(NOW.replace(day=19)))
        assert await status(client) == "OFFLINE"
        device.gaps.clear()
        device.status = ""
        assert await status(client) is None


async def test_groups() -> None:
    async with beaver() as client:
        rows = (
            await client.post("device-group/search", {"with_device_count": True})
        ).rows
        assert [(row["name"], row["device_count"]) for row in rows] == [
            ("Energy", 5),
            ("Rooms", 6),
        ]
        assert len(await names(client, group_id=rows[0]["id"])) == 5
        assert len(await names(client, filter_not_grouped=True)) == 24 - 11


async def test_integrations() -> None:
    async with beaver() as client:
        rows = (await client.post("integration/search")).rows
        assert [row["id"] for row in rows] == ["milesight-gateway", "system"]
        assert rows[0]["device_count"] == 24
        adding = await client.post("integration/search", {"device_addable": True})
        assert [row["id"] for row in adding.rows] == ["milesight-gateway"]
        detail = (await client.get("integration/milesight-gateway")).object
        entities = detail["integration_entities"]
        assert isinstance(entities, list)
        by_key = {one["key"]: one for one in entities if isinstance(one, dict)}
        online = by_key["milesight-gateway.integration.gateway_online_count"]
        assert online["value"] == 1
        assert "value" not in by_key["milesight-gateway.integration.gateway_uptime"]
        child = by_key["milesight-gateway.integration.add_device.eui"]
        assert child["parent"] == "milesight-gateway.integration.add_device"


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_paging_trap(version: str) -> None:
    async with beaver(build(version)) as client:
        first = (await client.post("entity/search", {"page_size": 100})).object
        total = first["total"]
        assert isinstance(total, int)
        last = -(-total // 100)
        got = await client.post(
            "entity/search", {"page_size": 100, "page_number": last}
        )
        assert len(got.rows) == total % 100
        past = {"page_size": 100, "page_number": last + 1}
        content = (await client.post("entity/search", past)).object["content"]
        assert content == ([] if version == "1.0" else first["content"])


async def test_pages_of_entities_join_up() -> None:
    async with beaver() as client:
        whole = await keys(client)
        pages: list[str] = []
        while len(pages) < len(whole):
            number = len(pages) // 90 + 1
            pages += await keys(client, page_size=90, page_number=number)
        assert pages == whole


@pytest.mark.parametrize(
    ("body", "field", "values"),
    [
        ({"entity_type": ["SERVICE"]}, "entity_type", {"SERVICE"}),
        ({"entity_type": ["event", "service"]}, "entity_type", {"EVENT", "SERVICE"}),
        ({"entity_value_type": ["DOUBLE"]}, "entity_value_type", {"DOUBLE"}),
        ({"entity_access_mod": ["RW"]}, "entity_access_mod", {"RW"}),
        ({"entity_names": ["Voltage"]}, "entity_name", {"Voltage"}),
        ({"customized": True}, "entity_is_customized", {True}),
        ({"exclude_children": True}, "entity_parent_name", {None}),
        ({"entity_source_name": "Cellar"}, "device_name", {"Cellar"}),
    ],
)
async def test_filters_of_entities(body: Object, field: str, values: set[Json]) -> None:
    async with beaver() as client:
        every = (await client.post("entity/search", {"page_size": 9999})).rows
        expected = [row["entity_id"] for row in every if row.get(field) in values]
        found = (await client.post("entity/search", {"page_size": 9999, **body})).rows
        assert expected
        assert len(expected) < len(every)
        assert [row["entity_id"] for row in found] == expected


async def test_keywords_look_into_keys_unless_told_not_to() -> None:
    async with beaver() as client:
        found = await keys(client, keyword="power_consumption")
        assert len(found) > 5
        assert await keys(client, keyword="power_consumption", not_scan_key=True) == []


async def test_hidden_entities_are_listed_on_demand() -> None:
    async with beaver() as client:
        every, usual = await keys(client, show_hidden=True), await keys(client)
        hidden = set(every) - set(usual)
        assert len(hidden) == 24
        assert {one.rpartition(".")[2] for one in hidden} == {"ipso_version"}


async def test_camel_case_keys_are_ignored_without_a_word() -> None:
    async with beaver() as client:
        assert await keys(client, entityType=["SERVICE"]) == await keys(client)


async def test_unknown_enum_values() -> None:
    async with beaver() as client:
        got = await client.post("entity/search", {"entity_type": ["COLOUR"]})
        assert got.error == (500, "server_error")


async def advanced(client: Beaver, **filters: Json) -> list[Object]:
    body: Object = {"page_size": 9999, "entity_filter": filters}
    return (await client.post("entity/advanced-search", body)).rows


async def test_advanced_search_has_latest_values_as_strings() -> None:
    simulator = build("1.2.3")
    plug = simulator.world.device("Boiler plug")
    async with beaver(simulator) as client:
        rows = await advanced(
            client, ENTITY_KEY={"operator": "START_WITH", "values": [plug.key]}
        )
        values = {
            str(row["entity_key"]).removeprefix(f"{plug.key}."): row.get(
                "entity_latest_value"
            )
            for row in rows
        }
        assert values["socket_status"] == "true"
        assert values["over_current_protection.threshold"] == "16"
        assert values["over_current_protection"] is None
        assert values["reboot"] is None
        latest = simulator.values.latest(
            simulator.world.entity("Boiler plug", "voltage")
        )
        assert latest is not None
        assert values["voltage"] == str(latest.value)
        assert "timestamp" not in rows[0]
        assert rows[0]["entity_tags"] == []


async def test_operators_of_advanced_search() -> None:
    async with beaver() as client:
        device = client.simulator.world.device("Cellar")
        types: Json = {"operator": "any_equals", "values": ["PROPERTY"]}
        of_device: Json = {"operator": "EQ", "values": [device.id]}
        rows = await advanced(client, ENTITY_TYPE=types, DEVICE_ID=of_device)
        assert {row["device_name"] for row in rows} == {"Cellar"}
        assert {row["entity_type"] for row in rows} == {"PROPERTY"}
        both = {"operator": "CONTAINS", "values": ["Temp"]}
        names_ = {
            str(row["entity_name"]) for row in await advanced(client, ENTITY_NAME=both)
        }
        assert "Temperature" in names_
        assert "Voltage" not in names_


@pytest.mark.parametrize(
    ("version", "filters", "error"),
    [
        ("1.3", None, (500, "server_error")),
        ("1.3", {"COLOUR": {}}, (500, "server_error")),
        (
            "1.2.3",
            {"DEVICE_ID": {"operator": "EQ", "values": ["1"]}},
            (500, "server_error"),
        ),
        (
            "1.3",
            {"DEVICE_ID": {"operator": "CONTAINS", "values": ["1"]}},
            (400, "parameter_validation_failed"),
        ),
        (
            "1.3",
            {"ENTITY_KEY": {"operator": "EQ", "values": []}},
            (400, "parameter_validation_failed"),
        ),
        (
            "1.3",
            {"ENTITY_KEY": {"operator": "ANY_EQUALS", "values": ["x"] * 101}},
            (400, "parameter_validation_failed"),
        ),
    ],
)
async def test_filters_that_are_refused(
    version: str, filters: Json, error: tuple[int, str]
) -> None:
    async with beaver(build(version)) as client:
        body: Object = {} if filters is None else {"entity_filter": filters}
        assert (await client.post("entity/advanced-search", body)).error == error


async def test_children() -> None:
    async with beaver() as client:
        parent = client.simulator.world.entity("Boiler plug", "over_current_protection")
        rows = (await client.get(f"entity/{parent.id}/children")).rows
        assert [row["entity_key"] for row in rows] == [
            f"{parent.key}.enable",
            f"{parent.key}.threshold",
        ]
        assert (await client.get("entity/1/children")).data == []
