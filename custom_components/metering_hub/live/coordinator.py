"""When readings are asked for, and who is told of them."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import timedelta
import time
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from ..backends.errors import BackendError
from ..const import DOMAIN, LOGGER
from ..coordinator import BackendCoordinator, InventoryCoordinator
from ..identifiers import platform_of, point_unique_id
from ..metering.model import Inventory, Kind, Point
from .debounce import Gatherer
from .schedule import Rounds, Wanted
from .snapshot import Answers, Snapshot

TOLD_AT_ONCE = 50
"""How many entities are told of news in one go: their states are written in about 4 ms.
Of thousands, all at once would hold the event loop for a third of a second."""


class ReadingsCoordinator(BackendCoordinator[Snapshot]):
    """The newest reading of every point that somebody looks at.

    Points are asked for as often as they ask to be, in one tick for all that are due.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        inventory: InventoryCoordinator,
        default_interval: timedelta,
    ) -> None:
        """Prepare to ask as often as the busiest point needs."""
        super().__init__(
            hass,
            entry,
            inventory.backend,
            what="readings",
            interval=default_interval,
            always_update=False,
        )
        self._inventory = inventory
        self._default_interval = default_interval
        self._rounds = Rounds()
        self._answers = Answers()
        self._wanted: tuple[Inventory, Wanted] | None = None
        self._told: tuple[bool, Snapshot] | None = None
        self._gatherer = Gatherer(
            hass, entry, self._read_listened, f"{self.name} in between"
        )

    @override
    async def async_request_refresh(self) -> None:
        """Ask for everything anew: a person who asks wants no reading of the past."""
        self._rounds.forget()
        await super().async_request_refresh()

    @override
    async def async_shutdown(self) -> None:
        """Ask for nothing any more."""
        await super().async_shutdown()
        self._gatherer.async_close()

    @property
    def asked(self) -> int:
        """Return how often the server was asked for readings until now."""
        return self._answers.asked

    def was_asked_after(self, key: str, asked: int) -> bool:
        """Tell whether what is known of a point was asked for after `asked` times."""
        return self._answers.is_later(key, asked)

    @callback
    @override
    def async_add_listener(
        self, update_callback: CALLBACK_TYPE, context: str | None = None
    ) -> Callable[[], None]:
        """Listen for news of a point, which is its key, or of everything."""
        self._wanted = None
        remove = super().async_add_listener(update_callback, context)

        @callback
        def stop_listening() -> None:
            self._wanted = None
            remove()

        return stop_listening

    @callback
    def async_read_soon(self, keys: Iterable[str]) -> None:
        """Read those of these points within two seconds that somebody listens to.

        All that is wanted within one second is read together, by one `latest`; the
        polling goes on beside it.
        """
        self._gatherer.async_add(keys)

    @override
    async def _fetch(self) -> Snapshot:
        """Return the newest readings, of which only those that are due are asked."""
        shown = self.data
        wanted = self._wanted_points()
        self.update_interval = min(wanted.groups, default=self._default_interval)
        # A tick comes a little early or late; half of one decides which is meant.
        early = self.update_interval.total_seconds() / 2
        if due := self._rounds.due(wanted, time.monotonic(), early):
            try:
                await self._ask(due)
            except BackendError:
                # Once the server is back, nothing that was read before counts.
                self._rounds.forget()
                raise
            await asyncio.sleep(0)
        snapshot = self._answers.snapshot(wanted.points, dt_util.utcnow(), shown)
        if snapshot is shown and self.data is not shown:
            # The caller sees no change then; what was shown in between would stay.
            self.data = shown
            self.async_update_listeners()
        return snapshot

    @callback
    @override
    def async_update_listeners(self) -> None:
        """Tell those for whom there is news; the first few at once, others in turns.

        All are told where polls begin to fail, or to work again.
        """
        told, self._told = self._told, (self.last_update_success, self.data)
        listeners = [*self._listeners]
        if told is not None and told[0] == self.last_update_success:
            changes = self.data.changes(told[1])
            listeners = [
                number
                for number, (_, context) in self._listeners.items()
                if context in changes or context is None
            ]
        self.config_entry.async_create_task(
            self.hass, self._tell(listeners), f"{self.name} telling"
        )

    async def _tell(self, listeners: Sequence[int]) -> None:
        """Tell some who listen, and let everything else have a turn now and then.

        Who is gone by the time of their turn is left out.
        """
        for number, listener in enumerate(listeners, start=1):
            if known := self._listeners.get(listener):
                known[0]()
            if number % TOLD_AT_ONCE == 0 and number < len(listeners):
                await asyncio.sleep(0)

    async def _read_listened(self, keys: frozenset[str]) -> None:
        """Read those of the named points that entities listen to; show what is new.

        While polls fail, nothing is read: only a poll can say that the server is back,
        because only a poll reads everything that has become old.
        """
        points = self._readable(keys.intersection(self.async_contexts()))
        if not points or not self.last_update_success:
            return
        await self._ask(points)
        self._show_of(points)

    @callback
    def _show_of(self, points: Collection[Point]) -> None:
        """Show what is known of these points, and tell only those who look at them."""
        before = self.data
        self.data = self._answers.renewed(before, points, dt_util.utcnow())
        changes = self.data.changes(before)
        if self._told is not None and self._told[1] is before:
            self._told = self._told[0], self.data
        for update, context in list(self._listeners.values()):
            if context in changes:
                update()

    async def _ask(self, points: Collection[Point]) -> None:
        """Ask for these points, and take over the answer; raises BackendError."""
        number = self._answers.begin()
        latest = await self.backend.latest(points)
        before = self._answers.failures
        self._answers.take(number, points, latest)
        self._log_failures(before, self._answers.failures)

    def _wanted_points(self) -> Wanted:
        """Return the points that entities listen to, or will at the first refresh."""
        inventory = self._inventory.data
        if self._wanted is not None and self._wanted[0] is inventory:
            return self._wanted[1]
        if listening := set(self.async_contexts()):
            wanted = Wanted.of(self._readable(listening), self._default_interval)
            self._wanted = inventory, wanted
            return wanted
        points = filter(self._will_listen, self._readable(inventory.points))
        return Wanted.of(points, self._default_interval)

    def _readable(self, keys: Iterable[str]) -> list[Point]:
        """Return the named points; what can only be done has nothing to read."""
        points = self._inventory.data.points
        return [
            point
            for key in keys
            if (point := points.get(key)) and point.kind is not Kind.ACTION
        ]

    def _will_listen(self, point: Point) -> bool:
        registry = er.async_get(self.hass)
        entity_id = registry.async_get_entity_id(
            platform_of(point),
            DOMAIN,
            point_unique_id(self.config_entry, point.key),
        )
        if entity_id is None or (entity := registry.async_get(entity_id)) is None:
            return point.enabled_default
        return not entity.disabled

    def _log_failures(self, before: frozenset[str], now: frozenset[str]) -> None:
        """Log once when a part of the server stops answering, and when it is back."""
        for reason in sorted(now - before):
            LOGGER.warning("%s: some readings are missing: %s", self.name, reason)
        if before and not now:
            LOGGER.info("%s: all readings are back", self.name)
