"""Where the server's MQTT broker is, and how clients log in to it.

Source: docs/wire/milesight.md, Push.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from yarl import URL

from ..common.http import Json
from ..common.parse import as_integer, as_object, as_text


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerInfo:
    """The address of the broker; anything missing is the same as for the web page."""

    host: str | None
    mqtt_port: int | None
    mqtts_port: int | None
    ws_path: str
    ws_port: int | None
    wss_port: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerLogin:
    """The user name and password that all web clients of a tenant share."""

    client_id: str | None = field(repr=False)
    username: str = field(repr=False)
    password: str = field(repr=False)

    @property
    def exchange_topic(self) -> str:
        """Return the topic on which the server announces changed entities."""
        return f"beaver-iot/{self.username}/downlink/web/exchange"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerEndpoint:
    """A port of the broker, and the protocol that it speaks there."""

    host: str = field(repr=False)
    port: int
    transport: Literal["tcp", "websockets"]
    is_encrypted: bool

    def __str__(self) -> str:
        """Return the protocol, without the address."""
        return f"MQTT over {'TCP' if self.transport == 'tcp' else 'WebSocket'}"


def parse_broker_info(data: Json) -> BrokerInfo:
    """Parse the answer of mqtt/broker-info."""
    row = as_object(data)
    return BrokerInfo(
        host=as_text(row.get("host")),
        mqtt_port=as_integer(row.get("mqtt_port")),
        mqtts_port=as_integer(row.get("mqtts_port")),
        ws_path=as_text(row.get("ws_path")) or "/mqtt",
        ws_port=as_integer(row.get("ws_port")),
        wss_port=as_integer(row.get("wss_port")),
    )


def parse_broker_login(data: Json) -> BrokerLogin | None:
    """Parse the answer of mqtt/web/credentials; `None` if it has no credentials."""
    row = as_object(data)
    username, password = as_text(row.get("username")), as_text(row.get("password"))
    if username is None or password is None:
        return None
    return BrokerLogin(
        client_id=as_text(row.get("client_id")), username=username, password=password
    )


def broker_endpoints(info: BrokerInfo, url: URL) -> Iterator[BrokerEndpoint]:
    """Yield the endpoints of the broker, the most direct one first.

    Whatever the server does not report is taken from `url`, the address of the web
    page, whose nginx forwards WebSocket connections. If that is https, no endpoint is
    unencrypted.
    """
    is_encrypted = url.scheme == "https"
    host, web_port = info.host or url.host or "", url.port or 80
    tcp_port = info.mqtts_port if is_encrypted else info.mqtt_port
    ws_port = info.wss_port if is_encrypted else info.ws_port
    if tcp_port is not None:
        yield BrokerEndpoint(
            host=host, port=tcp_port, transport="tcp", is_encrypted=is_encrypted
        )
    yield BrokerEndpoint(
        host=host,
        port=ws_port or web_port,
        transport="websockets",
        is_encrypted=is_encrypted,
    )
