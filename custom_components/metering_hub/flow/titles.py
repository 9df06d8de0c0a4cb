"""The titles of entries, which tell apart several servers of a kind."""

from collections.abc import Collection

from yarl import URL

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
)
from homeassistant.const import CONF_URL, EVENT_CORE_CONFIG_UPDATE
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.translation import async_get_translations

from ..backends.base import BackendSpec, Settings
from ..const import DOMAIN
from ..identifiers import place_name
from ..metering.inventory import Inventory

_TEXTS = ("common", "device", "entity")


def default_title(
    hass: HomeAssistant,
    spec: BackendSpec,
    data: Settings,
    inventory: Inventory | None = None,
    *,
    own: ConfigEntry | None = None,
) -> str:
    """Return the title of a server with its host, or its place if it has no own host.

    What the user logs in with is never a part of it. If another entry than its `own`
    has the title already, a number follows.
    """
    place = _host(spec, data) or _place(inventory)
    title = f"{spec.title} ({place})" if place else spec.title
    entries = hass.config_entries.async_entries(DOMAIN)
    taken = {each.title for each in entries if each is not own}
    return _free(title, taken)


def renewed_title[Data](
    hass: HomeAssistant, spec: BackendSpec, entry: ConfigEntry[Data], data: Settings
) -> str:
    """Return the title of an entry whose server moves to the address in `data`.

    What the user wrote stays, and so does a place, which an address does not change.
    """
    if entry.title != default_title(hass, spec, entry.data, own=entry):
        return entry.title
    return default_title(hass, spec, data, own=entry)


def _host(spec: BackendSpec, data: Settings) -> str | None:
    """Return the host of a server, and its port if that is unusual.

    At the address that all users of a backend have, it tells nothing apart.
    """
    url = data.get(CONF_URL)
    if any(each.name == CONF_URL and each.default == url for each in spec.fields):
        return None
    return URL(str(url)).host_port_subcomponent if url else None


def _place(inventory: Inventory | None) -> str | None:
    """Return the only area in which the server has its devices, if there is one."""
    devices = inventory.devices.values() if inventory else ()
    areas = {each.suggested_area for each in devices if each.suggested_area}
    # An account may be named after the address by which its user logs in.
    return next((area for area in areas if "@" not in area and len(areas) == 1), None)


def _free(title: str, taken: Collection[str]) -> str:
    """Return a title that is not taken, with a number if need be."""
    free, number = title, 1
    while free in taken:
        number += 1
        free = f"{title} {number}"
    return free


async def async_follow_titles[Data](
    hass: HomeAssistant, entry: ConfigEntry[Data]
) -> None:
    """Load the texts of names, and reload the entry when its names change.

    Its title, the language, or another server of its kind may change them. The names
    of entities are made when they are added. After a change of the language, no text
    of devices is loaded, which their registry needs.
    """
    for category in _TEXTS:
        await async_get_translations(hass, hass.config.language, category, {DOMAIN})
    follower = _NameFollower(hass, entry)
    entry.async_on_unload(
        async_dispatcher_connect(
            hass, SIGNAL_CONFIG_ENTRY_CHANGED, follower.follow_entries
        )
    )
    entry.async_on_unload(
        hass.bus.async_listen(EVENT_CORE_CONFIG_UPDATE, follower.follow_language)
    )


class _NameFollower[Data]:
    """Reloads an entry when what its names depend on has changed."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry[Data]) -> None:
        """Initialize with what the names depend on at present."""
        self._hass = hass
        self._entry = entry
        self._named = self._current()

    @callback
    def follow_entries(self, _: ConfigEntryChange, changed: ConfigEntry) -> None:
        """Look at the names after a change of an entry of the integration."""
        if changed.domain == DOMAIN:
            self._follow()

    @callback
    def follow_language(self, _: Event) -> None:
        """Look at the names after a change of Home Assistant's settings.

        Its page of general settings sends the language with every change.
        """
        self._follow()

    def _follow(self) -> None:
        """Reload if the names have changed.

        The reload changes the entry, too, which must not cause another one.
        """
        if self._named != (now := self._current()):
            self._named = now
            self._hass.config_entries.async_schedule_reload(self._entry.entry_id)

    def _current(self) -> tuple[str, ...]:
        """Return what the names depend on at present."""
        place = place_name(self._hass, self._entry) or ""
        return self._hass.config.language, self._entry.title, place
