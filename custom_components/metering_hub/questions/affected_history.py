"""Find and clear the recorded history of a point whose kind is changed.

Its rows were made by the rules of another kind, so they are deleted, after the user
has agreed, and imported again.
"""

from collections.abc import Collection, Mapping

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from ..backends import BACKENDS
from ..const import CONF_BACKEND
from ..data import MeteringHubConfigEntry
from ..errors import HistoryError, NotUnloadedError
from ..errors.stopping import ended_at_stop
from ..history.memory import ImportMemory
from ..history.quality.memory import QualityMemory
from ..history.recorder.access import wait_until_stored
from ..history.recorder.copies import copy_statistic
from ..history.recorder.joined import async_load_seams
from ..history.recorder.recorded_hours import Extent, recorded_extents
from ..history.recorder.recorder import clear
from ..history.statistic import COMPENSATION_SUFFIX, COST_SUFFIX, statistic_prefix
from ..metering.model import Point
from .words import Words


async def async_affected_history(
    hass: HomeAssistant, entry: MeteringHubConfigEntry, point: Point
) -> Mapping[str, Extent]:
    """Return what is recorded of a point and of its costs, by statistic id.

    It includes what was recorded under a former key: an import under that key would go
    on from rows of long ago. Raises RecorderError and StoppingError.
    """
    prefix = statistic_prefix(entry, BACKENDS[entry.data[CONF_BACKEND]])
    await async_load_seams(hass, prefix)
    ids = [
        f"{prefix}{key}{suffix}"
        for key in (point.key, *point.former_keys)
        for suffix in ("", f"_{COST_SUFFIX}", f"_{COMPENSATION_SUFFIX}")
    ]
    return await recorded_extents(hass, ids)


async def async_clear_history(
    hass: HomeAssistant,
    entry: MeteringHubConfigEntry,
    point: Point,
    *,
    has_copy: bool,
) -> None:
    """Delete what is recorded of a point, after a copy of it if that is wanted.

    The entry is then unloaded: otherwise an import might write rows of the former kind
    before the choice is stored. If this fails, the entry is loaded again, and
    HistoryError is raised.
    """
    affected = await async_affected_history(hass, entry, point)
    if not affected:
        return
    if entry.state is ConfigEntryState.LOADED and not (
        await hass.config_entries.async_unload(entry.entry_id)
    ):
        raise NotUnloadedError("the entry could not be unloaded")
    try:
        await _async_clear(hass, affected, has_copy=has_copy)
    except HistoryError:
        await hass.config_entries.async_setup(entry.entry_id)
        raise
    await _async_forget(hass, entry, point)


async def _async_clear(
    hass: HomeAssistant, statistic_ids: Collection[str], *, has_copy: bool
) -> None:
    """Delete statistics, after a copy of each if that is wanted."""
    words = await Words.async_load(hass)
    async with ended_at_stop(hass):
        await wait_until_stored(hass)
        if has_copy:
            for statistic_id in statistic_ids:
                await copy_statistic(hass, statistic_id, words.of_copy)
        await clear(hass, [*statistic_ids])


async def _async_forget(
    hass: HomeAssistant, entry: MeteringHubConfigEntry, point: Point
) -> None:
    """Forget what the import remembers of the deleted rows."""
    keys = (point.key, *point.former_keys)
    memory = ImportMemory.of(hass, entry.entry_id)
    await memory.async_load()
    await memory.async_complete(*keys)
    qualities = QualityMemory.of(hass, entry.entry_id)
    await qualities.async_load()
    await qualities.async_forget(*keys)
