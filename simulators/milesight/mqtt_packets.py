"""The packets of MQTT 3.1.1, as far as a broker of QoS 0 needs them.

Chapters: the OASIS standard of 2014-10-29. Numbers are big-endian; texts and passwords
are preceded by a length of two bytes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

_LARGEST = 1 << 20
_LENGTH_BYTES = 4
_QOS_REFUSED = 0x80


class Kind(IntEnum):
    """The types of packets (2.2.1)."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    SUBSCRIBE = 8
    SUBACK = 9
    UNSUBSCRIBE = 10
    UNSUBACK = 11
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14


class Refusal(IntEnum):
    """The return codes of CONNACK (3.2.2.3)."""

    NONE = 0
    PROTOCOL = 1
    CREDENTIALS = 4
    NOT_AUTHORIZED = 5


class PacketError(Exception):
    """The data are not valid MQTT, or not accepted here."""


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet: its type, the flags of its first byte, and its body."""

    kind: int
    flags: int
    body: bytes


class PacketReader:
    """Splits the data of a connection into packets."""

    def __init__(self) -> None:
        """Initialize with an empty buffer."""
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Packet]:
        """Yield the packets that are complete with this data; raise PacketError."""
        self._buffer += data
        while (ends := self._ends()) is not None:
            start, end = ends
            first = self._buffer[0]
            body = bytes(self._buffer[start:end])
            del self._buffer[:end]
            yield Packet(first >> 4, first & 15, body)

    def _ends(self) -> tuple[int, int] | None:
        """Return where the body of the first packet is; None if it is incomplete."""
        length = 0
        for index, byte in enumerate(self._buffer[1 : 1 + _LENGTH_BYTES]):
            length |= (byte & 127) << 7 * index
            if byte < 128:
                if length > _LARGEST:
                    raise PacketError("Packet too large")
                start = index + 2
                whole = start + length <= len(self._buffer)
                return (start, start + length) if whole else None
        if len(self._buffer) > _LENGTH_BYTES:
            raise PacketError("Length too long")
        return None


class _Fields:
    """The fields of a body, read one after the other."""

    def __init__(self, body: bytes) -> None:
        """Initialize with the whole body."""
        self.rest = body

    def take(self, size: int) -> bytes:
        """Return the next bytes; raise PacketError if there are too few."""
        if len(self.rest) < size:
            raise PacketError("Packet too short")
        part, self.rest = self.rest[:size], self.rest[size:]
        return part

    def number(self, size: int) -> int:
        """Return the next bytes as a number."""
        return int.from_bytes(self.take(size))

    def data(self) -> bytes:
        """Return the next bytes that are preceded by their length."""
        return self.take(self.number(2))

    def text(self) -> str:
        """Return the next text; raise PacketError if it is not UTF-8."""
        try:
            return self.data().decode()
        except UnicodeDecodeError as error:
            raise PacketError("Text is not UTF-8") from error


@dataclass(frozen=True, slots=True)
class Connect:
    """The first packet of a client (3.1); `keepalive` in seconds, 0 disables it."""

    protocol: str
    level: int
    keepalive: int
    client_id: str
    username: str
    password: str = field(repr=False)


def parse_connect(body: bytes) -> Connect:
    """Return the fields of CONNECT; raise PacketError."""
    fields = _Fields(body)
    protocol, level = fields.text(), fields.number(1)
    flags, keepalive = fields.number(1), fields.number(2)
    if level > 4:
        # MQTT 5 continues with properties, but is refused before they matter.
        return Connect(protocol, level, keepalive, "", "", "")
    client_id = fields.text()
    if flags & 0x04:  # A will: its topic and message.
        fields.text()
        fields.data()
    username = fields.text() if flags & 0x80 else ""
    password = fields.text() if flags & 0x40 else ""
    return Connect(protocol, level, keepalive, client_id, username, password)


def parse_subscribe(body: bytes) -> tuple[int, list[str]]:
    """Return the packet id and the topic filters of SUBSCRIBE; raise PacketError."""
    fields, filters = _Fields(body), list[str]()
    packet_id = fields.number(2)
    while fields.rest:
        filters.append(fields.text())
        fields.take(1)
    return packet_id, filters


def parse_unsubscribe(body: bytes) -> tuple[int, list[str]]:
    """Return the packet id and the topic filters of UNSUBSCRIBE; raise PacketError."""
    fields, filters = _Fields(body), list[str]()
    packet_id = fields.number(2)
    while fields.rest:
        filters.append(fields.text())
    return packet_id, filters


def connack(code: Refusal) -> bytes:
    """Return the answer to CONNECT; there are no sessions to resume."""
    return packet_of(Kind.CONNACK, bytes((0, code)))


def suback(packet_id: int, granted: list[bool]) -> bytes:
    """Return the answer to SUBSCRIBE: QoS 0 or a refusal for each filter."""
    codes = bytes(0 if one else _QOS_REFUSED for one in granted)
    return packet_of(Kind.SUBACK, packet_id.to_bytes(2) + codes)


def unsuback(packet_id: int) -> bytes:
    """Return the answer to UNSUBSCRIBE."""
    return packet_of(Kind.UNSUBACK, packet_id.to_bytes(2))


def pingresp() -> bytes:
    """Return the answer to PINGREQ."""
    return packet_of(Kind.PINGRESP, b"")


def publish(topic: str, payload: bytes) -> bytes:
    """Return a message of QoS 0, not retained."""
    name = topic.encode()
    return packet_of(Kind.PUBLISH, len(name).to_bytes(2) + name + payload)


def packet_of(kind: Kind, body: bytes) -> bytes:
    """Return a packet with its type and length."""
    length, rest = bytearray(), len(body)
    while True:
        rest, digit = rest >> 7, rest & 127
        length.append(digit | (128 if rest else 0))
        if not rest:
            return bytes((kind << 4, *length)) + body


def matches(topic_filter: str, topic: str) -> bool:
    """Return True if a filter, possibly with + and #, covers a topic (4.7)."""
    wanted, given = topic_filter.split("/"), topic.split("/")
    for index, part in enumerate(wanted):
        if part == "#":
            return True
        if index >= len(given) or part not in ("+", given[index]):
            return False
    return len(wanted) == len(given)
