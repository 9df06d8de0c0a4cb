"""Pass rows to the recorder in batches, and check that it stored them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
import math

from sqlalchemy import Row as Result, bindparam, select

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
from ...metering.register_marks import DECIMALS
from ..maths.rows import Cells, Row
from ..statistic import Statistic
from .access import run_query, running_recorder
from .seams import RewriteTask

type Stored = Result[
    tuple[str | None, float | None, float | None, float | None, float | None]
]
"""Statistic id, start, state, sum and mean of a row in the database."""


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


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one statistic that the recorder stores in one transaction.

    Either all of them are stored or none, so one row proves the others: `evidence`.
    With `rewrite`, that task stores them, because recorded rows follow.
    """

    statistic: Statistic
    rows: Sequence[Cells]
    evidence: Row
    rewrite: RewriteTask | None = None

    @classmethod
    def of(
        cls,
        statistic: Statistic,
        rows: Sequence[Cells],
        recorded: Mapping[datetime, Row] | None,
        latest: datetime | None = None,
    ) -> Batch:
        """Return a batch with the last row that differs from the `recorded` ones.

        A row that was recorded with the same cells before proves nothing. If it is not
        known which rows are recorded, the task that stores them proves it. `latest` is
        the start of the latest recorded row.
        """
        compared = rows[0] if recorded is None else rows[-1]
        if latest is not None and (
            compared[0] < latest or (recorded is None and compared[0] == latest)
        ):
            typed = [Row(*cells) for cells in rows]
            task = RewriteTask(statistic.statistic_id, typed)
            return cls(statistic, rows, typed[-1], task)
        for cells in reversed(rows):
            row = Row(*cells)
            if recorded is None or recorded.get(row.start) != row:
                return cls(statistic, rows, row)
        return cls(statistic, rows, Row(*rows[-1]))

    def queue(self, hass: HomeAssistant) -> None:
        """Pass the rows to the recorder, where they replace those of the same hours.

        Raises RecorderError if it is not running, and StoppingError.
        """
        instance = running_recorder(hass)
        if self.rewrite is not None:
            instance.queue_task(self.rewrite)
            return
        data = [_as_data(Row(*cells)) for cells in self.rows]
        async_add_external_statistics(hass, _as_metadata(self.statistic), data)

    def is_proven_by(self, stored: Stored | None) -> bool:
        """Return True if the row in the database is the one that was written."""
        if stored is None or (self.rewrite and not self.rewrite.is_done):
            return False
        _, _, state, sum_, mean = stored
        if self.statistic.is_measured:
            return is_same(mean, self.evidence.mean)
        return is_same(sum_, self.evidence.sum) and is_same(state, self.evidence.state)


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
) -> Mapping[tuple[str | None, float | None], Stored]:
    """Return the rows of statistics at some hours, by statistic id and start."""
    values = {"ids": [*ids], "starts": [*starts]}
    with session_scope(hass=hass, read_only=True) as session:
        rows = session.connection().execute(_QUERY, values).all()
    return {(row[0], row[1]): row for row in rows}


def is_same(stored: float | None, written: float | None) -> bool:
    """Return True if a cell has the value that was written, up to half a decimal.

    Sums that were moved or converted in the database are not rounded.
    """
    if stored is None or written is None:
        return stored is written
    return math.isclose(stored, written, rel_tol=1e-9, abs_tol=0.5 * 10**-DECIMALS)


def _as_data(row: Row) -> StatisticData:
    """Return a row for the recorder, without the cells that it does not have."""
    data = StatisticData(start=row.start)
    if row.state is not None:
        data["state"] = row.state
    if row.sum is not None:
        data["sum"] = row.sum
    if row.mean is not None:
        data["mean"] = row.mean
    if row.min is not None and row.max is not None:
        data["min"], data["max"] = row.min, row.max
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
