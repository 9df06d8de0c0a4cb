"""Combine requests to read single points into at most one read per second."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
import logging

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from ..backends.errors import BackendError
from ..const import LOGGER

DEBOUNCE_SECONDS = 1.0
"""The time for which keys are collected, and the pause between two reads."""
FAILURE_PAUSE_SECONDS = 10.0
"""The pause after a failed read, unless the server asks for a certain pause."""


class ReadDebouncer:
    """Collect the keys of points for a second, then read them together.

    Reads never overlap. Unlike Home Assistant's `Debouncer`, this passes on what was
    collected and respects the pause that a failing server asks for. The keys of a
    failed read are dropped, because polling continues and covers them. The first
    failure is logged, as otherwise nobody would know why changes come late.
    """

    def __init__[Data](
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Data],
        read: Callable[[frozenset[str]], Awaitable[None]],
        name: str,
    ) -> None:
        """Initialize the debouncer.

        `read` may raise only BackendError; `name` names the read in the log.
        """
        self._hass = hass
        self._create_task = entry.async_create_background_task
        self._read = read
        self._name = name
        self._keys: set[str] = set()
        self._cancel_timer: CALLBACK_TYPE | None = None
        self._not_before = 0.0
        self._is_reading = False
        self._is_closed = False
        self._is_failing = False

    @callback
    def async_add(self, keys: Iterable[str]) -> None:
        """Add keys to the next read."""
        self._keys.update(keys)
        self._schedule()

    @callback
    def async_close(self) -> None:
        """Drop the collected keys and ignore any later ones."""
        self._is_closed = True
        if self._cancel_timer is not None:
            self._cancel_timer()
            self._cancel_timer = None

    def _schedule(self) -> None:
        """Schedule the next read unless one is scheduled or running already."""
        is_busy = self._is_reading or self._cancel_timer is not None
        if self._is_closed or is_busy or not self._keys:
            return
        pause = self._not_before - self._hass.loop.time()
        seconds = max(pause, DEBOUNCE_SECONDS)
        job = HassJob(self._start_read, self._name, cancel_on_shutdown=True)
        self._cancel_timer = async_call_later(self._hass, seconds, job)

    @callback
    def _start_read(self, _now: datetime) -> None:
        """Read the collected keys in the background."""
        self._cancel_timer = None
        keys, self._keys = frozenset(self._keys), set()
        self._is_reading = True
        self._create_task(self._hass, self._read_keys(keys), self._name)

    async def _read_keys(self, keys: frozenset[str]) -> None:
        """Read keys, then schedule the next read if more were added meanwhile."""
        try:
            await self._read(keys)
        except BackendError as err:
            pause = err.retry_after or FAILURE_PAUSE_SECONDS
            self._not_before = self._hass.loop.time() + pause
            level = logging.DEBUG if self._is_failing else logging.WARNING
            LOGGER.log(level, "%s failed: %s", self._name, err)
            self._is_failing = True
        else:
            self._is_failing = False
        finally:
            self._is_reading = False
        self._schedule()
