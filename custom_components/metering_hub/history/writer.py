"""Collect the rows of a statistic that have to be written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from .batches import is_same
from .maths.rows import Cells, Row
from .statistic import Statistic


@dataclass(slots=True)
class StatisticWriter:
    """Collect the computed rows of a statistic that have to be written.

    Rows equal to the `recorded` ones are skipped. From the first difference on all are
    kept, because every later sum changes, too. If `recorded` is `None`, all are kept.
    Rows before `start` are ignored, because only the end of their hours was read.
    `latest` is the start of the latest recorded row. All rows before `stored_until` are
    stored. `first_written` is the start of the first row that was kept.
    """

    statistic: Statistic
    recorded: Mapping[datetime, Row] | None
    start: datetime | None = None
    latest: datetime | None = None
    stored_until: datetime | None = None
    first_written: datetime | None = None
    pending: list[Cells] = field(default_factory=list)
    written: int = 0
    _differs: bool = False

    @classmethod
    def of(
        cls,
        statistic: Statistic,
        recorded: Sequence[Row] | None,
        start: datetime | None = None,
        latest: datetime | None = None,
    ) -> StatisticWriter:
        """Return a writer that compares with recorded rows in any order.

        Without them, `latest` is the start of the latest row that is recorded.
        """
        if recorded is None:
            return cls(statistic, None, start, latest)
        by_start = {row.start: row for row in recorded}
        return cls(statistic, by_start, start, max(by_start, default=None))

    def add(self, rows: Iterable[Row]) -> None:
        """Add computed rows, oldest first."""
        for row in rows:
            if self.start is not None and row.start < self.start:
                continue
            if not self._differs and self.recorded is not None:
                self._differs = not _is_recorded(row, self.recorded.get(row.start))
            if self._differs or self.recorded is None:
                self.pending.append((*row,))
                if self.first_written is None:
                    self.first_written = row.start


def _is_recorded(row: Row, recorded: Row | None) -> bool:
    """Return True if a row has the recorded cells."""
    return recorded is not None and all(
        map(is_same, recorded[1:], row[1:], strict=True)
    )
