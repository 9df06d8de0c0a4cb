"""Join the older history of tariff registers to their sum.

The sum of two registers would be wrong in hours that only one of them has. It therefore
has joined hours only if all parts have them up to the same hour, and none before the
first one that all of them have.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.const import UnitOfEnergy
from homeassistant.core import HomeAssistant
from homeassistant.util.unit_conversion import EnergyConverter

from ...metering.model import Point
from ..maths.rows import Row, rounded
from ..maths.tariff_sums import summed_changes
from ..recorder.access import run_query
from ..recorder.joined import (
    ANCHOR,
    Seam,
    Seams,
    async_load_seams,
    delete_joined,
    joining,
    sum_before_joined,
    write_joined,
)
from ..recorder.recorded_hours import recorded_extents
from ..statistic import Scope

_READ_AT_ONCE = timedelta(days=31)


async def join_sums(hass: HomeAssistant, scope: Scope) -> None:
    """Let the joined rows of sums be what those of their parts say.

    No import may run meanwhile. Raises RecorderError and StoppingError.
    """
    points = {point.key: point for point in scope.points}
    seams = await async_load_seams(hass, scope.prefix)
    for each in scope.sums:
        if points.keys() >= {*each.parts}:
            parts = [points[key] for key in each.parts]
            await _join_sum(
                hass,
                seams,
                f"{scope.prefix}{each.key}",
                {
                    scope.statistic(part).statistic_id: kwh_factor(part)
                    for part in parts
                },
            )


def kwh_factor(point: Point) -> float:
    """Return by what the amounts of a point are multiplied to be in kWh."""
    return EnergyConverter.convert(1.0, point.unit, UnitOfEnergy.KILO_WATT_HOUR)


async def _join_sum(
    hass: HomeAssistant, seams: Seams, statistic_id: str, factors: Mapping[str, float]
) -> None:
    """Join the rows of the parts of a sum, or delete what was joined of them.

    `factors` convert the parts' units to that of the sum, by id.
    """
    wanted, known = _wanted(seams, factors), seams.by_id.get(statistic_id)
    if known == wanted:
        return
    if known is not None:
        await delete_joined(hass, statistic_id)
    if wanted is None:
        return
    extent = (await recorded_extents(hass, [statistic_id])).get(statistic_id)
    if extent is None or extent.first != wanted.end:
        # Its own hours are not there yet; after the next import, it is tried again.
        return
    async with joining(hass, seams, statistic_id, wanted):
        await _copy(hass, statistic_id, wanted, factors)


def _wanted(seams: Seams, factors: Mapping[str, float]) -> Seam | None:
    """Return the seam that a sum should have, if it should have one."""
    parts = [seams.by_id.get(part) for part in factors]
    found = [part for part in parts if part is not None and part.is_whole]
    if len(found) < len(parts) or len({part.end for part in found}) != 1:
        return None
    first, end = max(part.first for part in found), found[0].end
    return Seam("", first, end, parts=tuple(factors)) if first < end else None


async def _copy(
    hass: HomeAssistant, statistic_id: str, seam: Seam, factors: Mapping[str, float]
) -> None:
    """Write the joined rows of a sum.

    The sums of all parts end at 0 at the seam, so that theirs does, too.
    """
    sums = {
        part: await sum_before_joined(hass, part, seam.first) * factor
        for part, factor in factors.items()
    }
    await write_joined(hass, statistic_id, [Row(ANCHOR, sum=sum(sums.values()))])
    total, start = rounded(sum(sums.values())), seam.first
    while start < seam.end:
        end = min(start + _READ_AT_ONCE, seam.end)
        found = await run_query(hass, _part_sums, hass, factors, start, end)
        rows = []
        for hour, change in summed_changes(found, sums).items():
            # Adding 0 turns the -0.0 at the end into 0.0.
            total = rounded(total + change) + 0.0
            rows.append(Row(hour, state=change, sum=total))
        if rows:
            await write_joined(hass, statistic_id, rows)
        start = end


def _part_sums(
    hass: HomeAssistant, factors: Mapping[str, float], start: datetime, end: datetime
) -> dict[str, dict[datetime, float]]:
    """Return the sums of joined rows by part and hour, in the unit of their sum."""
    found = statistics_during_period(
        hass, start, end, {*factors}, "hour", None, {"sum"}
    )
    return {
        part: {
            datetime.fromtimestamp(row["start"], UTC): total * factors[part]
            for row in rows
            if (total := row.get("sum")) is not None
        }
        for part, rows in found.items()
    }
