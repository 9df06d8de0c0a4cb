"""Read and write long-term statistics.

Only this folder and the queries of the audit use the recorder. It queues what is
written, and reads return the old rows until it is stored. `wait_until_stored` must
therefore come between writing and reading.

All functions raise RecorderError if the recorder fails, and StoppingError.
"""

import asyncio
from collections import deque
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
from ..maths.rows import HOUR, Cells, Row
from .access import Barrier, run_query, running_recorder, wait_until_stored
from .batches import Batch, find_missing
from .joined import delete_own, first_own_hour, forget_seam, make_room
from .writer import StatisticWriter
from .writes import tell_written

LOOK_BACKS = (timedelta(days=31), timedelta(days=366), timedelta(days=36_600))
"""How far back to search for the row from which counting resumes. Short spans come
first because long ones are slow, but the row must be found for the sum to continue."""

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


class WriteQueue:
    """Pass pending rows to the recorder, at the speed at which it stores them.

    The recorder drops a batch that the database refuses. Each batch is therefore read
    back before later rows of the same statistic are queued: the last row of a statistic
    is where the next import resumes, so there must be no gap before it.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        """Initialize an empty queue."""
        self._hass = hass
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
        await make_room(self._hass, writer.statistic.statistic_id, rows[0][0])
        batch = Batch.of(writer.statistic, rows, writer.recorded, writer.latest)
        batch.queue(self._hass)
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
            self._closed.append((Barrier(self._hass), self._batches))
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
        tell_written(self._hass, [batch.statistic.statistic_id for batch in batches])

    async def _write_again(self, batches: Sequence[Batch]) -> None:
        """Write missing batches once more; raises RecorderError if that fails, too."""
        # After a deadlock, the recorder queues a batch again, behind the barrier.
        await wait_until_stored(self._hass)
        if not (missing := await self._missing(batches)):
            return
        # The recorder waits as long before it connects again.
        await asyncio.sleep(running_recorder(self._hass).db_retry_wait)
        for batch in missing:
            batch.queue(self._hass)
        await wait_until_stored(self._hass)
        if missing := await self._missing(missing):
            rows = sum(len(batch.rows) for batch in missing)
            raise RecorderError(f"{rows} rows were not stored")

    async def _missing(self, batches: Sequence[Batch]) -> Sequence[Batch]:
        """Return the batches that are not stored: all if they cannot be read."""
        try:
            return await find_missing(self._hass, batches)
        except RecorderError:
            return batches


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
