"""The action that returns what energy, gas, water and heat cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import islice, pairwise

import voluptuous as vol

from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv
from homeassistant.util.json import JsonObjectType, JsonValueType

from ..errors import errors_translated
from ..history.coordinator import HistoryCoordinator
from ..history.cost_report import Costs, counted_points, read_costs, read_fixed_costs
from ..history.maths.cost_sums import CostSum, bucket_edges
from ..history.maths.rows import rounded
from ..history.scope import is_imported
from ..history.statistic import COMPENSATION_SUFFIX, COST_SUFFIX, cost_suffix
from ..metering.energy_breakdown import Bucket
from ..metering.model import Point
from ..prices.maths.targets import can_be_priced
from ..prices.maths.tariff import TariffRole
from .call import (
    ATTR_END,
    ATTR_ENTRY,
    ATTR_START,
    ENTRY,
    history_of,
    invalid,
    period_of,
    spec_of,
)

ATTR_METERS = "meters"
ATTR_PERIOD = "period"
ATTR_ROLE = "role"

MAX_ROWS = 10_000
"""The hours of a year, or the days of five roles in five years."""

BUCKETS = (Bucket.HOUR, Bucket.DAY, Bucket.MONTH)

COSTS_SCHEMA = vol.Schema(
    {
        **ENTRY,
        vol.Optional(ATTR_ROLE): vol.In([role.value for role in TariffRole]),
        vol.Optional(ATTR_METERS): vol.All(
            cv.ensure_list, vol.Length(min=1), [cv.string]
        ),
        vol.Required(ATTR_START): cv.datetime,
        vol.Optional(ATTR_END): cv.datetime,
        vol.Optional(ATTR_PERIOD, default=Bucket.DAY.value): vol.In(
            [bucket.value for bucket in BUCKETS]
        ),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Periods:
    """The periods between edges, shown in a time zone."""

    edges: Sequence[datetime]
    zone: tzinfo

    def rows(self, values: Sequence[JsonObjectType]) -> list[JsonValueType]:
        """Return values with the start and end of their periods."""
        texts = [edge.astimezone(self.zone).isoformat() for edge in self.edges]
        return [
            {"start": start, "end": end, **each}
            for (start, end), each in zip(pairwise(texts), values, strict=True)
        ]


async def get_costs(call: ServiceCall) -> ServiceResponse:
    """Return what was used and what it cost, by role or by meter.

    Compensation is income, so it reduces the total. Fixed costs belong to no role or
    meter, so only the answer for all roles has them, and a total.
    """
    history = history_of(call, call.data[ATTR_ENTRY])
    groups = _chosen(call, history)
    periods = _periods(call, history, len(groups))
    with errors_translated():
        costs = {
            name: await read_costs(history.hass, history.prefix, points, periods.edges)
            for name, points in groups.items()
        }
        fixed = await read_fixed_costs(
            history.hass, history.prefix, periods.edges, periods.zone
        )
    shown: JsonObjectType = {
        name: _shown(each, _money_key(groups[name]), periods)
        for name, each in costs.items()
    }
    answer: JsonObjectType = {"currency": history.hass.config.currency}
    if ATTR_METERS in call.data:
        return {**answer, "meters": shown}
    answer["roles"] = shown
    if ATTR_ROLE not in call.data:
        answer["fixed_costs"] = _money_of(fixed, periods)
        answer["total"] = _money_of(_balances(costs, fixed), periods)
    return answer


def _chosen(
    call: ServiceCall, history: HistoryCoordinator
) -> Mapping[str, Sequence[Point]]:
    """Return the points of each role or meter of a call, by role or key.

    Raises ServiceValidationError.
    """
    if ATTR_ROLE in call.data and ATTR_METERS in call.data:
        raise invalid("role_or_meters")
    hass, entry, points = history.hass, history.config_entry, history.points
    if ATTR_METERS in call.data:
        meters = {
            key: point
            for key, point in points.items()
            if can_be_priced(point) and is_imported(hass, entry, point)
        }
        keys = dict.fromkeys(call.data[ATTR_METERS])
        if unknown := [key for key in keys if key not in meters]:
            raise invalid(
                "without_costs",
                points=", ".join(unknown),
                meters=", ".join(sorted(meters)),
            )
        return {key: [meters[key]] for key in keys}
    chosen = call.data.get(ATTR_ROLE)
    return {
        role.value: found
        for role, found in counted_points(hass, entry, points).items()
        if chosen is None or role.value == chosen
    }


def _periods(call: ServiceCall, history: HistoryCoordinator, groups: int) -> _Periods:
    """Return the periods of a call; raises ServiceValidationError if they are many."""
    start, end = period_of(call)
    earliest = spec_of(history).earliest
    if end <= earliest:
        raise invalid("end_before_start")
    zone = history.backend.time_zone
    bucket = Bucket(call.data[ATTR_PERIOD])
    # Hours are those of UTC, as the recorded ones are.
    start = max(start, earliest).replace(minute=0, second=0, microsecond=0)
    most = MAX_ROWS // max(groups, 1)
    edges = [*islice(bucket_edges(start, end, bucket, zone), most + 2)]
    if len(edges) - 1 > most:
        raise invalid("too_many_buckets", limit=str(most))
    return _Periods(edges=edges, zone=zone)


def _money_key(points: Sequence[Point]) -> str:
    """Return what the money of points is: a cost or a compensation."""
    suffixes = {cost_suffix(point) for point in points}
    return COMPENSATION_SUFFIX if suffixes == {COMPENSATION_SUFFIX} else COST_SUFFIX


def _shown(costs: Costs, money_key: str, periods: _Periods) -> JsonObjectType:
    """Return the costs of a role or meter."""
    has_amount = costs.unit is not None or len(costs.points) == 1
    sums = [
        _shown_sum(each, money_key, has_amount=has_amount)
        for each in (*costs.sums, costs.total)
    ]
    return {
        "meters": [*costs.points],
        "unit": costs.unit,
        "periods": periods.rows(sums[:-1]),
        "total": sums[-1],
    }


def _shown_sum(each: CostSum, money_key: str, *, has_amount: bool) -> JsonObjectType:
    """Return a sum, whose amounts are only known if those of its points add up."""
    return {
        "amount": _number(each.known_amount) if has_amount else None,
        money_key: _number(each.known_cost),
        "mean_price": _number(each.mean_price) if has_amount else None,
        "unpriced_hours": int(each.unpriced_hours),
        "unpriced_amount": _number(each.unpriced_amount) if has_amount else None,
    }


def _balances(
    costs: Mapping[str, Costs], fixed: Sequence[float | None]
) -> list[float | None]:
    """Return the costs of all roles and the fixed ones, without the compensation."""
    found = [[*fixed]]
    for name, each in costs.items():
        sign = -1 if name == TariffRole.EXPORT else 1
        money = [one.known_cost for one in each.sums]
        found.append([None if one is None else sign * one for one in money])
    return [_sum_of_known(period) for period in zip(*found, strict=True)]


def _money_of(money: Sequence[float | None], periods: _Periods) -> JsonObjectType:
    """Return amounts of money by period, and their sum."""
    values: list[JsonObjectType] = [{COST_SUFFIX: _number(each)} for each in money]
    return {"periods": periods.rows(values), COST_SUFFIX: _number(_sum_of_known(money))}


def _sum_of_known(values: Sequence[float | None]) -> float | None:
    """Return the sum of the values that are known, or `None` if none is."""
    known = [each for each in values if each is not None]
    return sum(known) if known else None


def _number(value: float | None) -> float | None:
    """Return a number without the error of adding up decimal ones."""
    return None if value is None else rounded(value)
