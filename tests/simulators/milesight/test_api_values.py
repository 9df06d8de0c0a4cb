"""Latest values, histories and aggregates."""

from datetime import timedelta

import pytest

from simulators.faults import Json
from simulators.milesight import Entity

from .conftest import NOW, START, VERSIONS, Beaver, Object, beaver, build, clock

pytestmark = pytest.mark.usefixtures("socket_enabled")

HOUR = 3_600_000
NOW_MS = int(NOW.timestamp()) * 1000


async def history(client: Beaver, entity: Entity, **body: Json) -> list[Object]:
    asked: Object = {"entity_id": entity.id, "page_size": 9999, **body}
    return (await client.post("entity/history/search", asked)).rows


def stamps(rows: list[Object]) -> list[int]:
    return [int(str(row["timestamp"])) for row in rows]


async def test_batch_status_is_a_map_by_id() -> None:
    simulator = build()
    world = simulator.world
    known = [
        world.entity("Boiler plug", name)
        for name in ("voltage", "active_power", "socket_status", "sn", "reboot")
    ]
    async with beaver(simulator) as client:
        ids: list[Json] = [*(one.id for one in known), "1", int(known[0].id)]
        got = (await client.post("entity/batch-get-status", {"entity_ids": ids})).object
        assert set(got) == {one.id for one in known}
        for one in known:
            single = await client.get(f"entity/{one.id}/status")
            assert got[one.id] == single.data
        assert got[known[-1].id] == {}
        types = [
            type(row["value"]) for row in got.values() if isinstance(row, dict) and row
        ]
        assert types == [float, int, bool, str]


@pytest.mark.parametrize(("count", "status"), [(5000, 200), (5001, 400)])
async def test_batch_status_takes_5000_ids(count: int, status: int) -> None:
    async with beaver() as client:
        ids: list[Json] = [str(number) for number in range(count)]
        got = await client.post("entity/batch-get-status", {"entity_ids": ids})
        assert got.status == status
        if status == 400:
            assert got.json["error_code"] == "multiple_error"


async def test_values_change_with_reports_only() -> None:
    simulator = build()
    entity = simulator.world.entity("Boiler plug", "voltage")
    async with beaver(simulator) as client:
        seen: list[Object] = []
        for _ in range(60):
            got = (await client.get(f"entity/{entity.id}/status")).object
            if got not in seen:
                seen.append(got)
            clock(simulator).forward(seconds=60)
        assert [
            b - a for a, b in zip(stamps(seen), stamps(seen)[1:], strict=False)
        ] == [600_000] * (len(seen) - 1)
        assert len(seen) in (6, 7)


@pytest.mark.parametrize("version", VERSIONS)
async def test_history_is_newest_first_and_longs_are_strings(version: str) -> None:
    simulator = build(version)
    entity = simulator.world.entity("Boiler plug", "power_consumption")
    async with beaver(simulator) as client:
        rows = await history(
            client, entity, start_timestamp=NOW_MS - 24 * HOUR, end_timestamp=NOW_MS
        )
        assert set(rows[0]) == {"id", "entity_id", "timestamp", "value", "value_type"}
        assert len(rows) == 144
        times = stamps(rows)
        assert times == sorted(times, reverse=True)
        assert all(isinstance(row["timestamp"], str) for row in rows)
        assert all(isinstance(row["value"], str) for row in rows)
        assert {row["entity_id"] for row in rows} == {entity.id}
        assert len({row["id"] for row in rows}) == 144
        latest = (await client.get(f"entity/{entity.id}/status")).object
        assert str(latest["value"]) == rows[0]["value"]


async def test_history_of_a_double_has_numbers() -> None:
    async with beaver() as client:
        entity = client.simulator.world.entity("Boiler plug", "voltage")
        rows = await history(client, entity, start_timestamp=NOW_MS - HOUR)
        assert {type(row["value"]) for row in rows} == {float}
        flag = client.simulator.world.entity("Back door", "door_status")
        rows = await history(client, flag, start_timestamp=NOW_MS - 24 * HOUR)
        assert {type(row["value"]) for row in rows} == {bool}


async def test_history_pages_and_order() -> None:
    async with beaver() as client:
        entity = client.simulator.world.entity("Boiler plug", "voltage")
        span: Object = {"start_timestamp": NOW_MS - 24 * HOUR, "end_timestamp": NOW_MS}
        whole = await history(client, entity, **span)
        pages = [
            row
            for number in (1, 2, 3)
            for row in await history(
                client, entity, **span, page_size=50, page_number=number
            )
        ]
        assert pages == whole
        past = await history(client, entity, **span, page_size=50, page_number=4)
        assert past == []
        up: Json = [{"direction": "ASC", "property": "timestamp"}]
        assert await history(client, entity, **span, sorts=up) == whole[::-1]
        assert len(await history(client, entity, page_size=10)) == 10


async def test_both_ends_of_a_span_are_included() -> None:
    async with beaver() as client:
        entity = client.simulator.world.entity("Boiler plug", "voltage")
        times = stamps(await history(client, entity, page_size=7))
        rows = await history(
            client, entity, start_timestamp=times[-1], end_timestamp=times[0]
        )
        assert stamps(rows) == times
        rows = await history(
            client, entity, start_timestamp=times[-1] + 1, end_timestamp=times[0] - 1
        )
        assert stamps(rows) == times[1:-1]


async def test_history_of_several_entities() -> None:
    async with beaver() as client:
        world = client.simulator.world
        pair = [
            world.entity("Boiler plug", "voltage"),
            world.entity("Cellar", "humidity"),
        ]
        body: Object = {
            "entity_ids": [one.id for one in pair],
            "start_timestamp": NOW_MS - 3 * HOUR,
            "page_size": 999,
        }
        rows = (await client.post("entity/history/search", body)).rows
        assert len(rows) == 18 + 6
        assert stamps(rows) == sorted(stamps(rows), reverse=True)
        assert {row["entity_id"] for row in rows} == {one.id for one in pair}


@pytest.mark.parametrize("end", [NOW_MS, NOW_MS - 1])
async def test_spans_that_end_before_they_begin(end: int) -> None:
    async with beaver() as client:
        body: Object = {
            "entity_id": "1",
            "start_timestamp": NOW_MS,
            "end_timestamp": end,
        }
        got = await client.post("entity/history/search", body)
        assert got.error == (400, "parameter_validation_failed")


async def test_camel_case_keys_give_an_empty_page() -> None:
    async with beaver() as client:
        entity = client.simulator.world.entity("Boiler plug", "voltage")
        got = await client.post("entity/history/search", {"entityId": entity.id})
        assert got.data == {"page_size": 0, "page_number": 1, "total": 0, "content": []}


async def test_history_reaches_back_a_year() -> None:
    simulator = build()
    world = simulator.world
    entity = world.entity("Street noise", "laeq")
    async with beaver(simulator) as client:
        year = int((NOW - timedelta(days=365)).timestamp()) * 1000
        up: Json = [{"direction": "ASC", "property": "timestamp"}]
        (oldest,) = await history(client, entity, page_size=1, sorts=up)
        assert 0 <= stamps([oldest])[0] - year < 600_000
        settings = world.entity("Street noise", "reporting_interval")
        assert await history(client, settings) == []
        latest = (await client.get(f"entity/{settings.id}/status")).object
        assert stamps([latest])[0] == settings.created * 1000
        assert settings.created - START.timestamp() < 60


async def aggregate(client: Beaver, entity: Entity, kind: str, hours: int = 24) -> Json:
    body: Object = {
        "entity_id": entity.id,
        "start_timestamp": NOW_MS - hours * HOUR,
        "end_timestamp": NOW_MS,
        "aggregate_type": kind,
    }
    return (await client.post("entity/history/aggregate", body)).data


async def test_aggregates_of_a_long_are_strings() -> None:
    async with beaver() as client:
        entity = client.simulator.world.entity("Boiler plug", "active_power")
        start = NOW_MS - 24 * HOUR
        rows = await history(
            client, entity, start_timestamp=start, end_timestamp=NOW_MS
        )
        values = [int(str(row["value"])) for row in rows]
        expected = {
            "LAST": values[0],
            "MIN": min(values),
            "MAX": max(values),
            "SUM": sum(values),
        }
        for kind, value in expected.items():
            assert await aggregate(client, entity, kind) == {
                "value": str(value),
                "value_type": "LONG",
            }
        mean = await aggregate(client, entity, "avg")
        assert isinstance(mean, dict)
        assert mean["value_type"] == "LONG"
        assert isinstance(mean["value"], str)
        assert float(mean["value"]) == pytest.approx(sum(values) / len(values))


async def test_aggregates_of_other_types() -> None:
    async with beaver() as client:
        world = client.simulator.world
        voltage = world.entity("Boiler plug", "voltage")
        highest = await aggregate(client, voltage, "MAX")
        assert isinstance(highest, dict)
        assert isinstance(highest["value"], float)
        socket = world.entity("Boiler plug", "socket_status")
        assert await aggregate(client, socket, "COUNT") == {
            "count_result": [{"value": True, "value_type": "BOOLEAN", "count": 144}]
        }
        silent = world.entity("Living room air", "buzzer_status")
        assert await aggregate(client, silent, "LAST") == {}


@pytest.mark.parametrize(
    ("identifier", "kind", "error"),
    [
        ("socket_status", "AVG", (400, "parameter_validation_failed")),
        ("sn", "SUM", (400, "parameter_validation_failed")),
        ("voltage", "MEDIAN", (500, "server_error")),
    ],
)
async def test_aggregates_that_are_refused(
    identifier: str, kind: str, error: tuple[int, str]
) -> None:
    async with beaver() as client:
        entity = client.simulator.world.entity("Boiler plug", identifier)
        body: Object = {
            "entity_id": entity.id,
            "start_timestamp": 1,
            "end_timestamp": NOW_MS,
            "aggregate_type": kind,
        }
        assert (await client.post("entity/history/aggregate", body)).error == error
        del body["start_timestamp"]
        got = await client.post(
            "entity/history/aggregate", body | {"aggregate_type": "MAX"}
        )
        assert got.error == (400, "parameter_validation_failed")
