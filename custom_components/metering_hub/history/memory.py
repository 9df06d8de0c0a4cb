"""Remember the re-imports that are not finished; never any value."""

from collections.abc import Mapping
from datetime import datetime

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store

from ..backends.common.http import Json
from ..backends.common.parse import as_object
from ..backends.common.times import as_utc_moment
from ..const import DOMAIN
from ..memory import CheckedStore
from .json_store import JsonStore

_VERSION = 1


class ImportMemory:
    """Store what a config entry still has to import again, in a file of its own.

    Every change is saved at once: a delayed one might overwrite what the entry saves
    after a reload. What is lost costs only requests, because rows are written again.
    """

    def __init__(self, store: JsonStore) -> None:
        """Initialize the memory; nothing is loaded yet."""
        self._store = store
        self._is_loaded = False
        self._unfinished: dict[str, datetime | None] = {}

    @classmethod
    def of(cls, hass: HomeAssistant, entry_id: str) -> ImportMemory:
        """Return the memory of a config entry."""
        store: Store[dict[str, Json]] = CheckedStore(
            hass, _VERSION, f"{DOMAIN}.{entry_id}.history"
        )
        return cls(store)

    @property
    def unfinished(self) -> Mapping[str, datetime | None]:
        """Return from where each point is still imported again; `None` is all of it."""
        return self._unfinished

    async def async_load(self) -> None:
        """Load what is stored, once."""
        if self._is_loaded:
            return
        stored = await self._store.async_load() or {}
        unfinished = as_object(stored.get("unfinished"))
        self._unfinished = {key: as_utc_moment(at) for key, at in unfinished.items()}
        self._is_loaded = True

    async def async_begin(self, starts: Mapping[str, datetime | None]) -> None:
        """Remember to import keys again, from the earlier start if there are two."""
        for key, start in starts.items():
            known = self._unfinished.get(key, start)
            self._unfinished[key] = (
                None if known is None or start is None else min(known, start)
            )
        await self._async_save()

    async def async_reach(self, reached: Mapping[str, datetime]) -> None:
        """Remember from where unfinished keys go on."""
        news = {key: at for key, at in reached.items() if key in self._unfinished}
        if news:
            self._unfinished |= news
            await self._async_save()

    async def async_complete(self, *keys: str) -> None:
        """Forget keys that have been imported again."""
        if done := self._unfinished.keys() & set(keys):
            for key in done:
                del self._unfinished[key]
            await self._async_save()

    async def async_clear(self) -> None:
        """Forget everything, because the statistics are deleted."""
        self._unfinished.clear()
        await self._async_save()

    async def async_remove(self) -> None:
        """Delete the file."""
        await self._store.async_remove()

    async def _async_save(self) -> None:
        """Save everything."""
        await self._store.async_save(
            {
                "unfinished": {
                    key: _stored(at) for key, at in self._unfinished.items()
                },
            }
        )


def _stored(moment: datetime | None) -> str | None:
    """Return a moment as it is stored."""
    return None if moment is None else moment.isoformat()
