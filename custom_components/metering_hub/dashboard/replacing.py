"""Put the meters of an entry in the place of other sources, and undo that."""

from collections.abc import Iterator, Sequence

from homeassistant.core import HomeAssistant

from .energy_sources import SourceKind
from .entry_candidates import async_candidates, async_gas_units, own_statistics
from .entry_meters import EntryMeters
from .left_out import LeftOut, left_out_meters
from .offered_sources import async_offered_sources
from .placement import place
from .preferences import Source, SourceList, async_get_preferences, counted_statistics
from .replaced_sources import async_replaced_sources
from .replacement import Change, Replacement, replace_sources, restore_sources


async def async_left_out(
    hass: HomeAssistant, meters: EntryMeters, kind: SourceKind
) -> LeftOut | None:
    """Return what is left out of a kind at present, if anything.

    Raises RecorderError and StoppingError.
    """
    preferences = await async_get_preferences(hass)
    candidates = [
        each for each in await async_candidates(hass, meters) if each.kind is kind
    ]
    gas_units = await async_gas_units(hass, preferences)
    placement = place(
        preferences.sources(), candidates, gas_units, own_statistics(hass)
    )
    return next(left_out_meters(hass, placement, gas_units), None)


async def async_replace(
    hass: HomeAssistant, meters: EntryMeters, left_out: LeftOut
) -> bool:
    """Put meters in the place of the sources that are the reason for leaving them out.

    Return False if the sources have changed since. The replaced ones are stored after
    the preferences, which Home Assistant itself stores a minute later: after a crash in
    between, neither has changed. Raises RecorderError and StoppingError.
    """
    entry_id = meters.entry.entry_id
    preferences = await async_get_preferences(hass)
    offered = await async_offered_sources(hass)
    replaced = await async_replaced_sources(hass)
    async with offered.lock:
        gas_units = await async_gas_units(hass, preferences)
        sources = preferences.sources()[SourceList.ENERGY]
        if any(each not in sources for each in left_out.others):
            return False
        change = replace_sources(
            sources, left_out.meters, left_out.others, own_statistics(hass), gas_units
        )
        if change is None:
            return False
        await preferences.async_update({SourceList.ENERGY: change.sources})
        history = [*replaced.of(entry_id), change.replacement]
        await replaced.async_set(entry_id, history)
    offered.async_add(entry_id, counted_statistics(change.replacement.added))
    return True


async def async_restore(
    hass: HomeAssistant, entry_id: str
) -> tuple[list[str], list[str]] | None:
    """Put back what the meters of an entry have replaced, where they still stand.

    Return the statistics whose sources were restored and removed, or `None` if there is
    nothing to restore.
    """
    preferences = await async_get_preferences(hass)
    offered = await async_offered_sources(hass)
    replaced = await async_replaced_sources(hass)
    async with offered.lock:
        sources = preferences.sources()[SourceList.ENERGY]
        changes = [*_restorations(replaced.of(entry_id), sources)]
        if changes:
            await preferences.async_update({SourceList.ENERGY: changes[-1].sources})
        await replaced.async_set(entry_id, [])
    if not changes:
        return None
    made = [change.replacement for change in changes]
    return (
        [id_ for each in made for id_ in counted_statistics(each.added)],
        [id_ for each in made for id_ in counted_statistics(each.replaced)],
    )


def _restorations(
    replacements: Sequence[Replacement], sources: Sequence[Source]
) -> Iterator[Change]:
    """Yield the changes that undo replacements, the newest one first."""
    for each in reversed(replacements):
        if (change := restore_sources(sources, each)) is not None:
            sources = change.sources
            yield change
