"""The oldest stored values, and entities that have none."""

from datetime import timedelta

import pytest

from simulators.milesight import ExtraRow
from tests.simulators.milesight.conftest import NOW, VERSIONS, build

from .conftest import Connect

PLACES = (("Bedroom", "temperature"), ("Cellar", "humidity"), ("Bedroom", "humidity"))


@pytest.mark.parametrize("version", VERSIONS)
async def test_what_never_had_a_value_is_not_asked_again(
    connect: Connect, version: str
) -> None:
    """One request counts them all; old releases are not asked at all."""
    beaver = await connect(build(version))
    points = await beaver.points(PLACES)
    for place in PLACES:
        beaver.simulator.world.silent.add(beaver.entity(*place).key)
    assert await beaver.backend.history_start(points) is None
    beaver.requests()
    assert await beaver.backend.history_start(points) is None
    # Without a row, whether a server counts several at once stays undetermined.
    assert len(beaver.requests()) <= 3


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_first_value_is_noticed(connect: Connect, version: str) -> None:
    beaver = await connect(build(version))
    points = await beaver.points(PLACES)
    for place in PLACES:
        beaver.simulator.world.silent.add(beaver.entity(*place).key)
    await beaver.backend.latest(points)
    assert await beaver.backend.history_start(points) is None
    beaver.simulator.world.silent.clear()
    await beaver.backend.latest(points)
    assert await beaver.backend.history_start(points) is not None


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_value_without_a_latest_one_is_noticed_a_day_later(
    connect: Connect, version: str
) -> None:
    beaver = await connect(build(version))
    points = await beaver.points(PLACES[:1])
    entity = beaver.entity(*PLACES[0])
    beaver.simulator.world.silent.add(entity.key)
    assert await beaver.backend.history_start(points) is None
    old = NOW - timedelta(days=10)
    millis = int(old.timestamp() * 1000)
    entity.extra.append(ExtraRow(millis, 20.5, int(NOW.timestamp())))
    beaver.clock.forward(days=1, minutes=1)
    assert await beaver.backend.history_start(points) == old


async def test_values_that_are_never_stored_are_asked_about_once_more(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After that, their latest values cost no request, and no time in a poll."""
    beaver = await connect(build())
    points = await beaver.points(PLACES)
    for place in PLACES:
        monkeypatch.setattr(beaver.entity(*place), "store_mode", "LATEST")
    requests = []
    for _ in range(4):
        assert await beaver.backend.history_start(points) is None
        requests.append(beaver.requests().count("/entity/history/search"))
        await beaver.backend.latest(points)
    assert requests[2:] == [requests[2]] * 2
    assert requests[2] <= 3
