"""The endpoints for single things: a device, an integration, an entity."""

from datetime import timedelta

import pytest

from custom_components.metering_hub.backends.errors import PermissionDeniedError
from custom_components.metering_hub.backends.milesight.client import MilesightClient
from custom_components.metering_hub.backends.milesight.models import Aggregate
from tests.simulators.milesight.conftest import build

from .conftest import Beaver, Connect

PLUG = "Boiler plug"


@pytest.fixture(params=["1.0", "1.2.3", "1.3"])
async def beaver(connect: Connect, request: pytest.FixtureRequest) -> Beaver:
    """Return a backend that is logged in to each of the releases."""
    beaver = await connect(build(request.param))
    await beaver.backend.connect()
    return beaver


def client_of(beaver: Beaver) -> MilesightClient:
    connected = beaver.backend._connected
    assert connected is not None
    return connected[0].client


async def test_a_device_is_as_in_the_list(beaver: Beaver) -> None:
    client = client_of(beaver)
    row = next(d for d in (await client.devices(1)).rows if d.name == PLUG)
    assert await client.device(row.id) == row


async def test_integrations_have_names(beaver: Beaver) -> None:
    client = client_of(beaver)
    found = await client.integrations()
    gateway = next(row for row in found if row.id == "milesight-gateway")
    assert gateway.name
    assert await client.integration(gateway.id) == gateway


async def test_integrations_need_a_right_that_few_have(beaver: Beaver) -> None:
    user = beaver.simulator.user
    user.super_admin, user.functions = False, frozenset({"device.view"})
    with pytest.raises(PermissionDeniedError):
        await client_of(beaver).integrations()


async def test_an_entity_says_what_it_is(beaver: Beaver) -> None:
    """Its details are those of the list, whose names are longer."""
    client, entity = client_of(beaver), beaver.entity(PLUG, "active_power")
    meta = await client.meta(entity.id)
    assert meta is not None
    assert (meta.id, meta.key, meta.unit) == (entity.id, entity.key, "W")


async def test_an_entity_has_children(beaver: Beaver) -> None:
    client = client_of(beaver)
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


async def test_a_span_is_one_number(beaver: Beaver) -> None:
    """Long values come as text; a span without any has no number."""
    client, entity = client_of(beaver), beaver.entity(PLUG, "power_consumption")
    end = beaver.simulator.clock()
    start = end - timedelta(days=1)
    lowest, highest, last = [
        await client.aggregate(entity.id, start, end, kind)
        for kind in (Aggregate.LOWEST, Aggregate.HIGHEST, Aggregate.LAST)
    ]
    assert lowest is not None
    assert highest is not None
    assert lowest < highest == last
    before = beaver.simulator.clock() - timedelta(days=3000)
    nothing = await client.aggregate(
        entity.id, before, before + timedelta(days=1), Aggregate.SUM
    )
    assert nothing is None
