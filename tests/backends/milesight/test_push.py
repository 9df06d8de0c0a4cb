"""Push: the server announces changes, in either protocol."""

import asyncio
from typing import cast

import pytest
from yarl import URL

from custom_components.metering_hub.backends.errors import (
    NotFoundError,
    UnreachableError,
)
from custom_components.metering_hub.backends.milesight import push_websocket
from simulators.milesight import User
from tests.simulators.milesight.conftest import build
from tests.sockets import unused_port

from .conftest import Changes, Connect, following, listening, until

WEBSOCKET = ("1.0", "1.1", "1.2.1")
MQTT = ("1.2.2", "1.2.3", "1.3")


@pytest.mark.parametrize("version", [*WEBSOCKET, *MQTT])
async def test_report_of_a_device_is_announced(connect: Connect, version: str) -> None:
    beaver = await connect(build(version, count=3))
    await beaver.inventory()
    async with listening(beaver) as changes:
        await beaver.simulator.report_now("Boiler plug")
        keys = await following(changes)
    assert beaver.key("Boiler plug", "voltage") in keys
    assert beaver.key("Boiler plug", "power_consumption") in keys
    assert not any(beaver.key("Laundry plug", "voltage") == key for key in keys)


@pytest.mark.parametrize("version", [*WEBSOCKET, *MQTT])
async def test_written_value_is_announced(connect: Connect, version: str) -> None:
    beaver = await connect(build(version, count=3))
    point = beaver.point(await beaver.inventory(), "Boiler plug", "child_lock")
    async with listening(beaver) as changes:
        await beaver.backend.write(point, True)
        assert await following(changes) == {point.key}


@pytest.mark.parametrize("version", ["1.0", "1.3"])
async def test_closing_leaves_no_connection(connect: Connect, version: str) -> None:
    beaver = await connect(build(version, count=3))
    await beaver.inventory()
    hub = beaver.simulator.notifier
    async with listening(beaver):
        assert hub.broker.clients + len(hub.websocket.subscriptions) == 1
    await until(lambda: not hub.broker.clients and not hub.websocket.subscriptions)


@pytest.mark.parametrize("version", ["1.0", "1.3"])
async def test_cancelling_leaves_no_connection(connect: Connect, version: str) -> None:
    beaver = await connect(build(version, count=3))
    await beaver.inventory()
    hub = beaver.simulator.notifier

    async def listen() -> None:
        async for _ in beaver.backend.watch():
            pass

    task = asyncio.create_task(listen())
    await until(lambda: bool(hub.broker.subscriptions or hub.websocket.subscriptions))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: not hub.broker.clients and not hub.websocket.subscriptions)


@pytest.mark.parametrize("version", ["1.0", "1.3"])
async def test_lost_connection_is_raised(connect: Connect, version: str) -> None:
    beaver = await connect(build(version, count=3))
    await beaver.inventory()
    async with listening(beaver) as changes:
        await beaver.simulator.notifier.drop()
        with pytest.raises(UnreachableError):
            await following(changes)
    # And the next one stands again.
    async with listening(beaver):
        pass


async def test_server_without_push_is_raised(connect: Connect) -> None:
    """Without nginx, the port of the WebSocket is known only beside port 9200."""
    simulator = build("1.0", count=3)
    simulator.nginx = False
    beaver = await connect(simulator)
    await beaver.inventory()
    with pytest.raises(NotFoundError):
        await following(cast("Changes", beaver.backend.watch()))


@pytest.mark.parametrize("version", ["1.0", "1.2.1", "1.2.2"])
async def test_server_without_nginx(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    """Up to 1.2.1, the WebSocket is on the port after that of the API."""
    simulator = build(version, count=3)
    simulator.nginx = False
    beaver = await connect(simulator)
    await beaver.inventory()
    port = simulator.notifier.websocket.port or unused_port()
    monkeypatch.setattr(push_websocket, "API_PORT", URL(beaver.url).port)
    monkeypatch.setattr(push_websocket, "WEBSOCKET_PORT", port)
    async with listening(beaver) as changes:
        await simulator.report_now("Boiler plug")
        assert beaver.key("Boiler plug", "voltage") in await following(changes)


async def test_broker_of_an_old_release_is_no_push(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker of 1.2.1 accepts a subscription, but announces nothing."""
    simulator = build("1.2.1", count=3)
    simulator.nginx = False
    beaver = await connect(simulator)
    await beaver.inventory()
    monkeypatch.setattr(push_websocket, "API_PORT", URL(beaver.url).port)
    monkeypatch.setattr(push_websocket, "WEBSOCKET_PORT", unused_port())
    changes = cast("Changes", beaver.backend.watch())
    first = asyncio.ensure_future(following(changes))
    await until(lambda: bool(simulator.notifier.broker.subscriptions))
    await simulator.report_now("Boiler plug")
    await asyncio.sleep(0.2)
    assert not first.done()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    await changes.aclose()


@pytest.mark.parametrize(
    ("before", "after"), [("1.0", "1.2.5"), ("1.2.1", "1.2.5"), ("1.2.5", "1.3.1")]
)
async def test_server_that_was_upgraded_announces_again(
    connect: Connect, before: str, after: str
) -> None:
    """What was known of the old release keeps nobody from finding the new protocol."""
    beaver = await connect(build(before, count=3))
    await beaver.inventory()
    async with listening(beaver) as changes:
        beaver.simulator.version = after
        await beaver.simulator.notifier.drop()
        with pytest.raises(UnreachableError):
            await following(changes)
    # The poll that follows a lost connection finds the new release.
    await beaver.backend.inventory()
    changes = cast("Changes", beaver.backend.watch())
    assert await following(changes) == frozenset()
    await beaver.simulator.report_now("Boiler plug")
    assert beaver.key("Boiler plug", "voltage") in await following(changes)
    await changes.aclose()


async def test_new_device_asks_for_an_inventory(connect: Connect) -> None:
    """Its ids are not known; they are when the inventory has been read again."""
    beaver = await connect(build(count=2))
    await beaver.inventory()
    world = beaver.simulator.world
    async with listening(beaver) as changes:
        world.add_device(2, beaver.simulator.now - 3600)
        await beaver.simulator.report_now("Fridge plug")
        assert await following(changes) == frozenset()
        assert beaver.backend.needs_inventory
        await beaver.backend.inventory()
        assert not beaver.backend.needs_inventory
        await beaver.simulator.report_now("Fridge plug")
        assert beaver.key("Fridge plug", "voltage") in await following(changes)
        assert not beaver.backend.needs_inventory


async def test_device_that_was_added_again_asks_for_an_inventory(
    connect: Connect,
) -> None:
    """Its keys are the same, and its ids are new."""
    beaver = await connect(build(count=2))
    await beaver.inventory()
    world = beaver.simulator.world
    async with listening(beaver) as changes:
        plug = world.device("Boiler plug")
        world.delete(plug)
        world.add_again(plug, beaver.simulator.clock())
        await beaver.simulator.report_now("Boiler plug")
        assert await following(changes) == frozenset()
        assert beaver.backend.needs_inventory
        await beaver.backend.inventory()
        await beaver.simulator.report_now("Boiler plug")
        assert beaver.key("Boiler plug", "voltage") in await following(changes)


async def test_entity_of_others_asks_only_once(connect: Connect) -> None:
    """The broker also names what the user may not see."""
    own = User(super_admin=False, devices=frozenset())
    simulator = build(count=2, user=own)
    own.devices = frozenset({simulator.world.device("Boiler plug").key})
    beaver = await connect(simulator)
    await beaver.inventory()
    others = next(
        d.name for d in simulator.world.devices.values() if d.key not in own.devices
    )
    async with listening(beaver) as changes:
        await simulator.report_now(others)
        assert await following(changes) == frozenset()
        await beaver.backend.inventory()
        await simulator.report_now(others)
        await simulator.report_now("Boiler plug")
        assert beaver.key("Boiler plug", "voltage") in await following(changes)
        assert not beaver.backend.needs_inventory
