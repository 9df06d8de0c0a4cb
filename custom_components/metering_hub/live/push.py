"""Push: read points as soon as the server reports that they changed.

Polling continues independently. A connection that comes back is followed by a poll,
because what changed meanwhile was not announced.
"""

import asyncio
from enum import StrEnum
import random
import time
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from ..backends.errors import BackendError
from ..const import LOGGER
from ..errors.isolation import IsolatingCoordinator
from ..identifiers import log_name
from .coordinator import ReadingsCoordinator

FIRST_WAIT = 5.0
LONGEST_WAIT = 600.0
"""The seconds between two connection attempts double from the first to the longest."""
MOST_JITTER = 1.5
"""The highest random factor of a wait, so that clients do not reconnect in step."""
STABLE_AFTER = 60.0
"""The seconds after which a connection resets the waits. A server that accepts every
connection and drops it at once must not be contacted every five seconds."""


class UpdateMode(StrEnum):
    """How readings currently arrive."""

    PUSH = "push"
    POLLING = "polling"


class PushCoordinator(IsolatingCoordinator[UpdateMode]):
    """Watch a server for changes in the background.

    The data is the current update mode. A failing connection neither fails the set-up
    nor starts a reauthentication, because polling detects refused credentials anyway.
    """

    config_entry: ConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        readings: ReadingsCoordinator,
    ) -> None:
        """Initialize the coordinator; `async_start` starts watching."""
        super().__init__(
            hass, LOGGER, config_entry=entry, name=f"{log_name(entry)} push"
        )
        self.data = UpdateMode.POLLING
        self._readings = readings
        self._is_lost = False
        self._are_polls_good = True
        self._is_server_back = asyncio.Event()

    @callback
    def async_start(self) -> None:
        """Watch until the config entry is unloaded."""
        self.config_entry.async_on_unload(
            self._readings.async_add_listener(self._follow_polls)
        )
        self.config_entry.async_create_background_task(
            self.hass, self._keep_watching(), self.name
        )

    @override
    async def _async_update_data(self) -> UpdateMode:
        """Return the current mode, which needs no request."""
        return self.data

    async def _keep_watching(self) -> None:
        """Reconnect forever, waiting longer after each failed attempt."""
        failures = 0
        while True:
            started = time.monotonic()
            self._is_server_back.clear()
            reason, retry_after = "closed by the server", 0.0
            try:
                await self._watch()
            except BackendError as err:
                reason, retry_after = str(err), err.retry_after or 0.0
            finally:
                self._set_mode(UpdateMode.POLLING)
            self._log_loss(reason)
            if time.monotonic() - started >= STABLE_AFTER:
                failures = 0
            is_back = await self._pause(wait_after(failures), retry_after)
            failures = 0 if is_back else failures + 1

    async def _pause(self, seconds: float, least: float) -> bool:
        """Wait for seconds; return True if the server came back, which ends the wait.

        `least` is the pause that the server asked for.
        """
        if least:
            await asyncio.sleep(least)
        try:
            async with asyncio.timeout(max(seconds - least, 0.0)):
                return await self._is_server_back.wait()
        except TimeoutError:
            return False

    @callback
    def _follow_polls(self) -> None:
        """Note that the server is back when a poll succeeds after one that failed."""
        are_good = self._readings.last_update_success
        if are_good and not self._are_polls_good:
            self._is_server_back.set()
        self._are_polls_good = are_good

    async def _watch(self) -> None:
        """Read what changes until the connection is lost; raises BackendError."""
        async for keys in self._readings.backend.watch():
            self._set_connected()
            if keys:
                self._readings.async_read_soon(keys)
            self._readings.renewal.async_check()

    @callback
    def _set_connected(self) -> None:
        """Set the mode to push; after a loss, log it and read what was missed."""
        if self.data is UpdateMode.PUSH:
            return
        self._set_mode(UpdateMode.PUSH)
        if self._is_lost:
            self._is_lost = False
            LOGGER.info("%s: connected again", self.name)
            self.config_entry.async_create_background_task(
                self.hass,
                self._readings.async_request_refresh(),
                f"{self.name} (what was missed)",
            )

    def _log_loss(self, reason: str) -> None:
        """Log the loss of the connection, but not each failed attempt after it."""
        if not self._is_lost:
            self._is_lost = True
            LOGGER.info("%s: not connected (%s); polling continues", self.name, reason)

    @callback
    def _set_mode(self, mode: UpdateMode) -> None:
        """Set the mode, and notify listeners if it changed."""
        if mode is not self.data:
            self.async_set_updated_data(mode)


def wait_after(failures: int) -> float:
    """Return the seconds to wait after this many failed attempts in a row."""
    wait: float = FIRST_WAIT * 2 ** min(failures, 10)
    return min(wait * random.uniform(1.0, MOST_JITTER), LONGEST_WAIT)
