"""Splitting and parsing the packets of MQTT 3.1.1."""

from hypothesis import given, strategies as st
import pytest

from simulators.milesight.mqtt_packets import (
    Kind,
    PacketError,
    PacketReader,
    Refusal,
    connack,
    matches,
    parse_connect,
    parse_subscribe,
    publish,
    suback,
)

# CONNECT of the standard's figure 3.6: level 4, user name, password, keepalive 10 s.
HEAD = b"\x00\x04MQTT\x04\xc2\x00\x0a"


@given(st.lists(st.binary(max_size=400), max_size=5), st.integers(1, 50))
def test_packets_survive_any_cutting(payloads: list[bytes], size: int) -> None:
    stream = b"".join(publish("a/b", payload) for payload in payloads)
    reader = PacketReader()
    found = [
        packet
        for start in range(0, len(stream), size)
        for packet in reader.feed(stream[start : start + size])
    ]
    assert [packet.kind for packet in found] == [Kind.PUBLISH] * len(payloads)
    assert [packet.body for packet in found] == [b"\0\3a/b" + one for one in payloads]


@pytest.mark.parametrize("length", [0, 127, 128, 16_383, 16_384, 100_000])
def test_lengths_of_one_to_three_bytes(length: int) -> None:
    packet = publish("", bytes(length))
    (found,) = PacketReader().feed(packet)
    assert len(found.body) == length + 2


@pytest.mark.parametrize("data", [b"\x30\xff\xff\xff\xff\x01", b"\x30\xff\xff\xff\x7f"])
def test_lengths_that_are_too_long(data: bytes) -> None:
    with pytest.raises(PacketError):
        list(PacketReader().feed(data))


def test_connect() -> None:
    connect = parse_connect(HEAD + b"\0\2id\0\4user\0\6secret")
    assert (connect.client_id, connect.username) == ("id", "user")
    assert (connect.password, connect.keepalive) == ("secret", 10)
    assert "secret" not in repr(connect)
    will = b"\x00\x04MQTT\x04\x06\x00\x0a\0\2id\0\1t\0\1m"
    assert parse_connect(will).client_id == "id"
    assert parse_connect(b"\0\4MQTT\5\xc2\0\x0a\0").level == 5


@pytest.mark.parametrize("body", [b"", b"\0\4MQ", HEAD, HEAD + b"\0\2\xff\xfe\0\0\0\0"])
def test_connect_that_is_none(body: bytes) -> None:
    with pytest.raises(PacketError):
        parse_connect(body)


def test_subscribe() -> None:
    assert parse_subscribe(b"\0\7\0\1a\1\0\3b/#\0") == (7, ["a", "b/#"])
    with pytest.raises(PacketError):
        parse_subscribe(b"\0\7\0\1a")
    assert suback(7, [True, False]) == b"\x90\4\0\7\0\x80"
    assert connack(Refusal.CREDENTIALS) == b"\x20\2\0\4"


@pytest.mark.parametrize(
    ("topic_filter", "topic", "covered"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/b/c", False),
        ("a/+/c", "a/b/c", True),
        ("a/+", "a", False),
        ("a/#", "a/b/c", True),
        ("a/#", "a", True),
        ("#", "a/b", True),
        ("a/b/c", "a/b", False),
    ],
)
def test_topic_filters(topic_filter: str, topic: str, covered: bool) -> None:
    assert matches(topic_filter, topic) is covered
