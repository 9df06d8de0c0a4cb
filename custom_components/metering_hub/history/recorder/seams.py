"""Rewrite rows in the middle of a statistic, and keep what later hours show.

Sums run on. Rows with other sums than before would leave a step to the recorded rows
after them, which are rewritten later or, if the import is cut off, not at all. Both
tasks here therefore change a statistic in one transaction, so that it has no seam at
any moment. The rows and the later sums cannot be changed together with Home Assistant's
own tasks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import override

from sqlalchemy import Connection, bindparam, insert, select, update

from homeassistant.components.recorder.core import Recorder
from homeassistant.components.recorder.db_schema import Statistics, StatisticsMeta
from homeassistant.components.recorder.tasks import RecorderTask
from homeassistant.components.recorder.util import retryable_database_job
from homeassistant.helpers.recorder import session_scope

from ..maths.rows import Row

_UPDATE_ROW = (
    update(Statistics)
    .where(
        Statistics.metadata_id == bindparam("of"),
        Statistics.start_ts == bindparam("at"),
    )
    .values(
        **{name: bindparam(f"new_{name}") for name in ("state", "sum", "mean")},
        **{name: bindparam(f"new_{name}") for name in ("min", "max")},
    )
)


@dataclass(slots=True)
class RewriteTask(RecorderTask):
    """Write rows of a recorded statistic, and move the sums of all later rows.

    The change from the last of the rows to the one after them stays what it was.
    """

    statistic_id: str
    rows: Sequence[Row]
    is_stored: bool = False

    @override
    def run(self, instance: Recorder) -> None:
        """Write the rows; queue the task again if the database was only busy."""
        if not _rewrite(instance, self):
            instance.queue_task(self)


@dataclass(slots=True)
class ConvertTask(RecorderTask):
    """Convert all rows of a statistic to another unit, and its metadata with them.

    A value becomes `factor` * value + `offset`; sums have no offset.
    """

    statistic_id: str
    unit_class: str | None
    unit: str | None
    factor: float
    offset: float

    @override
    def run(self, instance: Recorder) -> None:
        """Convert the rows; queue the task again if the database was only busy."""
        if not _convert(instance, self):
            instance.queue_task(self)


@retryable_database_job("rewriting statistics")
def _rewrite(instance: Recorder, task: RewriteTask) -> bool:
    """Write the rows of a task and move later sums; return True if it is finished."""
    with session_scope(session=instance.get_session()) as session:
        connection = session.connection()
        metadata_id = _metadata_id(connection, task.statistic_id)
        if metadata_id is None:
            # The statistic was deleted meanwhile; the import notices that.
            return True
        last = task.rows[-1]
        before = _sum_at(connection, metadata_id, last.start.timestamp())
        _write(connection, metadata_id, task.rows)
        if last.sum is not None and last.sum != before:
            _move(connection, metadata_id, last, last.sum - before)
    task.is_stored = True
    return True


@retryable_database_job("converting statistics")
def _convert(instance: Recorder, task: ConvertTask) -> bool:
    """Convert the rows of a statistic; return True if that is finished."""
    with session_scope(session=instance.get_session()) as session:
        connection = session.connection()
        metadata_id = _metadata_id(connection, task.statistic_id)
        if metadata_id is None:
            return True
        offset = task.offset
        connection.execute(
            update(Statistics)
            .where(Statistics.metadata_id == metadata_id)
            .values(
                state=Statistics.state * task.factor + offset,
                sum=Statistics.sum * task.factor,
                mean=Statistics.mean * task.factor + offset,
                min=Statistics.min * task.factor + offset,
                max=Statistics.max * task.factor + offset,
            )
        )
        instance.statistics_meta_manager.update_unit_of_measurement(
            session, task.statistic_id, task.unit_class, task.unit
        )
    return True


def _metadata_id(connection: Connection, statistic_id: str) -> int | None:
    """Return the number of a statistic, or `None` if it is not recorded."""
    query = select(StatisticsMeta.id).where(StatisticsMeta.statistic_id == statistic_id)
    return connection.execute(query).scalar()


def _sum_at(connection: Connection, metadata_id: int, moment: float) -> float:
    """Return the sum of the last row that starts at or before a moment, or 0."""
    query = (
        select(Statistics.sum)
        .where(
            Statistics.metadata_id == metadata_id,
            Statistics.start_ts <= moment,
            Statistics.sum.is_not(None),
        )
        .order_by(Statistics.start_ts.desc())
        .limit(1)
    )
    return connection.execute(query).scalar() or 0.0


def _write(connection: Connection, metadata_id: int, rows: Sequence[Row]) -> None:
    """Replace the recorded rows of the same hours, and add the others."""
    query = select(Statistics.start_ts).where(
        Statistics.metadata_id == metadata_id,
        Statistics.start_ts >= rows[0].start.timestamp(),
        Statistics.start_ts <= rows[-1].start.timestamp(),
    )
    recorded = set(connection.execute(query).scalars())
    old = [row for row in rows if row.start.timestamp() in recorded]
    new = [row for row in rows if row.start.timestamp() not in recorded]
    if old:
        values: Sequence[Mapping[str, object]] = [
            {"of": metadata_id, "at": row.start.timestamp(), **_cells(row, "new_")}
            for row in old
        ]
        connection.execute(_UPDATE_ROW, values)
    if new:
        values = [
            {"metadata_id": metadata_id, "start_ts": row.start.timestamp()}
            | _cells(row, "")
            for row in new
        ]
        connection.execute(insert(Statistics), values)


def _move(
    connection: Connection, metadata_id: int, last: Row, difference: float
) -> None:
    """Add a difference to the sums of all rows after `last`."""
    connection.execute(
        update(Statistics)
        .where(
            Statistics.metadata_id == metadata_id,
            Statistics.start_ts > last.start.timestamp(),
        )
        .values(sum=Statistics.sum + difference)
    )


def _cells(row: Row, prefix: str) -> dict[str, object]:
    """Return the cells of a row by column, with a prefix to their names."""
    cells = row._asdict()
    del cells["start"]
    return {f"{prefix}{name}": value for name, value in cells.items()}
