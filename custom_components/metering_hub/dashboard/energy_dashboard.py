"""Add the meters of a config entry to the Energy dashboard, and remove them again.

Sources that the user has set up are never changed or removed. A source is added
automatically only once, so one that the user removes does not come back.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util.unit_conversion import EnergyConverter, VolumeConverter

from ..const import DOMAIN
from ..descriptions import statistics_unit_class
from ..history.recorder.recorder import recorded_ids, recorded_unit_class
from ..history.statistic import cost_suffix
from ..identifiers import platform_of, point_unique_id
from ..metering.model import Kind, Point, Quantity, Role
from .energy_sources import (
    COUNTED_ROLES,
    Candidate,
    SourceKind,
    StatisticIds,
    make_candidates,
)
from .offered_sources import async_offered_sources
from .preferences import (
    Preferences,
    Source,
    SourceList,
    async_get_preferences,
    counted_statistics,
)

_LISTS: Mapping[SourceKind, SourceList] = {
    SourceKind.DEVICE: SourceList.DEVICE,
    SourceKind.WATER_DEVICE: SourceList.WATER_DEVICE,
}
"""The list of each kind of source; all others are energy sources."""

_GAS_UNIT_CLASSES: Mapping[Quantity, str] = {
    Quantity.GAS: VolumeConverter.UNIT_CLASS,
    Quantity.ENERGY: EnergyConverter.UNIT_CLASS,
    Quantity.HEAT: EnergyConverter.UNIT_CLASS,
}
_COUNTING_KINDS = frozenset({Kind.REGISTER, Kind.INTERVAL})

ALREADY_THERE = "already_there"
FROM_ELSEWHERE = "other_source_of_this_kind"
OTHER_UNIT = "gas_in_another_unit"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryMeters:
    """The meters of a config entry.

    `points` are the selected points by key. `statistic_prefix` is the prefix of the
    imported statistics, or `None` if history is not imported. `forecast` returns the
    expected solar production, which is empty if there is none.
    """

    entry: ConfigEntry
    forecast: Callable[[], Awaitable[Mapping[datetime, float]]]
    points: Mapping[str, Point]
    statistic_prefix: str | None


@dataclass(slots=True)
class Outcome:
    """The statistics that were added, and those that were skipped with the reason."""

    added: list[str] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)


async def async_add_to_dashboard(
    hass: HomeAssistant, meters: EntryMeters, *, only_new: bool
) -> Outcome:
    """Add the meters that are missing on the Energy dashboard.

    With `only_new`, sources that were offered before are ignored.
    """
    entry_id = meters.entry.entry_id
    ids = await _statistic_ids(hass, meters)
    candidates = make_candidates(
        meters.points.values(), replace(ids, forecasts=await _forecasts(meters))
    )
    preferences = await async_get_preferences(hass)
    offered = await async_offered_sources(hass)
    if only_new:
        known = offered.of(entry_id)
        candidates = [c for c in candidates if not known.issuperset(c.statistics)]
    async with offered.lock:
        gas = await _unit_class_of_gas(hass, preferences)
        outcome = await _add(hass, preferences, candidates, gas)
    counted = (each for candidate in candidates for each in candidate.statistics)
    offered.async_add(entry_id, counted)
    return outcome


async def _forecasts(meters: EntryMeters) -> tuple[str, ...]:
    """Return the id of an entry whose server predicts its solar production."""
    if not any(point.role is Role.SOLAR for point in meters.points.values()):
        return ()
    return (meters.entry.entry_id,) if await meters.forecast() else ()


async def async_follow(
    hass: HomeAssistant,
    entry: ConfigEntry,
    coordinator: DataUpdateCoordinator[Any],
    get_meters: Callable[[], EntryMeters | None],
) -> None:
    """Add the meters of an entry as soon as they have statistics.

    `get_meters` is called after each update of the coordinator, and returns `None`
    while the history is not up to date.
    """
    offered = await async_offered_sources(hass)

    @callback
    def add_new() -> None:
        """Add the sources that were not offered yet, in the background."""
        meters = get_meters()
        if meters is not None and _may_have_new(meters, offered.of(entry.entry_id)):
            entry.async_create_background_task(
                hass,
                async_add_to_dashboard(hass, meters, only_new=True),
                f"{entry.title} energy dashboard",
            )

    entry.async_on_unload(coordinator.async_add_listener(add_new))
    add_new()


def _may_have_new(meters: EntryMeters, offered: frozenset[str]) -> bool:
    """Return True if there may be sources to add, without querying the recorder."""
    if meters.statistic_prefix is None:
        # Then the sources are entities, few enough to be checked every time.
        return True
    return any(
        point.has_history
        and point.role in COUNTED_ROLES
        and f"{meters.statistic_prefix}{key}" not in offered
        for key, point in meters.points.items()
    )


async def _unit_class_of_gas(
    hass: HomeAssistant, preferences: Preferences
) -> str | None:
    """Return the unit class of the gas on the dashboard, if there is any."""
    sources = preferences.sources()[SourceList.ENERGY]
    gas = (source for source in sources if source["type"] == SourceKind.GAS)
    return await recorded_unit_class(hass, set(counted_statistics(gas)))


async def _add(
    hass: HomeAssistant,
    preferences: Preferences,
    candidates: Iterable[Candidate],
    gas: str | None,
) -> Outcome:
    """Add candidates to the preferences without yielding to the event loop.

    `gas` is the unit class of the gas on the dashboard. The dashboard shows all gas in
    one unit without conversion, so cubic meters would be shown as kWh.
    """
    outcome = Outcome()
    sources = preferences.sources()
    counted = {id_ for each in sources.values() for id_ in counted_statistics(each)}
    elsewhere = _kinds_from_elsewhere(hass, sources[SourceList.ENERGY])
    changed: set[SourceList] = set()
    for candidate in candidates:
        reason = None
        if not counted.isdisjoint(candidate.statistics):
            reason = ALREADY_THERE
        elif candidate.kind in elsewhere:
            reason = FROM_ELSEWHERE
        elif candidate.kind is SourceKind.GAS:
            unit_class = _GAS_UNIT_CLASSES[candidate.quantity]
            gas = gas or unit_class
            reason = None if gas == unit_class else OTHER_UNIT
        if reason is not None:
            outcome.skipped |= dict.fromkeys(candidate.statistics, reason)
            continue
        name = _LISTS.get(candidate.kind, SourceList.ENERGY)
        sources[name].append(candidate.config)
        changed.add(name)
        outcome.added += candidate.statistics
    await preferences.async_update({name: sources[name] for name in changed})
    return outcome


def _kinds_from_elsewhere(
    hass: HomeAssistant, sources: Iterable[Source]
) -> set[SourceKind]:
    """Return the kinds that have a source from another integration.

    A second source of such a kind could count the same energy twice.
    """
    registry = er.async_get(hass)

    def is_own(statistic_id: str) -> bool:
        """Return True for a statistic of this integration or of its entities."""
        entity = registry.async_get(statistic_id)
        is_own_entity = entity is not None and entity.platform == DOMAIN
        return is_own_entity or statistic_id.startswith(f"{DOMAIN}:")

    return {
        SourceKind(source["type"])
        for source in sources
        if source["type"] in SourceKind
        and not all(is_own(each) for each in counted_statistics([source]))
    }


async def _statistic_ids(hass: HomeAssistant, meters: EntryMeters) -> StatisticIds:
    """Return the ids of the statistics that count the points of an entry.

    These are the imported statistics or, without import, those of the entities.
    """
    prefix = meters.statistic_prefix
    points = {
        key: point
        for key, point in meters.points.items()
        # The dashboard refuses statistics whose unit it cannot convert, such as BTU.
        if point.kind not in _COUNTING_KINDS or statistics_unit_class(point) is not None
    }
    entities = _enabled_entities(hass, meters.entry, points.values())
    rates = {
        key: entity_id
        for key, entity_id in entities.items()
        if points[key].quantity is Quantity.POWER and points[key].kind is Kind.INSTANT
    }
    if prefix is None:
        amounts = {
            k: v for k, v in entities.items() if points[k].kind in _COUNTING_KINDS
        }
        return StatisticIds(amounts=amounts, money={}, rates=rates)
    recorded = frozenset(await recorded_ids(hass, prefix))
    money_suffixes = {key: f"_{cost_suffix(each)}" for key, each in points.items()}
    return StatisticIds(
        amounts=_recorded(recorded, prefix, dict.fromkeys(points, "")),
        money=_recorded(recorded, prefix, money_suffixes),
        rates=rates,
    )


def _recorded(
    recorded: Collection[str], prefix: str, suffixes: Mapping[str, str]
) -> dict[str, str]:
    """Return the statistic ids that are recorded, by point key."""
    ids = {key: f"{prefix}{key}{suffix}" for key, suffix in suffixes.items()}
    return {key: each for key, each in ids.items() if each in recorded}


def _enabled_entities(
    hass: HomeAssistant, entry: ConfigEntry, points: Iterable[Point]
) -> dict[str, str]:
    """Return the entity ids of the points whose entities are enabled, by point key."""
    registry = er.async_get(hass)
    found = {}
    for point in points:
        entity_id = registry.async_get_entity_id(
            platform_of(point), DOMAIN, point_unique_id(entry, point.key)
        )
        entity = registry.async_get(entity_id) if entity_id else None
        if entity is not None and entity.disabled_by is None:
            found[point.key] = entity.entity_id
    return found


async def async_report_left_sources(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Create a repair issue if a removed entry still has sources on the dashboard."""
    preferences = await async_get_preferences(hass)
    sources = preferences.sources().values()
    counted = {id_ for each in sources for id_ in counted_statistics(each)}
    offered = await async_offered_sources(hass)
    left = sorted(counted.intersection(offered.of(entry.entry_id)))
    offered.async_forget(entry.entry_id)
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
