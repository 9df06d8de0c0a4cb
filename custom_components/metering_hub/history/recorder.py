"""Read from and write to Home Assistant's recorder.

The recorder is the only memory of what was imported. Writing only queues, and reading
right after it still sees the old rows, so `settle` must stand between the two.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

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

from .maths.rows import Row
from .series import Writer
from .statistic import Statistic, as_statistic_data

HOUR = timedelta(hours=1)
LOOK_BACKS = (timedelta(days=31), timedelta(days=366), timedelta(days=36_600))
"""How far before a moment the row is looked for that counting goes on from: near first,
because reading far back is slow, but never given up, because the sum must go on."""


def _as_row(recorded: StatisticsRow) -> Row:
    return Row(
        start=datetime.fromtimestamp(recorded["start"], UTC),
        state=recorded.get("state"),
        sum=recorded.get("sum"),
        mean=recorded.get("mean"),
        min=recorded.get("min"),
        max=recorded.get("max"),
    )


async def last_rows(
    hass: HomeAssistant, statistic_id: str, count: int
) -> Sequence[Row]:
    """Return the last rows of a statistic, oldest first."""
    recorded = await get_instance(hass).async_add_executor_job(
        get_last_statistics,
        hass,
        count,
        statistic_id,
        False,
        # Home Assistant changes this set, so that it must be a new one each time.
        {"max", "mean", "min", "state", "sum"},
    )
    return [_as_row(row) for row in reversed(recorded.get(statistic_id, []))]


async def relabelled(
    hass: HomeAssistant, statistics: Collection[Statistic]
) -> set[str]:
    """Return the ids of statistics that are recorded with another unit than they have.

    What a server says in another unit than before, it says of its whole past.
    """
    units = {s.statistic_id: s.metadata["unit_of_measurement"] for s in statistics}
    known = await get_instance(hass).async_add_executor_job(
        partial(get_metadata, hass, statistic_ids=set(units))
    )
    return {
        statistic_id
        for statistic_id, (_, recorded) in known.items()
        if recorded["unit_of_measurement"] != units[statistic_id]
    }


async def recorded_unit_class(
    hass: HomeAssistant, statistic_ids: Collection[str]
) -> str | None:
    """Return the family of units of the first of these that is recorded with one."""
    known = await get_instance(hass).async_add_executor_job(
        partial(get_metadata, hass, statistic_ids=set(statistic_ids))
    )
    return next(
        (each["unit_class"] for _, each in known.values() if each["unit_class"]), None
    )


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


def stored(hass: HomeAssistant) -> asyncio.Future[None]:
    """Return what is done once the recorder has stored all that was queued before."""
    barrier: asyncio.Future[None] = hass.loop.create_future()
    get_instance(hass).queue_task(SynchronizeTask(barrier))
    return barrier


async def settle(hass: HomeAssistant) -> None:
    """Wait until the recorder has stored all that was queued before."""
    await stored(hass)


def write(hass: HomeAssistant, statistic: Statistic, rows: Sequence[Row]) -> None:
    """Queue rows for the recorder, which replaces those of the same hours."""
    async_add_external_statistics(
        hass, statistic.metadata, [as_statistic_data(row) for row in rows]
    )


async def recorded_ids(hass: HomeAssistant, prefix: str) -> list[str]:
    """Return the ids of all statistics that start with a prefix."""
    known: Sequence[Mapping[str, object]] = await get_instance(
        hass
    ).async_add_executor_job(list_statistic_ids, hass)
    ids = (str(statistic["statistic_id"]) for statistic in known)
    return sorted(
        statistic_id for statistic_id in ids if statistic_id.startswith(prefix)
    )


async def clear(hass: HomeAssistant, statistic_ids: Sequence[str]) -> None:
    """Delete statistics; return only when they are gone."""
    if not statistic_ids:
        return
    gone = asyncio.Event()

    def done() -> None:
        """Run in the recorder's thread."""
        hass.loop.call_soon_threadsafe(gone.set)

    get_instance(hass).async_clear_statistics(list(statistic_ids), on_done=done)
    await gone.wait()


BATCH = 125
"""Rows per recorder call. The recorder makes a dozen objects of each row, and after
2,000 new ones the garbage collector looks for old ones among them. What outlives two
looks leads to one at all that Home Assistant has, which stops it for a tenth of a
second. Few rows are gone before."""

MAX_QUEUED = 300
"""Rows between two barriers in the recorder's queue, of which two may be open."""

MAX_PENDING = 20_000
"""Rows that may wait for their batches to fill, of all statistics together."""


class RecorderQueue:
    """Hands rows over while the recorder stores those before."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Start with nothing on its way."""
        self._hass = hass
        self._barrier: asyncio.Future[None] | None = None
        self._queued = 0

    async def put_full(self, writers: Collection[Writer]) -> None:
        """Hand over what is pending, if that is enough to be worth it."""
        pending = [len(writer.pending) for writer in writers]
        if max(pending, default=0) >= BATCH or sum(pending) >= MAX_PENDING:
            await self.put(writers)

    async def put(self, writers: Collection[Writer]) -> None:
        """Hand over all that is pending, as fast as the recorder stores it."""
        for writer in writers:
            for index in range(0, len(writer.pending), BATCH):
                rows = [Row(*each) for each in writer.pending[index : index + BATCH]]
                write(self._hass, writer.statistic, rows)
                writer.written += len(rows)
                self._queued += len(rows)
                await self._make_room()
            writer.pending = []

    async def _make_room(self) -> None:
        """Let others have their turn, and wait where the recorder lags behind."""
        if self._queued < MAX_QUEUED:
            await asyncio.sleep(0)
            return
        before, self._barrier = self._barrier, stored(self._hass)
        self._queued = 0
        if before is not None:
            await before

    async def settle(self) -> None:
        """Wait until the recorder has everything."""
        await settle(self._hass)
