"""Compute the costs of one statistic anew, hour by hour, and write what differs."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from homeassistant.core import HomeAssistant

from .cost_source import CostSource, sum_before
from .maths.costs import running_costs
from .maths.rows import Row
from .recorder.home_assistant import HomeAssistantRecorder
from .recorder.recorder import (
    clear,
    clear_own,
    last_rows,
    recorded_metadata,
    rows_during,
)
from .statistic import Statistic
from .write_queue import WriteQueue
from .writer import StatisticWriter

SPAN = timedelta(days=14)
"""The hours that are read at once; to compare them takes a few milliseconds."""

type Reached = Callable[[datetime, datetime, int], None]
"""Called with the start of a pass, the moment reached, and the rows written."""


class CostPass:
    """Bring a statistic of costs in line with what it follows from.

    Rows are written oldest first, from the first difference on, because every later sum
    changes, too. The sums have no step if a pass is interrupted: what was not written
    keeps its costs until the next pass.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        statistic: Statistic,
        source: CostSource,
        now: datetime,
    ) -> None:
        """Initialize a pass over the hours that have begun."""
        self._hass = hass
        self._statistic = statistic
        self._source = source
        self._now = now
        self._rewritten: datetime | None = None

    async def compare(
        self,
        start: datetime,
        report: Reached | None = None,
        rewritten: datetime | None = None,
    ) -> int:
        """Write what differs from `start` on; return the number of rows written.

        An hour that has a recorded cost, and no price any more, keeps its cost, unless
        its amount may be another one since: those from `rewritten` on are. Raises
        RecorderError and StoppingError.
        """
        self._rewritten = rewritten
        written = await self._run(start, report, is_strict=False)
        return written or 0

    async def replace(self, start: datetime, report: Reached | None = None) -> int:
        """Do the same, but let no hour from `start` on keep a cost without a price.

        Home Assistant cannot delete single rows, so the statistic is then cleared and
        written again. So it is if it is recorded in another currency; joined rows are
        then deleted as well.
        """
        if report is not None:
            report(start, start, 0)
        statistic_id = self._statistic.statistic_id
        recorded = (await recorded_metadata(self._hass, [statistic_id])).values()
        if any(
            each["unit_of_measurement"] != self._statistic.unit for each in recorded
        ):
            await clear(self._hass, [statistic_id])
        written = await self._run(start, report, is_strict=True)
        if written is None:
            await clear_own(self._hass, [statistic_id])
            return await self.compare(start, report)
        return written

    async def _run(
        self, start: datetime, report: Reached | None, *, is_strict: bool
    ) -> int | None:
        """Write what differs; with `is_strict`, end at a cost that must go.

        Returns the number of rows written, or `None` if it ended there.
        """
        statistic_id = self._statistic.statistic_id
        latest = await last_rows(self._hass, statistic_id, 1)
        writer = StatisticWriter(
            self._statistic, {}, latest=latest[0].start if latest else None
        )
        queue = WriteQueue(HomeAssistantRecorder(self._hass))
        running = await sum_before(self._hass, statistic_id, start)
        await self._source.go_on_from(start)
        reached = start
        while reached <= self._now:
            end = reached + SPAN
            costs = await self._source.costs(reached, end)
            rows = await rows_during(self._hass, statistic_id, reached, end)
            writer.recorded = {row.start: row for row in rows}
            left = [row for row in rows if row.start not in costs]
            if is_strict and any(row.state is not None for row in left):
                await queue.finish()
                return None
            computed = running_costs(
                {**costs, **{row.start: self._kept_cost(row) for row in left}}, running
            )
            await asyncio.sleep(0)
            running = computed[-1].sum or 0.0 if computed else running
            writer.add(computed)
            await queue.write([writer])
            reached = end
            if report is not None:
                report(start, min(reached, self._now), writer.written)
        await queue.finish()
        return writer.written

    def _kept_cost(self, row: Row) -> float | None:
        """Return the recorded cost of an hour without a price, if it is still right."""
        is_rewritten = self._rewritten is not None and row.start >= self._rewritten
        return None if is_rewritten else row.state
