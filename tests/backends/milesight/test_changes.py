"""Which stored values are new since the last check."""

from datetime import timedelta

import pytest

from custom_components.metering_hub.backends.milesight.changes import FULL_READ_INTERVAL
from simulators.milesight import Gap
from tests.simulators.milesight.conftest import NOW, build

from .conftest import Connect

PLACES = (
    ("Boiler plug", "power_consumption"),
    ("Boiler plug", "active_power"),
    ("Heat pump meter", "total_active_energy"),
    ("Bedroom", "temperature"),
)


async def test_no_changes_take_one_request(connect: Connect) -> None:
    beaver = await connect(build())
    points = await beaver.points(PLACES)
    start = NOW - timedelta(days=1)
    first = await beaver.backend.history_changes(points, start, None)
    assert first.since == start
    beaver.requests()
    second = await beaver.backend.history_changes(points, start, first.mark)
    assert second.since is None
    assert len(beaver.requests()) == 1


async def test_only_new_values_are_read_again(connect: Connect) -> None:
    beaver = await connect(build())
    points = await beaver.points(PLACES)
    start = NOW - timedelta(days=1)
    before = await beaver.backend.history_changes(points, start, None)
    beaver.clock.forward(minutes=30)
    changes = await beaver.backend.history_changes(points, start, before.mark)
    assert changes.since is not None
    assert NOW - timedelta(minutes=40) <= changes.since <= NOW


async def test_full_read_finds_late_values(connect: Connect) -> None:
    """A device that was offline sends its values later."""
    beaver = await connect(build())
    places = [("Bedroom", "temperature")]
    points = await beaver.points(places)
    device = beaver.simulator.world.device("Bedroom")
    healed = NOW + timedelta(minutes=1)
    gap = Gap(NOW - timedelta(hours=9), NOW - timedelta(hours=6), healed)
    device.gaps.append(gap)
    start = NOW - timedelta(days=1)
    before = await beaver.backend.history_changes(points, start, None)
    missing = await beaver.read_history(points, start, NOW)
    beaver.clock.forward(seconds=FULL_READ_INTERVAL.total_seconds())
    after = await beaver.backend.history_changes(points, start, before.mark)
    assert after.since == start
    found = await beaver.read_history(points, start, NOW)
    assert len(found[points[0].key]) >= len(missing[points[0].key]) + 17


@pytest.mark.parametrize("version", ["1.0", "1.2.3"])
async def test_release_without_times_reads_the_window_again(
    connect: Connect, version: str
) -> None:
    beaver = await connect(build(version))
    points = await beaver.points(PLACES)
    start = NOW - timedelta(days=1)
    for _ in range(2):
        changes = await beaver.backend.history_changes(points, start, None)
        assert changes.since == start
