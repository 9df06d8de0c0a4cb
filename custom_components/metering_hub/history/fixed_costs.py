"""Write the fixed costs of each day, one row per local midnight."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .costs import CostStatistics
from .maths.rows import HOUR
from .outcome import Outcome
from .recorder.recorder import WriteQueue, last_rows, row_before
from .recorder.writer import StatisticWriter
from .statistic import Scope

FIXED_COST_ROWS = 10
"""The number of latest fixed costs, one per day, that are compared again."""

type FindStart = Callable[[], Awaitable[datetime | None]]
"""Find the moment of the first reading; `None` if there is none."""


async def import_fixed_costs(
    hass: HomeAssistant,
    costs: CostStatistics,
    scope: Scope,
    find_start: FindStart,
    outcome: Outcome,
    *,
    is_again: bool,
) -> None:
    """Write the fixed costs since the last rows; with `is_again`, those of all days.

    Raises BackendError, RecorderError and StoppingError.
    """
    if (statistic := costs.fixed_statistic(scope)) is None:
        return
    rows = await last_rows(hass, statistic.statistic_id, FIXED_COST_ROWS)
    base = rows[0] if len(rows) == FIXED_COST_ROWS and not is_again else None
    start = base.start + HOUR if base else await find_start()
    if start is None:
        return
    if base is None:
        # The source may keep less than what is recorded.
        base = await row_before(hass, statistic.statistic_id, start)
    before = base.sum if base and base.sum is not None else 0.0
    writer = StatisticWriter.of(
        statistic,
        None if is_again else rows,
        latest=rows[-1].start if rows else None,
    )
    writer.add(costs.fixed_rows(start, dt_util.utcnow(), before))
    queue = WriteQueue(hass)
    await queue.write([writer])
    await queue.finish()
    outcome.add_written(statistic.statistic_id, writer.written)
