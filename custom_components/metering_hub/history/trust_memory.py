"""Remember which registers were trusted when they were imported."""

from collections.abc import Collection

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store

from ..const import DOMAIN

_VERSION = 1


class TrustMemory:
    """Store the keys of the points that were imported with their readings as they are.

    The rows of a point follow from whether it is trusted, so all of them are imported
    again when the user changes that. If the file is lost, the trusted ones are.
    """

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Initialize the store; nothing is loaded yet."""
        self._store: Store[list[str]] = Store(
            hass, _VERSION, f"{DOMAIN}.{entry_id}.trusted"
        )
        self._imported: frozenset[str] | None = None

    async def async_changed(
        self, keys: Collection[str], trusted: Collection[str]
    ) -> frozenset[str]:
        """Return those of `keys` that were imported when they were not as trusted."""
        if self._imported is None:
            self._imported = frozenset(await self._store.async_load() or ())
        return (self._imported ^ frozenset(trusted)) & frozenset(keys)

    async def async_keep(self, changed: Collection[str]) -> None:
        """Remember that points were imported after their trust had changed."""
        self._imported = (self._imported or frozenset()) ^ frozenset(changed)
        await self._store.async_save(sorted(self._imported))

    async def async_remove(self) -> None:
        """Delete the file."""
        await self._store.async_remove()
