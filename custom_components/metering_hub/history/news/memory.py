"""Remember what events have told, so that a restart does not tell it again."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Self

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store

from ...backends.common.http import Json
from ...backends.common.parse import as_object
from ...const import DOMAIN
from ...memory import CheckedStore
from .lateness import Lateness

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Told:
    """The newest rejected reading that an event told: its time and those of its hour.

    `time` is in epoch seconds; `count` is the number of rejected readings in its hour.
    """

    time: float
    count: int

    @classmethod
    def parse(cls, stored: Json) -> Self | None:
        """Return what is stored as a list of both."""
        match stored:
            case [float() as time, int() as count]:
                return cls(time, count)
        return None


@dataclass(slots=True)
class NewsMemory:
    """What is known of each point, by its key.

    `exchanged` is when the newest register began (epoch seconds), or 0.
    """

    rejected: dict[str, Told] = field(default_factory=dict)
    exchanged: dict[str, float] = field(default_factory=dict)
    lateness: dict[str, Lateness] = field(default_factory=dict)

    @classmethod
    def parse(cls, stored: Json) -> Self:
        """Return what is stored; parts that are not as expected are left out."""
        found = as_object(stored)
        return cls(
            rejected={
                key: told
                for key, value in as_object(found.get("rejected")).items()
                if (told := Told.parse(value)) is not None
            },
            exchanged={
                key: value
                for key, value in as_object(found.get("exchanged")).items()
                if isinstance(value, float)
            },
            lateness={
                key: Lateness.parse(value)
                for key, value in as_object(found.get("lateness")).items()
            },
        )

    def as_json(self) -> dict[str, Json]:
        """Return what is stored."""
        return {
            "rejected": {
                key: [told.time, told.count] for key, told in self.rejected.items()
            },
            "exchanged": {**self.exchanged},
            "lateness": {key: each.as_json() for key, each in self.lateness.items()},
        }

    def forget_all_but(self, keys: Collection[str]) -> None:
        """Forget the points that are not imported any more."""
        for known in (self.rejected, self.exchanged, self.lateness):
            for key in known.keys() - set(keys):
                del known[key]


class NewsStore:
    """Store what is known in a file of its own."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Initialize the store; nothing is loaded yet."""
        self._store: Store[dict[str, Json]] = CheckedStore(
            hass, _VERSION, f"{DOMAIN}.{entry_id}.news"
        )
        self._saved: dict[str, Json] = {}

    async def async_load(self) -> NewsMemory:
        """Load what is stored."""
        self._saved = await self._store.async_load() or {}
        return NewsMemory.parse(self._saved)

    async def async_save(self, memory: NewsMemory) -> None:
        """Save what is known if it has changed."""
        if (stored := memory.as_json()) != self._saved:
            self._saved = stored
            await self._store.async_save(stored)

    async def async_remove(self) -> None:
        """Delete the file."""
        await self._store.async_remove()
