"""Latest values: correct in all releases, and in few requests."""

import asyncio
from datetime import UTC, datetime, timedelta

from aiohttp import web
import pytest

from custom_components.metering_hub.backends.errors import (
    ProtocolError,
    ServerFaultError,
    UnreachableError,
)
from custom_components.metering_hub.backends.milesight import latest as milesight_latest
from custom_components.metering_hub.backends.milesight.latest import GONE, OFFLINE
from custom_components.metering_hub.metering.model import Kind, Point
from simulators.faults import Answer, Drop, Fault, Handler, Json, MutateJson, html_error
from simulators.milesight import Entity, Override, User
from tests.simulators.milesight.conftest import VERSIONS, build

from .conftest import BATCH, PAGES, Beaver, Connect, point_key, shown

ALL = [*VERSIONS, "1.2.2"]
TIMED = ("1.3.0", "1.3.1")


@pytest.mark.parametrize("version", ALL)
async def test_values_equal_the_simulators(connect: Connect, version: str) -> None:
    """Every number, label and flag equals the one that the server stores."""
    beaver = await connect(build(version))
    points = [
        point
        for point in (await beaver.inventory()).points.values()
        if point.kind is not Kind.ACTION
    ]
    readings = await beaver.read(points)
    values = beaver.simulator.store
    entities = {
        point_key(entity.key): entity
        for entity in beaver.simulator.world.entities.values()
    }
    compared = 0
    for point in points:
        entity = entities[point.key.removesuffix("_reading")]
        latest = values.latest(entity)
        reading = readings.get(point.key)
        if latest is None or latest.value is None:
            assert reading is None
            continue
        assert reading is not None, point.key
        compared += 1
        if entity.identifier == "@status":
            assert reading.value is (latest.value == "ONLINE")
        elif point.options is not None:
            labels = entity.attribute["enum"]
            assert isinstance(labels, dict)
            # The options are the labels, which may be translated keys.
            assert reading.value == point.options[[*labels].index(str(latest.value))]
        else:
            assert reading.value == latest.value
        if version in TIMED:
            assert reading.time == datetime.fromtimestamp(latest.when, UTC)
    assert compared > 200


@pytest.mark.parametrize(
    ("version", "most"), [("1.3.1", 1), ("1.2.5", 10), ("1.0.0", 1000)]
)
async def test_requests_per_poll_of_a_thousand_entities(
    connect: Connect, version: str, most: int
) -> None:
    """One request on 1.3, 2 to 10 on 1.2.3, one per entity on older releases."""
    beaver = await connect(build(version, count=135))
    wanted = shown(await beaver.inventory())[:1000]
    wanted = wanted if version == "1.0.0" else wanted[:900]
    assert len(wanted) >= 800
    beaver.requests()
    readings = await beaver.read(wanted)
    assert len(readings) > 0.97 * len(wanted)
    asked = len(beaver.requests())
    assert asked <= most
    # A number that is measured and can be set has two points.
    asked += sum(point.key.endswith("_reading") for point in wanted)
    assert asked == len(wanted) or version != "1.0.0"
    assert asked >= 2 or version != "1.2.5"


async def test_many_points_take_several_batches(connect: Connect) -> None:
    beaver = await connect(build(count=200))
    wanted = shown(await beaver.inventory())
    assert len(wanted) > 1000
    beaver.requests()
    await beaver.read(wanted)
    assert beaver.requests() == [BATCH, BATCH]


@pytest.mark.parametrize("version", ["1.2.3", "1.2.5"])
async def test_few_values_of_many_are_read_one_by_one(
    connect: Connect, version: str
) -> None:
    """A push of a few entities does not fetch all pages, nor ask for lists of keys."""
    beaver = await connect(build(version, count=120))
    wanted = shown(await beaver.inventory())
    few = wanted[:3]
    beaver.requests()
    assert len(await beaver.read(few)) == 3
    entities = [entity_of(beaver, point) for point in few]
    assert sorted(beaver.requests()) == sorted(
        f"/entity/{entity.id}/status" for entity in entities
    )
    await beaver.read(wanted[:60])
    assert set(beaver.requests()) == {PAGES}


def entity_of(beaver: Beaver, point: Point) -> Entity:
    return next(
        entity
        for entity in beaver.simulator.world.entities.values()
        if point_key(entity.key) == point.key
    )


async def test_value_read_in_both_ways_is_one_value(connect: Connect) -> None:
    """Pages have text and single values numbers, which is no change of the value."""
    beaver = await connect(build("1.2.5", count=60))
    wanted = shown(await beaver.inventory())
    before = await beaver.read(wanted)
    beaver.clock.forward(seconds=1)
    few = wanted[:3]
    assert await beaver.read(few) == {point.key: before[point.key] for point in few}


@pytest.mark.parametrize("version", VERSIONS)
async def test_lost_device_fails_and_asks_for_the_inventory(
    connect: Connect, version: str
) -> None:
    beaver = await connect(build(version, count=6))
    wanted = shown(await beaver.inventory())
    await beaver.read(wanted)
    assert not beaver.backend.needs_inventory
    world = beaver.simulator.world
    key = beaver.key("Boiler plug", "voltage")
    world.delete(world.device("Boiler plug"))
    latest = await beaver.backend.latest(wanted)
    assert latest.failed[key] == GONE
    assert key not in latest.readings
    assert beaver.backend.needs_inventory
    inventory = await beaver.backend.inventory()
    assert key not in inventory.points
    assert not beaver.backend.needs_inventory
    # Somebody may still ask for the point that the inventory has lost.
    assert (await beaver.backend.latest(wanted)).failed[key] == GONE
    assert not beaver.backend.needs_inventory
    await beaver.read(shown(inventory))


@pytest.mark.parametrize("version", VERSIONS)
async def test_permission_that_is_taken_away(connect: Connect, version: str) -> None:
    user = User(super_admin=False, functions=frozenset({"device.view"}))
    beaver = await connect(build(version, count=6, user=user))
    wanted = shown(await beaver.inventory())
    await beaver.read(wanted)
    user.devices = frozenset()
    latest = await beaver.backend.latest(wanted)
    assert set(latest.failed.values()) == {GONE}
    assert beaver.key("Boiler plug", "voltage") in latest.failed
    assert beaver.backend.needs_inventory


async def test_what_there_is_no_time_for_is_read_next(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No point waits longer than another, however slow the server is."""
    monkeypatch.setattr(milesight_latest, "FIRST_SECONDS", 0.0)
    monkeypatch.setattr(milesight_latest, "SECONDS", 0.0)
    beaver = await connect(build("1.0.0"))
    points = shown(await beaver.inventory())
    # A number that is measured and can be set has two points, but one request.
    wanted = [each for each in points if not each.key.endswith("_reading")][:12]
    assert len(wanted) == 12
    first = await beaver.backend.latest(wanted)
    assert len(first.pending) == 7
    assert not first.failed
    assert not first.pending & first.readings.keys()
    second = await beaver.backend.latest(wanted)
    assert len(second.pending) == 7
    assert first.pending > second.readings.keys()
    third = await beaver.backend.latest(wanted)
    seen = first.readings.keys() | second.readings.keys() | third.readings.keys()
    assert seen == {point.key for point in wanted}


async def test_pages_and_batches_are_never_pending(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(milesight_latest, "FIRST_SECONDS", 0.0)
    for version in ("1.2.5", "1.3.1"):
        beaver = await connect(build(version))
        latest = await beaver.backend.latest(shown(await beaver.inventory()))
        assert latest.pending == frozenset()


async def test_single_values_come_five_at_a_time(connect: Connect) -> None:
    beaver = await connect(build("1.0.0"))
    wanted = shown(await beaver.inventory())
    running = most = 0

    class Count:
        """Count the requests that are answered at the same time."""

        async def apply(
            self, request: web.Request, handler: Handler
        ) -> web.StreamResponse:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.002)
            running -= 1
            return await handler(request)

    beaver.simulator.faults.add(Fault(Count(), "status"))
    await beaver.read(wanted)
    assert 2 <= most <= 5


async def test_value_without_a_time_is_as_old_as_its_change(connect: Connect) -> None:
    """1.2.3 reports no times, so the time is when the value was first seen."""
    beaver = await connect(build("1.2.3"))
    inventory = await beaver.inventory()
    point = beaver.point(inventory, "Boiler plug", "voltage")
    entity = beaver.entity("Boiler plug", "voltage")
    beaver.simulator.world.override(entity, Override(230.0))
    first = (await beaver.read([point]))[point.key]
    assert first.time == beaver.clock.now
    seen = beaver.clock.now
    beaver.clock.forward(minutes=5)
    assert (await beaver.read([point]))[point.key] == first
    beaver.simulator.world.override(entity, Override(231.0))
    changed = (await beaver.read([point]))[point.key]
    assert changed.value == 231.0
    assert changed.time == seen + timedelta(minutes=5)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "value", ["abc", True, [1], {"a": 1}, None, "NaN", "1e999", ""]
)
async def test_value_of_the_wrong_type_is_ignored(
    connect: Connect, version: str, value: Json
) -> None:
    beaver = await connect(build(version, count=2))
    inventory = await beaver.inventory()
    beaver.simulator.world.override(
        beaver.entity("Boiler plug", "voltage"), Override(value)
    )
    wanted = shown(inventory)
    before = len(wanted)
    readings = await beaver.read(wanted)
    key = beaver.key("Boiler plug", "voltage")
    assert key not in readings
    assert len(readings) >= before - 3


@pytest.mark.parametrize(
    ("identifier", "value"),
    [("socket_status", 1), ("socket_status", "on"), ("led_mode", []), ("led_mode", {})],
)
async def test_invalid_flag_or_option_is_ignored(
    connect: Connect, identifier: str, value: Json
) -> None:
    beaver = await connect(build())
    point = beaver.point(await beaver.inventory(), "Boiler plug", identifier)
    beaver.simulator.world.override(
        beaver.entity("Boiler plug", identifier), Override(value)
    )
    assert await beaver.read([point]) == {}


async def test_value_that_an_enum_does_not_list_is_shown(connect: Connect) -> None:
    beaver = await connect(build())
    point = beaver.point(await beaver.inventory(), "Boiler plug", "led_mode")
    beaver.simulator.world.override(
        beaver.entity("Boiler plug", "led_mode"), Override(7)
    )
    assert (await beaver.read([point]))[point.key].value == "7"


@pytest.mark.parametrize("version", VERSIONS)
async def test_never_reported_is_no_reading(connect: Connect, version: str) -> None:
    beaver = await connect(build(version))
    inventory = await beaver.inventory()
    point = beaver.point(inventory, "Bedroom", "temperature")
    beaver.simulator.world.silent.add(beaver.entity("Bedroom", "temperature").key)
    assert await beaver.read([point]) == {}


@pytest.mark.parametrize("version", VERSIONS)
async def test_deleted_device_loses_only_its_own_points(
    connect: Connect, version: str
) -> None:
    beaver = await connect(build(version))
    inventory = await beaver.inventory()
    key = beaver.key("Bedroom", "temperature")
    world = beaver.simulator.world
    world.delete(world.device("Bedroom"))
    readings = (await beaver.backend.latest(shown(inventory))).readings
    assert key not in readings
    assert beaver.key("Boiler plug", "voltage") in readings


async def test_offline_device_has_no_measured_values(connect: Connect) -> None:
    """Measured values become unavailable, settings do not."""
    beaver = await connect(build())
    inventory = await beaver.inventory()
    beaver.simulator.world.device("Boiler plug").status = "OFFLINE"
    device = beaver.point(inventory, "Boiler plug", "voltage").device_key
    points = [
        point for point in inventory.points.values() if point.device_key == device
    ]
    latest = await beaver.backend.latest(points)
    voltage = beaver.key("Boiler plug", "voltage")
    assert latest.failed[voltage] == OFFLINE
    assert beaver.key("Boiler plug", "socket_status") in latest.failed
    assert beaver.key("Boiler plug", "led_mode") in latest.readings
    status = latest.readings[beaver.key("Boiler plug", "@status")]
    assert status.value is False
    # Nor does it take the status entity to be looked at.
    alone = await beaver.backend.latest([inventory.points[voltage]])
    assert alone.failed == {voltage: OFFLINE}


async def test_unknown_status_is_not_offline(connect: Connect) -> None:
    beaver = await connect(build())
    inventory = await beaver.inventory()
    beaver.simulator.world.device("Boiler plug").status = ""
    point = beaver.point(inventory, "Boiler plug", "voltage")
    assert (await beaver.read([point])).keys() == {point.key}


async def test_failed_batch_fails_only_its_own_points(connect: Connect) -> None:
    beaver = await connect(build(count=200))
    wanted = shown(await beaver.inventory())
    beaver.simulator.faults.add(Fault(html_error(500), "batch-get-status", times=3))
    latest = await beaver.backend.latest(wanted)
    assert 0 < len(latest.failed) < len(wanted)
    assert len(latest.failed) + len(latest.readings) > 0.97 * len(wanted)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("action", "error"),
    [
        (html_error(500), ServerFaultError),
        (html_error(503), UnreachableError),
        (Drop(), UnreachableError),
        (Answer(200, "<html></html>"), ProtocolError),
    ],
)
async def test_outage_is_raised_and_ends(
    connect: Connect, version: str, action: Answer | Drop, error: type[Exception]
) -> None:
    beaver = await connect(build(version, count=3))
    wanted = shown(await beaver.inventory())
    beaver.simulator.faults.add(Fault(action, "entity"))
    with pytest.raises(error):
        await beaver.backend.latest(wanted)
    beaver.simulator.faults.clear()
    assert len(await beaver.read(wanted)) >= 20


async def test_failed_entity_fails_alone_on_1_0(connect: Connect) -> None:
    beaver = await connect(build("1.0.0"))
    inventory = await beaver.inventory()
    entity = beaver.entity("Boiler plug", "voltage")
    beaver.simulator.faults.add(Fault(html_error(500), f"{entity.id}/status"))
    latest = await beaver.backend.latest(shown(inventory))
    assert latest.failed.keys() == {beaver.key("Boiler plug", "voltage")}


async def test_answer_of_unexpected_shape_is_ignored(connect: Connect) -> None:
    beaver = await connect(build())
    wanted = shown(await beaver.inventory())

    def strange(answer: Json) -> Json:
        assert isinstance(answer, dict)
        data = answer["data"]
        assert isinstance(data, dict)
        rows: list[Json] = [None, 5, {"value": {}}, {"timestamp": "x", "value": 1}]
        changed = dict(zip(data, rows * len(data), strict=False))
        return answer | {"data": changed | {"zero": None}}

    beaver.simulator.faults.add(Fault(MutateJson(strange), "batch-get-status"))
    assert (await beaver.backend.latest(wanted)).failed == {}


async def test_no_points_take_no_request(connect: Connect) -> None:
    beaver: Beaver = await connect(build())
    await beaver.inventory()
    beaver.requests()
    assert (await beaver.backend.latest([])).readings == {}
    assert beaver.requests() == []


async def test_unchanged_poll_returns_the_same_object(connect: Connect) -> None:
    """Reading a few points in between does not change that."""
    beaver = await connect(build())
    wanted = shown(await beaver.inventory())
    first = await beaver.backend.latest(wanted)
    await beaver.backend.latest(wanted[:5])
    assert await beaver.backend.latest(wanted) is first
    changed = beaver.key("Boiler plug", "voltage")
    beaver.clock.forward(hours=2)
    second = await beaver.backend.latest(wanted)
    assert second is not first
    assert second.readings[changed] != first.readings[changed]
