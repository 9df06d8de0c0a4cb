"""Ask whether to remove the sources of an entry that was removed."""

from collections.abc import Collection

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from ..const import DOMAIN
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
    offered.async_forget(entry.entry_id)
    delete_left_costs(hass, entry)
    delete_left_out(hass, entry)
    await (await async_replaced_sources(hass)).async_set(entry.entry_id, [])
    if not left:
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"energy_sources_left_{entry.entry_id}",
        is_fixable=True,
        # After a restart, no entry would be left to create the issue again.
        is_persistent=True,
        severity=ir.IssueSeverity.WARNING,
        translation_key="energy_sources_left",
        translation_placeholders={"title": entry.title, "count": str(len(left))},
        data={
            "title": entry.title,
            "count": len(left),
            "statistics": " ".join(left),
        },
    )


async def async_remove_from_dashboard(
    hass: HomeAssistant, statistic_ids: Collection[str]
) -> None:
    """Remove the sources that count nothing but the given statistics."""
    preferences = await async_get_preferences(hass)
    ids = frozenset(statistic_ids)
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
