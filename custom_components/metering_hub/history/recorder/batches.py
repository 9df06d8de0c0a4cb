"""Pass rows to the recorder in batches, and check that it stored them."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from sqlalchemy import bindparam, select

from homeassistant.components.recorder.db_schema import Statistics, StatisticsMeta
from homeassistant.components.recorder.models import (
    StatisticData,
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.components.recorder.statistics import async_add_external_statistics
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import session_scope

from ...const import DOMAIN
from ..batches import Batch
from ..maths.rows import Cells, Row
from ..statistic import Statistic
from .access import run_query, running_recorder
from .seams import RewriteTask

_QUERY = (
    select(
        StatisticsMeta.statistic_id,
        Statistics.start_ts,
        Statistics.state,
        Statistics.sum,
        Statistics.mean,
    )
    .join(StatisticsMeta, Statistics.metadata_id == StatisticsMeta.id)
    .where(
        StatisticsMeta.statistic_id.in_(bindparam("ids", expanding=True)),
        Statistics.start_ts.in_(bindparam("starts", expanding=True)),
    )
)
"""Made once, and executed without the ORM: both take as long as the query itself."""


def queue_batch(hass: HomeAssistant, batch: Batch) -> None:
    """Pass the rows to the recorder, where they replace those of the same hours.

    Raises RecorderError if it is not running, and StoppingError.
    """
    instance = running_recorder(hass)
    if not batch.is_rewrite:
        metadata = _as_metadata(batch.statistic)
        async_add_external_statistics(hass, metadata, [*map(_as_data, batch.rows)])
        return
    task = batch.rewriting
    if not isinstance(task, RewriteTask):
        rows = [Row(*cells) for cells in batch.rows]
        task = batch.rewriting = RewriteTask(batch.statistic.statistic_id, rows)
    instance.queue_task(task)


async def find_missing(hass: HomeAssistant, batches: Collection[Batch]) -> list[Batch]:
    """Return the batches that are not in the database, with one query for all.

    Raises RecorderError and StoppingError.
    """
    if not batches:
        return []
    ids = {batch.statistic.statistic_id for batch in batches}
    starts = {batch.evidence.start.timestamp() for batch in batches}
    stored = await run_query(hass, _stored_rows, hass, ids, starts)
    return [
        batch
        for batch in batches
        if not batch.is_proven_by(
            stored.get((batch.statistic.statistic_id, batch.evidence.start.timestamp()))
        )
    ]


def _stored_rows(
    hass: HomeAssistant, ids: Collection[str], starts: Collection[float]
) -> Mapping[tuple[str | None, float | None], Row]:
    """Return the rows of statistics at some hours, by statistic id and start."""
    values = {"ids": [*ids], "starts": [*starts]}
    with session_scope(hass=hass, read_only=True) as session:
        rows = session.connection().execute(_QUERY, values).all()
    return {
        (statistic_id, start): Row(
            datetime.fromtimestamp(start or 0.0, UTC), state, sum_, mean
        )
        for statistic_id, start, state, sum_, mean in rows
    }


def _as_data(cells: Cells) -> StatisticData:
    """Return a row for the recorder, without the cells that it does not have."""
    start, state, sum_, mean, lowest, highest = cells
    data: StatisticData = {"start": start}
    if state is not None:
        data["state"] = state
    if sum_ is not None:
        data["sum"] = sum_
    if mean is not None:
        data["mean"] = mean
    if lowest is not None and highest is not None:
        data["min"], data["max"] = lowest, highest
    return data


def _as_metadata(statistic: Statistic) -> StatisticMetaData:
    """Return the metadata of a statistic for the recorder."""
    return StatisticMetaData(
        mean_type=StatisticMeanType.ARITHMETIC
        if statistic.is_measured
        else StatisticMeanType.NONE,
        has_sum=not statistic.is_measured,
        name=statistic.name,
        source=DOMAIN,
        statistic_id=statistic.statistic_id,
        unit_class=statistic.unit_class,
        unit_of_measurement=statistic.unit,
    )
