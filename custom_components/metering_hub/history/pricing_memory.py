"""Remember by which prices the recorded costs were computed."""

from collections.abc import Collection, Mapping
from datetime import datetime

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store

from ..backends.common.http import Json
from ..backends.common.parse import as_object
from ..backends.common.times import from_epoch
from ..const import DOMAIN
from ..memory import CheckedStore

_VERSION = 1


class PricingMemory:
    """Store the fingerprints of the prices of each point whose past is priced.

    A key is that of a point, or of the fixed costs. The costs of keys in `due` have to
    be compared again although their prices are the same. `open_hours` are the first
    hours without a price that may become known. Every change is saved at once. What is
    lost costs only time, because all costs are then compared again.
    """

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Initialize the store; nothing is loaded yet."""
        self._store: Store[dict[str, Json]] = CheckedStore(
            hass, _VERSION, f"{DOMAIN}.{entry_id}.prices"
        )
        self._is_loaded = False
        self._fingerprints: dict[str, str] = {}
        self._due: set[str] = set()
        self._open: dict[str, datetime] = {}

    @property
    def fingerprints(self) -> Mapping[str, str]:
        """Return the fingerprints of the prices that the costs follow from."""
        return self._fingerprints

    @property
    def open_hours(self) -> Mapping[str, datetime]:
        """Return the first hour of each key whose price may become known."""
        return self._open

    def is_due(self, key: str) -> bool:
        """Return True if the costs of a key have to be compared again."""
        return key in self._due

    async def async_load(self) -> None:
        """Load what is stored, once."""
        if self._is_loaded:
            return
        stored = await self._store.async_load() or {}
        self._fingerprints = {
            key: str(each)
            for key, each in as_object(stored.get("fingerprints")).items()
        }
        hours = as_object(stored.get("open")).items()
        moments = {key: from_epoch(each) for key, each in hours}
        self._open = {key: each for key, each in moments.items() if each is not None}
        due = stored.get("due")
        self._due = {str(key) for key in due} if isinstance(due, list) else set()
        self._is_loaded = True

    async def async_request(self, keys: Collection[str]) -> None:
        """Remember that the costs of keys have to be compared again."""
        if not self._due.issuperset(keys):
            self._due |= set(keys)
            await self._async_save()

    async def async_keep(self, key: str, fingerprint: str) -> None:
        """Remember that the whole past of a key has been priced."""
        self._fingerprints[key] = fingerprint
        self._due.discard(key)
        await self._async_save()

    async def async_keep_open(self, key: str, hour: datetime | None) -> None:
        """Remember the first hour of a key whose price may become known, if any."""
        if hour != self._open.get(key):
            if hour is None:
                del self._open[key]
            else:
                self._open[key] = hour
            await self._async_save()

    async def async_forget(self, key: str) -> None:
        """Forget a key whose costs are deleted."""
        if key in self._fingerprints or key in self._due or key in self._open:
            self._fingerprints.pop(key, None)
            self._due.discard(key)
            self._open.pop(key, None)
            await self._async_save()

    async def async_clear(self) -> None:
        """Forget everything, because the statistics are deleted."""
        self._fingerprints.clear()
        self._due.clear()
        self._open.clear()
        await self._async_save()

    async def async_remove(self) -> None:
        """Delete the file."""
        await self._store.async_remove()

    async def _async_save(self) -> None:
        """Save everything."""
        await self._store.async_save(
            {
                "fingerprints": dict(self._fingerprints),
                "due": [*sorted(self._due)],
                "open": {key: each.timestamp() for key, each in self._open.items()},
            }
        )
