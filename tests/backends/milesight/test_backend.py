"""The backend as a whole: identity, permissions, secrets, and changes of release."""

from itertools import pairwise

import pytest

from custom_components.metering_hub.backends.errors import (
    PermissionDeniedError,
    ProtocolError,
    UnreachableError,
    UnsupportedError,
)
from simulators.faults import Answer, Drop, Fault
from simulators.milesight import User
from tests.simulators.milesight.conftest import VERSIONS, build

from .conftest import BATCH, PAGES, Connect, shown

READER = frozenset({"device.view"})


async def test_identity_is_that_of_tenant_and_user(connect: Connect) -> None:
    other = User(user_id="1868211453976543999")
    first = await (await connect(build(count=3))).backend.connect()
    # 1.0.0 does not report the tenant, but an upgrade must not change the identity.
    again = await (await connect(build("1.0.0", count=3))).backend.connect()
    second = await (await connect(build(count=3, user=other))).backend.connect()
    assert first.unique_id == again.unique_id
    assert first.unique_id != second.unique_id


async def test_secrets_are_not_kept(connect: Connect) -> None:
    """The appKey, a device's LoRaWAN key, is kept nowhere."""
    beaver = await connect(build())
    inventory = await beaver.inventory()
    held = repr(inventory) + repr(vars(beaver.backend))
    assert "Catalogue(" in held
    for device in beaver.simulator.world.devices.values():
        assert str(device.additional["appKey"]) not in held
        # Nor does what is printed by accident name the device.
        assert f"serial='{device.identifier}'" not in held
    assert "Simulated-1" not in held
    assert "admin@example.com" not in held


async def test_no_data_permission_is_an_error(connect: Connect) -> None:
    user = User(super_admin=False, functions=READER, devices=frozenset())
    beaver = await connect(build(user=user))
    await beaver.backend.connect()
    with pytest.raises(UnsupportedError) as caught:
        await beaver.backend.inventory()
    assert caught.value.reason == "no_data_permission"


async def test_administrator_of_an_empty_server(connect: Connect) -> None:
    beaver = await connect(build(count=0))
    assert set((await beaver.inventory()).devices) == {
        "milesight_gateway_integration",
        "system_integration",
    }


@pytest.mark.parametrize("version", VERSIONS)
async def test_role_that_may_see_some_devices(connect: Connect, version: str) -> None:
    simulator = build(version)
    plug = simulator.world.device("Boiler plug")
    simulator.user.super_admin = False
    simulator.user.functions = READER
    simulator.user.devices = frozenset({plug.key})
    simulator.user.integrations = frozenset()
    beaver = await connect(simulator)
    inventory = await beaver.inventory()
    assert [device.name for device in inventory.devices.values()] == ["Boiler plug"]
    assert len(await beaver.read(inventory.points.values())) > 5


@pytest.mark.parametrize("version", VERSIONS)
async def test_role_without_device_view(connect: Connect, version: str) -> None:
    user = User(super_admin=False, functions=frozenset({"dashboard.view"}))
    beaver = await connect(build(version, user=user))
    await beaver.backend.connect()
    with pytest.raises(PermissionDeniedError):
        await beaver.backend.inventory()


async def test_html_instead_of_a_page(connect: Connect) -> None:
    beaver = await connect(build(count=3))
    await beaver.backend.connect()
    html = Answer(200, "<html></html>")
    beaver.simulator.faults.add(Fault(html, "entity/search", times=1))
    with pytest.raises(ProtocolError):
        await beaver.backend.inventory()
    assert len((await beaver.backend.inventory()).points) > 30


async def test_server_is_upgraded_at_runtime(connect: Connect) -> None:
    """The next inventory detects the new endpoints."""
    beaver = await connect(build("1.0.0"))
    await beaver.inventory()
    beaver.simulator.version = "1.3"
    wanted = shown(await beaver.backend.inventory())
    beaver.requests()
    assert len(await beaver.read(wanted)) > 150
    assert beaver.requests() == [BATCH]


@pytest.mark.parametrize(
    ("old", "new"), [(old, new) for old, new in pairwise(VERSIONS)]
)
async def test_upgrade_is_used_at_once(connect: Connect, old: str, new: str) -> None:
    """The server refuses the token, so the next poll but one knows the new release."""
    beaver = await connect(build(old))
    wanted = shown(await beaver.inventory())
    before = await beaver.read(wanted)
    beaver.simulator.upgrade(new)
    assert (await beaver.read(wanted)).keys() == before.keys()
    assert (await beaver.read(wanted)).keys() == before.keys()
    beaver.requests()
    await beaver.read(wanted)
    used = set(beaver.requests())
    has_other_endpoint = new in ("1.2.3", "1.3.0")
    if has_other_endpoint:
        assert used == {PAGES if new == "1.2.3" else BATCH}
    # The poll interval and the entities may be others.
    assert beaver.backend.needs_inventory is has_other_endpoint


async def test_upgrade_during_an_outage_is_used_at_once(connect: Connect) -> None:
    beaver = await connect(build("1.2.5"))
    wanted = shown(await beaver.inventory())
    beaver.simulator.faults.add(Fault(Drop()))
    with pytest.raises(UnreachableError):
        await beaver.backend.latest(wanted)
    beaver.simulator.faults.clear()
    beaver.simulator.version = "1.3.1"
    beaver.requests()
    await beaver.read(wanted)
    assert beaver.requests()[-1] == BATCH
    assert PAGES not in beaver.requests()
    assert beaver.backend.needs_inventory


async def test_server_is_downgraded_at_runtime(connect: Connect) -> None:
    beaver = await connect(build("1.3"))
    wanted = shown(await beaver.inventory())
    beaver.simulator.version = "1.2.3"
    assert len(await beaver.read(wanted)) > 100
    beaver.requests()
    await beaver.read(wanted)
    assert set(beaver.requests()) == {PAGES}
    assert beaver.backend.needs_inventory
