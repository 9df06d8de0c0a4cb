"""Push: the server announces changes, in either protocol."""

import asyncio
from typing import cast

import pytest

from custom_components.metering_hub.backends.errors import (
    NotFoundError,
    UnreachableError,
)
from tests.simulators.milesight.conftest import build

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
    """Without nginx, the port of the WebSocket is unknown."""
    simulator = build("1.0", count=3)
    simulator.nginx = False
    beaver = await connect(simulator)
    await beaver.inventory()
    with pytest.raises(NotFoundError):
        await following(cast("Changes", beaver.backend.watch()))
