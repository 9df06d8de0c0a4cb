"""The past: everything that is stored, in order, in bounded pieces."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.metering_hub.backends.errors import BackendError
from custom_components.metering_hub.backends.milesight import history as past
from custom_components.metering_hub.backends.milesight.changes import FULL_LOOK
from custom_components.metering_hub.metering.model import Point
from simulators.faults import Drop, Fault, Json, MutateJson, html_error
from simulators.milesight import Entity, Gap, Override
from tests.simulators.milesight.conftest import NOW, START, VERSIONS, build

from .conftest import Beaver, Connect

HISTORY = "/entity/history/search"
PLACES = (
    ("Boiler plug", "power_consumption"),
    ("Boiler plug", "active_power"),
    ("Heat pump meter", "total_active_energy"),
    ("Bedroom", "temperature"),
)

type Values = dict[datetime, float]


async def points_of(
    beaver: Beaver, places: Sequence[tuple[str, str]] = PLACES
) -> list[Point]:
    inventory = await beaver.inventory()
    return [beaver.point(inventory, *place) for place in places]


async def read(
    beaver: Beaver, points: Sequence[Point], start: datetime, end: datetime
) -> dict[str, Values]:
    """Return all readings, and hold every chunk against the contract."""
    found: dict[str, Values] = {point.key: {} for point in points}
    until = start
    async for chunk in beaver.backend.history(points, start, end):
        assert chunk.until > until
        assert chunk.readings.keys() <= found.keys()
        for key, readings in chunk.readings.items():
            for reading in readings:
                assert isinstance(reading.value, float)
                # What an earlier chunk said to be over stays over.
                late = reading.time < until and reading.time not in found[key]
                assert not late or reading.time < start
                found[key][reading.time] = reading.value
        until = chunk.until
    assert until == end
    return found


def stored(beaver: Beaver, entity: Entity, start: datetime, end: datetime) -> Values:
    """Return what the simulator has stored of an entity in [start, end]."""
    values = beaver.simulator.store
    found: Values = {}
    for when in values.stored(entity):
        moment = datetime.fromtimestamp(when, UTC)
        value = values.sample(entity, when).value
        if start <= moment <= end and isinstance(value, int | float):
            found[moment] = value
    return found


@pytest.mark.parametrize("version", VERSIONS)
async def test_history_is_all_that_is_stored(connect: Connect, version: str) -> None:
    beaver = await connect(build(version))
    points = await points_of(beaver)
    start, end = NOW - timedelta(days=12), NOW
    found = await read(beaver, points, start, end)
    for point, place in zip(points, PLACES, strict=True):
        expected = stored(beaver, beaver.entity(*place), start, end)
        assert len(expected) > 200
        assert found[point.key] == expected


@pytest.mark.parametrize("version", VERSIONS)
async def test_history_does_not_depend_on_its_windows(
    connect: Connect, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    beaver = await connect(build(version))
    points = await points_of(beaver)
    start = NOW - timedelta(days=3, minutes=17)
    whole = await read(beaver, points, start, NOW)
    monkeypatch.setattr(past, "VALUES_PER_WINDOW", 40)
    monkeypatch.setattr(past, "VALUES_PER_ENTITY", 10)
    monkeypatch.setattr(past, "FIRST_WINDOW", timedelta(minutes=47))
    monkeypatch.setattr(past, "HISTORY_AT_ONCE", 13)
    beaver.asked()
    assert await read(beaver, points, start, NOW) == whole
    assert len(beaver.asked()) > 20


@pytest.mark.parametrize("version", VERSIONS)
async def test_history_begins_with_the_oldest_value(
    connect: Connect, version: str
) -> None:
    beaver = await connect(build(version))
    points = await points_of(beaver)
    beaver.asked()
    first = await beaver.backend.history_start(points)
    # All devices are older than what is kept.
    assert first is not None
    oldest = min(
        min(stored(beaver, beaver.entity(*place), START, NOW)) for place in PLACES
    )
    assert first == oldest
    assert beaver.asked() == [HISTORY] * 2 * len(points)


async def test_history_of_what_never_reported(connect: Connect) -> None:
    beaver = await connect(build())
    points = await points_of(beaver, [("Bedroom", "temperature")])
    beaver.simulator.world.silent.add(beaver.entity("Bedroom", "temperature").key)
    assert await beaver.backend.history_start(points) is None
    found = await read(beaver, points, NOW - timedelta(days=90), NOW)
    assert found == {points[0].key: {}}


async def test_empty_years_are_passed_quickly(connect: Connect) -> None:
    beaver = await connect(build())
    points = await points_of(beaver, [("Bedroom", "temperature")])
    beaver.simulator.world.silent.add(beaver.entity("Bedroom", "temperature").key)
    beaver.asked()
    await read(beaver, points, NOW - timedelta(days=365), NOW)
    assert len(beaver.asked()) <= 18


@pytest.mark.parametrize("version", ["1.2.3", "1.3"])
async def test_requests_for_the_past_are_bounded(
    connect: Connect, version: str
) -> None:
    """About one request per 1,000 values, and never one that is much too long."""
    beaver = await connect(build(version))
    points = await points_of(beaver)
    beaver.asked()
    start = NOW - timedelta(days=30)
    chunks = [
        sum(map(len, chunk.readings.values()))
        async for chunk in beaver.backend.history(points, start, NOW)
    ]
    total = sum(chunks)
    assert total > 15_000
    assert max(chunks) <= 8_000
    assert len(beaver.asked()) <= 2 * total / 1000 + 12


async def test_minute_values_of_many_are_no_huge_chunk(connect: Connect) -> None:
    """A first window that turns out to hold too much is made shorter, not read."""
    beaver = await connect(build(count=96))
    inventory = await beaver.inventory()
    points = [point for point in inventory.points.values() if point.has_history]
    assert len(points) > 150
    start = NOW - timedelta(hours=12)
    async for chunk in beaver.backend.history(points, start, NOW):
        assert sum(map(len, chunk.readings.values())) <= 2.5 * past.VALUES_PER_WINDOW


@pytest.mark.parametrize("version", VERSIONS)
async def test_rows_that_make_no_sense_cost_themselves(
    connect: Connect, version: str
) -> None:
    beaver = await connect(build(version))
    points = await points_of(beaver, [("Bedroom", "temperature")])
    start = NOW - timedelta(days=2)
    whole = await read(beaver, points, start, NOW)

    def spoil(answer: Json) -> Json:
        assert isinstance(answer, dict)
        data = answer["data"]
        assert isinstance(data, dict)
        content = data["content"]
        assert isinstance(content, list)
        for row, change in zip(
            content,
            ({"value": None}, {"value": "x"}, {"timestamp": None}, {"timestamp": "-5"}),
            strict=False,
        ):
            assert isinstance(row, dict)
            row.update(change)
        return answer

    beaver.simulator.faults.add(Fault(MutateJson(spoil), "history/search", times=1))
    found = await read(beaver, points, start, NOW)
    key = points[0].key
    assert len(found[key]) == len(whole[key]) - 4
    assert found[key].items() <= whole[key].items()


async def test_rows_without_entity_id_are_of_the_one_asked_for(
    connect: Connect,
) -> None:
    """The oldest description of the API has only time and value in a row."""
    beaver = await connect(build("1.0"))
    points = await points_of(beaver)
    start = NOW - timedelta(days=1)
    whole = await read(beaver, points, start, NOW)

    def drop(answer: Json) -> Json:
        assert isinstance(answer, dict)
        data = answer["data"]
        assert isinstance(data, dict)
        content = data["content"]
        assert isinstance(content, list)
        for row in content:
            assert isinstance(row, dict)
            del row["entity_id"], row["id"]
        return answer

    beaver.simulator.faults.add(Fault(MutateJson(drop), "history/search"))
    assert await read(beaver, points, start, NOW) == whole


@pytest.mark.parametrize("version", VERSIONS)
async def test_page_that_fails_fails_the_walk(connect: Connect, version: str) -> None:
    """A page that is missing would look like hours without readings."""
    beaver = await connect(build(version))
    points = await points_of(beaver)
    for action in (html_error(500), Drop()):
        beaver.simulator.faults.add(Fault(action, "history/search", skip=2))
        with pytest.raises(BackendError):
            await read(beaver, points, NOW - timedelta(days=20), NOW)
        beaver.simulator.faults.clear()


async def test_deleted_entity_has_no_past(connect: Connect) -> None:
    beaver = await connect(build())
    points = await points_of(beaver, [("Bedroom", "temperature")])
    beaver.simulator.world.delete(beaver.simulator.world.device("Bedroom"))
    assert await beaver.backend.history_start(points) is None


async def test_nothing_new_is_one_request(connect: Connect) -> None:
    beaver = await connect(build())
    points = await points_of(beaver)
    start = NOW - timedelta(days=1)
    first = await beaver.backend.history_changes(points, start, None)
    assert first.since == start
    beaver.asked()
    second = await beaver.backend.history_changes(points, start, first.mark)
    assert second.since is None
    assert len(beaver.asked()) == 1


async def test_only_what_is_new_is_read_again(connect: Connect) -> None:
    beaver = await connect(build())
    points = await points_of(beaver)
    start = NOW - timedelta(days=1)
    before = await beaver.backend.history_changes(points, start, None)
    beaver.clock.forward(minutes=30)
    changes = await beaver.backend.history_changes(points, start, before.mark)
    assert changes.since is not None
    assert NOW - timedelta(minutes=40) <= changes.since <= NOW


async def test_late_values_are_found_by_the_full_look(connect: Connect) -> None:
    """A device that was out of reach sends later what it measured meanwhile."""
    beaver = await connect(build())
    places = [("Bedroom", "temperature")]
    points = await points_of(beaver, places)
    device = beaver.simulator.world.device("Bedroom")
    healed = NOW + timedelta(minutes=1)
    gap = Gap(NOW - timedelta(hours=9), NOW - timedelta(hours=6), healed)
    device.gaps.append(gap)
    start = NOW - timedelta(days=1)
    before = await beaver.backend.history_changes(points, start, None)
    missing = await read(beaver, points, start, NOW)
    beaver.clock.forward(seconds=FULL_LOOK.total_seconds())
    after = await beaver.backend.history_changes(points, start, before.mark)
    assert after.since == start
    found = await read(beaver, points, start, NOW)
    assert len(found[points[0].key]) >= len(missing[points[0].key]) + 17


@pytest.mark.parametrize("version", ["1.0", "1.2.3"])
async def test_release_without_times_reads_the_window_again(
    connect: Connect, version: str
) -> None:
    beaver = await connect(build(version))
    points = await points_of(beaver)
    start = NOW - timedelta(days=1)
    for _ in range(2):
        changes = await beaver.backend.history_changes(points, start, None)
        assert changes.since == start


@pytest.mark.parametrize("version", VERSIONS)
async def test_numbers_are_read_to_the_last_digit(
    connect: Connect, version: str
) -> None:
    """A LONG is a text in histories, in every release."""
    beaver = await connect(build(version))
    places = [("Boiler plug", "power_consumption")]
    points = await points_of(beaver, places)
    entity = beaver.entity(*places[0])
    beaver.simulator.world.override(entity, Override(9_007_199_254_740_991))
    found = await read(beaver, points, NOW - timedelta(hours=2), NOW)
    assert set(found[points[0].key].values()) == {9_007_199_254_740_991}
