"""Remember which sources of the Energy dashboard were replaced, and by what."""

from collections.abc import Mapping
from dataclasses import asdict

from homeassistant.core import HomeAssistant
from homeassistant.helpers import singleton
from homeassistant.helpers.storage import Store

from ..const import DOMAIN
from ..memory import CheckedStore
from .preferences import Source
from .replacement import Replacement

_VERSION = 1
_MOST = 10
"""How many replacements are kept per entry; the oldest ones go first."""

type _Stored = Mapping[str, str | list[Source]]


class ReplacedSources:
    """The replacements of each config entry, the newest one last.

    The sources are stored whole, because nobody else knows them any more.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        """Initialize without replacements."""
        self._store: Store[dict[str, list[_Stored]]] = CheckedStore(
            hass, _VERSION, f"{DOMAIN}.replaced_sources"
        )
        self._replaced: dict[str, list[Replacement]] = {}

    async def async_load(self) -> None:
        """Load the replacements from the file."""
        stored = await self._store.async_load() or {}
        self._replaced = {
            entry_id: [found for each in replacements if (found := _loaded(each))]
            for entry_id, replacements in stored.items()
            if isinstance(replacements, list)
        }

    def of(self, entry_id: str) -> list[Replacement]:
        """Return the replacements of an entry."""
        return [*self._replaced.get(entry_id, ())]

    async def async_set(self, entry_id: str, replacements: list[Replacement]) -> None:
        """Store the replacements of an entry, at once."""
        if replacements:
            self._replaced[entry_id] = replacements[-_MOST:]
        elif self._replaced.pop(entry_id, None) is None:
            return
        await self._store.async_save(
            {
                key: [_stored(each) for each in found]
                for key, found in self._replaced.items()
            }
        )


def _stored(replacement: Replacement) -> _Stored:
    """Return a replacement as it is stored."""
    fields = asdict(replacement)
    return {
        name: [*each] if isinstance(each, tuple) else each
        for name, each in fields.items()
    }


def _loaded(stored: object) -> Replacement | None:
    """Return a stored replacement; `None` if it is none."""
    if not isinstance(stored, dict):
        return None
    lists = {
        name: tuple(each) for name, each in stored.items() if isinstance(each, list)
    }
    try:
        return Replacement(kind=str(stored["kind"]), **lists)
    except KeyError, TypeError:
        return None


@singleton.singleton(f"{DOMAIN}_replaced_sources")
async def async_replaced_sources(hass: HomeAssistant) -> ReplacedSources:
    """Return the replacements, which all entries share."""
    replaced = ReplacedSources(hass)
    await replaced.async_load()
    return replaced
