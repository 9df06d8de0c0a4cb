"""Keep the costs of an entry's meters on the sources of the Energy dashboard.

A source that counts one of the meters and has no price gets the statistic of its cost,
once that is recorded, and loses it when it is gone. All else about a source belongs to
the user.
"""

from collections.abc import Iterator, Mapping, Sequence, Set as AbstractSet
from dataclasses import dataclass, field

from homeassistant.core import HomeAssistant

from ..history.recorder.recorder import recorded_metadata
from ..history.statistic import COMPENSATION_SUFFIX, COST_SUFFIX, cost_suffix
from .energy_sources import SourceKind
from .entry_meters import EntryMeters
from .left_costs import LeftCost, report_left_costs
from .offered_sources import async_offered_sources
from .preferences import Source, SourceList, async_get_preferences, counted_statistics


@dataclass(frozen=True, slots=True, kw_only=True)
class CostField:
    """The fields of a source for an amount, its cost, and the prices instead of that.

    `suffix` is that of the statistics which are a cost for this field.
    """

    amount: str
    cost: str
    prices: tuple[str, ...]
    suffix: str


_IMPORT = CostField(
    amount="stat_energy_from",
    cost="stat_cost",
    prices=("entity_energy_price", "number_energy_price"),
    suffix=COST_SUFFIX,
)
_EXPORT = CostField(
    amount="stat_energy_to",
    cost="stat_compensation",
    prices=("entity_energy_price_export", "number_energy_price_export"),
    suffix=COMPENSATION_SUFFIX,
)
_FIELDS: Mapping[str, tuple[CostField, ...]] = {
    SourceKind.GRID: (_IMPORT, _EXPORT),
    SourceKind.GAS: (_IMPORT,),
    SourceKind.WATER: (_IMPORT,),
}
"""The fields of each kind of source that can have a cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryCosts:
    """The statistics of what an entry's meters cost.

    `prefix` begins all ids of the entry. `by_amount` has the cost of each meter's
    statistic, recorded or not.
    """

    prefix: str
    by_amount: Mapping[str, str]

    def wanted(self, source: Source, cost_field: CostField) -> str | None:
        """Return the cost that a source lacks, if it has no price of any kind."""
        amount = source.get(cost_field.amount)
        names = (cost_field.cost, *cost_field.prices)
        if not amount or any(source.get(name) is not None for name in names):
            return None
        cost = self.by_amount.get(amount)
        return cost if cost == f"{amount}_{cost_field.suffix}" else None

    def shown(self, source: Source, cost_field: CostField) -> str | None:
        """Return the cost that a source shows if it is one of the entry."""
        cost: str | None = source.get(cost_field.cost)
        return cost if cost and cost.startswith(self.prefix) else None


@dataclass(slots=True)
class CostUpdate:
    """The sources with their costs as they should be.

    `updated` are the amounts whose costs were `added` or `removed`. `shown` are the
    costs that were there already, and `left` those that are gone, but not taken off.
    """

    sources: list[dict[str, object]] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    left: list[LeftCost] = field(default_factory=list)


def named_costs(sources: Sequence[Source], costs: EntryCosts) -> set[str]:
    """Return the costs that sources show or lack."""
    return {
        cost
        for source, each in _cost_fields(sources)
        if (cost := costs.shown(source, each) or costs.wanted(source, each))
    }


def make_update(
    sources: Sequence[Source],
    costs: EntryCosts,
    *,
    addable: AbstractSet[str],
    gone: AbstractSet[str],
) -> CostUpdate:
    """Add the costs that are `addable`, and take off those that are `gone`.

    A cost that is gone stays on a source that does not count its meter, because only
    the user can have put it there.
    """
    update = CostUpdate(sources=[dict(source) for source in sources])
    for source, each in _cost_fields(update.sources):
        shown, wanted = costs.shown(source, each), costs.wanted(source, each)
        if shown is not None and shown in gone:
            amount = _amount_of(shown)
            if amount not in counted_statistics([source]):
                update.left.append(LeftCost(source=source, cost=shown))
                continue
            source[each.cost] = None
            update.removed.append(shown)
            update.updated.append(amount)
        elif shown is not None:
            update.shown.append(shown)
        elif wanted is not None and wanted in addable:
            source[each.cost] = wanted
            update.added.append(wanted)
            update.updated.append(_amount_of(wanted))
    return update


async def async_update_costs(
    hass: HomeAssistant, meters: EntryMeters, *, only_new: bool
) -> list[str]:
    """Add the recorded costs of an entry to its sources, and take off those gone.

    With `only_new`, costs that were offered before are not added again. Return the
    statistics whose sources have changed. Raises RecorderError and StoppingError.
    """
    if meters.statistic_prefix is None:
        return []
    entry_id = meters.entry.entry_id
    costs = _costs_of(meters, meters.statistic_prefix)
    preferences = await async_get_preferences(hass)
    offered = await async_offered_sources(hass)
    async with offered.lock:
        sources = preferences.sources()[SourceList.ENERGY]
        named = named_costs(sources, costs)
        recorded = {*(await recorded_metadata(hass, named) if named else ())}
        # Meanwhile, the user may have changed the sources, or a new price the history.
        is_settled = meters.is_settled()
        update = make_update(
            preferences.sources()[SourceList.ENERGY],
            costs,
            addable=recorded - offered.of(entry_id) if only_new else recorded,
            gone=named - recorded if is_settled else set(),
        )
        if update.updated:
            await preferences.async_update({SourceList.ENERGY: update.sources})
        offered.async_add(entry_id, [*update.shown, *update.added])
        offered.async_withdraw(entry_id, update.removed)
    if is_settled:
        report_left_costs(hass, meters.entry, update.left)
    return update.updated


def _costs_of(meters: EntryMeters, prefix: str) -> EntryCosts:
    """Return the costs that the meters of an entry may have."""
    return EntryCosts(
        prefix=prefix,
        by_amount={
            f"{prefix}{key}": f"{prefix}{key}_{cost_suffix(point)}"
            for key, point in meters.points.items()
        },
    )


def _cost_fields[Each: Source](
    sources: Sequence[Each],
) -> Iterator[tuple[Each, CostField]]:
    """Yield each source with each of its fields for costs."""
    for source in sources:
        for cost_field in _FIELDS.get(source["type"], ()):
            yield source, cost_field


def _amount_of(cost: str) -> str:
    """Return the statistic that a cost belongs to."""
    return cost.removesuffix(f"_{COST_SUFFIX}").removesuffix(f"_{COMPENSATION_SUFFIX}")
