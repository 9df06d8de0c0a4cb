"""Read and write the preferences of the Energy dashboard.

Home Assistant has no public API for them. This is the only module that imports
`homeassistant.components.energy`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

from homeassistant.components.energy import data as energy_data
from homeassistant.components.energy.data import (
    EnergyManager,
    EnergyPreferencesUpdate,
    async_get_manager,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import singleton
from homeassistant.helpers.dispatcher import async_dispatcher_send

from ..const import DOMAIN

type Source = Mapping[str, Any]
"""A source as the preferences store it: a TypedDict per kind, here plain data."""

type Sources = Mapping[SourceList, Sequence[Source]]

SIGNAL_PREFERENCES = f"{DOMAIN}_energy_preferences"
"""The signal that is sent after each change of the preferences."""

HAS_HOME = hasattr(energy_data, "HomeSourceType")
"""True if Home Assistant has a source for the whole home, as it does since 2026.11."""

_COUNTED = ("stat_energy_from", "stat_energy_to", "stat_consumption")


class SourceList(StrEnum):
    """The lists of sources in the preferences."""

    ENERGY = "energy_sources"
    DEVICE = "device_consumption"
    WATER_DEVICE = "device_consumption_water"


class Preferences:
    """The preferences of the Energy dashboard."""

    def __init__(self, manager: EnergyManager) -> None:
        """Initialize with Home Assistant's manager of the preferences."""
        self._manager = manager

    def sources(self) -> dict[SourceList, list[Source]]:
        """Return a copy of all lists of sources."""
        stored: Mapping[str, Any] = self._manager.data or {}
        return {name: list(stored.get(name) or ()) for name in SourceList}

    async def async_update(self, changed: Sources) -> None:
        """Replace the given lists of sources, if there are any."""
        if changed:
            update: Any = {name.value: list(each) for name, each in changed.items()}
            checked: EnergyPreferencesUpdate = update
            await self._manager.async_update(checked)


async def async_get_preferences(hass: HomeAssistant) -> Preferences:
    """Return the preferences of the Energy dashboard."""
    return Preferences(await async_get_manager(hass))


@singleton.singleton(f"{DOMAIN}_energy_preferences")
async def async_send_changes(hass: HomeAssistant) -> bool:
    """Send a signal after each change of the preferences from now on.

    Home Assistant's manager never forgets a listener, so there is one for all entries.
    """

    async def send() -> None:
        """Send the signal."""
        async_dispatcher_send(hass, SIGNAL_PREFERENCES)

    (await async_get_manager(hass)).async_listen_updates(send)
    return True


def counted_statistics(sources: Iterable[Source]) -> Iterator[str]:
    """Yield the ids of the statistics that sources count."""
    for source in sources:
        yield from (source[name] for name in _COUNTED if source.get(name))
