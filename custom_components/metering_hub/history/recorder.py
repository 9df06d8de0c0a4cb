"""Read and write long-term statistics; the only module that uses the recorder.

The recorder queues what is written, and reads return the old rows until it is stored.
`wait_until_stored` must therefore come between writing and reading.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from homeassistant.components.recorder.models import (
    StatisticData,
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.components.recorder.statistics import (
    StatisticsRow,
    async_add_external_statistics,
    get_last_statistics,
    get_metadata,
    list_statistic_ids,
    statistics_during_period,
)
from homeassistant.components.recorder.tasks import SynchronizeTask
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance

from ..const import DOMAIN
from .maths.rows import HOUR, Cells, Row
from .statistic import Statistic

LOOK_BACKS = (timedelta(days=31), timedelta(days=366), timedelta(days=36_600))
"""How far back to search for the row from which counting resumes. Short spans come
first because long ones are slow, but the row must be found for the sum to continue."""

BATCH = 125
"""Rows per recorder call. The recorder creates a dozen objects per row, and after 2,000
new objects a garbage collection promotes those still alive. Many objects that are
promoted twice cause a full collection, which blocks Home Assistant for 100 ms. Those of
a small batch are released before."""

MAX_QUEUED = 300
"""Rows between two barriers in the recorder's queue; at most two barriers are open."""

MAX_PENDING = 20_000
"""Rows of all statistics together that may wait for their batches to fill."""


async def last_rows(
    hass: HomeAssistant, statistic_id: str, count: int
) -> Sequence[Row]:
    """Return the last `count` rows of a statistic, oldest first."""
    recorded = await get_instance(hass).async_add_executor_job(
        get_last_statistics,
        hass,
        count,
        statistic_id,
        False,
        # The recorder modifies this set, so it must not be shared.
        {"max", "mean", "min", "state", "sum"},
    )
    return [_as_row(row) for row in reversed(recorded.get(statistic_id, []))]


async def row_before(
    hass: HomeAssistant, statistic_id: str, moment: datetime
) -> Row | None:
    """Return the last row of a statistic whose hour ended at or before a moment."""
    for look_back in LOOK_BACKS:
        recorded = await get_instance(hass).async_add_executor_job(
            statistics_during_period,
            hass,
            moment - look_back,
            moment - HOUR + timedelta(seconds=1),
            {statistic_id},
            "hour",
            None,
            {"max", "mean", "min", "state", "sum"},
        )
        if rows := recorded.get(statistic_id):
            return _as_row(rows[-1])
    return None


async def recorded_ids(hass: HomeAssistant, prefix: str) -> list[str]:
    """Return the sorted ids of all recorded statistics with a prefix."""
    recorded: Sequence[Mapping[str, object]] = await get_instance(
        hass
    ).async_add_executor_job(list_statistic_ids, hass)
    ids = (str(statistic["statistic_id"]) for statistic in recorded)
    return sorted(
        statistic_id for statistic_id in ids if statistic_id.startswith(prefix)
    )


async def recorded_unit_class(
    hass: HomeAssistant, statistic_ids: Collection[str]
) -> str | None:
    """Return the first unit class that any of these statistics is recorded with."""
    metadata = await _recorded_metadata(hass, statistic_ids)
    return next(
        (each["unit_class"] for each in metadata.values() if each["unit_class"]), None
    )


async def ids_with_other_unit(
    hass: HomeAssistant, statistics: Collection[Statistic]
) -> set[str]:
    """Return the ids of statistics that are recorded in another unit than they have.

    A server that changes the unit of a point changes that of its whole history.
    """
    units = {each.statistic_id: each.unit for each in statistics}
    recorded = await _recorded_metadata(hass, units)
    return {
        statistic_id
        for statistic_id, metadata in recorded.items()
        if metadata["unit_of_measurement"] != units[statistic_id]
    }


async def _recorded_metadata(
    hass: HomeAssistant, statistic_ids: Collection[str]
) -> Mapping[str, StatisticMetaData]:
    """Return the metadata of those statistics that are recorded, by id."""
    recorded = await get_instance(hass).async_add_executor_job(
        partial(get_metadata, hass, statistic_ids=set(statistic_ids))
    )
    return {statistic_id: metadata for statistic_id, (_, metadata) in recorded.items()}


async def clear(hass: HomeAssistant, statistic_ids: Sequence[str]) -> None:
    """Delete statistics, and return once they are deleted."""
    if not statistic_ids:
        return
    cleared = asyncio.Event()

    def on_done() -> None:
        """Continue in the event loop; the recorder calls this from its own thread."""
        hass.loop.call_soon_threadsafe(cleared.set)

    get_instance(hass).async_clear_statistics(list(statistic_ids), on_done=on_done)
    await cleared.wait()


async def wait_until_stored(hass: HomeAssistant) -> None:
    """Wait until the recorder has stored everything that is queued now."""
    await _barrier(hass)


def _barrier(hass: HomeAssistant) -> asyncio.Future[None]:
    """Return a future that is done once everything queued before it is stored."""
    barrier: asyncio.Future[None] = hass.loop.create_future()
    get_instance(hass).queue_task(SynchronizeTask(barrier))
    return barrier


@dataclass(slots=True)
class StatisticWriter:
    """Collect the computed rows of a statistic that have to be written.

    Rows equal to the `recorded` ones are skipped. From the first difference on all are
    kept, because every later sum changes, too. If `recorded` is `None`, all are kept.
    Rows before `start` are ignored, because only the end of their hours was read.
    """

    statistic: Statistic
    recorded: Mapping[datetime, Row] | None
    start: datetime | None = None
    pending: list[Cells] = field(default_factory=list)
    written: int = 0
    _differs: bool = False

    @classmethod
    def of(
        cls,
        statistic: Statistic,
        recorded: Sequence[Row] | None,
        start: datetime | None = None,
    ) -> StatisticWriter:
        """Return a writer that compares with recorded rows in any order."""
        by_start = None if recorded is None else {row.start: row for row in recorded}
        return cls(statistic, by_start, start)

    def add(self, rows: Iterable[Row]) -> None:
        """Add computed rows, oldest first."""
        for row in rows:
            if self.start is not None and row.start < self.start:
                continue
            if not self._differs and self.recorded is not None:
                self._differs = self.recorded.get(row.start) != row
            if self._differs or self.recorded is None:
                self.pending.append((*row,))


class WriteQueue:
    """Pass pending rows to the recorder, at the speed at which it stores them."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Initialize an empty queue."""
        self._hass = hass
        self._open_barrier: asyncio.Future[None] | None = None
        self._queued = 0

    async def write_full(self, writers: Collection[StatisticWriter]) -> None:
        """Write the pending rows if they fill a batch or take up much memory."""
        pending = [len(writer.pending) for writer in writers]
        if max(pending, default=0) >= BATCH or sum(pending) >= MAX_PENDING:
            await self.write(writers)

    async def write(self, writers: Collection[StatisticWriter]) -> None:
        """Write all pending rows, which replace recorded rows of the same hours."""
        for writer in writers:
            metadata = _as_metadata(writer.statistic)
            for index in range(0, len(writer.pending), BATCH):
                data = [
                    _as_data(Row(*cells))
                    for cells in writer.pending[index : index + BATCH]
                ]
                async_add_external_statistics(self._hass, metadata, data)
                writer.written += len(data)
                self._queued += len(data)
                await self._make_room()
            writer.pending = []

    async def _make_room(self) -> None:
        """Yield to the event loop, and wait if the recorder lags behind."""
        if self._queued < MAX_QUEUED:
            await asyncio.sleep(0)
            return
        before, self._open_barrier = self._open_barrier, _barrier(self._hass)
        self._queued = 0
        if before is not None:
            await before


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


def _as_data(row: Row) -> StatisticData:
    """Return a row for the recorder, without the cells that it does not have."""
    data = StatisticData(start=row.start)
    if row.sum is not None and row.state is not None:
        data["state"], data["sum"] = row.state, row.sum
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
