"""Poll the latest readings and notify their entities."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
import time
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..backends.base import BackendSpec, Latest
from ..backends.common.bounds import POLL_LIMIT, time_limit
from ..backends.errors import ONE_ENDPOINT_ERRORS, BackendError, DeviceOfflineError
from ..const import LOGGER
from ..coordinator import BackendCoordinator, InventoryCoordinator
from ..errors import StoppingError, async_error_text
from ..errors.stopping import ended_at_stop
from ..metering.memo import IdentityMemo
from ..metering.model import Kind, Point
from ..metering.scaling import with_factors
from ..registry.entries import polled_points
from ..registry.names import full_name
from .clock_check import ClockCheck
from .debounce import ReadDebouncer
from .remaining import RemainingReads
from .renewal import InventoryRenewal
from .schedule import PollGroups, PollSchedule
from .snapshot import LatestReadings, Snapshot

NOTIFIED_AT_ONCE = 50
"""The number of entities that are notified without yielding to the event loop: writing
their states takes about 4 ms. Notifying thousands at once would block for 300 ms."""


class ReadingsCoordinator(BackendCoordinator[Snapshot]):
    """Poll the latest reading of every point that has an enabled entity.

    Each point has its own poll interval; all points that are due are polled together.
    Those that failed are tried again at the backend's usual interval, and those that
    the backend had no time for are read in the background.
    """

    _is_answered = True
    """Whether the last poll got any answer, or had nothing to ask for."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        inventory: InventoryCoordinator,
        spec: BackendSpec,
    ) -> None:
        """Initialize the coordinator; every point is due at once."""
        super().__init__(
            hass,
            entry,
            inventory.backend,
            inventory.failures,
            subject="readings",
            interval=spec.poll_interval,
            always_update=False,
        )
        self._inventory = inventory
        self._default_interval = spec.poll_interval
        self._poll_limit = max(POLL_LIMIT, spec.poll_interval)
        self._schedule = PollSchedule(spec.poll_interval)
        self._latest = LatestReadings()
        self.clock_check = ClockCheck(spec.earliest)
        self._groups = IdentityMemo[PollGroups]()
        self._in_units = IdentityMemo[Latest]()
        self._notified: tuple[bool, Snapshot] | None = None
        self._debouncer = ReadDebouncer(
            hass, entry, self._read_points, f"{self.name} (single points)"
        )
        self.renewal = InventoryRenewal(
            hass, entry, inventory, self.async_request_refresh
        )
        self._remaining = RemainingReads(
            hass, entry, self._read_remaining, f"{self.name} (remaining points)"
        )

    @override
    async def async_request_refresh(self) -> None:
        """Poll all points, because a manual refresh expects fresh readings of all."""
        self.reset_schedule()
        # An automation may have asked for it, whose task Home Assistant does not end.
        with suppress(StoppingError):
            async with ended_at_stop(self.hass):
                await super().async_request_refresh()

    @callback
    def reset_schedule(self) -> None:
        """Make all points due at the next poll."""
        self._schedule.reset()

    @override
    async def async_shutdown(self) -> None:
        """Cancel all polls and reads."""
        await super().async_shutdown()
        self._debouncer.async_close()
        self.renewal.async_close()
        self._remaining.async_close()

    @property
    def pending(self) -> frozenset[str]:
        """Return the keys of the points that the last poll has still to read."""
        return self._remaining.keys

    def is_up_to_date(self, key: str) -> bool:
        """Return True if the latest poll succeeded for a point that the server has."""
        return (
            self.last_update_success
            and key in self._inventory.data.points
            and key not in self.data.unavailable
        )

    @property
    def read_count(self) -> int:
        """Return the number of reads that have started."""
        return self._latest.read_count

    def was_read_after(self, key: str, read_count: int) -> bool:
        """Return True if a point's reading is of a read that started after a count."""
        return self._latest.is_read_after(key, read_count)

    @callback
    @override
    def async_add_listener(
        self, update_callback: CALLBACK_TYPE, context: str | None = None
    ) -> Callable[[], None]:
        """Listen for changes of the point with the key `context`, or of all points."""
        self._groups.forget()
        remove = super().async_add_listener(update_callback, context)

        @callback
        def remove_listener() -> None:
            """Remove the listener, and with it maybe a point to poll."""
            self._groups.forget()
            remove()

        return remove_listener

    @callback
    def async_read_soon(self, keys: Iterable[str]) -> None:
        """Read these points within two seconds, except those without a listener.

        All points that are requested within a second are read together. Polling
        continues independently.
        """
        self._debouncer.async_add(keys)

    @override
    async def _fetch(self) -> Snapshot:
        """Read the points that are due, and return the latest readings of all."""
        shown = self.data
        groups = self._poll_groups()
        tick = self._schedule.tick(groups)
        # A timer may fire early or late; half an interval decides which poll it is.
        early = tick.total_seconds() / 2
        if due := self._schedule.due(groups, time.monotonic(), early):
            self._remaining.async_begin_poll(tick.total_seconds())
            try:
                await self._read_due(due, is_all=len(due) >= len(groups.points))
            except BackendError:
                # All readings are outdated by the time the server is back.
                self.reset_schedule()
                self._remaining.async_close()
                self.update_interval = min(tick, self._default_interval)
                raise
            await asyncio.sleep(0)
            self._remaining.async_schedule()
        self.update_interval = self._schedule.tick(groups)
        snapshot = self._latest.snapshot(groups.points, dt_util.utcnow(), shown)
        await self._report_points()
        if snapshot is shown and self.data is not shown:
            # A push changed the data during the poll and was outdated by it. The
            # caller compares with the data before the poll, so notify here.
            self.data = shown
            self.async_update_listeners()
        return snapshot

    @callback
    @override
    def _note_success(self) -> None:
        """Note that the server has answered, unless nothing that was due was."""
        if self._is_answered:
            super()._note_success()

    async def _read_due(self, due: Collection[Point], *, is_all: bool) -> None:
        """Read the points of a poll; raises BackendError if the whole server fails.

        If nothing that was read is answered, that is known only once all points were
        read. So the next poll reads all of them, unless the same ones failed before.
        """
        self._is_answered = True
        try:
            await self._read(due)
        except ONE_ENDPOINT_ERRORS as err:
            if is_all:
                raise
            self._is_answered = False
            failed = dict.fromkeys((point.key for point in due), err)
            is_new = not failed.keys() <= self._latest.failed.keys()
            self._merge(
                self._latest.start_read(), due, Latest(readings={}, failed=failed)
            )
            if is_new:
                self.reset_schedule()

    @callback
    @override
    def async_update_listeners(self) -> None:
        """Notify the listeners of changed points, or all when availability changed."""
        before, self._notified = self._notified, (self.last_update_success, self.data)
        listeners = [*self._listeners]
        if before is not None and before[0] == self.last_update_success:
            changes = self.data.changes(before[1])
            listeners = [
                listener
                for listener, (_, context) in self._listeners.items()
                if context in changes or context is None
            ]
        self.config_entry.async_create_task(
            self.hass, self._notify(listeners), f"{self.name} notification"
        )

    async def _notify(self, listeners: Sequence[int]) -> None:
        """Notify listeners, and yield to the event loop between batches.

        Listeners that were removed meanwhile are skipped.
        """
        for start in range(0, len(listeners), NOTIFIED_AT_ONCE):
            if start:
                await asyncio.sleep(0)
            self._tell(listeners[start : start + NOTIFIED_AT_ONCE])

    async def _read_points(self, keys: frozenset[str]) -> None:
        """Read points between polls, and show what changed; raises BackendError.

        Nothing is read while polls fail: only a poll reads everything that is outdated,
        so only a poll may make entities available again.
        """
        points = self._readable_points(keys.intersection(self.async_contexts()))
        if not points or not self.last_update_success:
            return
        await self._read(points)
        self._show(points)
        self._remaining.async_schedule()

    async def _read_remaining(self) -> None:
        """Read points that the last poll had no time for.

        After a failure, a poll of all points finds out whether the server is away.
        """
        keys = self._remaining.keys
        points = [point for point in self._poll_groups().points if point.key in keys]
        if not points or not self.last_update_success:
            self._remaining.async_close()
            return
        try:
            await self._read(points)
        except BackendError as err:
            LOGGER.debug("%s: remaining points: %s", self.name, err)
            self._remaining.async_close()
            await self.async_request_refresh()
            return
        now = dt_util.utcnow()
        self.data = self._latest.update_snapshot(self.data, points, now)
        self.async_update_listeners()

    @callback
    def _show(self, points: Collection[Point]) -> None:
        """Update the data of these points, and notify only their listeners."""
        before = self.data
        self.data = self._latest.update_snapshot(before, points, dt_util.utcnow())
        changes = self.data.changes(before)
        if self._notified is not None and self._notified[1] is before:
            self._notified = self._notified[0], self.data
        self._tell(
            [
                listener
                for listener, (_, context) in self._listeners.items()
                if context in changes
            ]
        )

    async def _read(self, points: Collection[Point]) -> None:
        """Read points and merge the result; raises BackendError."""
        number = self._latest.start_read()
        async with time_limit(self._poll_limit, "a poll"):
            latest = self._scaled(points, await self.backend.latest(points))
        pending = latest.pending
        self._remaining.async_note(points, pending)
        if pending:
            points = [point for point in points if point.key not in pending]
        now = dt_util.utcnow() + self.backend.clock_offset
        known = self._latest.readings
        latest = self.clock_check.possible(points, latest, known, now)
        self._merge(number, points, latest)
        self.renewal.async_check()

    def _merge(self, number: int, points: Collection[Point], latest: Latest) -> None:
        """Merge the result of a read, and note and log which points failed."""
        before = self._latest.failures
        self._latest.merge(number, points, latest)
        self._schedule.note_result(points, latest.failed.keys(), time.monotonic())
        self._log_failures(before, self._latest.failures)

    def _scaled(self, points: Collection[Point], latest: Latest) -> Latest:
        """Return the latest readings in the units of their points.

        A result that repeats the previous one is the same object, as it was.
        """

        def scale() -> Latest:
            """Multiply by the factors that the user said, if there are any."""
            readings = with_factors(latest.readings, points)
            if readings is latest.readings:
                return latest
            return replace(latest, readings=readings)

        return self._in_units.get(scale, points=points, latest=latest)

    def _poll_groups(self) -> PollGroups:
        """Return the points that have an enabled entity, grouped by poll interval."""

        def make_groups() -> PollGroups:
            """Group the points with listeners, or that get one after the first poll."""
            keys = set(self.async_contexts()) or {
                point.key
                for point in polled_points(self.hass, self.config_entry, inventory)
            }
            return PollGroups.of(self._readable_points(keys), self._default_interval)

        inventory = self._inventory.data
        return self._groups.get(make_groups, inventory=inventory)

    def _readable_points(self, keys: Iterable[str]) -> list[Point]:
        """Return the points with these keys, except actions, which have no value."""
        points = self._inventory.data.points
        return [
            point
            for key in keys
            if (point := points.get(key)) and point.kind is not Kind.ACTION
        ]

    async def _report_points(self) -> None:
        """Tell of points that could not be read for long; what is offline is shown."""
        failed = {
            key: error
            for key, error in self._latest.failed.items()
            if not isinstance(error, DeviceOfflineError)
        }
        count, due = self.failures.note_points(failed)
        if not due:
            return
        points = self._inventory.data.points
        names = [
            full_name(self.hass, self.config_entry, points[key])
            for key in due
            if key in points
        ]
        reason = await async_error_text(self.hass, failed[due[0]])
        self.failures.report_points(count, names, reason)

    def _log_failures(self, before: frozenset[str], now: frozenset[str]) -> None:
        """Log once when a part of the server fails, and once when all is back."""
        for reason in sorted(now - before):
            LOGGER.warning("%s: some readings are missing: %s", self.name, reason)
        if before and not now:
            LOGGER.info("%s: all readings are back", self.name)
