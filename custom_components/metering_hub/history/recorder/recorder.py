"""Read and write long-term statistics.

Only this folder and the queries of the audit use the recorder. It queues what is
written, and reads return the old rows until it is stored. `wait_until_stored` must
therefore come between writing and reading.

All functions raise RecorderError if the recorder fails, and StoppingError.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from homeassistant.components.recorder.models import StatisticMetaData
from homeassistant.components.recorder.statistics import (
    StatisticsRow,
    get_last_statistics,
    get_metadata,
    list_statistic_ids,
    statistics_during_period,
)
from homeassistant.core import HomeAssistant

from ...errors import RecorderError
from ..maths.rows import HOUR, Row
from .access import run_query, running_recorder, wait_until_stored
from .joined import delete_own, first_own_hour, forget_seam
from .writes import tell_written

LOOK_BACKS = (timedelta(days=31), timedelta(days=366), timedelta(days=36_600))
"""How far back to search for the row from which counting resumes. Short spans come
first because long ones are slow, but the row must be found for the sum to continue."""

CLEARED_AT_ONCE = 10
"""Statistics that are deleted before one barrier, so that it is reached in time."""

TRIES = 2
"""How often statistics are deleted before the deletion has failed."""


async def last_rows(
    hass: HomeAssistant, statistic_id: str, count: int
) -> Sequence[Row]:
    """Return the last `count` own rows of a statistic, oldest first."""
    recorded = await run_query(
        hass,
        get_last_statistics,
        hass,
        count,
        statistic_id,
        False,
        # The recorder modifies this set, so it must not be shared.
        {"max", "mean", "min", "state", "sum"},
    )
    rows = [_as_row(row) for row in reversed(recorded.get(statistic_id, []))]
    begin = first_own_hour(hass, statistic_id)
    return rows if begin is None else [row for row in rows if row.start >= begin]


async def row_before(
    hass: HomeAssistant, statistic_id: str, moment: datetime
) -> Row | None:
    """Return the last row of a statistic whose hour ended at or before a moment."""
    for look_back in LOOK_BACKS:
        end = moment - HOUR + timedelta(seconds=1)
        if rows := await rows_during(hass, statistic_id, moment - look_back, end):
            return rows[-1]
    return None


async def rows_during(
    hass: HomeAssistant, statistic_id: str, start: datetime, end: datetime
) -> Sequence[Row]:
    """Return the rows of a statistic whose hours start in [start, end).

    Joined rows are not among them.
    """
    if (begin := first_own_hour(hass, statistic_id)) is not None:
        if begin >= end:
            return []
        start = max(start, begin)
    recorded = await run_query(
        hass,
        statistics_during_period,
        hass,
        start,
        end,
        {statistic_id},
        "hour",
        None,
        {"max", "mean", "min", "state", "sum"},
    )
    return [_as_row(row) for row in recorded.get(statistic_id, [])]


async def recorded_ids(hass: HomeAssistant, prefix: str) -> list[str]:
    """Return the sorted ids of all recorded statistics with a prefix."""
    recorded: Sequence[Mapping[str, object]] = await run_query(
        hass, list_statistic_ids, hass
    )
    ids = (str(statistic["statistic_id"]) for statistic in recorded)
    return sorted(
        statistic_id for statistic_id in ids if statistic_id.startswith(prefix)
    )


async def recorded_metadata(
    hass: HomeAssistant, statistic_ids: Collection[str]
) -> Mapping[str, StatisticMetaData]:
    """Return the metadata of those statistics that are recorded, by id."""
    recorded = await run_query(
        hass, partial(get_metadata, hass, statistic_ids=set(statistic_ids))
    )
    return {statistic_id: metadata for statistic_id, (_, metadata) in recorded.items()}


async def adjust_sums(
    hass: HomeAssistant, statistic_id: str, changes: Mapping[datetime, float]
) -> None:
    """Add to the sums of a statistic from some hours on, and return once it is stored.

    Raises RecorderError and StoppingError.
    """
    metadata = (await recorded_metadata(hass, [statistic_id])).get(statistic_id)
    if metadata is None:
        return
    # Costs have no unit class, and the adjustment is in the unit of the rows anyway.
    unit = metadata["unit_of_measurement"] or ""
    for start, change in changes.items():
        running_recorder(hass).async_adjust_statistics(
            statistic_id, start, change, unit
        )
    await wait_until_stored(hass)
    tell_written(hass, [statistic_id])


async def clear(hass: HomeAssistant, statistic_ids: Sequence[str]) -> None:
    """Delete statistics, and return once they are deleted.

    Raises RecorderError if some of them are still there, and StoppingError.
    """
    for index in range(0, len(statistic_ids), CLEARED_AT_ONCE):
        left = statistic_ids[index : index + CLEARED_AT_ONCE]
        for _ in range(TRIES):
            running_recorder(hass).async_clear_statistics([*left])
            await wait_until_stored(hass)
            if not (left := [*await recorded_metadata(hass, left)]):
                break
        else:
            raise RecorderError(f"{len(left)} statistics could not be deleted")
    for statistic_id in statistic_ids:
        await forget_seam(hass, statistic_id)
    tell_written(hass, statistic_ids)


async def clear_own(hass: HomeAssistant, statistic_ids: Sequence[str]) -> None:
    """Delete the own rows of statistics, and those that have no joined ones entirely.

    Raises RecorderError and StoppingError.
    """
    whole = [each for each in statistic_ids if not await delete_own(hass, each)]
    await clear(hass, whole)


def _as_row(recorded: StatisticsRow) -> Row:
    """Return a recorded row."""
    return Row(
        start=datetime.fromtimestamp(recorded["start"], UTC),
        state=recorded.get("state"),
        sum=recorded.get("sum"),
        mean=recorded.get("mean"),
        min=recorded.get("min"),
        max=recorded.get("max"),
    )
