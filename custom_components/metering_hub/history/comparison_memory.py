"""Remember how far the daily comparison has come; never any value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from ..backends.base import Memory
from ..backends.common.http import Json
from ..backends.common.parse import as_object, as_text
from ..backends.common.times import as_utc_moment
from ..const import DOMAIN
from ..memory import CheckedStore
from .json_store import JsonStore

_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The latest comparison: when it began, and what the backend saw then.

    One that goes on continues after the key `after`. `owed` maps the keys of points
    that could not be read to the moment from which they still have to be.
    """

    began: datetime | None = None
    after: str | None = None
    seen: Memory = field(default_factory=dict)
    owed: Mapping[str, datetime] = field(default_factory=dict)

    def is_due(self, now: datetime) -> bool:
        """Return True if it goes on, or if none began on this local day."""
        if self.began is None or self.after is not None:
            return True
        return dt_util.as_local(self.began).date() != dt_util.as_local(now).date()


class ComparisonMemory:
    """Store the latest comparison of a config entry, in a file of its own.

    If the file is lost, the history of 30 days is read once more.
    """

    def __init__(self, store: JsonStore) -> None:
        """Initialize the memory; nothing is loaded yet."""
        self._store = store
        self._compared: Compared | None = None

    @classmethod
    def of(cls, hass: HomeAssistant, entry_id: str) -> ComparisonMemory:
        """Return the memory of a config entry."""
        store: Store[dict[str, Json]] = CheckedStore(
            hass, _VERSION, f"{DOMAIN}.{entry_id}.compared"
        )
        return cls(store)

    async def async_load(self) -> Compared:
        """Return the latest comparison, which is loaded once."""
        if self._compared is None:
            self._compared = _compared(await self._store.async_load() or {})
        return self._compared

    async def async_keep(self, compared: Compared) -> None:
        """Store the latest comparison at once."""
        self._compared = compared
        began = compared.began
        await self._store.async_save(
            {
                "began": None if began is None else began.isoformat(),
                "after": compared.after,
                "seen": {**compared.seen},
                "owed": {key: at.isoformat() for key, at in compared.owed.items()},
            }
        )

    async def async_remove(self) -> None:
        """Delete the file."""
        await self._store.async_remove()


def _compared(stored: Mapping[str, Json]) -> Compared:
    """Return a stored comparison; what is unreadable in it is left out."""
    owed = {key: as_utc_moment(at) for key, at in as_object(stored.get("owed")).items()}
    return Compared(
        began=as_utc_moment(stored.get("began")),
        after=as_text(stored.get("after")),
        seen=as_object(stored.get("seen")),
        owed={key: at for key, at in owed.items() if at is not None},
    )
