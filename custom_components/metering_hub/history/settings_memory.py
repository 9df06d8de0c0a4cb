"""Remember by which settings of the user points were imported."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import override

from homeassistant.core import HomeAssistant

from ..backends.common.http import Json
from ..backends.common.parse import as_object
from ..const import DOMAIN
from ..memory import CheckedStore

_VERSION = 2


class Setting(StrEnum):
    """The settings that the rows of a point follow from; none is on by default."""

    TRUSTED = "trusted"
    """The readings are taken as they are."""

    STRAIGHT_LINES = "straight_lines"
    """Long gaps are not filled by comparable days."""

    CHOSEN_UNIT = "chosen_unit"
    """The user has put another unit in the place of the server's."""


type Settings = Mapping[Setting, frozenset[str]]
"""The keys of the points for which each setting is on."""


class SettingsMemory:
    """Store the keys of the points that were imported with each setting.

    All rows of a point are imported again when the user changes one. If the file is
    lost, the points with a setting that is on are.
    """

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Initialize the store; nothing is loaded yet."""
        # The file is named after the only setting that there was at first.
        self._store = _SettingsStore(hass, _VERSION, f"{DOMAIN}.{entry_id}.trusted")
        self._imported: Settings | None = None

    async def async_changed(
        self, keys: Collection[str], settings: Settings
    ) -> frozenset[str]:
        """Return those of `keys` that were imported with other settings."""
        imported = await self._async_load()
        changed = frozenset[str]()
        for each in Setting:
            changed |= _keys(imported, each) ^ _keys(settings, each)
        return changed & frozenset(keys)

    async def async_imported_with(self, setting: Setting) -> frozenset[str]:
        """Return the keys of the points that were imported with a setting."""
        return _keys(await self._async_load(), setting)

    async def _async_load(self) -> Settings:
        """Return what is stored, which is loaded once."""
        if self._imported is None:
            self._imported = _as_settings(await self._store.async_load())
        return self._imported

    async def async_keep(self, changed: Collection[str], settings: Settings) -> None:
        """Remember that points were imported after their settings had changed."""
        imported, keys = self._imported or {}, frozenset(changed)
        self._imported = {
            each: (_keys(imported, each) - keys) | (_keys(settings, each) & keys)
            for each in Setting
        }
        await self._store.async_save(
            {each.value: [*sorted(found)] for each, found in self._imported.items()}
        )

    async def async_remove(self) -> None:
        """Delete the file."""
        await self._store.async_remove()


class _SettingsStore(CheckedStore[dict[str, Json]]):
    """The file of an entry's settings."""

    @override
    async def _async_migrate_func(
        self, old_major_version: int, old_minor_version: int, old_data: Json
    ) -> dict[str, Json]:
        """Return the trusted points, which version 1 was a list of."""
        return {Setting.TRUSTED.value: old_data}


def _keys(settings: Settings, setting: Setting) -> frozenset[str]:
    """Return the keys of the points for which a setting is on."""
    return settings.get(setting, frozenset())


def _as_settings(stored: Json) -> Settings:
    """Return the settings of a file; what is invalid is forgotten."""
    values = as_object(stored)
    return {
        each: frozenset(str(key) for key in keys)
        for each in Setting
        if isinstance(keys := values.get(each.value), list)
    }
