"""Searches for devices, groups and integrations: pages, orders, filters."""

import pytest

from simulators.faults import Json
from simulators.milesight.catalog import MODELS
from simulators.milesight.model import Gap

from .conftest import NOW, Beaver, Object, beaver, build

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
        assert listed == [model.title for model in MODELS[:24]][::-1]
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
    async with beaver(build(grouped=True)) as client:
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


async def test_renaming_a_device() -> None:
    """The name is all that changes; a role needs a function of its own for it."""
    simulator = build()
    device = simulator.world.device("Boiler plug")
    async with beaver(simulator) as client:
        got = await client.put(f"device/{device.id}", {"name": "Heater"})
        assert got.status == 200
        assert "data" not in got.json
        (row,) = (await client.post("device/search", {"name": "Heater"})).rows
        assert (row["id"], row["key"]) == (device.id, device.key)
        assert (await client.put("device/1", {"name": "x"})).error == (
            404,
            "data_no_found",
        )
        nothing = await client.put(f"device/{device.id}", {"name": ""})
        assert nothing.error == (400, "parameter_validation_failed")
        simulator.user.super_admin = False
        simulator.user.functions = frozenset({"device.view"})
        refused = await client.put(f"device/{device.id}", {"name": "Other"})
        assert refused.error == (403, "forbidden_permission")
        assert device.name == "Heater"
