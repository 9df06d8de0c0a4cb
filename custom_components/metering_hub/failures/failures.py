"""What keeps failing in a config entry, and the repair issues that say so in time.

What began before a restart counts, also while the entry cannot be set up.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from functools import partial

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
)
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..backends.common.http import Json
from ..backends.common.parse import as_object
from ..backends.common.times import as_utc_moment
from ..const import DOMAIN
from ..memory import CheckedStore
from .kinds import ACCESS, FAILURES, POINTS, SERVER, FailureKind

_ALIKE = timedelta(hours=1)
"""Failures that began so close to each other have one cause."""

_NAMED = 3
"""How many points an issue names."""

_VERSION = 1
_SAVE_DELAY = 30.0
"""The seconds within which several changes are written at once."""


class Failures:
    """Keeps since when what fails in a config entry, by kind and source.

    A source is the subject of a coordinator, or the key of a point.
    """

    def __init__[Data](self, hass: HomeAssistant, entry: ConfigEntry[Data]) -> None:
        """Initialize the store; nothing is loaded yet."""
        self._hass = hass
        self._entry_id = entry.entry_id
        self._title: Callable[[], str] = lambda: entry.title
        self._store: CheckedStore[dict[str, Json]] = CheckedStore(
            hass, _VERSION, f"{DOMAIN}.{entry.entry_id}.failures"
        )
        self._since: dict[str, dict[str, datetime]] = {}
        self._reasons: dict[str, str] = {}
        self._timers: dict[str, CALLBACK_TYPE] = {}
        self._unfollow = async_dispatcher_connect(
            hass, SIGNAL_CONFIG_ENTRY_CHANGED, self._follow_entry
        )

    async def async_load(self) -> None:
        """Load what failed before a restart."""
        for kind, sources in (await self._store.async_load() or {}).items():
            self._since[kind] = {
                source: moment
                for source, value in as_object(sources).items()
                if (moment := as_utc_moment(value)) is not None
            }

    async def async_remove(self) -> None:
        """Delete all issues and the file."""
        self._unfollow()
        self._forget()
        await self._store.async_remove()

    @callback
    def _follow_entry(self, change: ConfigEntryChange, entry: ConfigEntry) -> None:
        """Forget what has failed when the entry is disabled.

        It need not have been loaded: its set-up may have failed all the time.
        """
        is_disabled = entry.disabled_by is not None
        if self._since and is_disabled and entry.entry_id == self._entry_id:
            self._forget()

    def _forget(self) -> None:
        """Delete all issues, because nothing is asked of the server any more."""
        for kind in FAILURES:
            self._keep_only(kind, {})

    @callback
    def report(
        self,
        kind: FailureKind,
        source: str,
        reason: str,
        *,
        earliest: datetime | None = None,
    ) -> None:
        """Record a failure; create the issue if it has lasted long enough.

        `reason` is in the language of Home Assistant. The failure began now, unless it
        may have begun at the `earliest` moment.
        """
        now = dt_util.utcnow()
        sources = self._since.setdefault(kind.key, {})
        if source not in sources:
            sources[source] = min(earliest or now, now)
            self._save()
        self._reasons[kind.key] = reason
        left = min(sources.values()) + kind.after - now
        if left <= timedelta():
            self._tell(kind)
        elif kind.key not in self._timers:
            # Home Assistant may repeat a set-up every ten minutes only.
            job = HassJob(partial(self._follow_timer, kind), cancel_on_shutdown=True)
            self._timers[kind.key] = async_call_later(
                self._hass, left.total_seconds(), job
            )

    @callback
    def _follow_timer(self, kind: FailureKind, _now: datetime) -> None:
        """Tell of what still fails when it has lasted long enough."""
        del self._timers[kind.key]
        self._tell(kind)

    def _tell(self, kind: FailureKind) -> None:
        """Create an issue, unless that of the whole server takes its place."""
        if not self._is_covered(kind):
            self._create(kind, self._reasons[kind.key])

    @callback
    def note_points(self, keys: Collection[str]) -> tuple[int, Sequence[str]]:
        """Record which points cannot be read; return those that users are told of.

        That is how many there are, and some of them. Without any, there is no issue.
        """
        now = dt_util.utcnow()
        known = self._since.get(POINTS.key, {})
        if not keys and not known:
            return 0, ()
        since = {key: known.get(key, now) for key in keys}
        if since != known:
            self._keep_only(POINTS, since)
        due = [key for key, began in since.items() if now - began >= POINTS.after]
        if due and not self._is_covered(POINTS):
            return len(due), sorted(due)[:_NAMED]
        ir.async_delete_issue(self._hass, DOMAIN, POINTS.issue_id(self._entry_id))
        return 0, ()

    @callback
    def report_points(self, count: int, names: Sequence[str], reason: str) -> None:
        """Create the issue about points, by the names of some of them."""
        shown = ", ".join(names)
        self._create(POINTS, reason, count=str(count), names=shown)

    @callback
    def clear(self, kind: FailureKind, source: str) -> None:
        """Note that something works; delete the issue unless another source fails."""
        sources = self._since.get(kind.key, {})
        if source in sources:
            left = {each: at for each, at in sources.items() if each != source}
            self._keep_only(kind, left)

    def _keep_only(self, kind: FailureKind, sources: dict[str, datetime]) -> None:
        """Replace what fails of a kind."""
        if sources:
            self._since[kind.key] = sources
        else:
            self._since.pop(kind.key, None)
            if cancel := self._timers.pop(kind.key, None):
                cancel()
            ir.async_delete_issue(self._hass, DOMAIN, kind.issue_id(self._entry_id))
        self._save()

    def _is_covered(self, kind: FailureKind) -> bool:
        """Return True if the whole server began to fail no later than this did."""
        if not kind.is_partial or not (own := self._since.get(kind.key)):
            return False
        began = min(own.values()) + _ALIKE
        return any(
            moment < began
            for whole in (ACCESS, SERVER)
            for moment in self._since.get(whole.key, {}).values()
        )

    def _create(
        self, kind: FailureKind, reason: str, *, count: str = "", names: str = ""
    ) -> None:
        """Create or update the issue of a kind."""
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            kind.issue_id(self._entry_id),
            is_fixable=False,
            severity=kind.severity,
            translation_key=kind.key,
            translation_placeholders={
                "title": self._title(),
                "reason": reason,
                "count": count,
                "names": names,
            },
        )

    def _save(self) -> None:
        """Save soon since when what fails."""
        self._store.async_delay_save(self._stored, _SAVE_DELAY)

    def _stored(self) -> dict[str, Json]:
        """Return what to store."""
        return {
            kind: {source: moment.isoformat() for source, moment in sources.items()}
            for kind, sources in self._since.items()
        }


_FAILURES: HassKey[dict[str, Failures]] = HassKey(f"{DOMAIN}_failures")
"""What fails in each config entry, by its id; kept while an entry is not loaded."""


async def async_failures_of[Data](
    hass: HomeAssistant, entry: ConfigEntry[Data]
) -> Failures:
    """Return what fails in a config entry, loaded at first."""
    every = hass.data.setdefault(_FAILURES, {})
    if (found := every.get(entry.entry_id)) is None:
        found = Failures(hass, entry)
        await found.async_load()
        every[entry.entry_id] = found
    return found


async def async_remove_failures[Data](
    hass: HomeAssistant, entry: ConfigEntry[Data]
) -> None:
    """Remove the issues and the file of a config entry."""
    await (await async_failures_of(hass, entry)).async_remove()
    del hass.data[_FAILURES][entry.entry_id]
