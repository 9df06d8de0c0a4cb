"""What a backend remembers from one start of Home Assistant to the next."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store
from homeassistant.util.hass_dict import HassKey

from .backends.base import Backend, Memory
from .backends.common.http import Json
from .const import DOMAIN

_VERSION = 1
_SAVE_DELAY = 30.0
"""Seconds; what changes again and again in that time is written once."""


_LEARNED: HassKey[dict[str, Memory]] = HassKey(f"{DOMAIN}_learned")
"""What the backend of a config flow has learned, by the unique id of its entry."""


@callback
def async_hand_over(hass: HomeAssistant, unique_id: str, learned: Memory) -> None:
    """Keep what a config flow's backend learned for the entry that the flow makes.

    The entry's own backend would ask the server for all of it again a moment later.
    """
    hass.data.setdefault(_LEARNED, {})[unique_id] = learned


class BackendMemory:
    """Keeps a backend's memory in a file of its config entry."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Prepare; nothing is read yet."""
        self._hass = hass
        self._unique_id = entry.unique_id or ""
        self._store: Store[dict[str, Json]] = Store(
            hass, _VERSION, f"{DOMAIN}.{entry.entry_id}"
        )
        self._saved: Memory = {}

    async def async_restore(self, backend: Backend) -> None:
        """Give a backend what it remembered before, or what was learned in the flow."""
        learned = self._hass.data.get(_LEARNED, {}).pop(self._unique_id, {})
        self._saved = await self._store.async_load() or {}
        backend.restore(self._saved or learned)

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
