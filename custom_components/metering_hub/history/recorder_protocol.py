"""What an import needs of a recorder.

Home Assistant's recorder is behind `recorder/home_assistant.py`. It needs threads and a
database, so the simulation of crashes and faults has one of its own.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from .batches import Batch
from .maths.rows import Row
from .maths.standing import Run


class Barrier(Protocol):
    """A mark in the queue of a recorder, reached once all before it is processed."""

    async def wait(self) -> None:
        """Wait until the mark is reached; raises RecorderError and StoppingError."""


class Recorder(Protocol):
    """Rows of statistics, which are queued and stored later, in the order of the queue.

    Reads return what is stored. A batch of rows is stored as a whole or refused without
    a word, so it has to be read back. Joined rows are not among those that are read.
    All methods raise RecorderError if the recorder fails, and StoppingError.
    """

    @property
    def retry_wait(self) -> float:
        """Return the seconds after which it connects to its database again."""

    async def last_rows(self, statistic_id: str, count: int) -> Sequence[Row]:
        """Return the last `count` rows of a statistic, oldest first."""

    async def row_before(self, statistic_id: str, moment: datetime) -> Row | None:
        """Return the last row of a statistic whose hour ended at or before a moment."""

    async def rows_during(
        self, statistic_id: str, start: datetime, end: datetime
    ) -> Sequence[Row]:
        """Return the rows of a statistic whose hours start in [start, end)."""

    async def runs(self, statistic_id: str, begin: datetime | None) -> Sequence[Run]:
        """Return the runs of hours from `begin` on; `None` means all there are."""

    async def make_room(self, statistic_id: str, start: datetime) -> None:
        """Prepare for a statistic that begins at `start`: joined rows may be there."""

    def queue(self, batch: Batch) -> None:
        """Queue rows, which replace those of the same hours."""

    def barrier(self) -> Barrier:
        """Queue a mark behind everything that is queued now."""

    async def find_missing(self, batches: Collection[Batch]) -> Sequence[Batch]:
        """Return the batches that are not stored."""

    async def wait_until_stored(self) -> None:
        """Wait until everything that is queued now is processed."""

    def tell_written(self, statistic_ids: Collection[str]) -> None:
        """Tell that rows of these statistics were stored."""
