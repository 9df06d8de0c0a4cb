"""What a backend remembers from one start of Home Assistant to the next."""

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store

from .backends.base import Backend, Memory
from .backends.http import Json
from .const import DOMAIN

_VERSION = 1
_SAVE_DELAY = 30.0
"""Seconds; what changes again and again in that time is written once."""


class BackendMemory:
    """Keeps a backend's memory in a file of its config entry."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Prepare; nothing is read yet."""
        self._store: Store[dict[str, Json]] = Store(
            hass, _VERSION, f"{DOMAIN}.{entry_id}"
        )
        self._saved: Memory = {}

    async def async_restore(self, backend: Backend) -> None:
        """Give a backend what it remembered before, if anything."""
        self._saved = await self._store.async_load() or {}
        backend.restore(self._saved)

    @callback
    def async_note(self, backend: Backend) -> None:
        """Write down soon what a backend wants to remember, where it has changed."""
        if (memory := backend.remember()) != self._saved:
            self._saved = memory
            self._store.async_delay_save(lambda: dict(self._saved), _SAVE_DELAY)

    async def async_save(self, backend: Backend) -> None:
        """Write down now what a backend wants to remember, if that is anything."""
        self._saved = backend.remember()
        if self._saved:
            await self._store.async_save(dict(self._saved))

    async def async_forget(self) -> None:
        """Delete the file."""
        await self._store.async_remove()
