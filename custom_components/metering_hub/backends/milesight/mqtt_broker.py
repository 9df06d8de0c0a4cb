"""Where the server's MQTT broker is, and how clients log in to it.

Source: docs/wire/milesight.md, Push.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from yarl import URL

from ..common.http import Json
from ..common.parse import as_integer, as_object, as_text, as_whole_text

_MOST_CHARACTERS = 10_000
"""A field of an MQTT packet has at most 65,535 bytes."""

_WILDCARDS = frozenset("+#")
"""Characters that no topic can have, and so no name of a user in one: the broker would
announce the changes of other tenants, or refuse the topic."""


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
    """A port of the broker; `path` is that of a WebSocket, `None` for TCP."""

    host: str = field(repr=False)
    port: int
    path: str | None
    is_encrypted: bool

    @property
    def url(self) -> URL:
        """Return the address of the WebSocket."""
        scheme = "wss" if self.is_encrypted else "ws"
        path = self.path or "/"
        return URL.build(scheme=scheme, host=self.host, port=self.port, path=path)

    def __str__(self) -> str:
        """Return the protocol and port, without the host."""
        protocol = "TCP" if self.path is None else "WebSocket"
        return f"MQTT over {protocol}, port {self.port}"


def parse_broker_info(data: Json) -> BrokerInfo:
    """Parse the answer of mqtt/broker-info."""
    row = as_object(data)
    return BrokerInfo(
        host=as_text(row.get("host")),
        mqtt_port=_port(row, "mqtt_port"),
        mqtts_port=_port(row, "mqtts_port"),
        ws_path=f"/{(as_text(row.get('ws_path')) or 'mqtt').lstrip('/')}",
        ws_port=_port(row, "ws_port"),
        wss_port=_port(row, "wss_port"),
    )


def parse_broker_login(data: Json) -> BrokerLogin | None:
    """Parse the answer of mqtt/web/credentials; `None` if it has no credentials."""
    row = as_object(data)
    username, password = _credential(row, "username"), _credential(row, "password")
    if username is None or password is None or _WILDCARDS & {*username}:
        return None
    return BrokerLogin(
        client_id=_credential(row, "client_id"), username=username, password=password
    )


def _credential(row: dict[str, Json], name: str) -> str | None:
    """Return a text that fits into the packet with which a client logs in."""
    return as_whole_text(row.get(name), _MOST_CHARACTERS)


def _port(row: dict[str, Json], name: str) -> int | None:
    """Return a port, if it can be one."""
    port = as_integer(row.get(name))
    return port if port is not None and 0 < port < 65_536 else None


def broker_endpoints(info: BrokerInfo, url: URL) -> Iterator[BrokerEndpoint]:
    """Yield the endpoints of the broker, the most direct one first.

    `url` is the address of the web page, whose nginx forwards WebSocket connections. It
    may be the only port that is published, although the server reports others. If it is
    https, no endpoint is unencrypted.
    """
    is_encrypted = url.scheme == "https"
    web_host = url.host or ""
    host = info.host or web_host
    places = {
        (host, info.mqtts_port if is_encrypted else info.mqtt_port, None): None,
        (host, info.wss_port if is_encrypted else info.ws_port, info.ws_path): None,
        (web_host, url.port, info.ws_path): None,
    }
    for place_host, port, path in places:
        if port is not None:
            yield BrokerEndpoint(
                host=place_host, port=port, path=path, is_encrypted=is_encrypted
            )
