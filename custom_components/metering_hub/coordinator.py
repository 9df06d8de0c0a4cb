"""When a server is asked: for what it has once an hour, for readings all the time."""

from abc import abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
import time
from typing import TYPE_CHECKING, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from .backends.base import Backend, Identity
from .backends.errors import BackendError, UnsupportedError
from .const import DOMAIN, LOGGER
from .errors import as_update_error
from .gatherer import Gatherer
from .identifiers import platform_of, point_unique_id
from .memory import BackendMemory
from .model import Inventory, Kind, Point
from .registry import Registrar
from .selection import selected_devices
from .snapshot import Answers, Snapshot

if TYPE_CHECKING:
    from .history.coordinator import HistoryCoordinator
    from .push import PushCoordinator

INVENTORY_INTERVAL = timedelta(hours=1)


@dataclass(kw_only=True)
class RuntimeData:
    """What a loaded config entry holds."""

    backend: Backend
    memory: BackendMemory
    inventory: InventoryCoordinator
    readings: ReadingsCoordinator
    registrar: Registrar
    history: HistoryCoordinator | None
    push: PushCoordinator | None


type MeteringHubConfigEntry = ConfigEntry[RuntimeData]


class BackendCoordinator[Data](DataUpdateCoordinator[Data]):
    """A coordinator that asks a backend, and tells a person what stands in the way."""

    config_entry: MeteringHubConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: MeteringHubConfigEntry,
        backend: Backend,
        *,
        what: str,
        interval: timedelta,
        always_update: bool,
    ) -> None:
        """Prepare to ask `backend`; `what` names the subject in the log."""
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=f"{entry.title} {what}",
            update_interval=interval,
            always_update=always_update,
        )
        self.backend = backend

    @abstractmethod
    async def _fetch(self) -> Data:
        """Ask the backend; raises BackendError."""

    @override
    async def _async_update_data(self) -> Data:
        """Ask the backend, with its errors turned into Home Assistant's."""
        with self._errors_translated():
            return await self._fetch()

    @contextmanager
    def _errors_translated(self) -> Iterator[None]:
        try:
            yield
        except BackendError as err:
            if isinstance(err, UnsupportedError):
                report_unsupported(self.hass, self.config_entry, err.reason)
            raise as_update_error(err) from err
        forget_unsupported(self.hass, self.config_entry)


def report_unsupported(
    hass: HomeAssistant, entry: MeteringHubConfigEntry, reason: str
) -> None:
    """Raise a repair issue for what only a person can change at the server."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"unsupported_{entry.entry_id}",
        is_fixable=False,
        severity=ir.IssueSeverity.ERROR,
        translation_key=reason,
        translation_placeholders={"title": entry.title},
    )


def forget_unsupported(hass: HomeAssistant, entry: MeteringHubConfigEntry) -> None:
    """Drop the repair issue, if there is one."""
    ir.async_delete_issue(hass, DOMAIN, f"unsupported_{entry.entry_id}")


class InventoryCoordinator(BackendCoordinator[Inventory]):
    """The devices and points that a person chose, as the server has them now.

    `found` is the whole inventory, the unchosen part included.
    """

    identity: Identity
    found: Inventory

    def __init__(
        self, hass: HomeAssistant, entry: MeteringHubConfigEntry, backend: Backend
    ) -> None:
        """Prepare to ask once an hour."""
        super().__init__(
            hass,
            entry,
            backend,
            what="inventory",
            interval=INVENTORY_INTERVAL,
            # What stays away is counted, so that every answer matters.
            always_update=True,
        )

    @override
    async def _async_setup(self) -> None:
        """Log in."""
        with self._errors_translated():
            self.identity = await self.backend.connect()

    @override
    async def _fetch(self) -> Inventory:
        """Return the chosen part of the server's inventory."""
        self.found = await self.backend.inventory()
        chosen = selected_devices(self.found, self.config_entry.options)
        return self.found.select(chosen)


class ReadingsCoordinator(BackendCoordinator[Snapshot]):
    """The newest reading of every point that somebody looks at.

    Points are asked for as often as they ask to be, in one tick for all that are due.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: MeteringHubConfigEntry,
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
        self._asked: dict[str, float] = {}
        self._answers = Answers()
        self._gatherer = Gatherer(
            hass, entry, self._read_listened, f"{self.name} in between"
        )

    @override
    async def async_request_refresh(self) -> None:
        """Ask for everything anew: a person who asks wants no reading of the past."""
        self._asked.clear()
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
        self.update_interval = min(
            map(self._interval, wanted), default=self._default_interval
        )
        if due := self._due_points(wanted):
            try:
                await self._ask(due)
            except BackendError:
                # Once the server is back, nothing that was read before counts.
                self._asked.clear()
                raise
        snapshot = self._answers.snapshot(wanted, dt_util.utcnow())
        if snapshot == shown and self.data is not shown:
            # The caller sees no change then; what was shown in between would stay.
            self.data = snapshot
            self.async_update_listeners()
        return snapshot

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
        changed = {
            point.key
            for point in points
            if self.data.says_of(point.key) != before.says_of(point.key)
        }
        for update, context in list(self._listeners.values()):
            if context in changed:
                update()

    async def _ask(self, points: Collection[Point]) -> None:
        """Ask for these points, and take over the answer; raises BackendError."""
        number = self._answers.begin()
        latest = await self.backend.latest(points)
        before = self._answers.failures
        self._answers.take(number, points, latest)
        self._log_failures(before, self._answers.failures)

    def _wanted_points(self) -> list[Point]:
        """Return the points that entities listen to, or will at the first refresh."""
        if listening := set(self.async_contexts()):
            return self._readable(listening)
        return list(filter(self._will_listen, self._readable(self._points)))

    @property
    def _points(self) -> Mapping[str, Point]:
        return self._inventory.data.points

    def _readable(self, keys: Iterable[str]) -> list[Point]:
        """Return the named points; what can only be done has nothing to read."""
        return [
            point
            for key in keys
            if (point := self._points.get(key)) and point.kind is not Kind.ACTION
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

    def _interval(self, point: Point) -> timedelta:
        return point.poll_interval or self._default_interval

    def _due_points(self, wanted: Iterable[Point]) -> list[Point]:
        """Return the points to ask for now, and take note that they were."""
        now = time.monotonic()
        # A tick comes a little early or late; half of one decides which is meant.
        tick = (self.update_interval or self._default_interval).total_seconds() / 2
        due = [
            point
            for point in wanted
            if (asked := self._asked.get(point.key)) is None
            or now - asked + tick >= self._interval(point).total_seconds()
        ]
        self._asked.update((point.key, now) for point in due)
        return due

    def _log_failures(self, before: frozenset[str], now: frozenset[str]) -> None:
        """Log once when a part of the server stops answering, and when it is back."""
        for reason in sorted(now - before):
            LOGGER.warning("%s: some readings are missing: %s", self.name, reason)
        if before and not now:
            LOGGER.info("%s: all readings are back", self.name)
