"""Read later what a poll had no time for, spread over the poll interval."""

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
import math

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from ..metering.model import Point

SPREAD_OVER = 0.8
"""The part of a poll interval in which all points of the poll are read."""


class RemainingReads:
    """The points that a read had no time for, and the timer of the next read.

    Points that have never been read are read at once, one part after the other. Later
    polls leave the server a pause after each part.
    """

    def __init__[Data](
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Data],
        read: Callable[[], Awaitable[None]],
        name: str,
    ) -> None:
        """Initialize without points; `read` reads `keys` and raises nothing."""
        self._hass = hass
        self._create_task = entry.async_create_background_task
        self._read = read
        self._name = name
        self._cancel_timer: CALLBACK_TYPE | None = None
        self._is_reading = False
        self._has_read_all = False
        self._part_size = 1
        self._until = 0.0
        self.keys: frozenset[str] = frozenset()
        """The keys of the points that are still to be read."""

    @callback
    def async_begin_poll(self, interval: float) -> None:
        """Begin a poll, whose interval is in seconds."""
        self._until = self._hass.loop.time() + SPREAD_OVER * interval

    @callback
    def async_note(self, points: Collection[Point], pending: frozenset[str]) -> None:
        """Note which points a read was for, and which of them it has left."""
        if self.keys or pending:
            self.keys = self.keys.difference(point.key for point in points) | pending
            self._part_size = max(1, len(points) - len(pending))
        if not self.keys:
            self._has_read_all = True

    @callback
    def async_schedule(self) -> None:
        """Schedule the next part, unless one is scheduled or running already."""
        if not self.keys or self._is_reading or self._cancel_timer is not None:
            return
        pause = 0.0
        if self._has_read_all:
            parts = math.ceil(len(self.keys) / self._part_size)
            pause = max(0.0, self._until - self._hass.loop.time()) / (parts + 1)
        job = HassJob(self._start_read, self._name, cancel_on_shutdown=True)
        self._cancel_timer = async_call_later(self._hass, pause, job)

    @callback
    def async_close(self) -> None:
        """Forget the points and cancel the next read."""
        self.keys = frozenset()
        if self._cancel_timer is not None:
            self._cancel_timer()
            self._cancel_timer = None

    @callback
    def _start_read(self, _now: datetime) -> None:
        """Read the next part in the background."""
        self._cancel_timer = None
        self._is_reading = True
        self._create_task(self._hass, self._read_part(), self._name)

    async def _read_part(self) -> None:
        """Read the next part, then schedule the one after it."""
        try:
            await self._read()
        finally:
            self._is_reading = False
        self.async_schedule()
