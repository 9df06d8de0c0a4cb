"""What is pushed, and to whom: ../shared/wire/milesight.md §8."""

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
"""Seconds between two looks at whether a device has reported."""


class Notifier:
    """Announces changed entities to whoever listens."""

    def __init__(self, knobs: Knobs, world: World, sessions: Sessions) -> None:
        """Start without listeners."""
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
        """Open the broker's port and begin to announce reports."""
        knobs = self._knobs
        if knobs.mqtt_port is not None and self.broker.port is None:
            await self.broker.start(knobs.mqtt_bind, knobs.mqtt_port)
        if self._task is None:
            self._task = asyncio.create_task(self._announce_reports())

    async def shut_down(self, app: web.Application) -> None:
        """End all connections, so that the server can stop at once."""
        await self.drop()

    async def stop(self, app: web.Application) -> None:
        """Close the broker's port and announce nothing more."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await self.broker.stop()

    async def drop(self) -> None:
        """End all connections of listeners."""
        await self.broker.drop()
        await self.websocket.drop()

    async def announce(self, entities: Iterable[Entity]) -> None:
        """Tell the listeners that entities have new values: one exchange."""
        knobs, release = self._knobs, self._knobs.release
        found = [one for one in entities if one.template.since.has(release)]
        if V130.has(release):
            found = [one for one in found if one.kind == "PROPERTY"]
        if not found or not knobs.push:
            return
        if OLD_WEBSOCKET.has(release):
            await self.websocket.announce(one.key for one in found)
        if MQTT_EXCHANGE.has(release):
            ids = [one.id for one in found]
            event = {"event_type": "EXCHANGE", "payload": {"entity_ids": ids}}
            topic = f"beaver-iot/web_mqtt@{knobs.tenant}/downlink/web/exchange"
            await self.broker.publish(topic, dumps(event))

    async def _announce_reports(self) -> None:
        """Announce each report as it comes, by the simulator's own clock."""
        last = self._knobs.now
        while True:
            await asyncio.sleep(_CHECK_INTERVAL)
            now = self._knobs.now
            for device in list(self._world.devices.values()):
                due = device.grid.floor(now) > last
                if due and len(device.reports(max(last + 1, device.created), now)):
                    await self.announce(reporting(device))
            last = max(last, now)
