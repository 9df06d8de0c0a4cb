"""The simulated devices: exact registers, determinism, and the knobs of the data."""

from datetime import datetime, timedelta
from itertools import pairwise
from time import process_time

import pytest

from simulators.faults import Json
from simulators.milesight import Entity, Gap, MilesightSimulator, Override
from simulators.milesight.catalog import MODELS
from simulators.milesight.load import PATTERNS, load
from simulators.milesight.sources import Register

from .conftest import NOW, Beaver, Object, beaver, build, clock

HOUR = timedelta(hours=1)
NOW_MS = int(NOW.timestamp()) * 1000
sockets = pytest.mark.usefixtures("socket_enabled")


def registers(simulator: MilesightSimulator) -> list[Entity]:
    return [
        one
        for one in simulator.world.entities.values()
        if isinstance(one.template.source, Register)
    ]


@pytest.mark.parametrize("kind", PATTERNS)
def test_the_total_of_a_load_is_the_sum_of_its_levels(kind: str) -> None:
    source, start = load(kind, 5), int(NOW.timestamp())
    for step in range(40):
        begin = start + step * 4999
        levels = sum(source.level(when) for when in range(begin, begin + 97))
        assert source.total(begin + 97) - source.total(begin) == levels
    assert source.total(start + 86400 * 30) > source.total(start)


def test_loads_of_other_seeds_differ() -> None:
    start = int(NOW.timestamp())
    curves = {
        tuple(load("phase", seed).level(start + 60 * step) for step in range(300))
        for seed in range(10)
    }
    assert len(curves) == 10


def test_a_register_is_the_integral_of_the_power_shown() -> None:
    simulator = build()
    site = simulator.world.device("Fridge plug").site
    energy = simulator.world.entity("Fridge plug", "power_consumption")
    start = int(NOW.timestamp()) - 86400
    joules = sum(site.level(0, when) for when in range(start, start + 10_800))
    begin, end = NOW - 24 * HOUR, NOW - 21 * HOUR
    assert abs(simulator.amount(energy, begin, end) - joules / 3600) < 1
    steps = [
        simulator.amount(energy, begin + hour * HOUR, begin + (hour + 1) * HOUR)
        for hour in range(24)
    ]
    assert sum(steps) == simulator.amount(energy, begin, NOW)


def test_registers_never_fall() -> None:
    simulator = build()
    found = registers(simulator)
    assert len(found) > 15
    moments = [NOW - timedelta(hours=7 * step) for step in range(200)][::-1]
    for entity in found:
        positions = [simulator.position(entity, at) for at in moments]
        assert all(b >= a for a, b in pairwise(positions)), entity
    grown = [
        one
        for one in found
        if simulator.position(one, moments[-1]) > simulator.position(one, moments[0])
    ]
    assert grown == found


def test_other_entities_have_no_position() -> None:
    simulator = build()
    with pytest.raises(TypeError, match="voltage is not a register"):
        simulator.position(simulator.world.entity("Boiler plug", "voltage"), NOW)


def test_the_same_seed_is_the_same_world() -> None:
    first, second = build(), build()
    other = MilesightSimulator(None, 8, clock=first.clock)
    shown = [
        [
            (one.key, one.id, world.store.latest(one))
            for one in world.world.entities.values()
        ]
        for world in (first, second, other)
    ]
    assert shown[0] == shown[1]
    assert shown[0] != shown[2]


def test_values_are_plausible() -> None:
    simulator = build()
    limits = {
        "V": (220, 245),
        "°C": (-15, 75),
        "℃": (-5, 30),
        "℉": (20, 100),
        "%": (0, 100),
        "%r.h.": (0, 100),
        "hPa": (990, 1040),
        "ppm": (0, 1100),
        "W": (0, 2200),
        "lx": (0, 600),
        "dBA": (25, 85),
    }
    seen: dict[Json, set[Json]] = {}
    for _ in range(48):
        clock(simulator).forward(minutes=97)
        for entity in simulator.world.entities.values():
            unit, latest = entity.attribute.get("unit"), simulator.store.latest(entity)
            if latest is None or unit not in limits or entity.is_writable:
                continue
            low, high = limits[str(unit)]
            assert isinstance(latest.value, (int, float))
            assert low <= latest.value <= high, entity
            seen.setdefault(unit, set()).add(latest.value)
    assert set(seen) == set(limits)
    assert all(len(values) > 3 for unit, values in seen.items())


def test_value_types_are_what_they_say() -> None:
    simulator = build()
    types = {"LONG": int, "DOUBLE": float, "BOOLEAN": bool, "STRING": str}
    checked = 0
    for entity in simulator.world.entities.values():
        latest = simulator.store.latest(entity)
        if latest is not None:
            assert type(latest.value) is types[entity.value_type], entity
            labels = entity.attribute.get("enum")
            if isinstance(labels, dict):
                key = str(latest.value)
                assert (
                    key.lower() if entity.value_type == "BOOLEAN" else key
                ) in labels
            checked += 1
    assert checked > 300


def test_five_thousand_entities_start_at_once() -> None:
    began = process_time()
    simulator = build(count=250)
    assert process_time() - began < 1
    assert len(simulator.world.entities) > 5000
    assert len({device.name for device in simulator.world.devices.values()}) == 250
    assert len(simulator.world.by_key) == len(simulator.world.entities)
    assert len(MODELS) == 27


async def rows(client: Beaver, entity: Entity, hours: int = 24) -> list[Object]:
    body: Object = {
        "entity_id": entity.id,
        "start_timestamp": NOW_MS - hours * 3_600_000,
        "end_timestamp": NOW_MS,
        "page_size": 9999,
    }
    return (await client.post("entity/history/search", body)).rows


async def latest(client: Beaver, entity: Entity) -> Object:
    return (await client.get(f"entity/{entity.id}/status")).object


def at(row: Object) -> datetime:
    return datetime.fromtimestamp(int(str(row["timestamp"])) / 1000, NOW.tzinfo)


@sockets
async def test_history_holds_the_positions_of_its_times() -> None:
    async with beaver() as client:
        for name, identifier in (
            ("Laundry plug", "power_consumption"),
            ("Heat pump meter", "total_active_energy"),
            ("Water meter", "pulse"),
        ):
            entity = client.simulator.world.entity(name, identifier)
            found = await rows(client, entity)
            assert len(found) > 100
            for row in found:
                position = client.simulator.position(entity, at(row))
                assert float(str(row["value"])) == position


@sockets
async def test_gaps_and_late_arrival() -> None:
    simulator = build()
    device = simulator.world.device("Boiler plug")
    entity = simulator.world.entity("Boiler plug", "power_consumption")
    async with beaver(simulator) as client:
        whole = await rows(client, entity)
        start, end = NOW - 9 * HOUR, NOW - 5 * HOUR
        device.gaps.append(Gap(start, end, healed_at=NOW + HOUR))
        left = await rows(client, entity)
        assert left == [row for row in whole if not start <= at(row) < end]
        assert len(whole) - len(left) == 24
        clock(simulator).forward(hours=1)
        assert await rows(client, entity) == whole


@sockets
async def test_a_device_that_stopped_keeps_its_last_value() -> None:
    simulator = build()
    entity = simulator.world.entity("Boiler plug", "voltage")
    async with beaver(simulator) as client:
        before = await latest(client, entity)
        simulator.world.device("Boiler plug").gaps.append(Gap(NOW))
        clock(simulator).forward(days=3)
        await client.login()
        assert await latest(client, entity) == before


@sockets
async def test_renamed_deleted_and_added_again() -> None:
    simulator = build()
    world = simulator.world
    device = world.device("Boiler plug")
    entity = world.entity("Boiler plug", "power_consumption")
    async with beaver(simulator) as client:
        world.rename(device, "Cellar boiler", NOW)
        (row,) = (await client.post("device/search", {"name": "cellar boil"})).rows
        assert (row["id"], row["key"]) == (device.id, device.key)
        assert row["updated_at"] == NOW_MS
        world.delete(device)
        assert (await client.get(f"device/{device.id}")).error[0] == 404
        assert "data" not in (await client.get(f"entity/{entity.id}/status")).json
        assert await rows(client, entity) == []
        again = world.add_again(device, NOW)
        assert again.key == device.key
        assert again.id != device.id
        new = world.entity("Cellar boiler", "power_consumption")
        assert new.key == entity.key
        assert new.id != entity.id
        clock(simulator).forward(hours=12)
        position = (await latest(client, new))["value"]
        assert isinstance(position, int)
        assert 0 <= position < 10_000


@sockets
async def test_a_unit_and_type_that_change() -> None:
    simulator = build()
    entity = simulator.world.entity("Boiler plug", "power_consumption")
    async with beaver(simulator) as client:
        before = (await latest(client, entity))["value"]
        assert isinstance(before, int)
        simulator.world.change(
            entity, NOW, unit="kWh", value_type="DOUBLE", scale=0.001
        )
        got = await latest(client, entity)
        assert got["value"] == pytest.approx(before / 1000)
        assert got["value_type"] == "DOUBLE"
        body: Object = {"entity_keys": [entity.key]}
        (item,) = (await client.post("entity/search", body)).rows
        assert item["entity_value_type"] == "DOUBLE"
        assert item["entity_value_attribute"] == {"unit": "kWh"}


@sockets
@pytest.mark.parametrize("value", ["broken", 2**60, {"a": 1}, [1], True, -1.5])
async def test_values_of_the_wrong_type(value: Json) -> None:
    simulator = build()
    entity = simulator.world.entity("Boiler plug", "voltage")
    async with beaver(simulator) as client:
        simulator.world.override(entity, Override(value))
        assert (await latest(client, entity))["value"] == value
        simulator.world.override(entity)
        assert isinstance((await latest(client, entity))["value"], float)


@sockets
async def test_nulls_are_left_out_and_single_rows_can_be_wrong() -> None:
    simulator = build()
    entity = simulator.world.entity("Boiler plug", "power_consumption")
    async with beaver(simulator) as client:
        whole = await rows(client, entity)
        bad, worse = at(whole[10]), at(whole[20])
        second = timedelta(seconds=1)

        def doubled(true: Json) -> Json:
            return true * 2 if isinstance(true, int) else None

        simulator.world.override(
            entity,
            Override(None, bad, bad + second),
            Override(doubled, worse, worse + second),
        )
        found = await rows(client, entity)
        assert "value" not in found[10]
        assert found[20]["value"] == str(int(str(whole[20]["value"])) * 2)
        same = [n for n in range(len(whole)) if n not in (10, 20)]
        assert [found[n] for n in same] == [whole[n] for n in same]


@sockets
async def test_entities_that_never_report() -> None:
    simulator = build()
    entity = simulator.world.entity("Boiler plug", "voltage")
    simulator.world.silent.add(entity.key)
    async with beaver(simulator) as client:
        assert await latest(client, entity) == {}
        assert await rows(client, entity) == []
