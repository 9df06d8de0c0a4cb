"""Rows that the recorder stores together, and the proof that it did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
import math
from typing import Protocol

from ..metering.register_marks import DECIMALS
from .maths.rows import Cells, Row
from .statistic import Statistic


class Rewriting(Protocol):
    """A task that stores rows which recorded ones follow, in one transaction."""

    is_done: bool
    """Whether that is committed."""


@dataclass(slots=True, eq=False)
class Batch:
    """Rows of one statistic that the recorder stores in one transaction.

    Either all of them are stored or none, so one row proves the others: `evidence`. If
    recorded rows follow (`is_rewrite`), the recorder has a task for it, `rewriting`.
    """

    statistic: Statistic
    rows: Sequence[Cells]
    evidence: Row
    is_rewrite: bool = False
    rewriting: Rewriting | None = None

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
            return cls(statistic, rows, Row(*rows[-1]), is_rewrite=True)
        for cells in reversed(rows):
            row = Row(*cells)
            if recorded is None or recorded.get(row.start) != row:
                return cls(statistic, rows, row)
        return cls(statistic, rows, Row(*rows[-1]))

    def is_proven_by(self, stored: Row | None) -> bool:
        """Return True if the row in the database is the one that was written."""
        is_refused = self.is_rewrite and not (self.rewriting and self.rewriting.is_done)
        if stored is None or is_refused:
            return False
        if self.statistic.is_measured:
            return is_same(stored.mean, self.evidence.mean)
        return is_same(stored.sum, self.evidence.sum) and is_same(
            stored.state, self.evidence.state
        )


def is_same(stored: float | None, written: float | None) -> bool:
    """Return True if a cell has the value that was written, up to half a decimal.

    Sums that were moved or converted in the database are not rounded.
    """
    if stored is None or written is None:
        return stored is written
    return math.isclose(stored, written, rel_tol=1e-9, abs_tol=0.5 * 10**-DECIMALS)
