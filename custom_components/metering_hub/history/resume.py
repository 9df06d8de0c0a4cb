"""Where the import of each statistic goes on: the recorder itself is the memory."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from homeassistant.core import HomeAssistant

from ..metering.model import PricePeriod
from .maths.rows import Baseline, Row
from .recorder import HOUR, last_rows, row_before
from .statistic import Statistic

SETTLED = timedelta(hours=3)
"""How long before the first change a row must have ended to count as final: the meter
behind an electricity meter may be read an hour later than that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyPlan:
    """What is recorded of what a register costs, and the sum to go on from.

    `recorded` is as in `Plan`, but may begin before the register's base.
    """

    recorded: Sequence[Row] | None
    before: float

    def at(self, base: Row) -> MoneyPlan:
        """Return the plan for a later base of the register."""
        before = _sum_at(self.recorded or (), base)
        return self if before is None else replace(self, before=before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is recorded of a statistic, and from which of its rows counting goes on.

    Without `base`, everything is counted from the start. `recorded` holds the rows
    after it, oldest first; `None` where they are to be written anew, whatever they say.
    `money` is there where there are prices.
    """

    base: Row | None
    recorded: Sequence[Row] | None
    money: MoneyPlan | None = None

    @property
    def resume(self) -> datetime | None:
        """Return the moment from which readings are needed (a whole hour, UTC)."""
        return self.base.start + HOUR if self.base else None

    @property
    def is_continued(self) -> bool:
        """Tell whether counting goes on from the newest of recorded rows."""
        return self.base is not None and self.recorded is not None

    @property
    def baseline(self) -> Baseline | None:
        """Return the base as the hourly maths takes it."""
        if self.base is None or self.base.sum is None or self.base.state is None:
            return None
        return Baseline(
            end=self.base.start + HOUR, state=self.base.state, sum=self.base.sum
        )

    def narrowed(self, since: datetime) -> Plan:
        """Return the plan for changes from `since` on only."""
        if self.base is None or self.recorded is None:
            return self
        rows = [self.base, *self.recorded]
        settled = [
            index
            for index, row in enumerate(rows)
            if row.start + HOUR <= since - SETTLED
        ]
        if not settled:
            return self
        base = rows[settled[-1]]
        return Plan(
            base=base,
            recorded=rows[settled[-1] + 1 :],
            money=self.money and self.money.at(base),
        )


async def plan_resume(
    hass: HomeAssistant, statistic: Statistic, window: timedelta
) -> Plan:
    """Plan to look at the trailing window again, and to go on from before it."""
    count = window // HOUR
    rows = await last_rows(hass, statistic.statistic_id, count + 1)
    has_no_sum = statistic.metadata["has_sum"] and any(row.sum is None for row in rows)
    if len(rows) <= count or has_no_sum:
        return Plan(base=None, recorded=rows)
    return Plan(base=rows[0], recorded=rows[1:])


async def plan_anew(
    hass: HomeAssistant, statistic: Statistic, start: datetime | None
) -> Plan:
    """Plan to write everything from `start` on anew; without, from the beginning."""
    base = (
        await row_before(hass, statistic.statistic_id, start)
        if start is not None
        else None
    )
    return Plan(base=base, recorded=None)


async def with_money(
    hass: HomeAssistant,
    plan: Plan,
    statistic: Statistic,
    prices: Collection[PricePeriod],
    point_key: str,
) -> Plan:
    """Return a register's plan with that of its money.

    Where its past has prices that were never applied, it is counted again as a whole.
    """
    recorded: Sequence[Row] | None = None
    if plan.recorded is not None:
        # There are no more rows of money than of the register, so that the one at its
        # base is among them.
        count = len(plan.recorded) + 1
        recorded = await last_rows(hass, statistic.statistic_id, count)
    before = await _money_before(
        hass, statistic, plan.base, recorded or (), prices, point_key
    )
    return replace(
        plan,
        base=None if before is None else plan.base,
        money=MoneyPlan(recorded=recorded, before=before or 0.0),
    )


async def _money_before(
    hass: HomeAssistant,
    statistic: Statistic,
    base: Row | None,
    recorded: Sequence[Row],
    prices: Collection[PricePeriod],
    point_key: str,
) -> float | None:
    """Return the running cost at the end of a register's base row.

    `None` where it is not known, although there were prices.
    """
    if base is None:
        return 0.0
    if (known := _sum_at(recorded, base)) is not None:
        return known
    end = base.start + HOUR
    if row := await row_before(hass, statistic.statistic_id, end):
        return row.sum
    had_price = any(
        period.start < end and point_key in period.prices for period in prices
    )
    return None if had_price else 0.0


def _sum_at(rows: Sequence[Row], base: Row) -> float | None:
    """Return the sum of the last of these rows that is no later than another."""
    before = (row.sum for row in reversed(rows) if row.start <= base.start)
    return next(before, None)
