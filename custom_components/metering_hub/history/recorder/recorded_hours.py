"""Find out which hours of statistics are recorded, without reading their rows.

Joined rows are not among them.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import bindparam, func, or_, select

from homeassistant.components.recorder.db_schema import Statistics, StatisticsMeta
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import session_scope

from ..maths.rows import HOUR_SECONDS
from ..maths.standing import Run
from .access import run_query
from .joined import first_own_hour

_HOURS = (
    select(
        Statistics.start_ts.label("start"),
        func.lag(Statistics.start_ts)
        .over(order_by=Statistics.start_ts)
        .label("previous"),
        func.max(Statistics.start_ts).over().label("latest"),
    )
    .join(StatisticsMeta, Statistics.metadata_id == StatisticsMeta.id)
    .where(
        StatisticsMeta.statistic_id == bindparam("statistic_id"),
        Statistics.start_ts >= bindparam("begin"),
    )
    .subquery()
)

_FIRST_HOURS = (
    select(_HOURS.c.start, _HOURS.c.previous, _HOURS.c.latest)
    .where(
        or_(
            _HOURS.c.previous.is_(None),
            _HOURS.c.start - _HOURS.c.previous > HOUR_SECONDS,
        )
    )
    .order_by(_HOURS.c.start)
)
"""The first hour of each run of hours, the one recorded before it, and the last of all.

The database compares the hours, so an answer is short however long the statistic is."""

_EXTENTS = (
    select(
        StatisticsMeta.statistic_id,
        func.count(),
        func.min(Statistics.start_ts),
        func.max(Statistics.start_ts),
    )
    .join(StatisticsMeta, Statistics.metadata_id == StatisticsMeta.id)
    .where(
        StatisticsMeta.statistic_id.in_(bindparam("ids", expanding=True)),
        Statistics.start_ts >= bindparam("begin"),
    )
    .group_by(StatisticsMeta.statistic_id)
)


@dataclass(frozen=True, slots=True)
class Extent:
    """How many hours of a statistic are recorded, and the first and last of them."""

    hours: int
    first: datetime
    last: datetime


async def recorded_extents(
    hass: HomeAssistant, statistic_ids: Collection[str]
) -> dict[str, Extent]:
    """Return the extents of those statistics that have rows, by id.

    Raises RecorderError and StoppingError.
    """
    return await run_query(hass, _recorded_extents, hass, statistic_ids)


def _recorded_extents(
    hass: HomeAssistant, statistic_ids: Collection[str]
) -> dict[str, Extent]:
    """Return the extents of those statistics that have rows, by id."""
    ids: dict[float, list[str]] = defaultdict(list)
    for statistic_id in statistic_ids:
        seam = first_own_hour(hass, statistic_id)
        ids[seam.timestamp() if seam else 0.0].append(statistic_id)
    with session_scope(hass=hass, read_only=True) as session:
        connection = session.connection()
        found = [
            row
            for begin, some in ids.items()
            for row in connection.execute(_EXTENTS, {"ids": some, "begin": begin})
        ]
    return {
        statistic_id: Extent(
            hours,
            datetime.fromtimestamp(first, UTC),
            datetime.fromtimestamp(last, UTC),
        )
        for statistic_id, hours, first, last in found
    }


async def recorded_runs(
    hass: HomeAssistant, statistic_id: str, begin: datetime | None
) -> list[Run]:
    """Return the runs of recorded hours from `begin` on; `None` means all there are.

    Raises RecorderError and StoppingError.
    """
    begins = [each for each in (begin, first_own_hour(hass, statistic_id)) if each]
    start = max(begins).timestamp() if begins else 0.0
    return await run_query(hass, _recorded_runs, hass, statistic_id, start)


def _recorded_runs(hass: HomeAssistant, statistic_id: str, begin: float) -> list[Run]:
    """Return the runs of recorded hours from `begin` on, in epoch seconds."""
    values = {"statistic_id": statistic_id, "begin": begin}
    with session_scope(hass=hass, read_only=True) as session:
        found = session.connection().execute(_FIRST_HOURS, values).all()
    lasts = [*(previous for _, previous, _ in found[1:])]
    if found:
        lasts.append(found[-1][2])
    return [
        (first, last + HOUR_SECONDS)
        for (first, _, _), last in zip(found, lasts, strict=True)
    ]
