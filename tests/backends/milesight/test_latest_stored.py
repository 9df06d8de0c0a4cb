"""Values of which the server keeps no latest one: the newest stored one counts."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from custom_components.metering_hub.backends.milesight import latest_stored
from custom_components.metering_hub.metering.model import Point
from simulators.faults import Fault, html_error
from simulators.milesight import Entity
from tests.simulators.milesight.conftest import build

from .conftest import BATCH, Beaver, Connect

HISTORY = "/entity/history/search"
PLACES = (("Bedroom", "temperature"), ("Cellar", "humidity"), ("Bedroom", "humidity"))
OTHER = ("Boiler plug", "power_consumption")


async def stored_only(
    connect: Connect, places: Sequence[tuple[str, str]] = PLACES
) -> tuple[Beaver, list[Point], list[Entity]]:
    """Return points of which the server keeps no latest value, and their entities."""
    beaver = await connect(build("1.3.1"))
    entities = [beaver.entity(*place) for place in places]
    for entity in entities:
        entity.store_mode = "HISTORY"
    points = await beaver.points(places)
    beaver.requests()
    return beaver, points, entities


def newest(beaver: Beaver, entity: Entity) -> float:
    """Return the newest value that the simulator has stored of a number."""
    store = beaver.simulator.store
    value = store.sample(entity, store.stored(entity)[-1]).value
    assert isinstance(value, int | float)
    return value


async def test_the_newest_stored_value_is_the_value(connect: Connect) -> None:
    beaver, points, entities = await stored_only(connect)
    for _ in range(3):
        latest = await beaver.backend.latest(points)
        assert not latest.failed
        assert [latest.readings[point.key].value for point in points] == [
            newest(beaver, entity) for entity in entities
        ]
        beaver.clock.forward(hours=1)


async def test_one_request_reads_all_of_them(connect: Connect) -> None:
    beaver, points, _ = await stored_only(connect)
    points += await beaver.points([OTHER])
    beaver.requests()
    latest = await beaver.backend.latest(points)
    assert latest.readings.keys() == {point.key for point in points}
    assert sorted(beaver.requests()) == [BATCH, HISTORY]
    # Without a change, nothing has to be made of the answer again.
    assert await beaver.backend.latest(points) is latest


async def test_values_that_others_hide_are_found_poll_by_poll(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FEWEST_ROWS", "MOST_ROWS"):
        monkeypatch.setattr(latest_stored, name, 1)
    beaver, points, entities = await stored_only(connect)
    for _ in range(2 * len(points)):
        latest = await beaver.backend.latest(points)
        assert beaver.requests().count(HISTORY) == 1
    assert [latest.readings[point.key].value for point in points] == [
        newest(beaver, entity) for entity in entities
    ]


async def test_an_old_value_stays_the_value(connect: Connect) -> None:
    beaver, points, entities = await stored_only(connect)
    before = await beaver.backend.latest(points)
    for entity in entities:
        beaver.simulator.world.silent.add(entity.key)
    beaver.clock.forward(days=3)
    after = await beaver.backend.latest(points)
    assert after.readings == before.readings


async def test_a_refused_search_fails_these_values_only(connect: Connect) -> None:
    beaver, points, _ = await stored_only(connect)
    (other,) = await beaver.points([OTHER])
    beaver.simulator.faults.add(Fault(html_error(500), path="history/search"))
    latest = await beaver.backend.latest([*points, other])
    assert latest.failed.keys() == {point.key for point in points}
    assert latest.readings.keys() == {other.key}


@pytest.mark.parametrize(
    ("mode", "is_stored"),
    [("ALL", True), ("HISTORY", True), ("LATEST", False), ("NONE", False)],
)
async def test_what_is_never_stored_has_no_history(
    connect: Connect, mode: str, *, is_stored: bool
) -> None:
    beaver = await connect(build("1.3.1"))
    beaver.entity(*OTHER).store_mode = mode
    (point,) = await beaver.points([OTHER])
    assert point.has_history is is_stored
    beaver.requests()
    found = await beaver.read_history(
        [point], beaver.clock() - timedelta(days=1), beaver.clock()
    )
    assert bool(found[point.key]) is is_stored
