"""The endpoints for single entities."""

from datetime import timedelta

import pytest

from custom_components.metering_hub.backends.milesight.client import status_request
from tests.simulators.milesight.conftest import build

from .conftest import Beaver, Connect

PLUG = "Boiler plug"


@pytest.fixture(params=["1.0", "1.2.3", "1.3"])
async def beaver(connect: Connect, request: pytest.FixtureRequest) -> Beaver:
    """Return a server of each of the releases."""
    return await connect(build(request.param))


async def test_meta_describes_an_entity(beaver: Beaver) -> None:
    """The fields equal those of the list, where their names are longer."""
    client, entity = await beaver.client(), beaver.entity(PLUG, "active_power")
    meta = await client.meta(entity.id)
    assert meta is not None
    assert (meta.id, meta.key, meta.unit) == (entity.id, entity.key, "W")


async def test_an_entity_has_children(beaver: Beaver) -> None:
    client = await beaver.client()
    world = beaver.simulator.world
    parents = {
        entity.key: entity
        for entity in world.entities.values()
        if any(e.key.startswith(f"{entity.key}.") for e in world.entities.values())
    }
    key, parent = next(iter(parents.items()))
    found = [row.key for row in await client.children(parent.id)]
    assert found
    assert all(child.startswith(f"{key}.") for child in found)


async def test_aggregate_of_a_span(beaver: Beaver) -> None:
    """LONG values are text; a span without values has no aggregate."""
    client, entity = await beaver.client(), beaver.entity(PLUG, "power_consumption")
    end = beaver.simulator.clock()
    start = end - timedelta(days=1)
    (lowest,), (highest,), (last,) = [
        await client.aggregate(entity.id, start, end, kind)
        for kind in ("MIN", "MAX", "LAST")
    ]
    assert isinstance(lowest.value, float)
    assert isinstance(highest.value, float)
    assert lowest.value < highest.value
    assert highest == last
    before = beaver.simulator.clock() - timedelta(days=3000)
    day = (before, before + timedelta(days=1))
    assert await client.aggregate(entity.id, *day, "SUM") == []


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        (b'{"data":{"1":{"value":5}},"request_id":"a"}', None, True),
        (b'{"request_id":"a","data":{"1":{"value":5}}}', None, True),
        (b'{"data":{"1":{"value":5}},"request_id":"a"}', (b"5", b"6"), False),
        (b'{"request_id":"a","data":{"1":{"value":5}}}', (b"5", b"6"), False),
        (b'{"data":{"request_id":"a"},"request_id":"a"}', None, False),
        (b'{"data":{"1":{"value":"a"}}}', None, False),
        (b'{"data":{"1":{"value":"\\"request_id\\":\\"a\\""}}}', None, False),
    ],
)
def test_answers_differ_by_more_than_the_request_id(
    first: bytes, second: tuple[bytes, bytes] | None, is_same: bool
) -> None:
    """The id in the answer is always another one, and only the id is left out."""
    compare = status_request(["1"]).last
    assert compare is not None
    changed = first.replace(b'"a"', b'"b"').replace(b'"a\\', b'"b\\')
    changed = changed.replace(*second) if second else changed
    assert changed != first
    assert (compare.essence(changed) == compare.essence(first)) is is_same
