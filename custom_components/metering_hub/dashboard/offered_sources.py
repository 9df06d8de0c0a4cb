"""Remember which statistics were offered to the Energy dashboard."""

import asyncio
from collections.abc import Collection, Iterable

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import singleton
from homeassistant.helpers.storage import Store

from ..const import DOMAIN
from ..memory import CheckedStore

_VERSION = 1
_SAVE_DELAY = 1.0


class OfferedSources:
    """The ids of the statistics and costs that were offered, by config entry.

    They are stored in a file of their own, because the data and options of a config
    entry belong to the user.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        """Initialize without offers.

        Hold `lock` while adding sources: which may be added depends on those before.
        """
        self.lock = asyncio.Lock()
        self._store: Store[dict[str, list[str]]] = CheckedStore(
            hass, _VERSION, f"{DOMAIN}.energy_dashboard"
        )
        self._offered: dict[str, list[str]] = {}

    async def async_load(self) -> None:
        """Load the offers from the file."""
        stored = await self._store.async_load() or {}
        self._offered = {
            entry_id: [each for each in offered if isinstance(each, str)]
            for entry_id, offered in stored.items()
            if isinstance(offered, list)
        }

    def of(self, entry_id: str) -> frozenset[str]:
        """Return the statistics that were offered for an entry."""
        return frozenset(self._offered.get(entry_id, ()))

    @callback
    def async_add(self, entry_id: str, statistic_ids: Iterable[str]) -> None:
        """Add statistics that were offered for an entry."""
        offered = sorted(self.of(entry_id).union(statistic_ids))
        if offered != self._offered.get(entry_id, []):
            self._offered[entry_id] = offered
            self._save()

    @callback
    def async_withdraw(self, entry_id: str, statistic_ids: Collection[str]) -> None:
        """Remove statistics of an entry, which are offered again if they come back."""
        kept = self.of(entry_id).difference(statistic_ids)
        if kept != self.of(entry_id):
            self._offered[entry_id] = sorted(kept)
            self._save()

    @callback
    def async_forget(self, entry_id: str) -> None:
        """Remove an entry."""
        if self._offered.pop(entry_id, None) is not None:
            self._save()

    def _save(self) -> None:
        """Schedule saving the file."""
        self._store.async_delay_save(lambda: self._offered, _SAVE_DELAY)


@singleton.singleton(f"{DOMAIN}_offered_sources")
async def async_offered_sources(hass: HomeAssistant) -> OfferedSources:
    """Return the offers, which all entries share."""
    offered = OfferedSources(hass)
    await offered.async_load()
    return offered
