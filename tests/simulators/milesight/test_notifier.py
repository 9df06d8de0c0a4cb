"""Push messages of the Beaver IoT simulator, received by real clients."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from time import perf_counter
from urllib.parse import quote

from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError
import aiomqtt
from aiomqtt.exceptions import MqttConnectError
import orjson
import pytest

from simulators.faults import Json
from simulators.milesight import Entity, MilesightSimulator, User

from .conftest import Beaver, Object, beaver, build, clock

pytestmark = pytest.mark.usefixtures("socket_enabled")

# CONNECT of MQTT 3.1.1 with a keepalive of one second, user name and password.
LOGIN = b"\x10\x2f\0\4MQTT\4\xc2\0\1\0\1x\0\x10web_mqtt@default\0\x0esimulated-mqtt"
TOPIC = "beaver-iot/web_mqtt@default/downlink/web/exchange"


@asynccontextmanager
async def mqtt(
    client: Beaver, *, websocket: bool = False, **fields: str
) -> AsyncIterator[aiomqtt.Client]:
    """Connect with the address and credentials of the two endpoints."""
    info = (await client.get("mqtt/broker-info")).object
    login = (await client.get("mqtt/web/credentials")).object | fields
    port = client.url.rpartition(":")[2] if websocket else info["mqtt_port"]
    async with aiomqtt.Client(
        "127.0.0.1",
        int(str(port)),
        username=str(login["username"]),
        password=str(login["password"]),
        identifier=str(login["client_id"]),
        transport="websockets" if websocket else "tcp",
        websocket_path=str(info["ws_path"]) if websocket else None,
    ) as connected:
        yield connected


async def received(listener: aiomqtt.Client) -> Object:
    async with asyncio.timeout(5):
        async for message in listener.messages:
            assert message.topic.value == TOPIC
            assert message.qos == 0
            assert not message.retain
            assert isinstance(message.payload, bytes)
            event = orjson.loads(message.payload)
            assert isinstance(event, dict)
            return event
    raise AssertionError


def ids(event: Object) -> list[Json]:
    assert event["event_type"] == "EXCHANGE"
    payload = event["payload"]
    assert isinstance(payload, dict)
    found = payload["entity_ids"]
    assert isinstance(found, list)
    return found


def plug(simulator: MilesightSimulator, identifier: str) -> Entity:
    return simulator.world.entity("Boiler plug", identifier)


async def write(client: Beaver, entity: Entity, value: Json) -> None:
    got = await client.post("entity/property/update", {"exchange": {entity.key: value}})
    assert got.status == 200


async def test_where_the_broker_is_and_its_credentials() -> None:
    async with beaver() as client:
        info = (await client.get("mqtt/broker-info")).object
        assert info == {
            "mqtt_port": client.simulator.notifier.broker.port,
            "ws_path": "/mqtt",
            "ws_port": 8083,
        }
        client.simulator.mqtt_host = "broker.example.com"
        info = (await client.get("mqtt/broker-info")).object
        assert info["host"] == "broker.example.com"
        first = (await client.get("mqtt/web/credentials")).object
        second = (await client.get("mqtt/web/credentials")).object
        assert first["username"] == second["username"] == "web_mqtt@default"
        assert first["password"] == second["password"]
        assert str(first["client_id"]).startswith("web_mqtt@default#")
        assert first["client_id"] != second["client_id"]


@pytest.mark.parametrize("websocket", [False, True])
@pytest.mark.parametrize("version", ["1.2.3", "1.3"])
async def test_a_written_value_is_announced(version: str, websocket: bool) -> None:
    simulator = build(version)
    led, socket = plug(simulator, "led_mode"), plug(simulator, "socket_status")
    async with (
        beaver(simulator) as client,
        mqtt(client, websocket=websocket) as listener,
    ):
        await listener.subscribe(TOPIC)
        await write(client, led, 1)
        assert ids(await received(listener)) == [led.id]
        await write(client, socket, False)
        reported = ids(await received(listener))
        assert socket.id in reported
        assert plug(simulator, "active_power").id in reported


async def test_reports_are_announced_as_they_come() -> None:
    simulator = build()
    async with beaver(simulator) as client, mqtt(client) as listener:
        await listener.subscribe("beaver-iot/web_mqtt@default/#")
        clock(simulator).forward(minutes=61)
        announced: set[Json] = set()
        began = perf_counter()
        for _ in range(len(simulator.world.devices)):
            announced |= set(ids(await received(listener)))
        # One device per check would take 24 checks, 4.8 s.
        assert perf_counter() - began < 4
        assert {one.id for one in simulator.world.device("Cellar").entities} & announced
        assert plug(simulator, "voltage").id in announced
        assert plug(simulator, "reboot").id not in announced
        assert plug(simulator, "led_mode").id not in announced


@pytest.mark.parametrize(("version", "announced"), [("1.2.3", True), ("1.3", False)])
async def test_services_are_announced_before_1_3(version: str, announced: bool) -> None:
    simulator = build(version)
    reboot, led = plug(simulator, "reboot"), plug(simulator, "led_mode")
    async with beaver(simulator) as client, mqtt(client) as listener:
        await listener.subscribe(TOPIC)
        await client.post("entity/service/call", {"exchange": {reboot.key: True}})
        await write(client, led, 1)
        assert ids(await received(listener)) == [reboot.id if announced else led.id]


@pytest.mark.parametrize("websocket", [False, True])
@pytest.mark.parametrize(
    ("fields", "refuses", "reason"),
    [
        ({"password": "no"}, False, "Bad user name or password"),
        ({"username": "me"}, False, "Bad user name or password"),
        ({}, True, "Not authorized"),
    ],
)
async def test_a_broker_that_refuses(
    fields: dict[str, str], refuses: bool, reason: str, websocket: bool
) -> None:
    simulator = build()
    simulator.mqtt_refuses = refuses
    async with beaver(simulator) as client:
        with pytest.raises(MqttConnectError) as raised:
            async with mqtt(client, websocket=websocket, **fields):
                pass
        assert str(raised.value.rc) == reason
        assert simulator.notifier.broker.clients == 0


async def test_a_broker_that_says_nothing() -> None:
    simulator = build()
    simulator.mqtt_silent = True
    async with beaver(simulator) as client:
        port = (await client.get("mqtt/broker-info")).object["mqtt_port"]
        silent = aiomqtt.Client("127.0.0.1", int(str(port)), timeout=0.3)
        with pytest.raises(aiomqtt.MqttError, match="timed out"):
            await silent.__aenter__()


@pytest.mark.parametrize(
    ("sent", "answers"),
    [
        (b"\xc0\0", b""),  # PINGREQ before CONNECT.
        (b"\x10\x0b\0\4MQTT\5\2\0\x3c\0", b"\x20\2\0\1"),  # MQTT 5.
        (b"\x10\x03\0\4M", b""),
        (LOGIN + b"\xc0\0", b"\x20\2\0\0\xd0\0"),  # The keepalive is one second.
        (LOGIN + b"\xe0\0", b"\x20\2\0\0"),  # DISCONNECT.
    ],
)
async def test_the_broker_ends_what_makes_no_sense(sent: bytes, answers: bytes) -> None:
    async with beaver() as client, asyncio.timeout(20):
        port = client.simulator.notifier.mqtt_port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        assert await reader.read() == answers
        writer.close()
        assert client.simulator.notifier.broker.clients == 0


async def test_a_port_that_is_taken_is_replaced() -> None:
    async with beaver() as client:
        simulator = build()
        simulator.mqtt_port = client.simulator.notifier.mqtt_port
        async with beaver(simulator) as second, mqtt(second):
            assert simulator.notifier.mqtt_port != client.simulator.notifier.mqtt_port
            assert simulator.notifier.broker.clients == 1


async def test_no_broker_on_tcp() -> None:
    simulator = build()
    simulator.mqtt_port = None
    async with beaver(simulator) as client:
        assert simulator.notifier.broker.port is None
        info = (await client.get("mqtt/broker-info")).object
        assert info["mqtt_port"] == 1883
        async with mqtt(client, websocket=True) as listener:
            await listener.subscribe(TOPIC)
            await simulator.report_now("Boiler plug")
            assert plug(simulator, "voltage").id in ids(await received(listener))


async def test_topics_of_others_are_refused() -> None:
    async with beaver() as client, mqtt(client) as listener:
        granted = await listener.subscribe([("beaver-iot/other/#", 0), (TOPIC, 1)])
        assert [code.value for code in granted] == [0x80, 0]
        assert client.simulator.notifier.broker.subscriptions == [TOPIC]
        await listener.unsubscribe(TOPIC)
        assert client.simulator.notifier.broker.subscriptions == []


@asynccontextmanager
async def ended(client: Beaver, **fields: str) -> AsyncIterator[aiomqtt.Client]:
    """Connect, and expect at the end that the broker has ended the connection."""
    with suppress(aiomqtt.MqttError):
        async with mqtt(client, **fields) as listener:
            yield listener
            with pytest.raises(aiomqtt.MqttError):
                await received(listener)


async def test_dropped_and_taken_over_connections() -> None:
    async with beaver() as client:
        broker = client.simulator.notifier.broker
        async with ended(client) as listener:
            await listener.subscribe(TOPIC)
            await client.simulator.notifier.drop()
        assert broker.clients == 0
        async with ended(client, client_id="same"), mqtt(client, client_id="same"):
            assert broker.clients == 1
        assert broker.clients == 0


async def test_nothing_is_announced_when_push_is_off() -> None:
    simulator = build()
    async with beaver(simulator) as client, mqtt(client) as listener:
        await listener.subscribe(TOPIC)
        simulator.push = False
        await simulator.report_now("Boiler plug")
        simulator.push = True
        await write(client, plug(simulator, "led_mode"), 1)
        assert ids(await received(listener)) == [plug(simulator, "led_mode").id]


@asynccontextmanager
async def websocket(
    client: Beaver, token: str | None = None
) -> AsyncIterator[ClientWebSocketResponse]:
    """Open the WebSocket of the old releases."""
    given = token or client.headers["Authorization"]
    url = f"{client.url}/websocket?Authorization={quote(given)}"
    async with client.session.ws_connect(url) as socket:
        yield socket


async def subscribe(socket: ClientWebSocketResponse, *entities: Entity) -> None:
    keys = [one.key for one in entities]
    await socket.send_json({"event_type": "Exchange", "payload": {"entity_key": keys}})


async def subscribed(client: Beaver, count: int) -> None:
    """Wait until this number of users has a subscription."""
    for _ in range(500):
        if len(client.simulator.notifier.websocket.subscriptions) == count:
            return
        await asyncio.sleep(0.01)
    raise TimeoutError


@pytest.mark.parametrize("version", ["1.0", "1.2.1"])
async def test_the_old_websocket_names_all_keys_of_an_exchange(version: str) -> None:
    simulator = build(version)
    power, led = plug(simulator, "active_power"), plug(simulator, "led_mode")
    async with beaver(simulator) as client, websocket(client) as socket:
        await subscribe(socket, power)
        await subscribed(client, 1)
        await write(client, led, 1)
        await simulator.report_now("Boiler plug")
        event = await socket.receive_json(timeout=5)
        assert event["event_type"] == "Exchange"
        keys = event["payload"]["entity_key"]
        assert power.key in keys
        assert plug(simulator, "voltage").key in keys
        assert led.key not in keys


async def test_one_subscription_per_user_and_the_last_writer_wins() -> None:
    simulator = build("1.2.1")
    power, led = plug(simulator, "active_power"), plug(simulator, "led_mode")
    async with beaver(simulator) as client, websocket(client) as first:
        await subscribe(first, power)
        await subscribed(client, 1)
        async with websocket(client) as second:
            await subscribe(second, led)
            await second.send_json({"event_type": "Heartbeat", "payload": "ping"})
            await second.receive_json(timeout=5)
            await simulator.report_now("Boiler plug")
            await write(client, led, 2)
            for socket in (first, second):
                event = await socket.receive_json(timeout=5)
                assert event["payload"]["entity_key"] == [led.key]
        # Closing one connection removes the subscription of the other.
        await subscribed(client, 0)


async def test_other_users_have_a_subscription_of_their_own() -> None:
    simulator = build("1.2.1")
    simulator.others.append(User("ha@example.com", "Own-1", "1868211453976543009"))
    led = plug(simulator, "led_mode")
    async with beaver(simulator) as client, websocket(client) as first:
        await subscribe(first, led)
        await subscribed(client, 1)
        await client.login(username="ha@example.com", password="Own-1")
        async with websocket(client) as second:
            await subscribe(second, plug(simulator, "voltage"))
            await subscribed(client, 2)
        await subscribed(client, 1)
        await write(client, led, 1)
        event = await first.receive_json(timeout=5)
        assert event["payload"]["entity_key"] == [led.key]


@pytest.mark.parametrize(("version", "echoed"), [("1.0", False), ("1.1", True)])
async def test_heartbeats_are_echoed_since_1_1(version: str, echoed: bool) -> None:
    async with beaver(build(version)) as client, websocket(client) as socket:
        frame = '{"event_type":"Heartbeat","payload":"ping"}'
        await socket.send_str(frame)
        await socket.send_str("no json")
        if echoed:
            assert await socket.receive_str(timeout=5) == frame
        with pytest.raises(TimeoutError):
            await socket.receive(timeout=0.2)


@pytest.mark.parametrize("token", ["Basic x", "x", "bearer x"])
async def test_a_websocket_without_a_bearer_token(token: str) -> None:
    async with beaver(build("1.0")) as client:
        with pytest.raises(WSServerHandshakeError) as raised:
            async with websocket(client, token):
                pass
        assert raised.value.status == 403


@pytest.mark.parametrize("silent", [False, True])
async def test_handshakes_that_are_never_answered(silent: bool) -> None:
    simulator = build("1.0")
    simulator.websocket_silent = silent
    async with beaver(simulator) as client:
        token = client.headers["Authorization"] if silent else "Bearer x"
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5), websocket(client, token):
                pass


@pytest.mark.parametrize(("size", "is_closed"), [(65_536, False), (65_537, True)])
async def test_a_subscription_of_more_than_64_kib_is_refused(
    size: int, is_closed: bool
) -> None:
    simulator = build("1.0")
    led = plug(simulator, "led_mode")
    start = f'{{"event_type":"Exchange","payload":{{"entity_key":["{led.key}","'
    frame = f"{start}{'x' * (size - len(start) - 4)}" + '"]}}'
    assert len(frame) == size
    async with beaver(simulator) as client, websocket(client) as socket:
        await socket.send_str(frame)
        if is_closed:
            assert (await socket.receive(timeout=5)).type is WSMsgType.CLOSE
            assert socket.close_code == 1009
        else:
            await subscribed(client, 1)


async def test_the_websocket_has_a_port_of_its_own_without_nginx() -> None:
    simulator = build("1.0")
    simulator.nginx = False
    led = plug(simulator, "led_mode")
    async with beaver(simulator) as client:
        with pytest.raises(WSServerHandshakeError):
            async with websocket(client):
                pass
        client.url = f"http://127.0.0.1:{simulator.notifier.websocket.port}"
        async with websocket(client) as socket:
            await subscribe(socket, led)
            await subscribed(client, 1)
            await simulator.notifier.announce([led])
            event = await socket.receive_json(timeout=5)
            assert event["payload"]["entity_key"] == [led.key]


async def test_a_broker_whose_port_alone_says_nothing() -> None:
    """Another server listens there, or a firewall; nginx forwards all the same."""
    simulator = build()
    simulator.mqtt_port_silent = True
    async with beaver(simulator) as client:
        silent = aiomqtt.Client("127.0.0.1", simulator.notifier.mqtt_port, timeout=0.3)
        with pytest.raises(aiomqtt.MqttError, match="timed out"):
            await silent.__aenter__()
        async with mqtt(client, websocket=True) as listener:
            await listener.subscribe(TOPIC)
            assert simulator.notifier.broker.subscriptions == [TOPIC]


async def test_there_is_no_websocket_since_1_2_2() -> None:
    async with beaver(build("1.2.2")) as client:
        with pytest.raises(WSServerHandshakeError) as raised:
            async with websocket(client):
                pass
        assert raised.value.status == 200
