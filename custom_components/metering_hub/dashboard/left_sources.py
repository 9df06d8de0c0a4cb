"""Ask whether to remove the sources of an entry that was removed."""

from collections.abc import Collection

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from ..backends import BACKENDS
from ..const import CONF_BACKEND, DOMAIN
from .left_costs import delete_left_costs
from .left_out import delete_left_out
from .offered_sources import async_offered_sources
from .preferences import async_get_preferences, counted_statistics
from .replaced_sources import async_replaced_sources


async def async_report_left_sources(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Create a repair issue if a removed entry still has sources on the dashboard."""
    preferences = await async_get_preferences(hass)
    sources = preferences.sources().values()
    counted = {id_ for each in sources for id_ in counted_statistics(each)}
    offered = await async_offered_sources(hass)
    left = sorted(counted.intersection(offered.of(entry.entry_id)))
    offered.async_withdraw(entry.entry_id, offered.of(entry.entry_id).difference(left))
    delete_left_costs(hass, entry)
    delete_left_out(hass, entry)
    await (await async_replaced_sources(hass)).async_set(entry.entry_id, [])
    if not left:
        offered.async_forget(entry.entry_id)
        return
    # Home Assistant stores the issue, and its diagnostics show it: a title may be an
    # address, and the id of a statistic has the serial number of its device.
    title, count = BACKENDS[entry.data[CONF_BACKEND]].name, str(len(left))
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"energy_sources_left_{entry.entry_id}",
        is_fixable=True,
        # After a restart, no entry would be left to create the issue again.
        is_persistent=True,
        severity=ir.IssueSeverity.WARNING,
        translation_key="energy_sources_left",
        translation_placeholders={"title": title, "count": count},
        data={"title": title, "count": count, "removed": entry.entry_id},
    )


async def async_remove_left(
    hass: HomeAssistant, entry_id: str, others: Collection[str]
) -> None:
    """Remove the sources that a removed entry has left, and those of other ids."""
    offered = await async_offered_sources(hass)
    await _remove_sources(hass, offered.of(entry_id).union(others))
    offered.async_forget(entry_id)


async def _remove_sources(hass: HomeAssistant, ids: frozenset[str]) -> None:
    """Remove the sources that count nothing but the given statistics."""
    preferences = await async_get_preferences(hass)
    changed = {}
    for name, sources in preferences.sources().items():
        kept = [
            source
            for source in sources
            if not (counted := set(counted_statistics([source]))) or counted - ids
        ]
        if len(kept) < len(sources):
            changed[name] = kept
    await preferences.async_update(changed)
