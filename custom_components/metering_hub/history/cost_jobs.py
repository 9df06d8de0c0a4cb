"""List the statistics of costs that an entry has, and those that it has no more."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from homeassistant.core import HomeAssistant

from ..prices.fingerprints import fingerprint, fixed_costs_fingerprint
from ..prices.maths.point_prices import PointPrices
from ..prices.maths.targets import can_be_priced
from ..prices.maths.tariff import SourcePrice
from ..prices.price_book import PriceBook, Prices
from .pricing_memory import PricingMemory
from .recorder.recorder import clear_own, recorded_metadata
from .statistic import (
    COMPENSATION_SUFFIX,
    COST_SUFFIX,
    FIXED_COST_KEY,
    Scope,
    Statistic,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostJob:
    """A statistic of costs, and what it follows from.

    `prices` are those of the point whose amounts are in `amounts_id`, or `None` for the
    fixed costs, which follow from no amounts. The `fingerprint` tells the prices from
    others.
    """

    key: str
    statistic: Statistic
    fingerprint: str
    amounts_id: str
    prices: PointPrices | None = None

    @property
    def has_source(self) -> bool:
        """Return True if prices of past hours may become known or change."""
        return self.prices is not None and any(
            isinstance(each.price, SourcePrice) for each in self.prices.tariffs
        )


def cost_jobs(scope: Scope, prices: Prices) -> list[CostJob]:
    """Return what is to be priced of a scope."""
    jobs = []
    for point in scope.points:
        if (found := prices.of(point)) is None:
            continue
        jobs.append(
            CostJob(
                key=point.key,
                statistic=scope.cost_statistic(point, prices.currency),
                fingerprint=fingerprint(found, prices.currency),
                amounts_id=scope.statistic(point).statistic_id,
                prices=found,
            )
        )
    if prices.has_fixed_costs:
        jobs.append(
            CostJob(
                key=FIXED_COST_KEY,
                statistic=scope.fixed_cost_statistic(prices.currency),
                amounts_id=FIXED_COST_KEY,
                fingerprint=fixed_costs_fingerprint(prices),
            )
        )
    return jobs


def metered_ids(scope: Scope) -> list[str]:
    """Return the ids of the statistics of all that could have a price."""
    return [
        scope.statistic(point).statistic_id
        for point in scope.points
        if can_be_priced(point)
    ]


async def async_drop_costs(
    hass: HomeAssistant,
    scope: Scope,
    book: PriceBook,
    memory: PricingMemory,
    jobs: Iterable[CostJob],
) -> None:
    """Delete the recorded costs of what has no prices any more.

    What only has prices in another currency keeps its costs: Home Assistant may get
    that currency again. Then all hours are compared, because none was priced meanwhile.
    Costs that were joined from an older sensor stay, too: our prices never made them.
    Raises RecorderError and StoppingError.
    """
    wanted = {job.statistic.statistic_id for job in jobs}
    keys = {
        statistic_id: key
        for statistic_id, key in _possible_ids(scope).items()
        if statistic_id not in wanted
    }
    recorded = await recorded_metadata(hass, keys)
    waiting = {point.key for point in scope.points if book.waits_for_currency(point)}
    if book.fixed_costs_wait_for_currency:
        waiting.add(FIXED_COST_KEY)
    await memory.async_request(waiting)
    gone = [each for each in recorded if keys[each] not in waiting]
    unpriced = set(keys.values()) - {job.key for job in jobs} - waiting
    # A point may have the same prices as before, but a compensation now.
    for key in unpriced.union(keys[each] for each in gone):
        await memory.async_forget(key)
    await clear_own(hass, gone)


def _possible_ids(scope: Scope) -> Mapping[str, str]:
    """Return the keys by the ids that statistics of costs of a scope may have.

    A point whose role has changed may have had costs instead of a compensation.
    """
    ids = {
        f"{scope.prefix}{point.key}_{suffix}": point.key
        for point in scope.points
        if can_be_priced(point)
        for suffix in (COST_SUFFIX, COMPENSATION_SUFFIX)
    }
    return {**ids, f"{scope.prefix}{FIXED_COST_KEY}": FIXED_COST_KEY}
