"""The simulator that serves the answers of a running Beaver IoT 1.3.1."""

import pytest

from simulators.faults import Json
from simulators.milesight import MilesightSimulator
from simulators.milesight.captured import capture

from .conftest import Beaver, Clock, Object, beaver

pytestmark = pytest.mark.usefixtures("socket_enabled")

DAY_MS = 24 * 3600 * 1000
LATITUDE = "milesight-gateway.device.24E1240000500011.latitude"


def build() -> MilesightSimulator:
    """Return the captured server at the time of the other tests."""
    return MilesightSimulator(captured=True, version="1.3.1", clock=Clock())


async def all_rows(client: Beaver, path: str, **body: Json) -> list[Object]:
    """Return the rows of all pages."""
    rows: list[Object] = []
    number = 1
    while True:
        asked: Json = {**body, "page_number": number, "page_size": 2000}
        answer = (await client.post(path, asked)).object
        content = answer["content"]
        assert isinstance(content, list)
        rows += [row for row in content if isinstance(row, dict)]
        if len(rows) >= int(str(answer["total"])):
            return rows
        number += 1


async def test_devices_and_entities_are_served_as_they_were() -> None:
    async with beaver(build()) as client:
        devices = await all_rows(client, "device/search")
        assert sorted(devices, key=lambda row: str(row["key"])) == sorted(
            capture().devices, key=lambda row: str(row["key"])
        )
        entities = await all_rows(client, "entity/search", show_hidden=True)
        assert sorted(entities, key=lambda row: str(row["entity_key"])) == list(
            capture().entities
        )


async def test_latest_values_are_the_captured_ones() -> None:
    found = capture()
    async with beaver(build()) as client:
        ids: list[Json] = [*found.values]
        values: Object = {}
        for first in range(0, len(ids), 5000):
            body: Json = {"entity_ids": ids[first : first + 5000]}
            values |= (await client.post("entity/batch-get-status", body)).object
        assert values.keys() == found.values.keys()
        shifts = set[int]()
        for entity_id, expected in found.values.items():
            value = values[entity_id]
            assert isinstance(value, dict)
            assert value.get("value") == expected.get("value")
            if expected:
                at, was = int(str(value["timestamp"])), int(str(expected["timestamp"]))
                shifts.add(at - was // 1000 * 1000)
        # All times are moved by the same number of days.
        assert len(shifts) == 1
        assert shifts.pop() % DAY_MS == 0


async def test_history_children_and_meta_are_served() -> None:
    simulator = build()
    entity = simulator.world.by_key[LATITUDE]
    async with beaver(simulator) as client:
        rows = await all_rows(client, "entity/history/search", entity_id=entity.id)
        stored = [row["value"] for row in capture().history[entity.id]]
        assert sorted(str(row["value"]) for row in rows) == sorted(map(str, stored))
        location = simulator.world.by_key[
            f"{LATITUDE.removesuffix('latitude')}@location"
        ]
        children = (await client.get(f"entity/{location.id}/children")).rows
        assert {str(row["entity_key"]).rpartition(".")[2] for row in children} == {
            "@address",
            "@latitude",
            "@longitude",
        }
        meta = (await client.get(f"entity/{entity.id}/meta")).object
        assert (meta["key"], meta["value_type"]) == (LATITUDE, "DOUBLE")
        assert "parent_name" not in meta


async def test_written_values_and_new_reports_are_the_latest_ones() -> None:
    simulator = build()
    setting = simulator.world.by_key[
        LATITUDE.replace("latitude", "motion_report_interval")
    ]
    latitude = simulator.world.by_key[LATITUDE]
    async with beaver(simulator) as client:
        before = simulator.store.latest(latitude)
        assert before is not None
        exchange: Json = {"exchange": {setting.key: 7}}
        assert (await client.post("entity/property/update", exchange)).status == 200
        status = (await client.get(f"entity/{setting.id}/status")).object
        assert status["value"] == 7
        await simulator.report_now("at101 no. 17")
        after = simulator.store.latest(latitude)
        assert after is not None
        assert (after.when, after.value) == (simulator.now, before.value)
        assert after.when > before.when
