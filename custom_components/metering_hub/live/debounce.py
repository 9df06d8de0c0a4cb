"""Gather what is to be read for a second, and read it together."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from ..backends.errors import BackendError
from ..const import LOGGER

GATHER_SECONDS = 1.0
"""How long keys are gathered, and how long it is from one call's end to the next."""
PAUSE_SECONDS = 10.0
"""How long a server is left alone after it failed, where it does not say itself."""


class Gatherer:
    """Calls a function with all keys of a second together, never twice at a time.

    However many keys come, there is at most one call per second. What a call that
    fails was for is lost: polling goes on, and reads it anyway.
    """

    def __init__[Data](
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Data],
        read: Callable[[frozenset[str]], Awaitable[None]],
        name: str,
    ) -> None:
        """Prepare; `read` raises only BackendError, `name` names it in the log."""
        self._hass = hass
        self._create_task = entry.async_create_background_task
        self._read = read
        self._name = name
        self._keys: set[str] = set()
        self._cancel_timer: CALLBACK_TYPE | None = None
        self._not_before = 0.0
        self._is_reading = False
        self._is_closed = False

    @callback
    def async_add(self, keys: Iterable[str]) -> None:
        """Let these keys be part of the next call."""
        self._keys.update(keys)
        self._schedule()

    @callback
    def async_close(self) -> None:
        """Drop what was gathered, and take nothing more."""
        self._is_closed = True
        if self._cancel_timer is not None:
            self._cancel_timer()
            self._cancel_timer = None

    def _schedule(self) -> None:
        waits = self._is_reading or self._cancel_timer is not None
        if self._is_closed or waits or not self._keys:
            return
        pause = self._not_before - self._hass.loop.time()
        seconds = max(pause, GATHER_SECONDS)
        begin = HassJob(self._begin, self._name, cancel_on_shutdown=True)
        self._cancel_timer = async_call_later(self._hass, seconds, begin)

    @callback
    def _begin(self, _now: datetime) -> None:
        self._cancel_timer = None
        keys, self._keys = frozenset(self._keys), set()
        self._is_reading = True
        self._create_task(self._hass, self._run(keys), self._name)

    async def _run(self, keys: frozenset[str]) -> None:
        try:
            await self._read(keys)
        except BackendError as err:
            pause = err.retry_after or PAUSE_SECONDS
            self._not_before = self._hass.loop.time() + pause
            LOGGER.debug("%s failed: %s", self._name, err)
        finally:
            self._is_reading = False
        self._schedule()
