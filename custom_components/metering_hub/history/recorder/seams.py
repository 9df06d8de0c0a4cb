"""Rewrite rows in the middle of a statistic, and keep what later hours show.

Sums run on. Rows with other sums than before would leave a step to the recorded rows
after them, which are rewritten later or, if the import is cut off, not at all. All
tasks here therefore change a statistic in one transaction, so that it has no step at
any moment. The rows and the later sums cannot be changed together with Home Assistant's
own tasks.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, override

from sqlalchemy import Case, Connection, bindparam, case, delete, insert, select, update
from sqlalchemy.orm.session import Session

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
class _StatisticTask(RecorderTask):
    """Change a recorded statistic in one transaction.

    It is done once that is committed. A statistic that was deleted meanwhile is not
    changed, and the task is not done, unless `is_done_without_statistic`.
    """

    is_done_without_statistic: ClassVar[bool] = False

    statistic_id: str
    is_done: bool = field(default=False, init=False)

    @abstractmethod
    def change(self, instance: Recorder, session: Session, metadata_id: int) -> None:
        """Change the statistic with a number."""

    @override
    def run(self, instance: Recorder) -> None:
        """Change it; queue the task again if the database was only busy."""
        if not _carry_out(instance, self):
            instance.queue_task(self)


@dataclass(slots=True)
class RewriteTask(_StatisticTask):
    """Write rows of a recorded statistic, and move the sums of all later rows.

    The change from the last of the rows to the one after them stays what it was.
    """

    rows: Sequence[Row]

    @override
    def change(self, instance: Recorder, session: Session, metadata_id: int) -> None:
        """Write the rows and move later sums."""
        connection, last = session.connection(), self.rows[-1]
        before = _sum_at(connection, metadata_id, last.start.timestamp())
        _write(connection, metadata_id, self.rows)
        if last.sum is not None and last.sum != before:
            _move(connection, metadata_id, last, last.sum - before)


@dataclass(slots=True)
class ConvertTask(_StatisticTask):
    """Convert all rows of a statistic to another unit, and its metadata with them.

    A value becomes `factor` * value + `offset`; sums have no offset. With a `seam`
    (epoch seconds), the joined rows before it are multiplied by `factor_before`: they
    are in the former unit whatever has changed for our own.
    """

    unit_class: str | None
    unit: str | None
    factor: float
    offset: float
    seam: float | None = None
    factor_before: float = 1.0

    @override
    def change(self, instance: Recorder, session: Session, metadata_id: int) -> None:
        """Convert the rows and the metadata."""
        factor: float | Case[float] = self.factor
        if self.seam is not None:
            is_joined = Statistics.start_ts < self.seam
            factor = case((is_joined, self.factor_before), else_=self.factor)
        offset = self.offset
        session.connection().execute(
            update(Statistics)
            .where(Statistics.metadata_id == metadata_id)
            .values(
                state=Statistics.state * factor + offset,
                sum=Statistics.sum * factor,
                mean=Statistics.mean * factor + offset,
                min=Statistics.min * factor + offset,
                max=Statistics.max * factor + offset,
            )
        )
        instance.statistics_meta_manager.update_unit_of_measurement(
            session, self.statistic_id, self.unit_class, self.unit
        )


@dataclass(slots=True)
class JoinTask(_StatisticTask):
    """Write joined rows of a recorded statistic; no other row changes."""

    rows: Sequence[Row]

    @override
    def change(self, instance: Recorder, session: Session, metadata_id: int) -> None:
        """Write the rows."""
        _write(session.connection(), metadata_id, self.rows)


@dataclass(slots=True)
class CutTask(_StatisticTask):
    """Delete the rows of a statistic in [begin, end), in epoch seconds.

    The sums of the rows before are moved so that they end at 0. Those after stay.
    """

    is_done_without_statistic: ClassVar[bool] = True

    begin: float
    end: float

    @override
    def change(self, instance: Recorder, session: Session, metadata_id: int) -> None:
        """Delete the rows, and move earlier ones."""
        connection = session.connection()
        is_of = Statistics.metadata_id == metadata_id
        is_before = Statistics.start_ts < self.begin
        is_within = Statistics.start_ts < self.end
        connection.execute(
            delete(Statistics).where(
                is_of, Statistics.start_ts >= self.begin, is_within
            )
        )
        last = _sum_at(connection, metadata_id, self.begin - 1)
        connection.execute(
            update(Statistics).where(is_of, is_before).values(sum=Statistics.sum - last)
        )


@retryable_database_job("changing statistics")
def _carry_out(instance: Recorder, task: _StatisticTask) -> bool:
    """Change the statistic of a task; return True if nothing is left to do."""
    with session_scope(session=instance.get_session()) as session:
        metadata_id = _metadata_id(session.connection(), task.statistic_id)
        if metadata_id is not None:
            task.change(instance, session, metadata_id)
    task.is_done = metadata_id is not None or task.is_done_without_statistic
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
