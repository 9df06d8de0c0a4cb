"""Stored values: histories and aggregates."""

from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from simulators.faults import Json
from simulators.milesight import Entity, ExtraRow

from .conftest import NOW, START, VERSIONS, Beaver, Object, beaver, build, clock

pytestmark = pytest.mark.usefixtures("socket_enabled")

HOUR = 3_600_000
NOW_MS = int(NOW.timestamp()) * 1000
FIXTURES = Path(__file__).parents[2] / "fixtures" / "milesight"


async def history(client: Beaver, entity: Entity, **body: Json) -> list[Object]:
    asked: Object = {"entity_id": entity.id, "page_size": 9999, **body}
    return (await client.post("entity/history/search", asked)).rows


def stamps(rows: list[Object]) -> list[int]:
    return [int(str(row["timestamp"])) for row in rows]


@pytest.mark.parametrize("version", VERSIONS)
async def test_longs_of_histories_are_strings(version: str) -> None:
    simulator = build(version)
    entity = simulator.world.entity("Boiler plug", "power_consumption")
    async with beaver(simulator) as client:
        rows = await history(
            client, entity, start_timestamp=NOW_MS - 24 * HOUR, end_timestamp=NOW_MS
        )
        assert len(rows) == 144
        assert all(isinstance(row["timestamp"], str) for row in rows)
        assert all(isinstance(row["value"], str) for row in rows)
        latest = (await client.get(f"entity/{entity.id}/status")).object
        ends = {row["value"] for row in (rows[0], rows[-1])}
        assert str(latest["value"]) in ends


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


BOTH: Json = [
    {"direction": "DESC", "property": "timestamp"},
    {"direction": "DESC", "property": "id"},
]
UP: Json = [
    {"direction": "ASC", "property": "timestamp"},
    {"direction": "ASC", "property": "id"},
]
CAPTURED = {"1.0": "1.0.0", "1.2.5": "1.2.5", "1.3.1": "1.3.1"}


def captured(version: str) -> dict[str, Object]:
    """Return the calls of stored values that a running server answered."""
    path = FIXTURES / f"calls-{CAPTURED[version]}.json"
    calls = orjson.loads(path.read_bytes())["calls"]
    assert isinstance(calls, dict)
    found = {name: one for name, one in calls.items() if "history" in name}
    assert len(found) >= 3
    return found


@pytest.mark.parametrize("version", CAPTURED)
async def test_answers_have_the_form_of_the_captured_ones(version: str) -> None:
    """The same requests get the same fields, errors and order as a running server's."""
    simulator = build(version)
    first = simulator.world.entity("Boiler plug", "voltage")
    second = simulator.world.entity("Cellar", "humidity")
    async with beaver(simulator) as client:
        for name, call in captured(version).items():
            request, expected = call["request"], call["answer"]
            assert isinstance(request, dict)
            assert isinstance(expected, dict)
            body = request["json"]
            assert isinstance(body, dict)
            changed: Object = {**body}
            if "entity_id" in body:
                changed["entity_id"] = first.id
            if "entity_ids" in body:
                changed["entity_ids"] = [first.id, second.id]
            path = str(request["path"]).removeprefix("/")
            got = await client.post(path, changed)
            assert got.status == call["status"], name
            if got.status != 200:
                assert got.error[1] == expected["error_code"]
                assert got.json["error_message"] == expected["error_message"]
                continue
            assert shape(got.data) == shape(expected["data"]), name
            if "aggregate" not in name:
                compare_order(got.rows, expected["data"])


def shape(data: Json) -> Json:
    """Return the fields of an answer and of its first row, without their values."""
    if isinstance(data, list):
        return [shape(data[0])] if data else []
    if isinstance(data, dict):
        return {key: shape(value) for key, value in data.items()}
    return None


def compare_order(rows: list[Object], data: Json) -> None:
    """Compare the order of rows with that of a captured page."""
    assert isinstance(data, dict)
    content = data["content"]
    assert isinstance(content, list)
    expected = stamps([row for row in content if isinstance(row, dict)])
    is_up = expected == sorted(expected)
    assert stamps(rows) == sorted(stamps(rows), reverse=not is_up)
    if not expected:
        assert data["total"] == 0


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_newest_row_is_first_but_not_in_1_0_0(version: str) -> None:
    simulator = build(version)
    entity = simulator.world.entity("Boiler plug", "voltage")
    async with beaver(simulator) as client:
        body: Object = {"start_timestamp": NOW_MS - HOUR, "end_timestamp": NOW_MS}
        rows = await history(client, entity, **body)
        times = stamps(rows)
        assert len(times) == 6
        assert times == sorted(times, reverse=version != "1.0.0")
        has_ids = all({"id", "entity_id"} <= row.keys() for row in rows)
        assert has_ids == (version != "1.0.0")
        assert stamps(await history(client, entity, **body, sorts=UP)) == sorted(times)


async def test_pages_lose_rows_of_equal_time_without_a_second_sort() -> None:
    """All values of one uplink have its time, and come in any order."""
    async with beaver() as client:
        world = client.simulator.world
        names = ("voltage", "active_power", "current", "power_consumption")
        ids: list[Json] = [world.entity("Boiler plug", name).id for name in names]
        body: Object = {"entity_ids": ids, "start_timestamp": NOW_MS - 24 * HOUR}
        for sorts, is_complete in ((None, False), (BOTH, True), (UP, True)):
            asked = body if sorts is None else body | {"sorts": sorts}
            found: list[Json] = []
            total = 0
            for number in range(1, 60):
                page = {"page_size": 10, "page_number": number}
                got = (await client.post("entity/history/search", asked | page)).object
                rows = got["content"]
                assert isinstance(rows, list)
                found += [row["id"] for row in rows if isinstance(row, dict)]
                total = max(total, int(str(got["total"])))
            assert len(found) == total == 576
            assert (len({*found}) == total) is is_complete


@pytest.mark.parametrize(("version", "several"), [("1.1", False), ("1.2.1", True)])
async def test_entity_ids_are_ignored_before_1_2_1(version: str, several: bool) -> None:
    simulator = build(version)
    world = simulator.world
    pair = [world.entity("Boiler plug", "voltage"), world.entity("Cellar", "humidity")]
    async with beaver(simulator) as client:
        body: Object = {
            "entity_ids": [one.id for one in pair],
            "start_timestamp": NOW_MS - HOUR,
            "page_size": 9999,
        }
        rows = (await client.post("entity/history/search", body)).rows
        found = {row["entity_id"] for row in rows}
        assert (found == {one.id for one in pair}) is several
        assert (len(found) > 20) is not several


async def test_rows_that_arrive_late_do_not_move_the_latest_value() -> None:
    simulator = build()
    entity = simulator.world.entity("Boiler plug", "voltage")
    now = int(NOW.timestamp())
    late = ExtraRow(NOW_MS - 30 * HOUR + 5, 111.5, arrived=now + 60)
    again = ExtraRow(NOW_MS - 30 * HOUR + 5, 112.5, arrived=now + 60, number=2)
    old = ExtraRow(NOW_MS - 400 * 24 * HOUR, 1.0, arrived=now)
    entity.extra += [late, again, old]
    async with beaver(simulator) as client:
        before = (await client.get(f"entity/{entity.id}/status")).object
        span: Object = {
            "start_timestamp": NOW_MS - 30 * HOUR,
            "end_timestamp": NOW_MS - 30 * HOUR + 1000,
            "sorts": UP,
        }
        assert await history(client, entity, **span) == []
        clock(simulator).forward(seconds=60)
        rows = await history(client, entity, **span)
        assert [row["value"] for row in rows] == [111.5, 112.5]
        assert stamps(rows) == [late.millis, late.millis]
        assert (await client.get(f"entity/{entity.id}/status")).object == before
        (oldest,) = await history(client, entity, page_size=1, sorts=UP)
        assert stamps([oldest])[0] > NOW_MS - 366 * 24 * HOUR


@pytest.mark.parametrize(
    ("mode", "has_latest", "has_rows"),
    [("ALL", True, True), ("HISTORY", False, True), ("LATEST", True, False)],
)
async def test_what_is_kept_depends_on_the_store_mode(
    mode: str, has_latest: bool, has_rows: bool
) -> None:
    simulator = build("1.3.1")
    entity = simulator.world.entity("Boiler plug", "voltage")
    entity.store_mode = mode
    async with beaver(simulator) as client:
        latest = (await client.get(f"entity/{entity.id}/status")).object
        assert bool(latest) is has_latest
        assert bool(await history(client, entity)) is has_rows
        meta = (await client.get(f"entity/{entity.id}/meta")).object
        assert meta["value_store_mod"] == mode


async def test_aggregates_count_both_ends_and_refuse_mixed_types() -> None:
    simulator = build()
    entity = simulator.world.entity("Boiler plug", "voltage")
    async with beaver(simulator) as client:
        rows = await history(client, entity, page_size=3)
        newest, _, oldest = stamps(rows)
        body: Object = {
            "entity_id": entity.id,
            "start_timestamp": oldest,
            "end_timestamp": newest,
            "aggregate_type": "SUM",
        }
        path = "entity/history/aggregate"
        total = sum(float(str(row["value"])) for row in rows)
        assert (await client.post(path, body)).object["value"] == pytest.approx(total)
        text = ExtraRow(oldest + 1, "x", arrived=0, value_type="STRING")
        entity.extra.append(text)
        assert (await client.post(path, body)).error == (500, "server_error")
        last = await client.post(path, body | {"aggregate_type": "LAST"})
        assert last.object["value"] == rows[0]["value"]


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
