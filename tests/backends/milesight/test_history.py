"""History: all stored values, in order, in bounded chunks."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.metering_hub.backends.errors import (
    BackendError,
    NotFoundError,
    ProtocolError,
)
from custom_components.metering_hub.backends.milesight import (
    history as history_module,
    history_pages,
)
from simulators.faults import Answer, Drop, Fault, Json, MutateJson, html_error
from simulators.milesight import Entity, Override
from tests.simulators.milesight.conftest import NOW, START, VERSIONS, build

from .conftest import Beaver, Connect, Values, has_history_batches

HISTORY = "/entity/history/search"
PLACES = (
    ("Boiler plug", "power_consumption"),
    ("Boiler plug", "active_power"),
    ("Heat pump meter", "total_active_energy"),
    ("Bedroom", "temperature"),
)


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
    points = await beaver.points(PLACES)
    start, end = NOW - timedelta(days=12), NOW
    found = await beaver.read_history(points, start, end)
    for point, place in zip(points, PLACES, strict=True):
        expected = stored(beaver, beaver.entity(*place), start, end)
        assert len(expected) > 200
        assert found[point.key] == expected


def use_page_size(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    """Let backends that are made from now on ask for pages of so many rows."""
    for name in ("FIRST_SIZE", "SMALLEST_SIZE", "LARGEST_SIZE"):
        monkeypatch.setattr(history_pages, name, rows)


@pytest.mark.parametrize("version", VERSIONS)
async def test_history_does_not_depend_on_its_windows(
    connect: Connect, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    beaver = await connect(build(version))
    points = await beaver.points(PLACES)
    start = NOW - timedelta(days=3, minutes=17)
    whole = await beaver.read_history(points, start, NOW)
    monkeypatch.setattr(history_module, "FIRST_WINDOW", timedelta(minutes=47))
    use_page_size(monkeypatch, 13)
    again = await connect(build(version))
    points = await again.points(PLACES)
    again.requests()
    assert await again.read_history(points, start, NOW) == whole
    assert len(again.requests()) > 20


@pytest.mark.parametrize("version", VERSIONS)
async def test_history_begins_with_the_oldest_value(
    connect: Connect, version: str
) -> None:
    beaver = await connect(build(version))
    points = await beaver.points(PLACES)
    beaver.requests()
    first = await beaver.backend.history_start(points)
    # All devices are older than what is kept.
    assert first is not None
    oldest = min(
        min(stored(beaver, beaver.entity(*place), START, NOW)) for place in PLACES
    )
    assert first == oldest
    # The first one finds out whether several entities can be asked for at once.
    most = 2 if has_history_batches(version) else 1 + len(points)
    assert beaver.requests() == [HISTORY] * most


async def test_history_of_what_never_reported(connect: Connect) -> None:
    beaver = await connect(build())
    points = await beaver.points([("Bedroom", "temperature")])
    beaver.simulator.world.silent.add(beaver.entity("Bedroom", "temperature").key)
    assert await beaver.backend.history_start(points) is None
    found = await beaver.read_history(points, NOW - timedelta(days=90), NOW)
    assert found == {points[0].key: {}}


async def test_empty_years_take_few_requests(connect: Connect) -> None:
    beaver = await connect(build())
    points = await beaver.points([("Bedroom", "temperature")])
    beaver.simulator.world.silent.add(beaver.entity("Bedroom", "temperature").key)
    beaver.requests()
    await beaver.read_history(points, NOW - timedelta(days=365), NOW)
    assert len(beaver.requests()) <= 18


@pytest.mark.parametrize("version", VERSIONS)
async def test_requests_for_history_are_bounded(connect: Connect, version: str) -> None:
    """About one request is sent per 5,000 values, and chunks stay bounded."""
    beaver = await connect(build(version))
    points = await beaver.points(PLACES)
    beaver.requests()
    start = NOW - timedelta(days=30)
    chunks = [
        sum(map(len, chunk.readings.values()))
        async for chunk in beaver.backend.history(points, start, NOW)
    ]
    total = sum(chunks)
    assert total > 15_000
    assert max(chunks) <= 20_000
    per_window = 1 if has_history_batches(version) else len(points)
    assert len(beaver.requests()) <= total / 5000 + 1 + 5 * per_window


async def test_many_frequent_values_are_split_into_chunks(connect: Connect) -> None:
    """A first window with too many values is shortened instead of read."""
    beaver = await connect(build(count=96))
    inventory = await beaver.inventory()
    points = [point for point in inventory.points.values() if point.has_history]
    assert len(points) > 150
    start = NOW - timedelta(hours=12)
    async for chunk in beaver.backend.history(points, start, NOW):
        assert sum(map(len, chunk.readings.values())) <= history_pages.LARGEST_SIZE


@pytest.mark.parametrize("version", VERSIONS)
async def test_invalid_rows_are_skipped(connect: Connect, version: str) -> None:
    beaver = await connect(build(version))
    points = await beaver.points([("Bedroom", "temperature")])
    start = NOW - timedelta(days=2)
    whole = await beaver.read_history(points, start, NOW)

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
    found = await beaver.read_history(points, start, NOW)
    key = points[0].key
    assert len(found[key]) == len(whole[key]) - 4
    assert found[key].items() <= whole[key].items()


@pytest.mark.parametrize("version", VERSIONS)
async def test_failed_page_is_raised(connect: Connect, version: str) -> None:
    """A missing page would look like hours without readings."""
    beaver = await connect(build(version))
    points = await beaver.points(PLACES)
    for action in (html_error(500), Drop()):
        beaver.simulator.faults.add(Fault(action, "history/search", skip=2))
        with pytest.raises(BackendError):
            await beaver.read_history(points, NOW - timedelta(days=20), NOW)
        beaver.simulator.faults.clear()


async def test_deleted_entity_has_no_history(connect: Connect) -> None:
    beaver = await connect(build())
    points = await beaver.points([("Bedroom", "temperature")])
    beaver.simulator.world.delete(beaver.simulator.world.device("Bedroom"))
    assert await beaver.backend.history_start(points) is None


@pytest.mark.parametrize("version", VERSIONS)
async def test_numbers_are_read_to_the_last_digit(
    connect: Connect, version: str
) -> None:
    """LONG values in histories are text in every release."""
    beaver = await connect(build(version))
    places = [("Boiler plug", "power_consumption")]
    points = await beaver.points(places)
    entity = beaver.entity(*places[0])
    beaver.simulator.world.override(entity, Override(9_007_199_254_740_991))
    found = await beaver.read_history(points, NOW - timedelta(hours=2), NOW)
    assert set(found[points[0].key].values()) == {9_007_199_254_740_991}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "answer",
    [
        html_error(404),
        Answer(200, "null", "application/json"),
        Answer(200, '{"status": "Success"}', "application/json"),
        Answer(200, '{"status": "Success", "data": {}}', "application/json"),
        Answer(200, '{"status": "Success", "data": []}', "application/json"),
        Answer(
            200,
            '{"status": "Success", "data": {"total": 5, "content": []}}',
            "application/json",
        ),
    ],
)
async def test_nonsense_is_not_an_empty_history(
    connect: Connect, version: str, answer: Answer
) -> None:
    """A page without its total, or without its rows, is a failure."""
    beaver = await connect(build(version))
    points = await beaver.points(PLACES)
    beaver.simulator.faults.add(Fault(answer, path="history/search"))
    with pytest.raises((NotFoundError, ProtocolError)):
        await beaver.backend.history_start(points)
    with pytest.raises((NotFoundError, ProtocolError)):
        await beaver.read_history(points, NOW - timedelta(days=1), NOW)
    beaver.simulator.faults.clear()
    assert await beaver.backend.history_start(points) is not None


async def test_an_empty_page_without_content_is_empty(connect: Connect) -> None:
    """The server omits what is null, but never the total."""
    beaver = await connect(build())
    points = await beaver.points(PLACES[:1])
    empty = '{"status": "Success", "data": {"total": 0}}'
    fault = Fault(Answer(200, empty, "application/json"), path="history/search")
    beaver.simulator.faults.add(fault)
    assert await beaver.backend.history_start(points) is None


async def test_an_entity_that_is_not_found_fails_alone(connect: Connect) -> None:
    """It is left out of the remaining chunks, which all name it."""
    beaver = await connect(build("1.0"))
    points = await beaver.points(PLACES)
    fault = Fault(html_error(404), path="history/search", skip=1, times=1)
    beaver.simulator.faults.add(fault)
    failed = set[str]()
    async for chunk in beaver.backend.history(points, NOW - timedelta(days=3), NOW):
        failed = failed or set(chunk.failed)
        assert len(failed) == 1
        assert chunk.failed.keys() == failed
        assert not failed & chunk.readings.keys()
    assert len(chunk.readings) == len(points) - 1


async def test_an_entity_whose_start_is_unknown_is_left_out(connect: Connect) -> None:
    """Its history must not begin in the middle, where that of the others begins."""
    beaver = await connect(build("1.0"))
    points = await beaver.points(PLACES)
    fault = Fault(html_error(404), path="history/search", skip=1, times=1)
    beaver.simulator.faults.add(fault)
    assert await beaver.backend.history_start(points) is not None
    for count in (1, 0):
        async for chunk in beaver.backend.history(points, NOW - timedelta(days=1), NOW):
            assert len(chunk.failed) == count
            assert len(chunk.readings) == len(points) - count
