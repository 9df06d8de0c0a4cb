"""Which stored values are new since the last check."""

from datetime import timedelta

import pytest

from simulators.milesight import ExtraRow
from tests.simulators.milesight.conftest import NOW, VERSIONS, build

from .conftest import Connect, has_history_batches

PLACES = (
    ("Boiler plug", "power_consumption"),
    ("Boiler plug", "active_power"),
    ("Heat pump meter", "total_active_energy"),
    ("Bedroom", "temperature"),
)


@pytest.mark.parametrize("version", VERSIONS)
async def test_no_changes_take_one_request(connect: Connect, version: str) -> None:
    """Old releases count each entity alone, instead of reading all again."""
    beaver = await connect(build(version))
    points = await beaver.points(PLACES)
    start = NOW - timedelta(days=1)
    first = await beaver.backend.history_changes(points, start, None)
    assert first.since == start
    beaver.requests()
    second = await beaver.backend.history_changes(points, start, first.mark)
    assert second.since is None
    most = 1 if has_history_batches(version) else len(points)
    assert len(beaver.requests()) == most


@pytest.mark.parametrize("version", VERSIONS)
async def test_only_new_values_are_read_again(connect: Connect, version: str) -> None:
    beaver = await connect(build(version))
    points = await beaver.points(PLACES)
    start = NOW - timedelta(days=1)
    before = await beaver.backend.history_changes(points, start, None)
    beaver.clock.forward(minutes=30)
    changes = await beaver.backend.history_changes(points, start, before.mark)
    assert changes.since is not None
    assert NOW - timedelta(minutes=40) <= changes.since <= NOW


@pytest.mark.parametrize("version", VERSIONS)
async def test_late_values_are_found_at_once(connect: Connect, version: str) -> None:
    """A device that was offline sends its values later, which are not the latest."""
    beaver = await connect(build(version))
    points = await beaver.points(PLACES)
    entity = beaver.entity("Boiler plug", "power_consumption")
    start = NOW - timedelta(hours=36)
    before = await beaver.backend.history_changes(points, start, None)
    when = int((NOW - timedelta(hours=30)).timestamp() * 1000) + 250
    arrived = int(NOW.timestamp()) + 1
    entity.extra.append(ExtraRow(when, 111, arrived))
    beaver.clock.forward(seconds=1)
    after = await beaver.backend.history_changes(points, start, before.mark)
    assert after.since == start
    again = await beaver.backend.history_changes(points, start, after.mark)
    assert again.since is None


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_counted_span_moves_on(connect: Connect, version: str) -> None:
    beaver = await connect(build(version))
    points = await beaver.points(PLACES)
    start = NOW - timedelta(days=1)
    mark: object = None
    for _ in range(4):
        changes = await beaver.backend.history_changes(points, start, mark)
        assert changes.since is not None
        assert isinstance(changes.mark, dict)
        assert {seen.begin for seen in changes.mark.values()} == {start}
        mark = changes.mark
        beaver.clock.forward(hours=1)
        start += timedelta(hours=1)
