"""Compare costs with true prices times what the simulated meters counted."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from simulators.dirt_truth import Expected
from simulators.dsmr_reader import default_contracts
from simulators.registry import Running
from simulators.times import epoch

from .check import HOUR, server_name_of, settled_changes, twin_of
from .home_assistant import HomeAssistant
from .pricing import cost_id_of, sums
from .progress import say
from .servers import Server
from .tariffs import TARIFFS
from .true_prices import ZONE, TruePrices

FIXED_COST = "fixed_cost"
CENT = 0.01
EXACT = 1e-4
"""The tolerance in EUR of an hour: recorded amounts are rounded."""

SELDOM = 1e-3
"""The relative tolerance of a total whose hours are estimates."""

type Amount = Callable[[datetime, datetime], float | None]
"""Return what a meter counted in a span, or None if only longer spans are known."""

type Changes = Mapping[datetime, float]
type Units = dict[str, str]
"""The units of all statistics that are sums, by id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedCost:
    """One cost statistic, and what is right.

    `wrong` hours are not the recorded amount times the price, and `unpriced` ones have
    no price, but an amount. The totals are those of the hours whose true amount is
    known.
    """

    statistic_id: str
    hours: int
    unpriced: int
    wrong: int
    total: float
    true_total: float
    tolerance: float

    @property
    def is_right(self) -> bool:
        """Return True if every hour is right, and the total is the truth."""
        is_total_right = abs(self.total - self.true_total) <= self.tolerance
        return bool(self.hours) and not self.wrong and is_total_right

    def __str__(self) -> str:
        """Return a line of the table."""
        mark = "ok   " if self.is_right else "WRONG"
        return (
            f"{mark} {self.statistic_id:<72} {self.hours:>6} hours,"
            f" {self.unpriced:>5} without price {self.total:>12.2f}"
            f" (true {self.true_total:.2f}, {self.wrong} hours off)"
        )


def true_prices_of(backend: str) -> TruePrices:
    """Return the prices of a server of the demo."""
    year = datetime.now(ZONE).year
    return TruePrices(
        tariffs=[each for each in TARIFFS if each.backend == backend],
        contracts=default_contracts(year) if backend == "dsmr_reader" else (),
    )


def compare(
    statistic_id: str,
    amounts: Changes,
    costs: Changes,
    price_at: Callable[[datetime], float | None],
    true_amount: Amount,
    *,
    relative: float = EXACT,
) -> ComparedCost:
    """Compare the costs of a statistic hour by hour, and their total.

    `relative` is the relative tolerance of the total, which is at least a cent.
    """
    wrong = unpriced = 0
    total = true_total = volume = 0.0
    # The first hour began before the first reading.
    first = min(amounts, default=None)
    for hour, amount in amounts.items():
        price, cost = price_at(hour), costs.get(hour)
        if price is None:
            unpriced += amount != 0
            wrong += bool(cost)
            continue
        wrong += abs((cost or 0.0) - amount * price) > EXACT
        true = None if hour == first else true_amount(hour, hour + HOUR)
        if true is not None:
            total += cost or 0.0
            true_total += true * price
            volume += abs(true * price)
    # A cost of an hour that has no amount at all was invented.
    wrong += sum(1 for hour, cost in costs.items() if cost and hour not in amounts)
    return ComparedCost(
        statistic_id=statistic_id,
        hours=len(costs),
        unpriced=unpriced,
        wrong=wrong,
        total=total,
        true_total=true_total,
        tolerance=max(CENT, relative * volume),
    )


def wrong_days(costs: Changes, prices: TruePrices) -> list[datetime]:
    """Return the local midnights whose fixed cost is not what is true.

    Nothing else may have one, and none is missing after the first one.
    """
    wrong = [hour for hour in costs if costs[hour] and hour.astimezone(ZONE).hour]
    paid = [hour for hour in costs if costs[hour]]
    hour = min(paid, default=None)
    while hour is not None and hour <= max(paid):
        true = 0.0 if hour.astimezone(ZONE).hour else prices.of_day(hour) or 0.0
        if abs(true - costs.get(hour, 0.0)) > EXACT:
            wrong.append(hour)
        hour += HOUR
    return sorted({*wrong})


async def check_costs(
    api: HomeAssistant, servers: Sequence[Server], *, is_dirty: bool
) -> bool:
    """Print a table of all costs, and return True if all of them are right."""
    units = await sums(api)
    all_right = True
    for server in servers:
        compared = [
            each async for each in _compared(api, server, units, is_dirty=is_dirty)
        ]
        say(f"{server.kind.name}: {len(compared)} costs compared with the truth")
        for each in compared:
            print(each)
        all_right = all_right and all(each.is_right for each in compared)
        all_right = await _is_fixed_cost_right(api, server, units) and all_right
    return all_right


async def _compared(
    api: HomeAssistant, server: Server, units: Units, *, is_dirty: bool
) -> AsyncIterator[ComparedCost]:
    """Yield what was compared of each meter that has a price, or costs."""
    prices, twin = true_prices_of(server.kind.backend), twin_of(server)
    for statistic_id, unit in sorted(units.items()):
        key = server.key_of(statistic_id)
        cost_id = cost_id_of(statistic_id, units)
        if key is None or not (cost_id or prices.is_priced(key)):
            continue
        yield compare(
            cost_id or f"{statistic_id}: no costs",
            await settled_changes(api, statistic_id),
            {} if cost_id is None else await settled_changes(api, cost_id),
            partial(prices.at, key, unit),
            _truth(server, twin, statistic_id, is_dirty=is_dirty),
            relative=SELDOM if server.kind.reports_seldom else EXACT,
        )


def _truth(
    server: Server, twin: Running, statistic_id: str, *, is_dirty: bool
) -> Amount:
    """Return what knows the true amounts of a statistic, as far as anything does."""
    name = server_name_of(server, statistic_id)
    if name is None:
        return lambda start, end: None
    if not is_dirty:
        return partial(twin.amount, name)
    expected = twin.expected(name)
    return partial(_right_amount, expected) if expected else lambda start, end: None


def _right_amount(expected: Expected, start: datetime, end: datetime) -> float | None:
    """Return what is right of a dirty meter, unless the hour is an estimate."""
    span = epoch(start), epoch(end)
    return None if expected.is_estimated(*span) else expected.amount(*span)


async def _is_fixed_cost_right(
    api: HomeAssistant, server: Server, units: Units
) -> bool:
    """Compare the fixed costs of a server day by day; return True if all are right."""
    prices = true_prices_of(server.kind.backend)
    found = [
        each
        for each in units
        if each.startswith(f"metering_hub:{server.kind.backend}_")
        and each.endswith(f"_{FIXED_COST}")
    ]
    if bool(found) is not prices.has_fixed_costs:
        print(f"WRONG {server.kind.name}: {len(found)} statistics of fixed costs")
        return False
    is_right = True
    for statistic_id in found:
        costs = await settled_changes(api, statistic_id)
        wrong = wrong_days(costs, prices)
        is_right = is_right and bool(costs) and not wrong
        mark = "WRONG" if wrong or not costs else "ok   "
        print(f"{mark} {statistic_id:<72} {len(costs):>6} days, {len(wrong)} off")
    return is_right
