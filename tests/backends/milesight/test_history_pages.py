"""Pages of stored values: complete, in order, and not too large."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.metering_hub.backends.errors import (
    AnswerTooLargeError,
    ProtocolError,
)
from custom_components.metering_hub.backends.milesight import (
    history as history_module,
    history_pages,
)
from simulators.faults import Fault, Json, MutateJson
from simulators.milesight import Entity, ExtraRow
from tests.simulators.milesight.conftest import NOW, VERSIONS, build

from .conftest import Beaver, Connect, Values

PLUG = "Boiler plug"
UPLINK = ("power_consumption", "active_power", "voltage", "current")
DAY_AGO = NOW - timedelta(days=1)


def use_page_size(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    """Let backends that are made from now on ask for pages of so many rows."""
    monkeypatch.setattr(history_pages, "FIRST_SIZE", rows)
    monkeypatch.setattr(history_pages, "SMALLEST_SIZE", rows)
    monkeypatch.setattr(history_pages, "LARGEST_SIZE", rows)


def truth(beaver: Beaver, entity: Entity) -> Values:
    """Return what the simulator has stored of an entity in the last day."""
    store = beaver.simulator.store
    return {
        datetime.fromtimestamp(when, UTC): value
        for when in store.stored(entity)
        if when >= DAY_AGO.timestamp()
        and isinstance(value := store.sample(entity, when).value, int | float)
    }


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("size", [5, 7, 10])
async def test_no_row_of_an_uplink_is_lost_at_the_end_of_a_page(
    connect: Connect, version: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its values have the same time, so their pages end in the midst of them."""
    use_page_size(monkeypatch, size)
    beaver = await connect(build(version))
    points = await beaver.points((PLUG, name) for name in UPLINK)
    found = await beaver.read_history(points, DAY_AGO, NOW)
    for point, name in zip(points, UPLINK, strict=True):
        expected = truth(beaver, beaver.entity(PLUG, name))
        assert len(expected) >= 144
        assert found[point.key] == expected


@pytest.mark.parametrize("version", VERSIONS)
async def test_all_rows_of_1_0_0_are_read(connect: Connect, version: str) -> None:
    """It returns the oldest row first, unless it is asked for another order."""
    beaver = await connect(build(version))
    points = await beaver.points([(PLUG, "power_consumption")])
    entity = beaver.entity(PLUG, "power_consumption")
    start = await beaver.backend.history_start(points)
    assert start is not None
    assert start.timestamp() == beaver.simulator.store.stored(entity)[0]
    found = await beaver.read_history(points, start, NOW)
    assert len(found[points[0].key]) == len(beaver.simulator.store.stored(entity))


def rows_of(answer: Json) -> list[dict[str, Json]]:
    """Return the rows of an answer, to be changed."""
    assert isinstance(answer, dict)
    data = answer["data"]
    assert isinstance(data, dict)
    content = data["content"]
    assert isinstance(content, list)
    return [row for row in content if isinstance(row, dict)]


def swapped(answer: Json) -> Json:
    """Swap the times of the second row and the tenth."""
    rows = rows_of(answer)
    if len(rows) > 9:
        second, tenth = rows[1]["timestamp"], rows[9]["timestamp"]
        rows[1]["timestamp"], rows[9]["timestamp"] = tenth, second
    return answer


def repeated(answer: Json) -> Json:
    """Let a row come twice, and another one not at all."""
    rows = rows_of(answer)
    if len(rows) > 9:
        rows[5].update(rows[4])
    return answer


def shortened(answer: Json) -> Json:
    """Leave out a row, although it is counted."""
    rows = rows_of(answer)
    assert isinstance(answer, dict)
    data = answer["data"]
    assert isinstance(data, dict)
    if len(rows) > 9:
        data["content"] = [*rows[:-1]]
    return answer


def foreign(answer: Json) -> Json:
    """Return a row of another entity."""
    rows = rows_of(answer)
    if len(rows) > 9:
        rows[3]["entity_id"] = "1"
    return answer


def shifted(answer: Json) -> Json:
    """Return rows from before the span."""
    for row in rows_of(answer):
        row["timestamp"] = str(int(str(row["timestamp"])) - 10 * 86_400_000)
    return answer


@pytest.mark.parametrize("spoil", [swapped, repeated, shortened, foreign, shifted])
async def test_a_page_that_contradicts_the_request_is_an_error(
    connect: Connect, spoil: MutateJson
) -> None:
    beaver = await connect(build())
    points = await beaver.points([(PLUG, "voltage")])
    assert await beaver.backend.history_start(points) is not None
    fault = Fault(MutateJson(spoil), path="history/search")
    beaver.simulator.faults.add(fault)
    with pytest.raises(ProtocolError):
        await beaver.read_history(points, DAY_AGO, NOW)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
async def test_two_rows_of_a_moment(
    connect: Connect,
    version: str,
    order: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of a measured value, the last one counts; of a register, the rules decide."""
    simulator = build(version)
    moment = int(NOW.timestamp()) - 7200
    millis = moment * 1000 + 489
    for name, values in {
        "voltage": (231.5, 229.5),
        "power_consumption": (9, 7),
    }.items():
        simulator.world.entity(PLUG, name).extra += [
            ExtraRow(millis, value, arrived=moment, number=number)
            for number, value in zip(order, values, strict=True)
        ]
    last = 229.5 if order == (1, 2) else 231.5
    for size in (5000, 6):
        use_page_size(monkeypatch, size)
        beaver = await connect(simulator)
        points = await beaver.points([(PLUG, "voltage"), (PLUG, "power_consumption")])
        found: dict[str, list[float]] = {point.key: [] for point in points}
        start = NOW - timedelta(hours=3)
        async for chunk in beaver.backend.history(points, start, NOW):
            for key, readings in chunk.readings.items():
                found[key] += [
                    reading.value
                    for reading in readings
                    if reading.time.timestamp() == millis / 1000
                    and isinstance(reading.value, float)
                ]
        assert found[points[0].key] == [last]
        assert sorted(found[points[1].key]) == [7, 9]


async def test_pages_grow_to_a_usual_size_and_shrink(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_pages, "FIRST_SIZE", 100)
    monkeypatch.setattr(history_pages, "USUAL_BYTES", 150_000)
    beaver = await connect(build())
    points = await beaver.points((PLUG, name) for name in UPLINK)
    beaver.requests()
    start = NOW - timedelta(days=60)
    chunks = [
        sum(map(len, chunk.readings.values()))
        async for chunk in beaver.backend.history(points, start, NOW)
    ]
    assert 500 < max(chunks) < 1500
    assert len(beaver.requests()) < sum(chunks) / 900 + 12


async def test_an_answer_that_is_too_large_is_halved(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    beaver = await connect(build())
    points = await beaver.points([(PLUG, "voltage")])
    whole = await beaver.read_history(points, DAY_AGO, NOW)

    def long(answer: Json) -> Json:
        rows = rows_of(answer)
        for row in rows:
            row["note"] = "x" * 100_000
        return answer

    beaver.simulator.faults.add(Fault(MutateJson(long), path="history/search"))
    beaver.requests()
    assert await beaver.read_history(points, DAY_AGO, NOW) == whole
    assert len(beaver.requests()) < 30

    def endless(answer: Json) -> Json:
        for row in rows_of(answer):
            row["note"] = "x" * 5_000_000
        return answer

    beaver.simulator.faults.clear()
    beaver.simulator.faults.add(Fault(MutateJson(endless), path="history/search"))
    with pytest.raises(AnswerTooLargeError):
        await beaver.read_history(points, DAY_AGO, NOW)
    assert len(beaver.requests()) < 20


async def test_values_that_arrive_while_being_read_are_read_again(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row that is gone between two pages is looked for once, and then an error."""
    use_page_size(monkeypatch, 30)
    monkeypatch.setattr(history_module, "FULL_PAGES", 1.0)
    beaver = await connect(build("1.0"))
    points = await beaver.points([(PLUG, "voltage"), (PLUG, "active_power")])
    whole = await beaver.read_history(points, DAY_AGO, NOW)

    def fewer(answer: Json) -> Json:
        assert isinstance(answer, dict)
        data = answer["data"]
        assert isinstance(data, dict)
        rows = rows_of(answer)
        if data["total"] == len(rows) and len(rows) > 2:
            data |= {"total": len(rows) - 1, "content": [*rows[1:]]}
        return answer

    beaver.simulator.faults.add(Fault(MutateJson(fewer), "history/search", times=1))
    found = await beaver.read_history(points, DAY_AGO, NOW)
    assert sum(len(whole[key]) - len(found[key]) for key in whole) <= 1
