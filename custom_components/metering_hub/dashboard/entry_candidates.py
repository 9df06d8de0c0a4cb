"""The sources that can be made from the meters of a config entry."""

from collections.abc import Mapping

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from ..const import DOMAIN
from ..history.recorder.recorder import recorded_metadata
from .energy_sources import Candidate, SourceKind, make_candidates
from .entry_meters import EntryMeters, statistic_ids
from .placement import IsOwn
from .preferences import HAS_HOME, Preferences, SourceList, counted_statistics
from .source_names import async_source_names, with_names


async def async_candidates(hass: HomeAssistant, meters: EntryMeters) -> list[Candidate]:
    """Return the sources of an entry, with names and the solar forecast.

    The forecast is that of all solar sources together, so the first one has it. Raises
    RecorderError and StoppingError.
    """
    ids = await statistic_ids(hass, meters)
    found = make_candidates(meters.points.values(), ids, has_home=HAS_HOME)
    candidates = with_names(found, await async_source_names(hass, meters, found))
    solar = (i for i, each in enumerate(candidates) if each.kind is SourceKind.SOLAR)
    first = next(solar, None)
    if first is not None and await meters.forecast():
        candidates[first] = candidates[first].with_forecast(meters.entry.entry_id)
    return candidates


async def async_gas_units(
    hass: HomeAssistant, preferences: Preferences
) -> Mapping[str, str]:
    """Return the unit classes of the gas on the dashboard, by statistic."""
    sources = preferences.sources()[SourceList.ENERGY]
    gas = [source for source in sources if source["type"] == SourceKind.GAS]
    counted = {*counted_statistics(gas)}
    recorded = await recorded_metadata(hass, counted) if counted else {}
    return {
        statistic_id: metadata["unit_class"]
        for statistic_id, metadata in recorded.items()
        if metadata["unit_class"]
    }


def own_statistics(hass: HomeAssistant) -> IsOwn:
    """Return what tells statistics of this integration and its entities from others."""
    registry = er.async_get(hass)

    def is_own(statistic_id: str) -> bool:
        """Return True for a statistic of this integration or of its entities."""
        entity = registry.async_get(statistic_id)
        is_own_entity = entity is not None and entity.platform == DOMAIN
        return is_own_entity or statistic_id.startswith(f"{DOMAIN}:")

    return is_own
