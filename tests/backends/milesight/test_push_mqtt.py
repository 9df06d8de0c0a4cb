"""The MQTT broker of the releases since 1.2.2."""

import asyncio
from asyncio import StreamReader, StreamWriter
from dataclasses import dataclass
import gc
import logging
from pathlib import Path
import ssl
import time
from typing import cast

import orjson
import pytest

from custom_components.metering_hub.backends.errors import (
    NotFoundError,
    UnreachableError,
)
from custom_components.metering_hub.backends.milesight import push_mqtt
from custom_components.metering_hub.backends.milesight.mqtt_broker import (
    BrokerEndpoint,
    BrokerLogin,
)
from custom_components.metering_hub.backends.milesight.mqtt_client import MqttClient
from custom_components.metering_hub.backends.milesight.push_flood import Flood
from simulators.faults import Fault, Json, MutateJson
from simulators.milesight.mqtt_packets import Kind, Refusal, packet_of
from simulators.server import serve
from tests.certificates import self_signed, server_context
from tests.simulators.milesight.conftest import build
from tests.sockets import silent_port, unused_port

from .conftest import Beaver, Changes, Connect, following, listening, until


@pytest.fixture
async def unhandled() -> list[dict[str, object]]:
    """Return a list that gets what asyncio would log as an error."""
    found: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _loop, context: found.append(context)
    )
    return found


async def test_refusal_after_cancellation_is_not_logged(
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
    unhandled: list[dict[str, object]],
) -> None:
    """A cancellation while the broker refuses leaves no unhandled exception."""
    beaver = await connect(build(count=3))
    await beaver.inventory()

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


async def test_connection_that_is_lost_before_the_end_is_not_logged(
    connect: Connect, unhandled: list[dict[str, object]]
) -> None:
    """A watch that nobody reads any more knows why its connection was lost."""
    beaver = await connect(build(count=3))
    await beaver.inventory()
    changes = cast("Changes", beaver.backend.watch())
    assert await anext(changes) == frozenset()
    await beaver.simulator.notifier.drop()
    # The client has to notice the loss before it is closed.
    await asyncio.sleep(0.2)
    await changes.aclose()
    await asyncio.sleep(0)
    gc.collect()
    assert not unhandled


async def test_socket_that_closes_before_it_is_written_to_is_not_logged(
    socket_enabled: None, unhandled: list[dict[str, object]]
) -> None:
    """Its number may be nobody's, or another socket's, when aiomqtt would watch it."""

    async def confirm(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"\x20\x02\x00\x00")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(confirm, "127.0.0.1", 0)
    client = MqttClient(
        BrokerEndpoint(
            host="127.0.0.1",
            port=server.sockets[0].getsockname()[1],
            path=None,
            is_encrypted=False,
        ),
        BrokerLogin(client_id="web", username="user", password="password"),
        ssl.create_default_context(),
        Flood(),
        keepalive=50,
        timeout=5.0,
        logger=logging.getLogger(__name__),
    )
    async with client:
        paho = client._client
        paho._call_socket_register_write()
        paho._sock_close()
        await asyncio.sleep(0.05)
    server.close()
    assert not unhandled


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
    """The password is requested for each connection."""
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
    monkeypatch.setattr(push_mqtt, "CONNECT_TIMEOUT", 0.2)
    with pytest.raises(UnreachableError, match=r"TCP.*WebSocket"):
        await following(cast("Changes", beaver.backend.watch()))


async def test_broker_behind_nginx_only(connect: Connect) -> None:
    """Without its own port, the broker is reached through that of the web page."""
    simulator = build(count=3)
    simulator.mqtt_port = None
    beaver = await connect(simulator)
    await beaver.inventory()
    async with listening(beaver) as changes:
        await beaver.simulator.report_now("Boiler plug")
        assert beaver.key("Boiler plug", "voltage") in await following(changes)


@pytest.mark.parametrize("ws_port", [None, 8083])
async def test_ports_that_are_not_published(
    connect: Connect, ws_port: int | None
) -> None:
    """What the server reports may be closed; the port of the web page is open."""
    simulator = build(count=3)
    simulator.mqtt_port, simulator.mqtt_ws_port = None, ws_port and unused_port()
    beaver = await connect(simulator)
    await beaver.inventory()
    async with listening(beaver) as changes:
        await beaver.simulator.report_now("Boiler plug")
        assert beaver.key("Boiler plug", "voltage") in await following(changes)


async def test_silent_ports_are_passed_over(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A port may accept connections and never answer, over TCP or WebSocket."""
    monkeypatch.setattr(push_mqtt, "CONNECT_TIMEOUT", 0.5)
    simulator = build(count=3)
    simulator.mqtt_port_silent = True
    async with silent_port() as port:
        simulator.mqtt_ws_port = port
        beaver = await connect(simulator)
        await beaver.inventory()
        async with listening(beaver) as changes:
            await beaver.simulator.report_now("Boiler plug")
            assert beaver.key("Boiler plug", "voltage") in await following(changes)


@pytest.mark.parametrize("is_websocket", [False, True])
async def test_cancelling_at_a_silent_port_takes_less_than_two_seconds(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, is_websocket: bool
) -> None:
    """Reloading an entry must not wait until an attempt to connect has failed."""
    monkeypatch.setattr(push_mqtt, "CONNECT_TIMEOUT", 3.5)
    simulator = build(count=3)
    simulator.mqtt_port_silent = not is_websocket
    simulator.mqtt_port = None if is_websocket else 0
    async with silent_port() as port:
        simulator.mqtt_ws_port = port
        beaver = await connect(simulator)
        await beaver.inventory()
        changes = cast("Changes", beaver.backend.watch())
        task = asyncio.create_task(following(changes))
        await asyncio.sleep(0.5)
        began = time.perf_counter()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.perf_counter() - began < 2
    # What is left closes itself as soon as the attempt has failed.
    await simulator.notifier.drop()
    await until(lambda: not push_mqtt.CLOSING)


async def test_encrypted_page_means_encrypted_push(
    connect: Connect, tmp_path: Path
) -> None:
    """If the web page is https, no password is sent unencrypted."""
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
async def test_invalid_message_is_ignored(connect: Connect, payload: bytes) -> None:
    beaver = await connect(build(count=3))
    await beaver.inventory()
    topic = "beaver-iot/web_mqtt@default/downlink/web/exchange"
    async with listening(beaver) as changes:
        await beaver.simulator.notifier.broker.publish(topic, payload)
        await beaver.simulator.report_now("Boiler plug")
        # An unknown id among them says only that the inventory may be outdated.
        keys = await following(changes) or await following(changes)
        assert beaver.key("Boiler plug", "voltage") in keys


@dataclass(slots=True)
class Sent:
    """What a broker sends in the place of a message: the bytes of a packet."""

    packet: bytes

    async def to(self, beaver: Beaver) -> None:
        """Send it to all clients."""
        for client in list(beaver.simulator.notifier.broker._clients.values()):
            await client.send(self.packet)


TOPIC = "beaver-iot/web_mqtt@default/downlink/web/exchange"
IMPOSSIBLE = [
    *(name.encode() for name in ("+", "#", f"{TOPIC}/#", "a/+/b", "a+b", "#" * 60_000)),
    *(b"\xff\xfe", b"\xed\xa0\x80", b"beaver-iot/\xc3"),
]


@pytest.mark.parametrize("topic", IMPOSSIBLE, ids=range(len(IMPOSSIBLE)))
async def test_impossible_topic_is_ignored(
    connect: Connect, topic: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """The connection stays, and nothing is logged, least of all the topic."""
    beaver = await connect(build(count=3))
    await beaver.inventory()
    packet = packet_of(Kind.PUBLISH, len(topic).to_bytes(2) + topic + b"{}")
    async with listening(beaver) as changes:
        await Sent(packet * 20).to(beaver)
        await beaver.simulator.report_now("Boiler plug")
        keys = await following(changes) or await following(changes)
        assert beaver.key("Boiler plug", "voltage") in keys
    ours = [each for each in caplog.records if each.name == push_mqtt.__name__]
    assert not [each for each in ours if each.levelno >= logging.WARNING]


BROKEN = [
    packet_of(Kind.PUBLISH, b"\x00"),
    packet_of(Kind.PUBLISH, b"\xff\xff" + b"short"),
    packet_of(Kind.PUBLISH, b"\x00\x00{}"),
    packet_of(Kind.SUBACK, b""),
    packet_of(Kind.SUBACK, b"\x01"),
    packet_of(Kind.UNSUBACK, b""),
    packet_of(Kind.CONNACK, b"\x00"),
    b"\x30\xff\xff\xff\xff\x7f",
    b"\xf0\x00",
]


@pytest.mark.parametrize("packet", BROKEN, ids=range(len(BROKEN)))
async def test_broken_packet_ends_the_connection(
    connect: Connect, packet: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing of it stays open: before, the socket did, as long as the broker's."""
    beaver = await connect(build(count=3))
    await beaver.inventory()
    broker = beaver.simulator.notifier.broker
    async with listening(beaver) as changes:
        await Sent(packet).to(beaver)
        with pytest.raises(UnreachableError):
            await following(changes)
    await until(lambda: not broker.clients)
    async with listening(beaver):
        assert broker.clients == 1
    assert not [each for each in caplog.records if each.exc_info]


@pytest.mark.parametrize(
    "packet",
    [
        packet_of(Kind.SUBACK, b"\x00\x63\x00") * 20,
        packet_of(Kind.UNSUBACK, b"\x00\x63") * 20,
    ],
    ids=["suback", "unsuback"],
)
async def test_answers_to_nothing_are_ignored(
    connect: Connect, packet: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    beaver = await connect(build(count=3))
    await beaver.inventory()
    async with listening(beaver) as changes:
        await Sent(packet).to(beaver)
        await beaver.simulator.report_now("Boiler plug")
        keys = await following(changes) or await following(changes)
        assert beaver.key("Boiler plug", "voltage") in keys
    assert not [each for each in caplog.records if each.exc_info]


async def test_unconfirmed_connection_is_closed(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broker that never confirms a connection keeps none of our sockets."""
    beaver = await connect(build(count=3))
    await beaver.inventory()
    broker = beaver.simulator.notifier.broker
    beaver.simulator.mqtt_silent = True
    monkeypatch.setattr(push_mqtt, "CONNECT_TIMEOUT", 0.2)
    with pytest.raises(UnreachableError):
        await following(cast("Changes", beaver.backend.watch()))
    await until(lambda: not broker._open)


async def test_ids_may_come_as_numbers(connect: Connect) -> None:
    """Ids beyond 2**53 are read exactly, as text or as numbers."""
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
    """Invalid credentials only end the push."""
    beaver = await connect(build(count=3))
    await beaver.inventory()
    change = MutateJson(lambda answer: {"status": "Success", "data": data})
    beaver.simulator.faults.add(Fault(change, "mqtt/web/credentials"))
    with pytest.raises(NotFoundError):
        await following(cast("Changes", beaver.backend.watch()))


@pytest.mark.parametrize("data", WRONG)
async def test_broker_without_an_address(connect: Connect, data: Json) -> None:
    """The port of the web page remains."""
    beaver = await connect(build(count=3))
    await beaver.inventory()
    change = MutateJson(lambda answer: {"status": "Success", "data": data})
    beaver.simulator.faults.add(Fault(change, "mqtt/broker-info"))
    async with listening(beaver):
        pass
