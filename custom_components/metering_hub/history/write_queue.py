"""Pass rows to the recorder as fast as it stores them, and read them back."""

import asyncio
from collections import deque
from collections.abc import Collection, Sequence

from ..errors import RecorderError
from .batches import Batch
from .maths.rows import HOUR, Cells
from .recorder_protocol import Barrier, Recorder
from .writer import StatisticWriter

BATCH = 125
"""Rows per recorder call. The recorder creates a dozen objects per row, and after 2,000
new objects a garbage collection promotes those still alive. Many objects that are
promoted twice cause a full collection, which blocks Home Assistant for 100 ms. Those of
a small batch are released before."""

MAX_QUEUED = 300
"""Rows between two barriers in the recorder's queue."""

MAX_BARRIERS = 1
"""Barriers that may be open when more rows are queued."""

MAX_PENDING = 20_000
"""Rows of all statistics together that may wait for their batches to fill."""


class WriteQueue:
    """Pass pending rows to the recorder, at the speed at which it stores them.

    The recorder drops a batch that the database refuses. Each batch is therefore read
    back before later rows of the same statistic are queued: the last row of a statistic
    is where the next import resumes, so there must be no gap before it.
    """

    def __init__(self, recorder: Recorder) -> None:
        """Initialize an empty queue."""
        self._recorder = recorder
        self._batches: list[Batch] = []
        self._closed: deque[tuple[Barrier, Sequence[Batch]]] = deque()
        self._unproven: dict[str, StatisticWriter] = {}

    async def write_full(self, writers: Collection[StatisticWriter]) -> None:
        """Write the pending rows if they fill a batch or take up much memory.

        Raises RecorderError and StoppingError.
        """
        pending = [len(writer.pending) for writer in writers]
        if max(pending, default=0) >= BATCH or sum(pending) >= MAX_PENDING:
            await self.write(writers)

    async def write(self, writers: Collection[StatisticWriter]) -> None:
        """Queue all pending rows, which replace recorded rows of the same hours.

        The latest of them are not read back before `finish`. Raises RecorderError and
        StoppingError.
        """
        # One batch of each in turn, so that the recorder is busy while some are read.
        longest = max((len(writer.pending) for writer in writers), default=0)
        for index in range(0, longest, BATCH):
            for writer in writers:
                if rows := writer.pending[index : index + BATCH]:
                    await self._write_batch(writer, rows)
        for writer in writers:
            writer.pending = []

    async def finish(self) -> None:
        """Wait until all rows are stored; raises RecorderError and StoppingError."""
        self._close()
        while self._closed:
            await self._prove_oldest()

    async def _write_batch(
        self, writer: StatisticWriter, rows: Sequence[Cells]
    ) -> None:
        """Queue rows once the earlier ones of their statistic are stored."""
        while writer.statistic.statistic_id in self._unproven:
            if not self._closed:
                self._close()
            await self._prove_oldest()
        await self._recorder.make_room(writer.statistic.statistic_id, rows[0][0])
        batch = Batch.of(writer.statistic, rows, writer.recorded, writer.latest)
        self._recorder.queue(batch)
        self._batches.append(batch)
        self._unproven[writer.statistic.statistic_id] = writer
        writer.written += len(rows)
        if sum(len(each.rows) for each in self._batches) < MAX_QUEUED:
            await asyncio.sleep(0)
            return
        self._close()
        while len(self._closed) > MAX_BARRIERS:
            await self._prove_oldest()

    def _close(self) -> None:
        """Queue a barrier behind the latest batches."""
        if self._batches:
            self._closed.append((self._recorder.barrier(), self._batches))
            self._batches = []

    async def _prove_oldest(self) -> None:
        """Wait for the oldest barrier, and write again what was refused before it."""
        barrier, batches = self._closed.popleft()
        await barrier.wait()
        if missing := await self._missing(batches):
            await self._write_again(missing)
        for batch in batches:
            writer = self._unproven.pop(batch.statistic.statistic_id)
            writer.stored_until = batch.rows[-1][0] + HOUR
        self._recorder.tell_written([batch.statistic.statistic_id for batch in batches])

    async def _write_again(self, batches: Sequence[Batch]) -> None:
        """Write missing batches once more; raises RecorderError if that fails, too."""
        # After a deadlock, the recorder queues a batch again, behind the barrier.
        await self._recorder.wait_until_stored()
        if not (missing := await self._missing(batches)):
            return
        # The recorder waits as long before it connects again.
        await asyncio.sleep(self._recorder.retry_wait)
        for batch in missing:
            self._recorder.queue(batch)
        await self._recorder.wait_until_stored()
        if missing := await self._missing(missing):
            rows = sum(len(batch.rows) for batch in missing)
            raise RecorderError(f"{rows} rows were not stored")

    async def _missing(self, batches: Sequence[Batch]) -> Sequence[Batch]:
        """Return the batches that are not stored: all if they cannot be read."""
        try:
            return await self._recorder.find_missing(batches)
        except RecorderError:
            return batches
