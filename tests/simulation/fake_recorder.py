"""A recorder that refuses, delays, and loses what was not committed at a crash."""

import asyncio
from bisect import bisect_left
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from simloop import sim

from custom_components.metering_hub.errors import RecorderError
from custom_components.metering_hub.history.batches import Batch
from custom_components.metering_hub.history.maths.rows import HOUR, Row
from custom_components.metering_hub.history.maths.standing import Run, runs_of

from .disk import Mount

BARRIER_TIMEOUT = 120.0


@dataclass
class DatabaseFaults:
    """What is wrong with the database: batches it refuses, its absence, its delay."""

    refusals: int = 0
    is_away: bool = False
    delay: float = 0.0


@dataclass
class _Rewriting:
    is_done: bool = False


class _Barrier:
    def __init__(self) -> None:
        self.reached = asyncio.get_running_loop().create_future()

    async def wait(self) -> None:
        """Wait as Home Assistant's barrier does."""
        done, _ = await asyncio.wait((self.reached,), timeout=BARRIER_TIMEOUT)
        if not done:
            raise RecorderError("the recorder has not answered")


class FakeRecorder:
    """The `Recorder` of one life of the program."""

    def __init__(self, mount: Mount, faults: DatabaseFaults) -> None:
        self._mount = mount
        self._tables = mount.disk.tables
        self._faults = faults
        self._queue: deque[Batch | _Barrier] = deque()
        self._news = asyncio.Event()

    @property
    def retry_wait(self) -> float:
        """Return the wait of Home Assistant's recorder."""
        return 3.0

    async def run(self) -> None:
        """Commit what is queued, in order."""
        while True:
            while not self._queue:
                self._news.clear()
                await self._news.wait()
            item = self._queue.popleft()
            if isinstance(item, Batch):
                await asyncio.sleep(sim.random.uniform(0.002, 0.03))
                await asyncio.sleep(self._faults.delay)
                self._commit(item)
            elif not item.reached.done():
                item.reached.set_result(None)

    async def drain(self) -> None:
        """Commit everything, as at an orderly stop."""
        await self.barrier().wait()

    def _commit(self, batch: Batch) -> None:
        if not self._mount.is_alive or self._faults.is_away:
            return
        if self._faults.refusals > 0:
            self._faults.refusals -= 1
            return
        self._store(batch)
        self._mount.disk.count()

    def _store(self, batch: Batch) -> None:
        statistic_id = batch.statistic.statistic_id
        rows = [Row(*cells) for cells in batch.rows]
        table = self._tables.get(statistic_id)
        if not batch.is_rewrite:
            self._tables.setdefault(statistic_id, {}).update(
                {row.start: row for row in rows}
            )
            return
        if table is None:
            return
        last = rows[-1]
        before = [row.sum for at, row in sorted(table.items()) if at <= last.start]
        sums = [each for each in before if each is not None]
        old = sums[-1] if sums else 0.0
        table.update({row.start: row for row in rows})
        if last.sum is not None:
            for at, row in table.items():
                if at > last.start and row.sum is not None:
                    table[at] = row._replace(sum=row.sum + last.sum - old)
        assert isinstance(batch.rewriting, _Rewriting)
        batch.rewriting.is_done = True

    async def _read(self, statistic_id: str) -> list[Row]:
        await asyncio.sleep(sim.random.uniform(0.001, 0.01) + self._faults.delay / 10)
        if self._faults.is_away:
            raise RecorderError("the database failed")
        table = self._tables.get(statistic_id, {})
        return [table[at] for at in sorted(table)]

    async def last_rows(self, statistic_id: str, count: int) -> Sequence[Row]:
        """Return the last rows."""
        return (await self._read(statistic_id))[-count:]

    async def row_before(self, statistic_id: str, moment: datetime) -> Row | None:
        """Return the last row whose hour has ended at a moment."""
        rows = await self._read(statistic_id)
        ended = [row for row in rows if row.start + HOUR <= moment]
        return ended[-1] if ended else None

    async def rows_during(
        self, statistic_id: str, start: datetime, end: datetime
    ) -> Sequence[Row]:
        """Return the rows in [start, end)."""
        rows = await self._read(statistic_id)
        starts = [row.start for row in rows]
        return rows[bisect_left(starts, start) : bisect_left(starts, end)]

    async def runs(self, statistic_id: str, begin: datetime | None) -> Sequence[Run]:
        """Return the runs of hours."""
        rows = await self._read(statistic_id)
        return runs_of([row for row in rows if begin is None or row.start >= begin])

    async def make_room(self, statistic_id: str, start: datetime) -> None:
        """Do nothing: no statistic has joined rows here."""

    def queue(self, batch: Batch) -> None:
        """Queue rows."""
        if batch.is_rewrite and batch.rewriting is None:
            batch.rewriting = _Rewriting()
        self._queue.append(batch)
        self._news.set()

    def barrier(self) -> _Barrier:
        """Queue a mark."""
        self._queue.append(mark := _Barrier())
        self._news.set()
        return mark

    async def find_missing(self, batches: Collection[Batch]) -> Sequence[Batch]:
        """Return what is not committed."""
        await asyncio.sleep(sim.random.uniform(0.001, 0.01))
        if self._faults.is_away:
            raise RecorderError("the database failed")
        return [
            batch
            for batch in batches
            if not batch.is_proven_by(
                self._tables.get(batch.statistic.statistic_id, {}).get(
                    batch.evidence.start
                )
            )
        ]

    async def wait_until_stored(self) -> None:
        """Wait for what is queued."""
        await self.barrier().wait()

    def tell_written(self, statistic_ids: Collection[str]) -> None:
        """Do nothing: nobody listens."""
