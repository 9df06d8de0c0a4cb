"""Show an entry's meters on the Energy dashboard, and take them off again.

Nothing that a person set up is ever changed or removed. A source is added at most once
by itself: who takes one off the dashboard does not get it back.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from homeassistant.components.energy.data import (
    EnergyManager,
    EnergyPreferencesUpdate,
    async_get_manager,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.util.unit_conversion import EnergyConverter, VolumeConverter

from ..const import CONF_ENERGY_DASHBOARD, DOMAIN
from ..data import MeteringHubConfigEntry
from ..history.recorder import recorded_ids, recorded_unit_class
from ..history.statistic import cost_suffix
from ..identifiers import platform_of, point_unique_id
from ..metering.model import Kind, Point, Quantity
from .energy_sources import (
    COUNTED_ROLES,
    Candidate,
    SourceKind,
    StatisticIds,
    make_candidates,
)
from .offered_sources import async_offered_sources

type Source = Mapping[str, Any]
"""A source as the Energy preferences hold it."""

_LISTS = ("energy_sources", "device_consumption", "device_consumption_water")
_COUNTED = ("stat_energy_from", "stat_energy_to", "stat_consumption")
_GAS_UNIT_CLASSES: Mapping[Quantity, str] = {
    Quantity.GAS: VolumeConverter.UNIT_CLASS,
    Quantity.ENERGY: EnergyConverter.UNIT_CLASS,
}
_COUNTING_KINDS = frozenset({Kind.REGISTER, Kind.INTERVAL})

ALREADY_THERE = "already_there"
FROM_ELSEWHERE = "other_source_of_this_kind"
OTHER_UNIT = "gas_in_another_unit"


@dataclass(slots=True)
class Outcome:
    """What was put on the dashboard, and what was not, and why (by statistic id)."""

    added: list[str] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)


async def async_add_to_dashboard(
    hass: HomeAssistant, entry: MeteringHubConfigEntry, *, only_new: bool
) -> Outcome:
    """Add what is missing on the Energy dashboard; say what was added and what not.

    `only_new` leaves out what was offered before.
    """
    candidates = make_candidates(
        entry.runtime_data.inventory.data.points.values(),
        await _statistic_ids(hass, entry),
    )
    manager = await async_get_manager(hass)
    offered = await async_offered_sources(hass)
    if only_new:
        known = offered.of(entry.entry_id)
        candidates = [c for c in candidates if not known.issuperset(c.statistics)]
    async with offered.lock:
        gas = await _unit_class_of_gas(hass, _list(manager, "energy_sources"))
        outcome = await _add(hass, manager, candidates, gas)
    ids = (each for candidate in candidates for each in candidate.statistics)
    offered.async_add(entry.entry_id, ids)
    return outcome


async def async_follow(hass: HomeAssistant, entry: MeteringHubConfigEntry) -> None:
    """Add what there is as soon as it has statistics, if a person wanted that."""
    if not entry.options.get(CONF_ENERGY_DASHBOARD, True):
        return
    runtime = entry.runtime_data
    offered = await async_offered_sources(hass)

    @callback
    def add_new() -> None:
        history = runtime.history
        is_ready = history is None or history.data.state == "up_to_date"
        if not is_ready or not _has_unoffered(entry, offered.of(entry.entry_id)):
            return
        entry.async_create_background_task(
            hass,
            async_add_to_dashboard(hass, entry, only_new=True),
            f"{entry.title} energy dashboard",
        )

    source = runtime.history or runtime.inventory
    entry.async_on_unload(source.async_add_listener(add_new))
    add_new()


@callback
def _has_unoffered(entry: MeteringHubConfigEntry, offered: frozenset[str]) -> bool:
    """Tell, without asking the recorder, whether there may be anything to add."""
    history = entry.runtime_data.history
    if history is None:
        # What was offered then are entities; there are few enough to look each time.
        return True
    return any(
        point.role in COUNTED_ROLES and f"{history.prefix}{key}" not in offered
        for key, point in history.points.items()
    )


async def _unit_class_of_gas(
    hass: HomeAssistant, sources: Iterable[Source]
) -> str | None:
    """Return whether gas is on the dashboard as a volume or as energy, if it is."""
    ids = {
        each
        for source in sources
        if source["type"] == SourceKind.GAS
        for each in _statistics_of(source)
    }
    return await recorded_unit_class(hass, ids)


async def _add(
    hass: HomeAssistant,
    manager: EnergyManager,
    candidates: Iterable[Candidate],
    gas: str | None,
) -> Outcome:
    """Add candidates to the preferences; nothing else runs in between.

    `gas` is the unit class of the gas there. The dashboard shows all gas in one unit
    and converts nothing: cubic metres would be shown as kWh.
    """
    outcome = Outcome()
    lists = {name: [*_list(manager, name)] for name in _LISTS}
    known = set(_counted(lists))
    elsewhere = _kinds_from_elsewhere(hass, lists["energy_sources"])
    changed: set[str] = set()
    for candidate in candidates:
        reason = None
        if not known.isdisjoint(candidate.statistics):
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
        name = candidate.kind.value if candidate.kind.is_device else "energy_sources"
        lists[name].append(candidate.config)
        changed.add(name)
        outcome.added += candidate.statistics
    if changed:
        await manager.async_update(_update({name: lists[name] for name in changed}))
    return outcome


def _list(manager: EnergyManager, name: str) -> Sequence[Source]:
    preferences: Mapping[str, Any] = manager.data or {}
    sources: Sequence[Source] = preferences.get(name) or ()
    return sources


def _update(lists: Mapping[str, list[Source]]) -> EnergyPreferencesUpdate:
    # The preferences are a TypedDict per kind of source; here they are data.
    update: Any = lists
    checked: EnergyPreferencesUpdate = update
    return checked


def _counted(lists: Mapping[str, Iterable[Source]]) -> Iterator[str]:
    """Yield the statistics that the preferences count."""
    for sources in lists.values():
        for source in sources:
            yield from _statistics_of(source)


def _statistics_of(source: Source) -> list[str]:
    return [source[name] for name in _COUNTED if source.get(name)]


def _kinds_from_elsewhere(
    hass: HomeAssistant, sources: Iterable[Source]
) -> set[SourceKind]:
    """Return the kinds of which there is a source that is not of this integration.

    A second one would count the same energy twice.
    """
    registry = er.async_get(hass)

    def is_ours(statistic_id: str) -> bool:
        entity = registry.async_get(statistic_id)
        is_own_entity = entity is not None and entity.platform == DOMAIN
        return is_own_entity or statistic_id.startswith(f"{DOMAIN}:")

    return {
        SourceKind(source["type"])
        for source in sources
        if source["type"] in SourceKind
        and not all(is_ours(each) for each in _statistics_of(source))
    }


async def _statistic_ids(
    hass: HomeAssistant, entry: MeteringHubConfigEntry
) -> StatisticIds:
    """Return under which ids an entry's points are counted now.

    That is the imported history, and without one, what Home Assistant itself keeps of
    the entities.
    """
    points = entry.runtime_data.inventory.data.points
    entities = _enabled_entities(hass, entry, points.values())
    rates = {
        key: entity_id
        for key, entity_id in entities.items()
        if points[key].quantity is Quantity.POWER and points[key].kind is Kind.INSTANT
    }
    history = entry.runtime_data.history
    if history is None:
        amounts = {
            k: v for k, v in entities.items() if points[k].kind in _COUNTING_KINDS
        }
        return StatisticIds(amounts=amounts, money={}, rates=rates)
    recorded = frozenset(await recorded_ids(hass, history.prefix))
    return StatisticIds(
        amounts=_recorded(recorded, history.prefix, dict.fromkeys(points, "")),
        money=_recorded(
            recorded,
            history.prefix,
            {key: f"_{cost_suffix(point)}" for key, point in points.items()},
        ),
        rates=rates,
    )


def _recorded(
    recorded: Collection[str], prefix: str, suffixes: Mapping[str, str]
) -> dict[str, str]:
    ids = {key: f"{prefix}{key}{suffix}" for key, suffix in suffixes.items()}
    return {key: each for key, each in ids.items() if each in recorded}


def _enabled_entities(
    hass: HomeAssistant, entry: MeteringHubConfigEntry, points: Iterable[Point]
) -> dict[str, str]:
    """Return the entity ids of points whose entities are enabled, by point key."""
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


async def async_report_left_sources(
    hass: HomeAssistant, entry: MeteringHubConfigEntry
) -> None:
    """Ask, by a repair issue, whether the sources of a removed entry shall go, too."""
    manager = await async_get_manager(hass)
    used = set(_counted({name: _list(manager, name) for name in _LISTS}))
    offered = await async_offered_sources(hass)
    left = sorted(used.intersection(offered.of(entry.entry_id)))
    offered.async_forget(entry.entry_id)
    if not left:
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"energy_sources_left_{entry.entry_id}",
        is_fixable=True,
        # The entry is gone, so that nothing would raise the issue again.
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
    """Take the sources off the Energy dashboard that count nothing but these."""
    manager = await async_get_manager(hass)
    ids = frozenset(statistic_ids)
    update: dict[str, list[Source]] = {}
    for name in _LISTS:
        sources = _list(manager, name)
        kept = [s for s in sources if not ids.issuperset(_statistics_of(s) or [""])]
        if len(kept) < len(sources):
            update[name] = kept
    if update:
        await manager.async_update(_update(update))
