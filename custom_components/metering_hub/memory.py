"""Store what is kept over restarts of Home Assistant, such as a backend's memory."""

import logging
from typing import Any, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store

from .backends.base import Backend, Memory
from .backends.common.http import Json
from .const import DOMAIN

_LOGGER = logging.getLogger(__name__)

_VERSION = 1
_SAVE_DELAY = 30.0
"""The seconds within which several changes are written at once."""


class CheckedStore[Data: dict[str, Any] | list[Any]](Store[Data]):
    """A file in which only an object, or only a list, makes sense.

    Home Assistant sets a file aside that is no JSON. One that somebody has edited, or
    that a backup has restored in part, may be JSON of any other shape: what it held
    costs requests or questions, but not the set-up.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        version: int,
        key: str,
        shape: type[dict[str, Any] | list[Any]] = dict,
        *,
        serialize_in_event_loop: bool = True,
    ) -> None:
        """Initialize the file; nothing is loaded yet."""
        super().__init__(
            hass, version, key, serialize_in_event_loop=serialize_in_event_loop
        )
        self._shape = shape

    @override
    async def async_load(self) -> Data | None:
        """Return the stored data, or `None` if there is none or its shape is wrong."""
        try:
            stored = await super().async_load()
        except AttributeError, KeyError, TypeError:
            # Home Assistant expects an object with a version and data.
            stored, is_broken = None, True
        else:
            is_broken = stored is not None and not isinstance(stored, self._shape)
        if is_broken:
            _LOGGER.warning("The file %s is broken and is not used", self.key)
            return None
        return stored


class BackendMemory:
    """Store the memory of a backend in a file per config entry."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Initialize the store; nothing is loaded yet."""
        self._store: Store[dict[str, Json]] = CheckedStore(
            hass, _VERSION, f"{DOMAIN}.{entry.entry_id}"
        )
        self._saved: Memory = {}

    async def async_restore(self, backend: Backend, learned: Memory) -> None:
        """Restore the stored memory of a backend, or else what its config flow learned.

        That is empty if there was no flow.
        """
        self._saved = await self._store.async_load() or {}
        backend.restore(self._saved or learned)

    @callback
    def async_delay_save(self, backend: Backend) -> None:
        """Save the memory of a backend soon, if it has changed."""
        if (memory := backend.remember()) != self._saved:
            self._saved = memory
            self._store.async_delay_save(lambda: dict(self._saved), _SAVE_DELAY)

    async def async_save(self, backend: Backend) -> None:
        """Save the memory of a backend now, unless it is empty."""
        self._saved = backend.remember()
        if self._saved:
            await self._store.async_save(dict(self._saved))

    async def async_remove(self) -> None:
        """Delete the file."""
        await self._store.async_remove()
