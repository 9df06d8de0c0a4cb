"""aiomqtt's client, made to bear what a broken or hostile broker sends."""

from functools import partial
import logging
import ssl
from typing import override

from aiomqtt import Client
from aiomqtt.types import PahoSocket
from paho.mqtt.client import Client as PahoClient, MQTTMessage
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from .mqtt_broker import BrokerEndpoint, BrokerLogin
from .push_flood import Flood, Inbox


class MqttClient(Client):
    """A client that ignores messages with an impossible topic, and always closes."""

    def __init__(
        self,
        endpoint: BrokerEndpoint,
        login: BrokerLogin,
        context: ssl.SSLContext,
        flood: Flood,
        *,
        keepalive: int,
        timeout: float,
        logger: logging.Logger,
    ) -> None:
        """Initialize a client that is not connected yet.

        `flood` counts the messages that it will receive. `keepalive` and `timeout`
        are in seconds.
        """
        super().__init__(
            endpoint.host,
            endpoint.port,
            transport="tcp" if endpoint.path is None else "websockets",
            websocket_path=endpoint.path,
            tls_context=context if endpoint.is_encrypted else None,
            username=login.username,
            password=login.password,
            identifier=login.client_id,
            clean_session=True,
            keepalive=keepalive,
            timeout=timeout,
            logger=logger,
            queue_type=partial(Inbox, flood),  # type: ignore[arg-type]  # It is only called.
        )
        self._flood = flood

    @override
    def _on_message(
        self, client: PahoClient, userdata: object, message: MQTTMessage
    ) -> None:
        """Put a message into the queue, unless its topic can be none.

        aiomqtt refuses topics with wildcards or broken UTF-8 by a ValueError, which
        paho logs with the topic, and after which aiomqtt takes the connection for lost
        but goes on reading it.
        """
        try:
            super()._on_message(client, userdata, message)
        except ValueError:
            self._flood.count()

    @override
    def _on_subscribe(
        self,
        client: PahoClient,
        userdata: object,
        mid: int,
        reason_codes: list[ReasonCode],
        properties: Properties | None = None,
    ) -> None:
        """Take the answer to a subscription; aiomqtt logs a traceback of any other."""
        if mid in self._pending_subscribes:
            super()._on_subscribe(client, userdata, mid, reason_codes, properties)
        else:
            self._flood.count()

    @override
    def _on_unsubscribe(
        self,
        client: PahoClient,
        userdata: object,
        mid: int,
        reason_codes: list[ReasonCode],
        properties: Properties | None = None,
    ) -> None:
        """Ignore that a subscription has ended: none is ever ended."""
        self._flood.count()

    @override
    def _on_socket_register_write(
        self, client: PahoClient, userdata: object, sock: PahoSocket
    ) -> None:
        """Write as soon as the socket takes it, unless it is closed by then.

        aiomqtt would watch its number a moment later: asyncio logs an error if that is
        nobody's any more, and it may have become the number of another socket.
        """
        self._loop.call_soon_threadsafe(self._watch_for_writing, client, sock)

    def _watch_for_writing(self, client: PahoClient, sock: PahoSocket) -> None:
        """Write whenever an open socket takes it."""
        if sock.fileno() >= 0:
            self._loop.add_writer(sock.fileno(), self._write, client)

    def _write(self, client: PahoClient) -> None:
        """Write what is queued; a failure ends the connection."""
        try:
            client.loop_write()
        except (OSError, ValueError) as err:
            if not self._disconnected.done():
                self._disconnected.set_exception(err)

    def drop(self) -> None:
        """Close the connection if it is still open.

        After a packet that paho cannot parse, and after a connection that the broker
        does not confirm in time, aiomqtt leaves it open for as long as the broker does.
        """
        # paho has no public method that closes at once.
        self._client._sock_close()  # noqa: SLF001
