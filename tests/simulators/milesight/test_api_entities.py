"""Entity searches, children and metadata of entities."""

import pytest

from simulators.faults import Json

from .conftest import VERSIONS, Beaver, Object, beaver, build

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def keys(client: Beaver, path: str = "entity/search", **body: Json) -> list[str]:
    rows = (await client.post(path, {"page_size": 9999, **body})).rows
    return [str(row["entity_key"]) for row in rows]


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
        assert content == ([] if version == "1.0.0" else first["content"])


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
        latest = simulator.store.latest(
            simulator.world.entity("Boiler plug", "voltage")
        )
        assert latest is not None
        assert values["voltage"] == str(latest.value)
        assert "timestamp" not in rows[0]


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
            {"ENTITY_TYPE": {"operator": "ANY_EQUALS", "values": ["x"] * 101}},
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
