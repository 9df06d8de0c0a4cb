"""The WebSocket of the releases up to 1.2.1."""

import asyncio
from typing import cast

import pytest

from custom_components.metering_hub.backends.errors import UnreachableError
from custom_components.metering_hub.backends.milesight import push_websocket
from simulators.faults import Fault, html_error
from tests.simulators.milesight.conftest import build

from .conftest import Changes, Connect, following, listening, until


async def test_websocket_that_never_answers_the_handshake(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push_websocket, "HANDSHAKE_TIMEOUT", 0.2)
    beaver = await connect(build("1.0", count=3))
    await beaver.inventory()
    beaver.simulator.websocket_silent = True
    with pytest.raises(UnreachableError, match="no answer in time"):
        await following(cast("Changes", beaver.backend.watch()))
    beaver.simulator.websocket_silent = False
    async with listening(beaver):
        pass


async def test_revoked_token_is_renewed_before_the_websocket(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server would not answer the handshake instead of refusing it."""
    monkeypatch.setattr(push_websocket, "HANDSHAKE_TIMEOUT", 1.0)
    beaver = await connect(build("1.0", count=3))
    await beaver.inventory()
    beaver.simulator.sessions.revoke()
    async with listening(beaver):
        pass


@pytest.mark.parametrize(("version", "is_lost"), [("1.0", False), ("1.1", True)])
async def test_heartbeat_detects_a_lost_connection(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, version: str, is_lost: bool
) -> None:
    """1.0 never echoes heartbeats; later releases that stop are lost."""
    monkeypatch.setattr(push_websocket, "HEARTBEAT", 0.4)
    beaver = await connect(build(version, count=3))
    await beaver.inventory()
    async with listening(beaver) as changes:
        next_ = asyncio.create_task(anext(changes))
        await asyncio.sleep(1)
        assert not next_.done()

        async def ignore(user: str, socket: object, raw: str) -> None:
            """Ignore a frame."""

        monkeypatch.setattr(beaver.simulator.notifier.websocket, "_message", ignore)
        # What is lost is found after two of them; a busy machine may take longer.
        await asyncio.wait([next_], timeout=10 if is_lost else 1)
        assert next_.done() is is_lost
        if is_lost:
            with pytest.raises(UnreachableError, match="no answer to a heartbeat"):
                await next_
        next_.cancel()
        await asyncio.wait([next_])


async def test_new_devices_are_subscribed_to(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The subscription follows the inventory."""
    monkeypatch.setattr(push_websocket, "HEARTBEAT", 0.4)
    beaver = await connect(build("1.1", count=2))
    await beaver.inventory()
    world = beaver.simulator.world
    async with listening(beaver) as changes:
        next_ = asyncio.create_task(anext(changes))
        world.add_device(2, beaver.simulator.now - 3600)
        await beaver.backend.inventory()
        await until(
            lambda: any(
                beaver.entity("Fridge plug", "voltage").key in keys
                for keys in beaver.simulator.notifier.websocket.subscriptions.values()
            )
        )
        await beaver.simulator.report_now("Fridge plug")
        async with asyncio.timeout(5):
            assert beaver.key("Fridge plug", "voltage") in await next_


async def test_busy_proxy_does_not_mean_no_websocket(connect: Connect) -> None:
    beaver = await connect(build("1.0", count=3))
    await beaver.inventory()
    beaver.simulator.faults.add(Fault(html_error(502), "websocket"))
    with pytest.raises(UnreachableError):
        await following(cast("Changes", beaver.backend.watch()))
