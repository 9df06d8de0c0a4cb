"""Push: what a server says has changed is read at once; polling goes on beside it."""

import asyncio
from enum import StrEnum
import random
import time
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from ..backends.errors import BackendError
from ..const import LOGGER
from .coordinator import ReadingsCoordinator

FIRST_WAIT = 5.0
LONGEST_WAIT = 600.0
"""Seconds between two tries to connect; the wait doubles from first to longest."""
MOST_JITTER = 1.5
"""The highest random factor of a wait, so that many clients do not return in step."""
STABLE_AFTER = 60.0
"""Seconds that a connection must last for the waits to start anew. A server that
accepts every connection and drops it at once is not asked every five seconds."""


class UpdateMode(StrEnum):
    """How readings come."""

    PUSH = "push"
    POLLING = "polling"


class PushCoordinator(DataUpdateCoordinator[UpdateMode]):
    """Watches a server in the background; its data is whether that works now.

    It never asks for anything itself. Nothing that goes wrong here fails a set-up or
    starts a new login: polling finds out about refused credentials by itself.
    """

    config_entry: ConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        readings: ReadingsCoordinator,
    ) -> None:
        """Prepare; nothing is watched before `async_start`."""
        super().__init__(hass, LOGGER, config_entry=entry, name=f"{entry.title} push")
        self.data = UpdateMode.POLLING
        self._readings = readings
        self._is_lost = False

    @callback
    def async_start(self) -> None:
        """Watch until the entry is unloaded."""
        self.config_entry.async_create_background_task(
            self.hass, self._keep_watching(), self.name
        )

    @override
    async def _async_update_data(self) -> UpdateMode:
        """Return what is known: there is nothing to ask."""
        return self.data

    async def _keep_watching(self) -> None:
        """Connect again and again, waiting the longer the more tries have failed."""
        failures = 0
        while True:
            began = time.monotonic()
            reason, retry_after = "the server ended it", 0.0
            try:
                await self._watch()
            except BackendError as err:
                reason, retry_after = str(err), err.retry_after or 0.0
            finally:
                self._set_mode(UpdateMode.POLLING)
            self._note_loss(reason)
            if time.monotonic() - began >= STABLE_AFTER:
                failures = 0
            await asyncio.sleep(max(wait_after(failures), retry_after))
            failures += 1

    async def _watch(self) -> None:
        """Pass on what changes until the connection is lost; raises BackendError."""
        async for keys in self._readings.backend.watch():
            self._note_connection()
            if keys:
                self._readings.async_read_soon(keys)

    @callback
    def _note_connection(self) -> None:
        if self.data is UpdateMode.PUSH:
            return
        self._set_mode(UpdateMode.PUSH)
        if self._is_lost:
            self._is_lost = False
            LOGGER.info("%s: the server tells of changes again", self.name)

    def _note_loss(self, reason: str) -> None:
        """Log a loss once, however many tries to connect fail after it."""
        if not self._is_lost:
            self._is_lost = True
            LOGGER.info(
                "%s: the server tells of no changes (%s); polling goes on",
                self.name,
                reason,
            )

    @callback
    def _set_mode(self, mode: UpdateMode) -> None:
        if mode is not self.data:
            self.async_set_updated_data(mode)


def wait_after(failures: int) -> float:
    """Return the seconds to wait where so many tries in a row failed before."""
    wait: float = FIRST_WAIT * 2 ** min(failures, 10)
    return min(wait * random.uniform(1.0, MOST_JITTER), LONGEST_WAIT)
