"""The WebSocket of the releases up to 1.2.1."""

import asyncio
from typing import cast

import pytest

from custom_components.metering_hub.backends.errors import (
    NotFoundError,
    UnreachableError,
)
from custom_components.metering_hub.backends.milesight import push_websocket
from simulators.faults import Fault, html_error
from tests.simulators.milesight.conftest import build

from .conftest import Changes, Connect, following, listening, shown, until


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
        await beaver.backend.latest(shown(await beaver.backend.inventory()))
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


async def test_only_polled_points_are_subscribed_to(connect: Connect) -> None:
    """Of thousands of entities, a subscription has room for those that are shown."""
    beaver = await connect(build("1.0", count=3))
    places = [("Boiler plug", "voltage"), ("Boiler plug", "child_lock")]
    voltage, lock = await beaver.points(places)
    await beaver.backend.latest([voltage])
    subscriptions = beaver.simulator.notifier.websocket.subscriptions
    changes = cast("Changes", beaver.backend.watch())
    await following(changes)
    await until(lambda: bool(subscriptions))
    assert [*subscriptions.values()] == [{beaver.entity("Boiler plug", "voltage").key}]
    # An entity that was added since is polled, too.
    await beaver.backend.latest([voltage, lock])
    await beaver.simulator.report_now("Boiler plug")
    assert await following(changes) >= {voltage.key}
    next_ = asyncio.create_task(following(changes))
    await until(lambda: len(*subscriptions.values()) == 2)
    next_.cancel()
    await asyncio.wait([next_])


async def test_subscription_that_is_too_long_is_not_tried(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server would close the connection, again and again."""
    monkeypatch.setattr(push_websocket, "LONGEST_FRAME", 1000)
    beaver = await connect(build("1.0", count=3))
    inventory = await beaver.inventory()
    await beaver.backend.latest(shown(inventory))
    beaver.requests()
    with pytest.raises(NotFoundError, match="too many for a subscription"):
        await following(cast("Changes", beaver.backend.watch()))
    assert beaver.requests() == []


async def test_browser_of_the_same_user_silences_for_a_minute_at_most(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It replaces the subscription, which is renewed."""
    monkeypatch.setattr(push_websocket, "RESUBSCRIBE_AFTER", 0.3)
    monkeypatch.setattr(push_websocket, "HEARTBEAT", 0.1)
    beaver = await connect(build("1.0", count=3))
    await beaver.inventory()
    subscriptions = beaver.simulator.notifier.websocket.subscriptions
    async with listening(beaver) as changes:
        (user,) = subscriptions
        before = subscriptions[user]
        subscriptions[user] = frozenset({"of.the.browser"})
        next_ = asyncio.create_task(following(changes))
        await until(lambda: subscriptions[user] == before)
        await beaver.simulator.report_now("Boiler plug")
        assert beaver.key("Boiler plug", "voltage") in await next_
