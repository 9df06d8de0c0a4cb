"""Find out what can be joined before the first hour of a statistic."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from homeassistant.core import HomeAssistant

from ...metering.model import Kind, Point
from ...metering.register_rules import NEVER_NEGATIVE
from ..maths.rows import HOUR, Row
from ..recorder.joined import first_own_hour
from ..recorder.recorded_hours import recorded_extents
from ..recorder.recorder import recorded_metadata, rows_during
from ..statistic import Scope, Statistic, cost_suffix
from .older import OlderRows, OlderStatistic


class Refusal(StrEnum):
    """Why nothing can be joined; the values are the keys of their texts."""

    ALREADY_JOINED = "older_already_joined"
    NO_OWN_ROWS = "older_no_own_rows"
    NO_SUMS = "older_no_sums"
    NOTHING_OLDER = "older_nothing_older"
    OTHER_UNIT = "older_other_unit"
    OWN_STATISTIC = "older_own_statistic"


class CostRefusal(StrEnum):
    """Why no costs come along; the values are the keys of their texts."""

    NO_OLDER_COST = "older_cost_none"
    NO_OWN_COST = "older_cost_no_own"
    NOTHING_OLDER = "older_cost_nothing_older"
    OTHER_CURRENCY = "older_cost_other_currency"


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinPlan:
    """What is joined: the hours from `first` to `last` (their starts), and both ends.

    `total` is the sum of the joined changes, and `falls` the hours without change
    because the older sum falls there. `state` is the last older state, in our unit, and
    `own_start` our position where our first hour begins, if we have positions.
    """

    older: OlderStatistic
    first: datetime
    last: datetime
    hours: int
    total: float
    falls: int
    state: float | None
    seam: datetime
    own_start: float | None

    @property
    def gap(self) -> timedelta:
        """Return the time without rows between the two."""
        return self.seam - self.last - HOUR

    @property
    def advance(self) -> float | None:
        """Return by how much our first position is above the last older state.

        `None` if there are not two positions of which ours is the higher one.
        """
        if self.state is None or self.own_start is None or self.own_start < self.state:
            return None
        return self.own_start - self.state


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinPlans:
    """The plan of a statistic, and that of its costs or the reason for none."""

    amounts: JoinPlan
    costs: JoinPlan | CostRefusal


async def plan_joins(
    hass: HomeAssistant,
    scope: Scope,
    point: Point,
    older_id: str,
    cost_ids: Iterable[str],
) -> JoinPlans | Refusal:
    """Plan to join an older statistic, and the first recorded one of its `cost_ids`.

    Raises RecorderError and StoppingError.
    """
    own = scope.statistic(point)
    if older_id.startswith(scope.prefix):
        return Refusal.OWN_STATISTIC
    if first_own_hour(hass, own.statistic_id) is not None:
        return Refusal.ALREADY_JOINED
    metadata = (await recorded_metadata(hass, [older_id])).get(older_id)
    if metadata is None or not metadata["has_sum"]:
        return Refusal.NO_SUMS
    older = OlderStatistic(
        metadata=metadata,
        statistic=own,
        only_grows=point.quantity in NEVER_NEGATIVE,
        are_amounts=point.kind is Kind.INTERVAL,
    )
    if not older.is_convertible:
        return Refusal.OTHER_UNIT
    row = await _first_own_row(hass, own)
    if row is None:
        return Refusal.NO_OWN_ROWS
    if (plan := await _plan(hass, older, row)) is None:
        return Refusal.NOTHING_OLDER
    return JoinPlans(
        amounts=plan, costs=await _plan_costs(hass, scope, point, cost_ids)
    )


async def _plan_costs(
    hass: HomeAssistant, scope: Scope, point: Point, cost_ids: Iterable[str]
) -> JoinPlan | CostRefusal:
    """Plan to join the costs of the older statistic to ours."""
    ids = [*cost_ids]
    recorded = await recorded_metadata(hass, ids)
    metadata = next(
        (found for each in ids if (found := recorded.get(each)) and found["has_sum"]),
        None,
    )
    if metadata is None:
        return CostRefusal.NO_OLDER_COST
    own_id = f"{scope.statistic(point).statistic_id}_{cost_suffix(point)}"
    own_metadata = (await recorded_metadata(hass, [own_id])).get(own_id)
    own = scope.cost_statistic(
        point, (own_metadata and own_metadata["unit_of_measurement"]) or ""
    )
    row = await _first_own_row(hass, own)
    if row is None or first_own_hour(hass, own_id) is not None:
        return CostRefusal.NO_OWN_COST
    older = OlderStatistic(
        metadata=metadata, statistic=own, only_grows=False, are_amounts=True
    )
    if metadata["unit_of_measurement"] != own.unit:
        return CostRefusal.OTHER_CURRENCY
    return await _plan(hass, older, row) or CostRefusal.NOTHING_OLDER


async def _first_own_row(hass: HomeAssistant, own: Statistic) -> Row | None:
    """Return the first row of one of our statistics."""
    extent = (await recorded_extents(hass, [own.statistic_id])).get(own.statistic_id)
    if extent is None:
        return None
    rows = await rows_during(hass, own.statistic_id, extent.first, extent.first + HOUR)
    return rows[0] if rows else None


async def _plan(
    hass: HomeAssistant, older: OlderStatistic, own: Row
) -> JoinPlan | None:
    """Return what of an older statistic lies before our first row, if anything does."""
    extents = await recorded_extents(hass, [older.statistic_id])
    if (extent := extents.get(older.statistic_id)) is None:
        return None
    rows = OlderRows(hass, older, 0.0)
    async for _ in rows.read(extent.first, own.start):
        pass
    if rows.first is None or rows.last is None:
        return None
    position = None
    if not older.are_amounts and own.state is not None and own.sum is not None:
        position = own.state - own.sum
    return JoinPlan(
        older=older,
        first=rows.first,
        last=rows.last,
        hours=rows.hours,
        total=rows.total,
        falls=rows.falls,
        state=rows.state,
        seam=own.start,
        own_start=position,
    )
