"""Push messages about changed entities.

Source: docs/wire/milesight.md, Push.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from itertools import count

from aiohttp import web
from orjson import dumps

from .auth import Sessions
from .knobs import Knobs
from .model import Entity
from .mqtt_broker import Broker
from .releases import MQTT_EXCHANGE, OLD_WEBSOCKET, V130
from .websocket import WebSocketPush
from .world import World, reporting

_MQTT_PORT = 1883
_CHECK_INTERVAL = 0.2
"""Seconds between checks for new reports of devices."""

_FLOOD_PART = 100


class Notifier:
    """Announces changed entities to subscribed clients."""

    def __init__(self, knobs: Knobs, world: World, sessions: Sessions) -> None:
        """Initialize without clients."""
        self._knobs = knobs
        self._world = world
        self._numbers = count(1)
        self._task: asyncio.Task[None] | None = None
        self.broker = Broker(knobs)
        self.websocket = WebSocketPush(knobs, sessions)

    @property
    def mqtt_port(self) -> int:
        """Return the port of the broker; the usual one if there is no broker."""
        return self.broker.port or _MQTT_PORT

    def next_client(self) -> int:
        """Return the number of the next web client."""
        return next(self._numbers)

    async def start(self, app: web.Application) -> None:
        """Open the ports of push and start to announce reports."""
        knobs = self._knobs
        if knobs.mqtt_port is not None and self.broker.port is None:
            await self.broker.start(knobs.mqtt_bind, knobs.mqtt_port)
        has_port = not knobs.nginx and OLD_WEBSOCKET.has(knobs.release)
        port = knobs.websocket_port if has_port else None
        if port is not None and self.websocket.port is None:
            await self.websocket.start(knobs.mqtt_bind, port)
        if self._task is None:
            self._task = asyncio.create_task(self._announce_reports())

    async def shut_down(self, app: web.Application) -> None:
        """Close all connections, so the server can stop immediately."""
        await self.drop()

    async def stop(self, app: web.Application) -> None:
        """Close the ports of push and stop announcing reports."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await self.broker.stop()
        await self.websocket.stop()

    async def drop(self) -> None:
        """Close the connections of all clients."""
        await self.broker.drop()
        await self.websocket.drop()

    async def announce(self, entities: Iterable[Entity]) -> None:
        """Announce entities with new values as one exchange."""
        knobs, release = self._knobs, self._knobs.release
        found = [entity for entity in entities if entity.template.since.has(release)]
        if V130.has(release):
            found = [entity for entity in found if entity.kind == "PROPERTY"]
        if not found or not knobs.push:
            return
        if OLD_WEBSOCKET.has(release):
            await self.websocket.announce(entity.key for entity in found)
        if MQTT_EXCHANGE.has(release):
            ids = [entity.id for entity in found]
            event = {"event_type": "EXCHANGE", "payload": {"entity_ids": ids}}
            topic = f"beaver-iot/web_mqtt@{knobs.tenant}/downlink/web/exchange"
            await self.broker.publish(topic, dumps(event))

    async def flood(self, messages: int, size: int = 0) -> None:
        """Send so many messages at once, which name nothing that anybody knows.

        `size` is how many more bytes each has. They are sent in parts, so their number
        is a multiple of a part.
        """
        event = {"event_type": "EXCHANGE", "payload": {"entity_ids": ["x" * size]}}
        topic = f"beaver-iot/web_mqtt@{self._knobs.tenant}/downlink/web/exchange"
        for _ in range(messages // _FLOOD_PART):
            await self.broker.publish(topic, dumps(event), _FLOOD_PART)
            await self.websocket.flood(_FLOOD_PART, size)

    async def _announce_reports(self) -> None:
        """Announce each report when it is due by the simulator's clock."""
        last = self._knobs.now
        while True:
            await asyncio.sleep(_CHECK_INTERVAL)
            now = self._knobs.now
            for device in list(self._world.devices.values()):
                due = device.grid.floor(now) > last
                if due and len(device.reports(max(last + 1, device.created), now)):
                    await self.announce(reporting(device))
            last = max(last, now)
