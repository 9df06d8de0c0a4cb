"""What the broker's address and login may be; other values are refused."""

from time import process_time

import pytest
from yarl import URL

from custom_components.metering_hub.backends.milesight.models import as_id, from_millis
from custom_components.metering_hub.backends.milesight.mqtt_broker import (
    broker_endpoints,
    parse_broker_info,
    parse_broker_login,
)
from custom_components.metering_hub.backends.milesight.push_mqtt import _announced_ids
from custom_components.metering_hub.backends.milesight.push_websocket import (
    _parse_event,
)
from simulators.faults import Fault, Json, MutateJson
from tests.simulators.milesight.conftest import build

from .conftest import Connect

MANY = "9" * 5000


@pytest.mark.parametrize("name", ["+", "#", "a+b", "team/#", "x" * 70_000, "", 5, None])
def test_names_that_no_topic_can_have(name: Json) -> None:
    """`+` alone would announce the changes of all tenants of the broker."""
    assert parse_broker_login({"username": name, "password": "secret"}) is None


def test_a_usual_login() -> None:
    login = parse_broker_login(
        {"username": "default@abc", "password": "a+b#", "client_id": None}
    )
    assert login is not None
    assert login.exchange_topic == "beaver-iot/default@abc/downlink/web/exchange"
    assert login.password == "a+b#"


@pytest.mark.parametrize("port", [0, -1, 65_536, 2**40, "x", True, None, [1883]])
def test_ports_that_are_none(port: Json) -> None:
    info = parse_broker_info({"host": "broker", "mqtt_port": port, "ws_port": port})
    found = list(broker_endpoints(info, URL("http://web:9000")))
    assert [each.port for each in found] == [9000]


@pytest.mark.parametrize("host", ["a\u0000b", "x" * 300, "..", "\u202ehost", " "])
async def test_a_host_that_cannot_be_one_is_no_end(connect: Connect, host: str) -> None:
    """The next address is tried; before, the watch died with a UnicodeError."""

    def change(answer: Json) -> Json:
        assert isinstance(answer, dict)
        data = answer["data"]
        assert isinstance(data, dict)
        return {**answer, "data": {**data, "host": host}}

    beaver = await connect(build(count=3))
    await beaver.inventory()
    fault = Fault(MutateJson(change), "/mqtt/broker-info")
    beaver.simulator.faults.add(fault)
    changes = beaver.backend.watch()
    assert await anext(changes) == frozenset()
    await changes.aclose()  # type: ignore[attr-defined]  # It is a generator.


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"[]",
        b'{"payload": [1]}',
        b'{"payload": {"entity_ids": {"1": 2}}}',
        b'{"payload": {"entity_ids": [true, null, 1.5, [], "x", "\\ud800"]}}',
        b'{"payload": {"entity_ids": [' + MANY.encode() + b"]}}",
        b"[" * 100_000,
        b"\xff\xfe",
        "text",
        None,
    ],
)
def test_announcements_that_name_nothing(payload: object) -> None:
    assert _announced_ids(payload) == []


def test_one_bad_id_costs_no_other() -> None:
    payload = b'{"payload": {"entity_ids": ["\\ud800", 1e400, "17", NaN, 18]}}'
    assert _announced_ids(payload) == ["17", "18"]


@pytest.mark.parametrize("text", ["", "[]", '"x"', "[" * 100_000, "{", "1e400"])
def test_frames_that_are_no_events(text: str) -> None:
    assert _parse_event(text) == {}


@pytest.mark.parametrize("value", [MANY, "\u0663", -1, 1.5, True, None, int("9" * 200)])
def test_ids_and_times_of_absurd_length(value: Json) -> None:
    begun = process_time()
    assert as_id(value) is None
    assert from_millis(value) is None
    assert process_time() - begun < 5


@pytest.mark.parametrize("millis", [253402300799000, 2**63, 7258118400000])
def test_times_after_all_clocks(millis: int) -> None:
    assert from_millis(millis) is None
    assert from_millis(str(millis)) is None
