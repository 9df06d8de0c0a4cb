"""Push: what the server says has changed, by both of its ways, and their failures."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import orjson
import pytest

from custom_components.metering_hub.backends.errors import (
    NotFoundError,
    UnreachableError,
)
from custom_components.metering_hub.backends.milesight import push_websocket
from simulators.faults import Fault, Json, MutateJson, html_error
from simulators.milesight.mqtt_packets import Refusal
from simulators.server import serve
from tests.certificates import self_signed, server_context
from tests.simulators.milesight.conftest import build

from .conftest import Beaver, Connect

WEBSOCKET = ("1.0", "1.1", "1.2.1")
MQTT = ("1.2.2", "1.2.3", "1.3")

type Changes = AsyncGenerator[frozenset[str]]


@asynccontextmanager
async def listening(beaver: Beaver) -> AsyncIterator[Changes]:
    """Listen, and wait until the connection stands."""
    changes = cast("Changes", beaver.backend.watch())
    try:
        assert await following(changes) == frozenset()
        hub = beaver.simulator.notifier
        # A subscription to the WebSocket is not acknowledged.
        await until(
            lambda: bool(hub.broker.subscriptions or hub.websocket.subscriptions)
        )
        yield changes
    finally:
        await changes.aclose()


async def following(changes: Changes) -> frozenset[str]:
    async with asyncio.timeout(5):
        return await anext(changes)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  # The simulator tells nobody.
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("version", [*WEBSOCKET, *MQTT])
async def test_report_of_a_device_is_heard(connect: Connect, version: str) -> None:
    beaver = await connect(build(version, count=3))
    await beaver.inventory()
    async with listening(beaver) as changes:
        await beaver.simulator.report_now("Boiler plug")
        keys = await following(changes)
    assert beaver.key("Boiler plug", "voltage") in keys
    assert beaver.key("Boiler plug", "power_consumption") in keys
    assert not any(beaver.key("Laundry plug", "voltage") == key for key in keys)


@pytest.mark.parametrize("version", [*WEBSOCKET, *MQTT])
async def test_what_was_written_is_heard(connect: Connect, version: str) -> None:
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


async def test_a_refusal_that_nobody_waits_for_is_not_logged(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who stops listening just when the broker refuses leaves no error behind."""
    beaver = await connect(build(count=3))
    await beaver.inventory()
    unhandled: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _loop, context: unhandled.append(context)
    )

    async def listen() -> None:
        async for _ in beaver.backend.watch():
            pass

    task = asyncio.create_task(listen())

    def refuse(_connect: object) -> Refusal:
        task.cancel()
        return Refusal.NOT_AUTHORIZED

    monkeypatch.setattr(beaver.simulator.notifier.broker, "_refusal", refuse)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not unhandled


@pytest.mark.parametrize("version", ["1.0", "1.3"])
async def test_lost_connection_is_said(connect: Connect, version: str) -> None:
    beaver = await connect(build(version, count=3))
    await beaver.inventory()
    async with listening(beaver) as changes:
        await beaver.simulator.notifier.drop()
        with pytest.raises(UnreachableError):
            await following(changes)
    # And the next one stands again.
    async with listening(beaver):
        pass


async def test_broker_that_refuses(connect: Connect) -> None:
    beaver = await connect(build(count=3))
    await beaver.inventory()
    beaver.simulator.mqtt_refuses = True
    with pytest.raises(UnreachableError) as caught:
        await following(cast("Changes", beaver.backend.watch()))
    assert "127.0.0.1" not in str(caught.value)
    beaver.simulator.mqtt_refuses = False
    async with listening(beaver):
        pass


async def test_broker_that_changed_its_password(connect: Connect) -> None:
    """The password is asked for at each connection."""
    beaver = await connect(build(count=3))
    await beaver.inventory()
    async with listening(beaver):
        beaver.simulator.mqtt_password = "another"
        await beaver.simulator.notifier.drop()
    async with listening(beaver):
        pass


async def test_broker_that_is_silent(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    beaver = await connect(build(count=3))
    await beaver.inventory()
    beaver.simulator.mqtt_silent = True
    module = "custom_components.metering_hub.backends.milesight.push_mqtt"
    monkeypatch.setattr(f"{module}.CONNECT_TIMEOUT", 0.2)
    monkeypatch.setattr(f"{module}.KEEPALIVE", 1)
    with pytest.raises(UnreachableError, match=r"TCP.*WebSocket"):
        await following(cast("Changes", beaver.backend.watch()))


async def test_broker_behind_nginx_only(connect: Connect) -> None:
    """Without a port of its own, the broker is reached through the web page's."""
    simulator = build(count=3)
    simulator.mqtt_port = None
    beaver = await connect(simulator)
    await beaver.inventory()
    async with listening(beaver) as changes:
        await beaver.simulator.report_now("Boiler plug")
        assert beaver.key("Boiler plug", "voltage") in await following(changes)


async def test_encrypted_page_means_encrypted_push(
    connect: Connect, tmp_path: Path
) -> None:
    """Where the web page is encrypted, no password goes over the wire in clear."""
    simulator = build(count=3)
    context = server_context(self_signed(tmp_path))
    async with serve(simulator.app, ssl_context=context) as url:
        lenient = await connect(simulator, url=url, verify_ssl=False)
        await lenient.inventory()
        async with listening(lenient) as changes:
            await simulator.report_now("Boiler plug")
            assert lenient.key("Boiler plug", "voltage") in await following(changes)
        strict = await connect(simulator, url=url, verify_ssl=True)
        await strict.inventory()
        with pytest.raises(UnreachableError) as caught:
            await following(cast("Changes", strict.backend.watch()))
        assert "TCP" not in str(caught.value)


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
    """The server would never answer the handshake, rather than refuse it."""
    monkeypatch.setattr(push_websocket, "HANDSHAKE_TIMEOUT", 1.0)
    beaver = await connect(build("1.0", count=3))
    await beaver.inventory()
    beaver.simulator.sessions.revoke()
    async with listening(beaver):
        pass


@pytest.mark.parametrize(("version", "is_lost"), [("1.0", False), ("1.1", True)])
async def test_heartbeat_finds_out_what_is_dead(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, version: str, is_lost: bool
) -> None:
    """1.0 never answers a heartbeat; a release that does and stops is lost."""
    monkeypatch.setattr(push_websocket, "HEARTBEAT", 0.4)
    beaver = await connect(build(version, count=3))
    await beaver.inventory()
    async with listening(beaver) as changes:
        next_ = asyncio.create_task(anext(changes))
        await asyncio.sleep(1)
        assert not next_.done()

        async def ignore(user: str, socket: object, raw: str) -> None:
            """Take a frame, and answer nothing."""

        monkeypatch.setattr(beaver.simulator.notifier.websocket, "_message", ignore)
        # What is lost is found after two of them; a busy machine may take longer.
        await asyncio.wait([next_], timeout=10 if is_lost else 1)
        assert next_.done() is is_lost
        if is_lost:
            with pytest.raises(UnreachableError, match="no sign of life"):
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


async def test_release_without_either_says_so(connect: Connect) -> None:
    """The old release on its own port has a WebSocket, but on a port nobody knows."""
    simulator = build("1.0", count=3)
    simulator.nginx = False
    beaver = await connect(simulator)
    await beaver.inventory()
    with pytest.raises(NotFoundError):
        await following(cast("Changes", beaver.backend.watch()))


async def test_busy_proxy_is_no_verdict_on_the_websocket(connect: Connect) -> None:
    beaver = await connect(build("1.0", count=3))
    await beaver.inventory()
    beaver.simulator.faults.add(Fault(html_error(502), "websocket"))
    with pytest.raises(UnreachableError):
        await following(cast("Changes", beaver.backend.watch()))


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"[1]",
        b"null",
        b'{"payload": 3}',
        b'{"payload": {"entity_ids": 3}}',
        b'{"payload": {"entity_ids": [null, {}, 1.5, "7", true]}}',
        b"x" * 2_000_000,
    ],
)
async def test_message_that_makes_no_sense_is_passed_over(
    connect: Connect, payload: bytes
) -> None:
    beaver = await connect(build(count=3))
    await beaver.inventory()
    topic = "beaver-iot/web_mqtt@default/downlink/web/exchange"
    async with listening(beaver) as changes:
        await beaver.simulator.notifier.broker.publish(topic, payload)
        await beaver.simulator.report_now("Boiler plug")
        assert beaver.key("Boiler plug", "voltage") in await following(changes)


async def test_ids_may_come_as_numbers(connect: Connect) -> None:
    """Ids beyond 2**53 are read exactly, as texts or as numbers."""
    beaver = await connect(build(count=3))
    await beaver.inventory()
    entity = beaver.entity("Boiler plug", "voltage")
    event = orjson.dumps({"payload": {"entity_ids": [int(entity.id)]}})
    topic = "beaver-iot/web_mqtt@default/downlink/web/exchange"
    async with listening(beaver) as changes:
        await beaver.simulator.notifier.broker.publish(topic, event)
        assert await following(changes) == {beaver.key("Boiler plug", "voltage")}


WRONG: tuple[Json, ...] = (None, {}, [], {"username": 5, "mqtt_port": "x"})


@pytest.mark.parametrize("data", WRONG)
async def test_broker_without_credentials(connect: Connect, data: Json) -> None:
    """What is wrong costs the push, never more."""
    beaver = await connect(build(count=3))
    await beaver.inventory()
    change = MutateJson(lambda answer: {"status": "Success", "data": data})
    beaver.simulator.faults.add(Fault(change, "mqtt/web/credentials"))
    with pytest.raises(NotFoundError):
        await following(cast("Changes", beaver.backend.watch()))


@pytest.mark.parametrize("data", WRONG)
async def test_broker_without_a_place(connect: Connect, data: Json) -> None:
    """The way through the web page's port is left."""
    beaver = await connect(build(count=3))
    await beaver.inventory()
    change = MutateJson(lambda answer: {"status": "Success", "data": data})
    beaver.simulator.faults.add(Fault(change, "mqtt/broker-info"))
    async with listening(beaver):
        pass
