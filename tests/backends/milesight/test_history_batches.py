"""Whether a server returns the stored values of several entities at once."""

from datetime import timedelta

import pytest

from custom_components.metering_hub.backends.errors import ProtocolError
from simulators.faults import Fault, html_error
from tests.simulators.milesight.conftest import NOW, build

from .conftest import Connect, rows_changed

HISTORY = "/entity/history/search"
PLACES = (("Bedroom", "temperature"), ("Cellar", "humidity"), ("Bedroom", "humidity"))
DAY_AGO = NOW - timedelta(days=1)


@pytest.mark.parametrize(
    ("version", "requests"),
    [("1.0", 4), ("1.1", 4), ("1.2.0", 4), ("1.2.1", 2), ("1.2.5", 2), ("1.3.1", 2)],
)
async def test_several_entities_are_read_at_once_where_that_is_possible(
    connect: Connect, version: str, requests: int
) -> None:
    beaver = await connect(build(version))
    points = await beaver.points(PLACES)
    beaver.requests()
    found = await beaver.read_history(points, DAY_AGO, NOW)
    assert all(len(values) > 40 for values in found.values())
    assert beaver.requests() == [HISTORY] * requests
    await beaver.read_history(points, DAY_AGO, NOW)
    assert len(beaver.requests()) == requests - 1


async def test_a_server_that_fails_on_the_probe_is_asked_again(
    connect: Connect,
) -> None:
    beaver = await connect(build("1.2.5"))
    points = await beaver.points(PLACES)
    fault = Fault(html_error(404), path="history/search", times=2)
    beaver.simulator.faults.add(fault)
    whole = await beaver.read_history(points, DAY_AGO, NOW)
    beaver.requests()
    assert await beaver.read_history(points, DAY_AGO, NOW) == whole
    assert len(beaver.requests()) == 2


async def test_rows_of_other_entities_are_never_taken(connect: Connect) -> None:
    """The newest rows may happen to be those of the entities that were asked for."""
    beaver = await connect(build())
    points = await beaver.points(PLACES)
    fault = Fault(rows_changed(entity_id="1"), path="history/search", skip=1, times=1)
    beaver.simulator.faults.add(fault)
    with pytest.raises(ProtocolError):
        await beaver.read_history(points, DAY_AGO, NOW)
    beaver.requests()
    found = await beaver.read_history(points, DAY_AGO, NOW)
    assert all(len(values) > 40 for values in found.values())
    assert len(beaver.requests()) == len(points)


async def test_an_upgrade_is_noticed(connect: Connect) -> None:
    """An old server that was upgraded is asked again after the next login."""
    beaver = await connect(build("1.0"))
    points = await beaver.points(PLACES)
    await beaver.read_history(points, DAY_AGO, NOW)
    beaver.simulator.version = "1.3.1"
    points = await beaver.points(PLACES)
    beaver.requests()
    await beaver.read_history(points, DAY_AGO, NOW)
    assert beaver.requests() == [HISTORY] * 2
